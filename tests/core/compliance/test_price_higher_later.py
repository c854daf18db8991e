"""A quote above an earlier one that still stands."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from scrm.core.compliance import RULES, Severity, check
from scrm.core.timeline import Speaker

RULE = "price-higher-later"


def test_a_higher_price_while_a_promotion_stands_is_found_with_the_earlier_message(talk):
    talk.agent("06-12 10:22", "您好,X3现在618活动价3599元,到18号")
    talk.rep("06-13 09:05", "姐,X3给您最低3999")

    assert talk.found(RULE) == [("e2", "e1", "S3")]


def test_a_lower_price_later_is_the_customers_gain(talk):
    talk.rep("06-12 10:00", "X3 3999")
    talk.agent("06-12 11:00", "X3活动价3599")

    assert talk.found(RULE) == []


def test_after_the_stated_end_the_price_may_rise(talk):
    talk.agent("06-12 10:22", "X3今天3700,今天内有效")
    talk.rep("06-13 10:22", "X3 3999")

    assert talk.found(RULE) == []


def test_a_stated_end_is_stronger_than_the_promotions(talk):
    talk.agent("06-12 10:22", "X3活动价3599,到20号都有效")
    talk.rep("06-19 12:00", "X3 3999")

    assert talk.found(RULE) == [("e2", "e1", "S3")]


def test_a_promotion_price_stands_as_long_as_the_promotion(talk):
    talk.agent("06-12 10:22", "X3活动价3599")
    talk.rep("06-19 09:00", "X3现在恢复3999了")

    assert talk.found(RULE) == []


def test_a_plain_quote_stands_for_thirty_days(talk):
    talk.rep("06-01 10:00", "X3给您3700")
    talk.rep("06-30 10:00", "X3 3999", actor="other")
    talk.rep("07-02 10:00", "X3 3999", actor="other")

    assert talk.found(RULE) == [("e2", "e1", "S3")]


def test_a_correction_of_ones_own_word_within_ten_minutes_is_only_sampled(talk):
    talk.agent("06-12 10:22", "X3 3599")
    talk.agent("06-12 10:24", "抱歉刚看错,X3是3999")

    assert [(finding.entry_id, finding.severity) for finding in talk.check() if finding.rule == RULE] == [
        ("e2", Severity.S1)
    ]


def test_a_corrected_price_no_longer_stands(talk):
    talk.agent("06-12 10:22", "X3 3599")
    talk.agent("06-12 10:24", "抱歉刚看错,X3是3999")
    talk.rep("06-13 10:00", "X3 3999")

    assert talk.found(RULE) == []


@pytest.mark.parametrize(
    ("at", "actor", "paid"),
    [("06-12 10:50", "", False), ("06-12 10:24", "someone else", False), ("06-12 10:24", "", True)],
)
def test_a_correction_that_comes_late_from_someone_else_or_after_payment_is_a_conflict(talk, at, actor, paid):
    talk.agent("06-12 10:22", "X3 3599")
    talk.customer("06-12 10:23", "好的", channel="webchat", paid=paid)
    talk.agent(at, "抱歉刚看错,X3是3999", actor=actor)

    assert [(entry, against) for entry, against, _ in talk.found(RULE)] == [("e3", "e1")]


def test_a_slip_taken_back_at_once_is_only_sampled(talk):
    talk.agent("06-12 10:22", "X3活动价3599")
    talk.rep("06-12 11:00", "X3 3999")
    talk.rep("06-12 11:02", "说错了,X3是3599")

    assert talk.found(RULE) == []


def test_a_recalled_message_still_counts(talk):
    talk.agent("06-12 10:22", "X3活动价3599", recalled=True)
    talk.rep("06-13 09:00", "X3 3999")

    (finding,) = [finding for finding in talk.check() if finding.rule == RULE]
    assert (finding.against, finding.facts["earlier_recalled"]) == ("e1", True)


@pytest.mark.parametrize("text", ["X3是3999吗", "X3多少钱", "X3洗衣机3500行不行", "别家X3才3200"])
def test_what_the_customer_says_is_no_quote_of_ours(talk, text):
    talk.customer("06-12 10:22", text)
    talk.rep("06-12 10:30", "X3 3999")

    assert talk.found(RULE) == []


def test_yes_to_a_bid_is_a_quote(talk):
    talk.customer("06-12 10:22", "X3洗衣机3550行不行")
    talk.rep("06-12 10:23", "可以的")
    talk.rep("06-13 10:23", "X3 3999", actor="other")

    assert talk.found(RULE) == [("e3", "e2", "S3")]


@pytest.mark.parametrize(
    "text", ["没说过X3是3999", "京东的X3要3999", "X3以前是3999", "下个月X3要涨到3999", "X3原价3999"]
)
def test_denied_foreign_past_future_and_reference_prices_do_not_contradict(talk, text):
    talk.agent("06-12 10:22", "X3活动价3599")
    talk.rep("06-13 10:22", text)

    assert talk.found(RULE) == []


def test_different_products_are_never_compared(talk):
    talk.agent("06-12 10:22", "X3洗衣机3599")
    talk.rep("06-13 10:22", "那台冰箱6999")

    assert talk.found(RULE) == []


def test_a_price_without_a_name_belongs_to_the_product_talked_of(talk):
    talk.agent("06-12 10:22", "X3活动价3599")
    talk.customer("06-13 10:00", "X3洗衣机多少钱")
    talk.rep("06-13 10:01", "3999")

    assert [(entry, against) for entry, against, _ in talk.found(RULE)] == [("e3", "e1")]


def test_a_price_of_an_unknown_product_never_alarms(talk):
    talk.agent("06-12 10:22", "这个3100")
    talk.rep("06-13 10:01", "那个3300")

    assert talk.found(RULE) == []


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("1702总价四百三十万", "1702均价五万一平"),
        ("星河裸车13万8", "星河落地15万5"),
        ("X3定金500", "X3 3599"),
        ("X3 3599", "X3安装费4000"),
        ("年卡1988,会员1588", "您不是会员,年卡是1988"),
        ("X3 3599", "X3两台7198"),
        ("X3两台7000", "X3三台10500"),
    ],
)
def test_other_bases_roles_and_conditions_are_not_comparable(talk, earlier, later):
    talk.agent("06-12 10:22", earlier)
    talk.rep("06-13 10:22", later)

    assert talk.found(RULE) == []


@pytest.mark.parametrize(
    ("earlier", "later", "conflicts"),
    [
        ("X3三千到三千五", "X3 3999", True),
        ("X3三千到三千五", "X3 3400", False),
        ("X3大概3700", "X3 3999", False),
        ("X3大概3500左右", "X3 3999", True),
        ("X3三千多", "X3 3999", False),
        ("X3 3599", "X3 3600", False),
        ("X3 3599", "X3 3650", True),
        ("X3几千块", "X3 3999", False),
        ("X3三千六起", "X3 3999", False),
        ("X3不到3600", "X3 3999", True),
        ("X3打8折", "X3 3599", True),
        ("X3打9折", "X3 3599", False),
        ("X3立减500", "X3 3999", True),
        ("X3 3599一台", "X3 3999", True),
        ("X3 3599", "X3 3999，用券减400，到手3599", False),
        ("X3 3599", "X3 3999，会员3599", True),
    ],
)
def test_intervals_decide_whether_two_prices_can_both_be_true(talk, earlier, later, conflicts):
    talk.agent("06-12 10:22", earlier)
    talk.rep("06-13 10:22", later)

    assert bool(talk.found(RULE)) is conflicts


@pytest.mark.parametrize(
    "text", ["客服昨天跟我说的是3599,你们到底哪个是真的", "怎么变贵了", "不是说3599吗", "我已经付款了", "我要投诉"]
)
def test_it_is_urgent_once_the_customer_has_noticed_or_paid(talk, text):
    talk.agent("06-12 10:22", "X3活动价3599")
    talk.rep("06-13 09:00", "X3 3999")
    talk.customer("06-13 09:01", text)

    assert talk.found(RULE) == [("e2", "e1", "S4")]


def test_a_broadcast_price_is_everybodys(talk):
    talk.say("06-12 10:22", "wecom", Speaker.BROADCAST, "X3洗衣机活动价3599")
    talk.rep("06-13 09:00", "X3 3999")

    assert talk.found(RULE) == [("e2", "e1", "S4")]


def test_an_ignored_warning_raises_the_severity(talk):
    talk.agent("06-12 10:22", "X3活动价3599")
    talk.rep("06-13 09:00", "X3 3999", warned=True)

    assert talk.found(RULE) == [("e2", "e1", "S4")]


def test_a_badly_heard_number_is_only_for_listening(talk):
    talk.agent("06-12 10:22", "X3活动价3599")
    talk.say("06-13 09:00", "phone", Speaker.REP, "X3是三千九百九十九", heard=0.6)

    assert talk.found(RULE) == []


def test_a_late_arrival_accuses_what_followed_it(talk):
    talk.rep("06-13 09:00", "X3 3999")
    talk.agent("06-12 10:22", "X3活动价3599")

    assert talk.found(RULE, since="06-12 10:22") == [("e1", "e2", "S3")]


def test_with_since_only_what_is_new_is_told(talk):
    talk.agent("06-12 10:22", "X3活动价3599")
    talk.rep("06-13 09:00", "X3 3999")
    talk.rep("06-14 09:00", "洗衣机安装免费")

    assert talk.found(RULE, since="06-14 00:00") == []


def test_a_new_complaint_tells_the_old_finding_again_with_the_new_severity(talk):
    talk.agent("06-12 10:22", "X3活动价3599")
    talk.rep("06-13 09:00", "X3 3999")
    talk.customer("06-14 09:00", "到底多少钱,怎么不一样")

    (finding,) = [finding for finding in talk.check(since="06-14 09:00") if finding.rule == RULE]
    assert (finding.entry_id, finding.severity, finding.raised_by) == ("e2", Severity.S4, "e3")


def test_the_lowest_standing_price_is_the_evidence_and_of_equals_the_latest(talk):
    talk.agent("06-12 10:22", "X3 3700")
    talk.agent("06-12 10:40", "X3可以做到3650")
    talk.rep("06-12 12:00", "X3是3650")
    talk.rep("06-13 09:00", "X3 3999", actor="other")

    assert talk.found(RULE) == [("e4", "e3", "S3")]


def test_the_order_of_arrival_does_not_matter(talk):
    talk.agent("06-12 10:22", "X3活动价3599")
    talk.customer("06-12 10:30", "好的", channel="webchat")
    talk.rep("06-13 09:00", "X3 3999")
    talk.customer("06-13 09:10", "怎么又变了")
    expected = talk.check()

    for seed in range(5):
        shuffled = random.Random(seed).sample(talk.statements, len(talk.statements))
        assert check(shuffled, talk.book, RULES) == expected


def test_a_draft_is_checked_as_the_newest_statement_in_a_long_history(talk):
    talk.agent("06-12 10:22", "X3活动价3599")
    talk.rep("06-13 09:00", "X3 3999")
    last = talk.statements[-1]

    findings = check(talk.statements, talk.book, RULES, since=last.at)

    assert [finding.entry_id for finding in findings] == ["e2"]
    assert check(talk.statements, talk.book, RULES, since=last.at + timedelta(seconds=1)) == ()
