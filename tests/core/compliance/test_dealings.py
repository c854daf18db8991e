"""Deposits, other people's particulars, refusals, late replies, recalls and deletions."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from scrm.core.compliance import RULES, Statement, check
from scrm.core.compliance.reply_overdue import ReplyOverdue
from scrm.core.price_book import PriceBook
from scrm.core.timeline import Speaker


class TestDepositTerms:
    """deposit-terms"""

    @pytest.mark.parametrize(
        "text",
        [
            "X3定金交1000就给您锁",
            "X3总价3599，定金先付一千",
            "定金付总价的百分之三十",
            "先交三成定金",
            "定金付一半就行",
        ],
    )
    def test_more_than_a_fifth_is_too_much(self, talk, text):
        talk.rep("06-12 10:00", text)

        assert [found[0] for found in talk.found("deposit-terms")] == ["e1"]

    @pytest.mark.parametrize("text", ["X3定金交700", "定金10%", "定金500抵1000", "押金2000", "X3定金要不要1000呢"])
    def test_up_to_a_fifth_is_fine(self, talk, text):
        talk.customer("06-12 10:00", text) if text.endswith("呢") else talk.rep("06-12 10:00", text)

        assert talk.found("deposit-terms") == []

    def test_the_price_is_the_one_quoted_before(self, talk):
        talk.rep("06-12 10:00", "星河这台谈到150000")
        talk.rep("06-12 11:00", "星河定金先交40000")

        assert talk.found("deposit-terms") == [("e2", "e1", "S2")]

    def test_one_deal_has_one_word(self, talk):
        talk.rep("06-12 10:00", "X3先付500订金，随时可退")
        talk.agent("06-12 11:00", "您那500定金收到了")

        assert talk.found("deposit-terms") == [("e2", "e1", "S2")]

    @pytest.mark.parametrize("text", ["定金和订金有区别的，您这个是定金", "打错了，是定金500"])
    def test_explaining_the_words_is_not_mixing_them(self, talk, text):
        talk.rep("06-12 10:00", "X3先付500订金")
        talk.rep("06-12 10:05", text)

        assert talk.found("deposit-terms") == []

    @pytest.mark.parametrize(
        ("text", "kept"),
        [("订金一律不退", True), ("订金交了就不能退了哦", True), ("订金可以退", False), ("订金不退吗", False)],
    )
    def test_a_prepayment_is_not_kept(self, talk, text, kept):
        talk.rep("06-12 10:00", text)

        assert bool(talk.found("deposit-terms")) is kept


class TestContactLeak:
    """contact-leak"""

    @pytest.mark.parametrize(
        "text",
        [
            "上次那位李女士的电话是13912345678您问问她",
            "隔壁王姐电话幺三九幺二三四五六七八",
            "业主手机138-1234-5678你直接跟他谈",
            "她身份证11010519491231002X",
            "他住在阳光小区3号楼2单元501",
            "那位客户的卡号6222021234567890128",
        ],
    )
    def test_another_persons_particulars_are_found_and_masked(self, talk, text):
        talk.rep("06-12 10:00", text)
        (finding,) = [one for one in talk.check() if one.rule == "contact-leak"]

        assert finding.severity == "S3"
        assert "*" in str(finding.facts["masked"])

    @pytest.mark.parametrize(
        "text",
        [
            "我的电话13812345678，随时找我",
            "公司热线400-800-8888",
            "安装师傅电话13812345678，他会联系您",
            "您留的手机号是13812345678对吧",
            "订单号13812345678901",
            "她身份证110105194912310021",
            "送到阳光小区3号楼2单元501对吗",
            "13812345678",
        ],
    )
    def test_ones_own_the_companys_and_other_numbers_are_not(self, talk, text):
        talk.rep("06-12 10:00", text)

        assert talk.found("contact-leak") == []

    def test_what_the_customer_said_may_be_said_again(self, talk):
        talk.customer("06-12 09:00", "我老公电话 139 1234 5678")
        talk.rep("06-12 10:00", "好的，那就联系他13912345678")

        assert talk.found("contact-leak") == []

    def test_a_bare_number_answers_whose_number_was_asked_for(self, talk):
        talk.customer("06-12 09:00", "把上次那个客户的电话给我")
        talk.rep("06-12 10:00", "13912345678")

        assert talk.found("contact-leak") == [("e2", None, "S3")]


class TestMarketingAfterRefusal:
    """marketing-after-refusal"""

    @pytest.mark.parametrize(
        "refusal", ["别再发了", "请不要再给我发广告", "退订", "再发我就拉黑了", "不要给我打电话了"]
    )
    def test_advertising_goes_on_though_the_customer_declined(self, talk, refusal):
        talk.customer("06-12 09:00", refusal)
        talk.rep("06-14 10:00", "姐，618活动最后两天，X3只要3599")

        assert talk.found("marketing-after-refusal") == [("e2", "e1", "S2")]

    @pytest.mark.parametrize(
        "text", ["好的，不打扰您了", "抱歉打扰，已为您取消", "您的订单已发货，请留意物流", "您的发票开好了"]
    )
    def test_apologies_and_notices_are_fine(self, talk, text):
        talk.customer("06-12 09:00", "别再发了")
        talk.rep("06-12 10:00", text)

        assert talk.found("marketing-after-refusal") == []

    def test_an_answer_to_a_later_question_is_fine_for_a_day(self, talk):
        talk.customer("06-12 09:00", "别再发了")
        talk.customer("06-13 09:00", "X3现在多少钱")
        talk.rep("06-13 09:10", "X3活动价3599")
        talk.rep("06-15 09:10", "X3活动快结束了，考虑一下")

        assert talk.found("marketing-after-refusal") == [("e4", "e1", "S2")]

    @pytest.mark.parametrize("text", ["先别发货", "不用发票了", "退订费多少", "别发错颜色"])
    def test_other_wishes_are_no_refusal(self, talk, text):
        talk.customer("06-12 09:00", text)
        talk.rep("06-12 10:00", "好的，X3活动价3599")

        assert talk.found("marketing-after-refusal") == []


class TestReplyOverdue:
    """reply-overdue"""

    def _found(self, talk):
        return [(one.entry_id, one.against) for one in talk.check() if one.rule == "reply-overdue"]

    def test_the_first_reply_is_due_within_working_hours(self, talk):
        talk.customer("06-12 10:00", "X3有货吗")
        talk.customer("06-12 10:05", "在吗")
        talk.rep("06-12 10:31", "在的，有货")

        assert self._found(talk) == [("e3", "e1")]

    @pytest.mark.parametrize(
        ("asked", "answered"),
        [("06-12 10:00", "06-12 10:29"), ("06-12 17:50", "06-15 09:15"), ("06-13 10:00", "06-15 09:20")],
    )
    def test_evenings_and_week_ends_do_not_count(self, talk, asked, answered):
        talk.customer(asked, "X3有货吗")
        talk.rep(answered, "有货")

        assert self._found(talk) == []

    def test_thanks_need_no_reply_and_a_bot_gives_none(self, talk):
        talk.customer("06-12 10:00", "好的谢谢")
        talk.rep("06-12 15:00", "不客气")
        talk.customer("06-12 15:10", "几点关门？")
        talk.say("06-12 15:10", "wecom", Speaker.BOT, "您好，稍后回复您")
        talk.rep("06-12 16:10", "六点")

        assert self._found(talk) == [("e5", "e3")]

    def test_it_is_not_asked_where_not_everything_is_on_file(self, talk):
        talk.customer("06-12 10:00", "X3有货吗")
        talk.rep("06-12 12:00", "有货")

        found = check(talk.statements, talk.book, RULES, everything=False)

        assert [one for one in found if one.rule == "reply-overdue"] == []

    def test_a_message_that_still_waits_can_be_told(self, talk):
        talk.customer("06-12 10:00", "X3有货吗")
        rule = ReplyOverdue()
        waiting = rule.waiting(talk.statements)

        assert waiting is not None
        assert rule.due(waiting.at) == datetime(2026, 6, 12, 2, 30, tzinfo=UTC)
        assert rule.finding(waiting, None).entry_id == "e1"


def _happening(entry_id: str, at: str, kind: str, **fields: str) -> Statement:
    moment = datetime.fromisoformat(f"2026-{at.replace(' ', 'T')}+08:00").astimezone(UTC)
    return Statement(
        entry_id=entry_id, at=moment, channel="wecom", speaker=Speaker.REP, actor="li", text="", kind=kind, **fields
    )


class TestMessageRecalled:
    """message-recalled"""

    @pytest.mark.parametrize(("text", "found"), [("X3给您3599", True), ("这个班包过的", True), ("在吗", False)])
    def test_only_messages_that_commit_count(self, talk, text, found):
        talk.rep("06-12 10:00", text, recalled=True)
        talk.statements.append(_happening("r1", "06-12 10:02", "recall", recalls="e1"))

        assert talk.found("message-recalled") == ([("r1", "e1", "S2")] if found else [])

    def test_the_customer_may_take_words_back(self, talk):
        talk.customer("06-12 10:00", "X3 3500行不行", recalled=True)
        talk.statements.append(_happening("r1", "06-12 10:02", "recall", recalls="e1"))

        assert talk.found("message-recalled") == []


class TestCustomerDeleted:
    """customer-deleted"""

    def test_a_deletion_is_graver_after_a_complaint(self, talk):
        talk.statements.append(_happening("d1", "06-12 10:00", "contact", change="deleted_by_rep"))
        talk.customer("06-13 10:00", "我要投诉你们")
        talk.statements.append(_happening("d2", "06-14 10:00", "contact", change="deleted_by_rep"))

        assert talk.found("customer-deleted") == [("d1", None, "S2"), ("d2", "e2", "S3")]

    @pytest.mark.parametrize("change", ["deleted_by_customer", "transferred", "added"])
    def test_other_changes_are_not(self, talk, change):
        talk.statements.append(_happening("d1", "06-12 10:00", "contact", change=change))

        assert talk.found("customer-deleted") == []


def test_nothing_said_is_nothing_found():
    assert check([], PriceBook(), RULES) == ()
