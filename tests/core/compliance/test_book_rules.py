"""Rules that hold a statement against the price book: false expiry, expired promotions, list prices, floors."""

from __future__ import annotations

import pytest

from scrm.core.timeline import Speaker


def _rules(talk):
    return sorted((finding.rule, finding.entry_id, finding.severity.value) for finding in talk.check())


class TestFalseExpiry:
    @pytest.mark.parametrize(
        "text",
        [
            "X3活动结束了",
            "X3的618活动昨天就结束了",
            "X3优惠已经没有了",
            "X3恢复原价了",
            "X3现在没有活动",
            "X3活动取消了",
        ],
    )
    def test_saying_that_a_running_promotion_is_over_is_found(self, talk, text):
        talk.rep("06-14 09:00", text)

        assert _rules(talk) == [("price-false-expiry", "e1", "S3")]

    @pytest.mark.parametrize(
        "text",
        [
            "X3活动还没结束",
            "X3活动快结束了",
            "X3活动18号结束",
            "X3活动今晚结束",
            "X3活动结束了吗",
            "X3活动结束后是3999",
            "X3活动什么时候结束我问下",
            "X3双十一活动结束了,618活动正在进行",
        ],
    )
    def test_what_is_not_yet_over_or_only_asked_is_not(self, talk, text):
        talk.rep("06-14 09:00", text)

        assert _rules(talk) == []

    def test_it_is_true_after_the_end(self, talk):
        talk.rep("06-19 09:00", "X3活动结束了")

        assert _rules(talk) == []

    def test_a_customer_may_say_so(self, talk):
        talk.customer("06-14 09:00", "X3活动结束了啊")

        assert _rules(talk) == []

    def test_the_product_talked_of_last_is_meant(self, talk):
        talk.customer("06-14 09:00", "X3还有活动吗", channel="webchat")
        talk.rep("06-14 09:10", "活动结束了")

        assert _rules(talk) == [("price-false-expiry", "e2", "S3")]


class TestExpiredPromotion:
    @pytest.mark.parametrize("text", ["X3活动价3599", "X3洗衣机618价3599", "X3限时特价3599元"])
    def test_a_promotions_price_after_its_end_is_found(self, talk, text):
        talk.rep("06-20 09:00", text)

        assert _rules(talk) == [("price-expired-promotion", "e1", "S2")]

    @pytest.mark.parametrize("text", ["X3给您3599", "活动结束了,我给您申请X3还是3599"])
    def test_a_rep_may_give_that_price_of_their_own_authority(self, talk, text):
        talk.rep("06-20 09:00", text)

        assert _rules(talk) == []

    def test_someone_without_authority_may_not(self, talk):
        talk.agent("06-20 09:00", "X3现在3599")

        assert _rules(talk) == [("price-expired-promotion", "e1", "S2")]

    def test_it_is_right_while_it_runs(self, talk):
        talk.rep("06-18 23:00", "X3活动价3599")

        assert _rules(talk) == []


class TestAboveList:
    def test_a_price_above_the_marked_one_is_found(self, talk):
        talk.rep("06-12 09:00", "X3洗衣机4299")

        assert _rules(talk) == [("price-above-list", "e1", "S3")]

    @pytest.mark.parametrize(
        "text",
        [
            "X3 3999",
            "X3 4000",
            "X3两台7998",
            "X3加延保4299",
            "京东X3要4299",
            "X3原价4599",
            "星河落地17万",
            "下个月X3要涨到4299",
            "X3大概4000左右",
        ],
    )
    def test_other_prices_are_not(self, talk, text):
        talk.rep("06-12 09:00", text)

        assert _rules(talk) == []


