from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrm.core.tagging import (
    CUSTOMER_SIDE,
    SELLER_SIDE,
    KeywordRule,
    Lexicon,
    Questions,
    Tag,
    TagKind,
    Utterance,
    fold,
    tag_messages,
)
from scrm.core.timeline import Speaker
from scrm.script_packs import load_lexicon, load_words
from scrm.text import AhoCorasickMatcher, segmenter

PACKAGES = ("scripts_library",)
SHIPPED = load_lexicon(PACKAGES)
WORDS = segmenter("auto", load_words(PACKAGES))
FIXTURE = Path(__file__).parents[1] / "fixtures" / "keyword_rules.jsonl"

REFUND = KeywordRule(id="refund", tag="ask_refund", name="要退款", words=("退款", "退…钱", "全额退款"))


def tags_of(text: str, *rules: KeywordRule, speaker: Speaker = Speaker.CUSTOMER, channel: str = "") -> tuple[Tag, ...]:
    lexicon = Lexicon(rules, AhoCorasickMatcher)
    (tags,) = tag_messages([Utterance(text, speaker, channel)], lexicon, WORDS)
    return tags


def words_of(text: str, *rules: KeywordRule) -> list[str]:
    return [text[tag.start : tag.end] for tag in tags_of(text, *rules)]


def test_a_tag_says_which_rule_saw_what_where() -> None:
    rule = replace(REFUND, kind=TagKind.INTENT, score=0.8, version="3")

    (tag,) = tags_of("😀我要退款", rule)

    assert tag == Tag(
        tag="ask_refund",
        name="要退款",
        kind=TagKind.INTENT,
        start=3,
        end=5,
        score=0.8,
        rule="refund",
        version="3",
    )


def test_every_place_is_tagged_and_the_longest_word_wins() -> None:
    assert words_of("退款，我要全额退款", REFUND) == ["退款", "全额退款"]


def test_messages_come_back_in_order_with_none_left_out() -> None:
    lexicon = Lexicon([REFUND], AhoCorasickMatcher)
    said = [Utterance(text, Speaker.CUSTOMER) for text in ("你好", "退款", "", "我要退款")]

    assert [len(tags) for tags in tag_messages(said, lexicon, WORDS)] == [0, 1, 0, 1]


def test_without_rules_nothing_is_tagged() -> None:
    assert tags_of("我要退款") == ()


def test_case_width_and_traditional_characters_do_not_matter() -> None:
    rule = KeywordRule(id="x", tag="x", name="x", words=("加vx", "多少钱"))

    assert words_of("加ＶＸ聊", rule) == ["加ＶＸ"]
    assert words_of("多少錢", rule) == ["多少錢"]


def test_an_ellipsis_stands_for_a_gap_inside_one_clause() -> None:
    assert words_of("先退一下我的钱", REFUND) == ["退一下我的钱"]
    assert words_of("我退了。钱包丢了", REFUND) == []
    assert words_of("退了以后又过了很久很久才说起钱", REFUND) == []


def test_an_exclude_word_refuses_only_the_hit_it_covers() -> None:
    rule = KeywordRule(id="x", tag="x", name="嫌贵", words=("贵",), exclude=("贵姓",))

    assert words_of("您贵姓", rule) == []
    assert words_of("您贵姓？这个有点贵", rule) == ["贵"]


@pytest.mark.parametrize("text", ["我在贵州", "机会宝贵", "珍贵的照片"])
def test_a_single_character_inside_another_word_is_no_hit(text: str) -> None:
    assert words_of(text, KeywordRule(id="x", tag="x", name="嫌贵", words=("贵",))) == []


def test_two_characters_across_two_other_words_are_no_hit() -> None:
    rule = KeywordRule(id="x", tag="x", name="便宜", words=("便宜",))

    assert words_of("去那边方便宜家就在旁边", rule) == []
    assert words_of("能便宜吗", rule) == ["便宜"]


def test_latin_words_do_not_count_inside_longer_ones() -> None:
    rule = KeywordRule(id="x", tag="x", name="x", words=("vx", "ok"))

    assert words_of("vxx", rule) == []
    assert words_of("book", rule) == []
    assert words_of("vx138", rule) == ["vx"]


@pytest.mark.parametrize(
    "text",
    ["我不是要退款", "不用退款", "没有要退款", "别退款", "我没说要退款", "退款就不用了", "不需要退款了", "无需退款"],
)
def test_a_negated_word_is_no_hit(text: str) -> None:
    assert words_of(text, REFUND) == []


@pytest.mark.parametrize(
    "text",
    [
        "不好意思我要退款",
        "不满意，我要退款",
        "不想学了要退款",
        "不行就退款",
        "是不是可以退款",
        "可不可以退款",
        "没收到货，退款",
        "特别想退款",
        "不了解，退款怎么弄",
    ],
)
def test_what_only_looks_like_a_negation_leaves_the_hit(text: str) -> None:
    assert words_of(text, REFUND) == ["退款"]


@pytest.mark.parametrize("text", ["不能退款吗", "你们不给退款？", "不可以退款么", "没有退款吗"])
def test_a_question_that_seems_to_deny_asks(text: str) -> None:
    assert words_of(text, REFUND) == ["退款"]


def test_the_negation_window_is_the_rules_own() -> None:
    text = "我没有说今天要退款"

    assert words_of(text, replace(REFUND, negation_window=2)) == ["退款"]
    assert words_of(text, replace(REFUND, negation_window=8)) == []
    assert words_of("不退款", replace(REFUND, negation_window=0)) == ["退款"]


