from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrm.core.scripts import (
    Reason,
    ReasonKind,
    Script,
    ScriptIndex,
    Suggestion,
    Variable,
    fill,
    prepare,
)
from scrm.core.tagging import Tag, TagKind

NOW = datetime(2026, 11, 1, tzinfo=UTC)

PRICE = Script(
    pack="school",
    id="price",
    title="年课多少钱",
    text="年课现在是{price:年课}，包含教材。",
    category="price",
    stage="interested",
    intents=("ask_price",),
    triggers=("课程怎么收费", "年课多少钱"),
)
TRIAL = Script(
    pack="school",
    id="trial",
    title="邀请试听",
    text="可以试听，您看周末哪天方便？",
    category="trial",
    stage="trial",
    intents=("book_visit",),
    triggers=("可以试听吗", "有体验课吗"),
)
INVOICE = Script(
    pack="school",
    id="invoice",
    title="开发票",
    text="{customer_name|您}好，请发我抬头和税号，开好后告诉您。",
    category="payment",
    intents=("ask_invoice",),
    triggers=("发票怎么开", "可以开发票吗"),
)
INDEX = ScriptIndex([PRICE, TRIAL, INVOICE])


def tag(intent: str, name: str, start: int = 0, end: int = 0, score: float = 1.0) -> Tag:
    return Tag(tag=intent, name=name, kind=TagKind.INTENT, start=start, end=end, score=score, rule=intent, version="1")


def ids(suggestions: tuple[Suggestion, ...]) -> list[str]:
    return [suggestion.script.id for suggestion in suggestions]


def test_the_nearest_trigger_question_is_the_reason_with_the_words_shared() -> None:
    (first, *_) = INDEX.rank(["请问你们的课程怎么收费呀"], now=NOW)

    assert first.script == PRICE
    assert first.reasons == (Reason(ReasonKind.TRIGGER, "课程怎么收费", ("课程怎么收费",)),)
    assert str(first.reasons[0]) == "客户常问：课程怎么收费（课程怎么收费）"
    assert 0 < first.score <= 1


def test_an_intent_suggests_scripts_that_share_no_character_with_the_message() -> None:
    (first,) = INDEX.rank(["几个米"], now=NOW, tags=[tag("ask_price", "询价", 0, 3)])

    assert first.script == PRICE
    assert first.reasons == (Reason(ReasonKind.INTENT, "询价", ("几个米",)),)


def test_an_intent_lifts_a_script_above_one_with_more_words_in_common() -> None:
    twins = ScriptIndex([replace(PRICE, intents=()), replace(PRICE, id="twin", intents=("ask_price",))])

    assert ids(twins.rank(["年课多少钱"], now=NOW)) == ["price", "twin"]
    assert ids(twins.rank(["年课多少钱"], now=NOW, tags=[tag("ask_price", "询价")])) == ["twin", "price"]


def test_the_newest_turn_counts_most_and_older_ones_still_count() -> None:
    assert ids(INDEX.rank(["可以试听吗", "发票怎么开"], now=NOW))[0] == "invoice"
    assert ids(INDEX.rank(["发票怎么开", "可以试听吗"], now=NOW))[0] == "trial"
    assert ids(INDEX.rank(["发票怎么开", "那个呢"], now=NOW)) == ["invoice"]
    assert ids(INDEX.rank(["发票怎么开", "那个呢", "嗯", "啊"], now=NOW)) == []


def test_the_stage_breaks_a_tie_and_is_no_reason_by_itself() -> None:
    trial_first = ScriptIndex([replace(TRIAL, id="a", stage="new"), replace(TRIAL, id="b", stage="trial")])

    (first, second) = trial_first.rank(["可以试听吗"], now=NOW, stage="trial")

    assert (first.script.id, second.script.id) == ("b", "a")
    assert first.reasons[-1] == Reason(ReasonKind.STAGE, "trial")
    assert trial_first.rank(["天气不错"], now=NOW, stage="trial") == ()


def test_only_scripts_that_are_valid_now_are_suggested() -> None:
    day = timedelta(days=1)
    limited = replace(TRIAL, valid_from=NOW, valid_until=NOW + day)
    index = ScriptIndex([limited])

    assert index.rank(["可以试听吗"], now=NOW - timedelta(microseconds=1)) == ()
    assert ids(index.rank(["可以试听吗"], now=NOW)) == ["trial"]
    assert index.rank(["可以试听吗"], now=NOW + day) == ()


