from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrm.core.errors import BadSettings
from scrm.core.tagging import Segmenter
from scrm.script_packs import load_words
from scrm.text import AhoCorasickMatcher, segmenter

FIXTURES = Path(__file__).parent / "fixtures"
WORDS = load_words(["scripts_library"])


def messages() -> list[str]:
    rules = (FIXTURES / "keyword_rules.jsonl").read_text(encoding="utf-8").splitlines()
    latin = (FIXTURES / "latin_messages.txt").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["text"] for line in rules] + latin


@pytest.fixture(scope="module")
def reference() -> Segmenter:
    return segmenter("jieba", WORDS)


@pytest.fixture(scope="module")
def default() -> Segmenter:
    return segmenter("auto", WORDS)


@pytest.mark.parametrize("guess_words", [True, False])
def test_both_engines_cut_999_of_1000_messages_alike(
    default: Segmenter, reference: Segmenter, guess_words: bool
) -> None:
    said = messages()

    alike = [
        list(default.cut(text, guess_words=guess_words)) == list(reference.cut(text, guess_words=guess_words))
        for text in said
    ]

    assert len(said) >= 300
    assert sum(alike) / len(said) >= 0.999, [text for text, same in zip(said, alike, strict=True) if not same]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("t.cn", ["t", ".", "cn"]),
        ("Wi-Fi", ["Wi", "-", "Fi"]),
        ("3.5k", ["3.5", "k"]),
        ("50%off", ["50%", "off"]),
        ("C++", ["C++"]),
        ("a--b", ["a", "--", "b"]),
    ],
)
def test_latin_tokens_are_taken_apart_as_jieba_does(
    default: Segmenter, reference: Segmenter, text: str, words: list[str]
) -> None:
    assert list(default.cut(text)) == words
    assert list(reference.cut(text)) == words


@given(st.text(max_size=40))
def test_no_character_is_lost_in_cutting(text: str) -> None:
    for guess_words in (True, False):
        assert "".join(_FAST.cut(text, guess_words=guess_words)) == text


def test_every_word_of_the_domain_dictionary_stays_whole(default: Segmenter, reference: Segmenter) -> None:
    for word in WORDS:
        assert word in default.cut(f"你们的{word}怎么样")
        assert word in reference.cut(f"你们的{word}怎么样")


@pytest.mark.parametrize("engine", ["rjieba", "jieba"])
def test_new_words_make_a_new_segmenter_and_leave_the_old_as_it_was(engine: str) -> None:
    before = segmenter(engine)  # type: ignore[arg-type] - parametrize knows no Literal

    after = before.with_words({"星耀年卡": 500, "云顶套餐": None})

    assert "星耀年卡" in after.cut("我要办星耀年卡")
    assert "云顶套餐" in after.cut("云顶套餐多少钱")
    assert "星耀年卡" not in before.cut("我要办星耀年卡")


def test_a_fingerprint_tells_engine_and_dictionary() -> None:
    plain = segmenter("rjieba")
    wider = plain.with_words({"星耀年卡": 500})

    assert plain.fingerprint == segmenter("auto").fingerprint
    assert plain.fingerprint != wider.fingerprint
    assert wider.fingerprint == segmenter("rjieba", {"星耀年卡": 500}).fingerprint
    assert plain.fingerprint.startswith("rjieba-")


def test_an_unknown_engine_and_impossible_words_are_refused() -> None:
    with pytest.raises(BadSettings, match="hanlp"):
        segmenter("hanlp")  # type: ignore[arg-type] - what a settings file may say
    with pytest.raises(BadSettings, match="星耀"):
        segmenter("rjieba", {"星耀": 0})
    with pytest.raises(BadSettings, match="' '"):
        segmenter("rjieba", {" ": 5})


def test_the_reference_engine_loads_without_a_warning() -> None:
    code = "from scrm.text import segmenter; print(segmenter('jieba').cut('退款'))"

    ran = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)

    assert ran.returncode == 0, ran.stderr
    assert "退款" in ran.stdout
    assert ran.stderr == ""


def test_the_matcher_finds_every_occurrence_with_places_in_code_points() -> None:
    matcher = AhoCorasickMatcher(["退款", "款", "全额退款"])

    assert sorted(matcher.find("😀全额退款")) == [(0, 3, 5), (1, 4, 5), (2, 1, 5)]


def test_a_matcher_without_patterns_finds_nothing() -> None:
    assert list(AhoCorasickMatcher([]).find("退款")) == []


_FAST = segmenter("rjieba", WORDS)