class TestBelowFloor:
    @pytest.mark.parametrize(
        ("text", "severity"), [("X3洗衣机3300给您", "S2"), ("X3 3000拿走", "S3"), ("X3给您打8折", "S2")]
    )
    def test_a_price_under_the_floor_is_found_and_graver_when_far_below(self, talk, text, severity):
        talk.rep("06-12 09:00", text)

        assert _rules(talk) == [("price-below-floor", "e1", severity)]

    def test_yes_to_a_bid_under_the_floor_is_found(self, talk):
        talk.customer("06-12 09:00", "X3洗衣机3300行不行")
        talk.rep("06-12 09:01", "行，就按这个")

        assert _rules(talk) == [("price-below-floor", "e2", "S2")]

    @pytest.mark.parametrize(
        "text", ["X3 3500", "X3 3550", "3300真的做不了X3", "X3定金300", "X3立减200", "年卡会员1588"]
    )
    def test_what_the_role_may_give_is_not(self, talk, text):
        talk.rep("06-12 09:00", text)

        assert _rules(talk) == []

    def test_a_bid_alone_is_nothing(self, talk):
        talk.customer("06-12 09:00", "X3洗衣机3300行不行")
        talk.rep("06-12 09:01", "这个真不行")

        assert _rules(talk) == []

    def test_a_broadcast_of_a_running_promotion_is_approved(self, talk):
        talk.say("06-12 09:00", "wecom", Speaker.BROADCAST, "X3活动价3599")

        assert _rules(talk) == []


class TestDenied:
    def test_denying_a_quote_on_file_is_found_with_the_quote(self, talk):
        talk.agent("06-12 10:22", "X3活动价3599")
        talk.rep("06-13 09:00", "我们没说过X3是3599啊")

        assert talk.found("price-denied") == [("e2", "e1", "S3")]

    @pytest.mark.parametrize("text", ["我们没说过X3是3299", "不是3599，是3650", "X3 3599真的做不了"])
    def test_denying_what_nobody_said_and_correcting_are_not(self, talk, text):
        talk.agent("06-12 10:22", "X3活动价3599")
        talk.rep("06-13 09:00", text)

        assert talk.found("price-denied") == []


class TestReported:
    def test_a_quote_of_ours_that_is_nowhere_on_file_is_found(self, talk):
        talk.rep("06-12 10:22", "X3 3999")
        talk.customer("06-13 09:00", "你们客服上次跟我说X3是3399")

        assert talk.found("price-reported") == [("e2", None, "S2")]

    @pytest.mark.parametrize("text", ["你们客服说X3是3700", "客服说X3是3599", "别家X3才3399", "X3 3399可以吗"])
    def test_what_is_on_file_or_in_the_book_or_no_quote_of_ours_is_not(self, talk, text):
        talk.agent("06-12 10:22", "X3 3700")
        talk.customer("06-13 09:00", text)

        assert talk.found("price-reported") == []


class TestConditionMissing:
    def test_a_members_price_quoted_to_anybody_is_found(self, talk):
        talk.rep("06-12 10:22", "年卡1588")

        assert talk.found("price-condition-missing") == [("e1", None, "S2")]

    @pytest.mark.parametrize("text", ["年卡会员价1588", "年卡1988,会员1588", "年卡1988"])
    def test_with_its_condition_it_is_not(self, talk, text):
        talk.rep("06-12 10:22", text)

        assert talk.found("price-condition-missing") == []

    def test_a_condition_talked_of_before_is_known(self, talk):
        talk.customer("06-12 10:20", "我是会员，年卡多少钱")
        talk.rep("06-12 10:22", "年卡1588")

        assert talk.found("price-condition-missing") == []


class TestArithmetic:
    @pytest.mark.parametrize("text", ["X3打9折，到手3399", "X3直降300，到手3599"])
    def test_a_price_that_the_discount_does_not_make_is_found(self, talk, text):
        talk.rep("06-25 10:22", text)

        assert talk.found("price-arithmetic") == [("e1", None, "S2")]

    @pytest.mark.parametrize(
        "text",
        [
            "8.5折之后X3是3399",
            "X3直降400，到手3599",
            "X3原价4499，打8折3599",
            "X3 3599，好评返50",
            "X3大概打9折，3500左右",
        ],
    )
    def test_rounding_named_prices_and_other_offers_are_not(self, talk, text):
        talk.rep("06-25 10:22", text)

        assert talk.found("price-arithmetic") == []