def test_a_script_for_one_channel_is_not_suggested_on_another() -> None:
    index = ScriptIndex([replace(TRIAL, channels=frozenset({"kf"}))])

    assert ids(index.rank(["可以试听吗"], now=NOW, channel="kf")) == ["trial"]
    assert index.rank(["可以试听吗"], now=NOW, channel="wecom") == ()
    assert ids(index.rank(["可以试听吗"], now=NOW)) == ["trial"]


def test_nothing_in_common_means_no_suggestion() -> None:
    assert INDEX.rank(["昨晚的球赛真精彩"], now=NOW) == ()
    assert INDEX.rank([], now=NOW) == ()
    assert INDEX.rank([""], now=NOW) == ()
    assert ScriptIndex([]).rank(["多少钱"], now=NOW) == ()


def test_a_large_library_still_finds_the_one_script_that_fits() -> None:
    crowd = [
        replace(TRIAL, id=f"s{number}", triggers=(f"可以试听第{number}节吗", "有体验课吗")) for number in range(1500)
    ]

    (first, *_) = ScriptIndex([*crowd, INVOICE]).rank(["可以试听第777节吗"], now=NOW)

    assert first.script.id == "s777"


def test_the_answer_is_the_same_whatever_the_order_of_scripts() -> None:
    turned = ScriptIndex([INVOICE, TRIAL, PRICE])

    assert turned.rank(["可以试听吗，怎么收费"], now=NOW) == INDEX.rank(["可以试听吗，怎么收费"], now=NOW)


@given(st.lists(st.text(max_size=30), max_size=5), st.integers(1, 3))
def test_any_talk_can_be_ranked_and_scores_fall(turns: list[str], limit: int) -> None:
    found = INDEX.rank(turns, now=NOW, limit=limit)

    scores = [suggestion.score for suggestion in found]
    assert len(found) <= limit
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 and suggestion.reasons for score, suggestion in zip(scores, found, strict=True))


def test_variables_are_read_from_the_text() -> None:
    assert PRICE.variables == (Variable("price:年课"),)
    assert INVOICE.variables == (Variable("customer_name", "您"),)
    assert PRICE.variables[0].kind == "price"


def test_filling_puts_values_in_and_falls_back_where_it_may() -> None:
    assert fill(PRICE, {"price:年课": "3,800 元"}.get).text == "年课现在是3,800 元，包含教材。"
    assert fill(INVOICE, {}.get).text.startswith("您好")
    assert fill(INVOICE, {"customer_name": "李女士"}.get).text.startswith("李女士好")


def test_a_variable_without_a_value_stays_and_is_named() -> None:
    filled = fill(PRICE, {}.get)

    assert filled.missing == ("price:年课",)
    assert "{price:年课}" in filled.text


@pytest.mark.parametrize("value", ["", None])
def test_an_empty_value_is_no_value(value: str | None) -> None:
    assert fill(PRICE, lambda _: value).missing == ("price:年课",)


def test_a_value_that_looks_like_a_variable_is_not_filled_again() -> None:
    assert fill(INVOICE, {"customer_name": "{price:年课}"}.get).text.startswith("{price:年课}好")


def test_a_script_in_parts_is_sent_as_several_messages() -> None:
    script = replace(TRIAL, text="时间：周六\n\n---\n\n到了叫我。--- 谢谢\n---\n")

    assert fill(script, {}.get).parts == ("时间：周六", "到了叫我。--- 谢谢")


def test_a_suggestion_without_its_values_is_withheld_with_the_reason() -> None:
    ranked = INDEX.rank(["年课多少钱，可以试听吗"], now=NOW)

    replies = prepare(ranked, {}.get)

    assert [reply.suggestion.script.id for reply in replies.ready] == ["trial"]
    assert [(reply.suggestion.script.id, reply.filled.missing) for reply in replies.withheld] == [
        ("price", ("price:年课",))
    ]


def test_preparing_stops_when_enough_are_ready() -> None:
    ranked = INDEX.rank(["年课多少钱，可以试听吗，发票怎么开"], now=NOW)

    assert len(ranked) == 3
    assert len(prepare(ranked, {"price:年课": "3,800 元"}.get, limit=2).ready) == 2


def test_of_a_very_long_message_the_end_counts() -> None:
    (first, *_) = INDEX.rank(["我先说说孩子的情况。" * 5000 + "课程怎么收费"], now=NOW)

    assert first.script == PRICE


def test_expired_scripts_do_not_crowd_out_a_valid_one() -> None:
    expired = [replace(TRIAL, id=f"old{number}", valid_until=NOW) for number in range(200)]
    index = ScriptIndex([*expired, replace(TRIAL, title="试听", triggers=("能试听一次吗",))])

    assert ids(index.rank(["可以试听吗"], now=NOW, tags=[tag("book_visit", "预约到访")])) == ["trial"]