def test_a_negation_does_not_reach_over_a_clause() -> None:
    assert words_of("不，退款", REFUND) == ["退款"]


def test_rules_may_ask_for_questions_or_refuse_them() -> None:
    only, never = replace(REFUND, questions=Questions.ONLY), replace(REFUND, questions=Questions.NEVER)

    assert words_of("可以退款吗", only) == ["退款"]
    assert words_of("我要退款", only) == []
    assert words_of("可以退款吗", never) == []
    assert words_of("你好吗？我要退款", never) == ["退款"]


def test_rules_hear_only_their_side_and_their_channels() -> None:
    customers, sellers = replace(REFUND, speakers=CUSTOMER_SIDE), replace(REFUND, speakers=SELLER_SIDE)
    on_kf = replace(REFUND, channels=frozenset({"kf"}))

    assert tags_of("退款", customers, speaker=Speaker.REP) == ()
    assert tags_of("退款", sellers, speaker=Speaker.BOT) != ()
    assert tags_of("退款", on_kf, channel="wecom") == ()
    assert tags_of("退款", on_kf, channel="kf") != ()


def test_a_whole_rule_wants_nothing_else_in_the_message() -> None:
    rule = KeywordRule(id="x", tag="greet", name="寒暄", words=("你好", "在吗"), whole=True)

    assert words_of("你好呀，在吗？😀[微笑]", rule) == ["你好", "在吗"]
    assert words_of("你好，多少钱", rule) == []


@pytest.mark.parametrize("text", ["加 微 信", "加.微.信", "加·微信", "加\u200b微\u200b信"])
def test_words_written_apart_are_found_when_the_rule_says_so(text: str) -> None:
    rule = KeywordRule(id="x", tag="x", name="x", words=("加微信",), split=True)

    assert words_of(f"好的{text}吧", rule) == [text]
    assert words_of(f"好的{text}吧", replace(rule, split=False)) == []


def test_a_pattern_finds_what_has_a_shape() -> None:
    rule = KeywordRule(id="x", tag="x", name="x", words=(), patterns=(r"(?<!\d)1[3-9]\d{9}(?!\d)",))

    assert words_of("打１３８00138000吧", rule) == ["１３８00138000"]
    assert words_of("单号2138001380001", rule) == []


def test_equal_rules_have_equal_fingerprints() -> None:
    first = Lexicon([REFUND, replace(REFUND, id="b")], AhoCorasickMatcher)
    turned = Lexicon([replace(REFUND, id="b"), REFUND], AhoCorasickMatcher)
    changed = Lexicon([replace(REFUND, version="2"), replace(REFUND, id="b")], AhoCorasickMatcher)

    assert first.fingerprint == turned.fingerprint
    assert first.fingerprint != changed.fingerprint


@given(st.text())
def test_folding_keeps_every_code_point_in_its_place(text: str) -> None:
    assert len(fold(text)) == len(text)


@given(st.text(alphabet="退款不要吗，。 钱贵加微信vx好的在吗😀[]\n1", max_size=60), st.sampled_from(Speaker))
def test_spans_lie_in_the_text_and_hits_of_one_rule_do_not_overlap(text: str, speaker: Speaker) -> None:
    (tags,) = tag_messages([Utterance(text, speaker)], SHIPPED, WORDS)

    by_rule: dict[str, int] = {}
    for tag in tags:
        assert 0 <= tag.start < tag.end <= len(text)
        assert tag.start >= by_rule.get(tag.rule, 0)
        by_rule[tag.rule] = tag.end


def test_a_long_message_of_nothing_but_courtesy_is_read_at_once() -> None:
    (tags,) = tag_messages([Utterance("好 " * 5000 + "x", Speaker.CUSTOMER)], SHIPPED, WORDS)

    assert "acknowledge" not in {tag.rule for tag in tags}


def fixture_rows() -> list[dict[str, str]]:
    return [json.loads(line) for line in FIXTURE.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("rule", sorted({row["rule"] for row in fixture_rows()}))
def test_a_shipped_rule_finds_its_examples_and_no_near_miss(rule: str) -> None:
    rows = [row for row in fixture_rows() if row["rule"] == rule]

    tagged = tag_messages([Utterance(row["text"], Speaker(row["speaker"])) for row in rows], SHIPPED, WORDS)

    wrong = [
        row["text"] for row, tags in zip(rows, tagged, strict=True) if row["hit"] != (rule in {t.rule for t in tags})
    ]
    assert wrong == []


def test_every_shipped_rule_has_eight_examples_and_near_misses() -> None:
    for rule in SHIPPED.rules:
        rows = [row for row in fixture_rows() if row["rule"] == rule.id]

        assert len(rows) >= 8, rule.id
        assert {row["hit"] for row in rows} == {True, False}, rule.id


def test_the_shipped_rules_do_not_fall_back_on_whole_conversations() -> None:
    path = FIXTURE.with_name("intent_messages.jsonl")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]

    tagged = tag_messages([Utterance(row["text"], Speaker(row["speaker"])) for row in rows], SHIPPED, WORDS)

    wanted = {(row["id"], intent) for row in rows for intent in row["intents"]}
    found = {(row["id"], tag.tag) for row, tags in zip(rows, tagged, strict=True) for tag in tags}
    assert len(wanted & found) / len(found) >= 0.87
    assert len(wanted & found) / len(wanted) >= 0.89


def test_a_number_inside_a_longer_one_is_no_hit() -> None:
    rule = KeywordRule(id="x", tag="complain", name="投诉不满", words=("12345",))

    assert words_of("打15912345678找我", rule) == []
    assert words_of("我打12345了", rule) == ["12345"]
