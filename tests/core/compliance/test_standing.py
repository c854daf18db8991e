"""What still binds the company at an instant."""

from __future__ import annotations

from datetime import datetime

import pytest

from scrm.core.compliance.standing import Terms, standing
from scrm.core.timeline import Speaker


def _at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text.replace(' ', 'T')}+08:00")


def _stands(talk, at: str, terms: Terms | None = None) -> list[tuple[str, str]]:
    found = standing(talk.statements, talk.book, _at(at), terms)
    return [(one.said.entry_id, str(one.claim.quote.value)) for one in found]


def test_the_lowest_price_stands_and_a_higher_one_later_does_not_replace_it(talk):
    talk.agent("06-12 10:00", "X3 3899")
    talk.rep("06-12 11:00", "X3给您3650")
    talk.rep("06-12 12:00", "X3得3799")

    assert _stands(talk, "06-13 10:00") == [("e2", "3650")]


def test_of_equal_prices_the_last_word_stands(talk):
    talk.agent("06-12 10:00", "X3 3650")
    talk.rep("06-12 11:00", "X3 3650")

    assert _stands(talk, "06-13 10:00") == [("e2", "3650")]


@pytest.mark.parametrize(("at", "stands"), [("06-12 09:00", False), ("06-18 20:00", True), ("06-19 00:10", False)])
def test_a_promotions_price_stands_until_its_end(talk, at, stands):
    talk.agent("06-12 10:00", "X3活动价3599")

    assert bool(_stands(talk, at)) is stands


@pytest.mark.parametrize(("at", "stands"), [("06-14 23:00", True), ("06-15 01:00", False)])
def test_a_stated_end_counts_before_all(talk, at, stands):
    talk.agent("06-12 10:00", "X3给您3650,到14号")

    assert bool(_stands(talk, at)) is stands


def test_without_an_end_it_stands_as_long_as_the_terms_say(talk):
    talk.agent("06-12 10:00", "X3给您3650")

    assert _stands(talk, "07-11 10:00") == [("e1", "3650")]
    assert _stands(talk, "07-13 10:00") == []


def test_a_correction_takes_it_back_and_a_recall_does_not(talk):
    talk.rep("06-12 10:00", "X3给您3650", recalled=True)
    assert _stands(talk, "06-12 11:00") == [("e1", "3650")]

    talk.rep("06-12 10:03", "发错了")
    talk.rep("06-12 10:04", "X3是3999")
    assert _stands(talk, "06-12 11:00") == [("e3", "3999")]


def test_a_conditional_price_stands_beside_the_one_for_all(talk):
    talk.agent("06-12 10:00", "年卡1988，会员1588")

    assert sorted(_stands(talk, "06-13 10:00")) == [("e1", "1588"), ("e1", "1988")]


def test_what_is_announced_denied_or_said_by_the_customer_does_not(talk):
    talk.rep("06-12 10:00", "X3下个月涨到4200")
    talk.rep("06-12 10:01", "没说过3500")
    talk.customer("06-12 10:02", "X3 3400行不行")
    talk.say("06-12 10:03", "wecom", Speaker.SYSTEM, "X3 3300")

    assert _stands(talk, "06-12 11:00") == []
