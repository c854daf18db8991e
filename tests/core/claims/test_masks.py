"""The guard of the masks lets every pattern begin where it may."""

from __future__ import annotations

import json
import re
from pathlib import Path

from scrm.core.claims.masks import _PATTERNS, spans_of_no_money

HERE = Path(__file__).parent
_UNGUARDED = re.compile("|".join(pattern for patterns in _PATTERNS.values() for pattern in patterns))


def _texts() -> list[str]:
    return [
        json.loads(line)["text"]
        for name in ("own", "independent")
        for line in (HERE / f"{name}_quotes.jsonl").read_text("utf-8").splitlines()
    ]


def test_the_guard_hides_nothing_a_pattern_would_find():
    for text in _texts():
        unguarded = [match.span() for match in _UNGUARDED.finditer(text) if match[0]]

        assert list(spans_of_no_money(text)) == unguarded, text


def test_words_at_the_head_of_a_pattern_are_not_shut_out_by_the_guard():
    for text in (
        "单号398811",
        "华为 60",
        "几单元 801",
        "四面八方",
        "左手价一口价",
        "网址www.a.cn/3999",
        "€300",
        "周五",
        "v2.1",
    ):
        unguarded = [match.span() for match in _UNGUARDED.finditer(text) if match[0]]

        assert list(spans_of_no_money(text)) == unguarded
