from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest

from scrm.core.intent_scores import scores
from scrm.core.intents import Intent, IntentModel, Scorer, cues, grams
from scrm.core.tagging import Tag, TagKind, Utterance, tag_messages
from scrm.core.timeline import Speaker
from scrm.intent_files import load_intents
from scrm.script_packs import load_lexicon, load_words
from scrm.text import AhoCorasickMatcher, segmenter

PACKAGES = ("scripts_library",)
LEXICON, WORDS = load_lexicon(PACKAGES), segmenter("auto", load_words(PACKAGES))
(SHIPPED,) = load_intents([files("scripts_library")])
FIXTURES = Path(__file__).parents[1] / "fixtures"

PRICE = Intent(
    id="ask_price",
    name="询价",
    bias=-3.0,
    step=0.1,
    slope=1.0,
    offset=0.0,
    threshold=0.5,
)
REFUND = replace(PRICE, id="ask_refund", name="要退款")
SCORER = Scorer(
    [PRICE, REFUND],
    {
        "价": [50, -127],
        "退": [-10, 40],
        "退钱": [0, 30],
        "rule ask_price": [20, 0],
        "rule ask_refund": [0, 20],
        "before 多少": [40, 0],
    },
    AhoCorasickMatcher,
)
MODEL = IntentModel(SCORER, None, "f00d")


def said(text: str, previous: str = "") -> Utterance:
    return Utterance(text, Speaker.CUSTOMER, previous=previous)


def rule_tag(rule: str, tag: str, kind: TagKind = TagKind.INTENT) -> Tag:
    return Tag(tag=tag, name=tag, kind=kind, start=0, end=1, score=1.0, rule=rule, version="2")


def intents_of(text: str, speaker: Speaker = Speaker.CUSTOMER) -> set[str]:
    (tags,) = tag_messages([Utterance(text, speaker)], LEXICON, WORDS, (SHIPPED,))
    return {tag.tag for tag in tags if tag.kind is TagKind.INTENT}


def test_weights_add_up_over_what_is_in_the_message_once() -> None:
    price, refund = SCORER.values(said("价价？退钱"))

    assert price == pytest.approx(-3.0 + 5.0 - 1.0)
    assert refund == pytest.approx(-3.0 - 12.7 + 4.0 + 3.0)


def test_a_message_without_known_characters_has_the_bias_alone() -> None:
    assert SCORER.values(said("嗯")) == [-3.0, -3.0]
    assert SCORER.values(said("")) == [-3.0, -3.0]


def test_an_intent_is_carried_from_its_threshold_on() -> None:
    probability = PRICE.probability(SCORER.values(said("价"))[0])
    at = IntentModel(Scorer([replace(PRICE, threshold=probability - 1e-9)], {"价": [50]}, AhoCorasickMatcher), None, "")
    above = IntentModel(
        Scorer([replace(PRICE, threshold=probability + 1e-9)], {"价": [50]}, AhoCorasickMatcher), None, ""
    )

    assert [tag.tag for tag in at.judge(said("价"), ())] == ["ask_price"]
    assert above.judge(said("价"), ()) == ()


def test_a_rule_the_model_has_learned_with_is_evidence_and_its_tag_says_both_versions() -> None:
    agreed = MODEL.judge(said("价"), (rule_tag("ask_price", "ask_price"),))
    refused = MODEL.judge(said("嗯"), (rule_tag("ask_price", "ask_price"),))

    assert [(tag.rule, tag.version, tag.score) for tag in agreed] == [("ask_price", "2+f00d", 0.982)]
    assert refused == ()


def test_rules_of_a_business_and_words_somebody_watches_for_stay_as_they_are() -> None:
    own = rule_tag("our_price", "ask_price")
    watched = rule_tag("ask_price", "ask_price", TagKind.KEYWORD)

    assert MODEL.judge(said("嗯"), (own,)) == (own,)
    assert MODEL.judge(said("嗯"), (watched,)) == (watched,)


def test_what_no_rule_knows_stands_on_the_clause_that_says_most() -> None:
    (tag,) = MODEL.judge(said("你好，😀给个价吧！ 谢谢"), ())

    assert (tag.tag, tag.rule, tag.version) == ("ask_price", "model:ask_price", "f00d")
    assert "你好，😀给个价吧！ 谢谢"[tag.start : tag.end] == "给个价吧"


def test_a_side_without_a_model_keeps_its_tags() -> None:
    tag = rule_tag("ask_price", "ask_price")

    assert MODEL.judge(Utterance("价", Speaker.REP), (tag,)) == (tag,)
    assert MODEL.judge(Utterance("价", Speaker.SYSTEM), ()) == ()


def test_only_a_short_reply_is_read_with_what_it_replies_to() -> None:
    assert "before 多少" in cues(said("两个", previous="您要多少"))
    assert not any(cue.startswith("before") for cue in cues(said("两个都给我留着吧，我下午来拿", previous="您要多少")))
    assert SCORER.values(said("两个", previous="您要多少"))[0] > SCORER.values(said("两个"))[0]


def test_width_case_digits_and_white_space_make_no_difference() -> None:
    assert grams("VX 138") == grams("ｖｘ９２０")
    assert "\x02v" in grams("VX")


def test_counts_give_precision_recall_and_both_f1() -> None:
    found = scores([({"a"}, {"a", "b"}), ({"b"}, {"b"}), ({"c"}, set()), (set(), set())])

    assert (found.micro.precision, found.micro.recall) == (2 / 3, 2 / 3)
    assert found.macro_f1 == pytest.approx((1 + 2 / 3 + 0) / 3)
    assert scores([({"a"}, {"a"})]).no_worse_than(found)
    assert not found.no_worse_than(scores([({"a"}, {"a"})]))


def test_the_shipped_model_gives_the_values_that_training_gave() -> None:
    """The fixture holds decision values of scikit-learn's own regressions, written when the model was trained."""
    rows = json.loads((FIXTURES / "intent_values.json").read_text(encoding="utf-8"))
    assert rows["fingerprint"] == SHIPPED.fingerprint, "write it anew: tests/fixtures/write_intent_values.py"

    for row in rows["sentences"]:
        scorer = SHIPPED.scorer(Speaker(row["speaker"]))
        assert scorer is not None
        said_so = Utterance(row["text"], Speaker(row["speaker"]), previous=row["previous"])
        values = scorer.values(said_so, row["rules"])
        assert values == pytest.approx(row["values"], abs=0.4)


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("我不是要退款，就是问问几点开门", "ask_refund"),
        ("我老家贵州的", "object_price"),
        ("贵司在哪个区", "object_price"),
        ("收到了，谢谢", "ask_progress"),
    ],
)
def test_near_misses_are_missed(text: str, intent: str) -> None:
    assert intent not in intents_of(text)


def test_the_model_finds_what_has_no_telling_word_for_a_rule() -> None:
    assert "ask_availability" in intents_of("今晚那节瑜伽还约得上不")


def test_the_shipped_model_covers_the_catalogue_and_does_not_fall_back() -> None:
    rows = [json.loads(line) for line in (FIXTURES / "intent_messages.jsonl").read_text(encoding="utf-8").splitlines()]

    found = scores((set(row["intents"]), intents_of(row["text"], Speaker(row["speaker"]))) for row in rows)

    assert SHIPPED.customer is not None
    assert SHIPPED.seller is not None
    assert (len(SHIPPED.customer.intents), len(SHIPPED.seller.intents)) == (24, 6)
    assert found.micro.f1 >= 0.88
    assert found.macro_f1 >= 0.88
