"""P9: suggestions from a large script library, beside BM25 scoring alone over the same postings.

    python benchmarks/p9_suggestions.py [--scripts 10000] [--queries 400]

The library is the packs that ship, varied until there are `--scripts`: each copy has its own product, and its trigger
questions are asked in other words. Queries are three customer turns, the last being the test fixtures' messages.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from scrm.core.scripts import Script, ScriptIndex
from scrm.core.tagging import Tag, Utterance, tag_messages
from scrm.core.timeline import Speaker
from scrm.script_packs import load_lexicon, load_packs, load_words
from scrm.text import segmenter

PACKAGES = ("scripts_library",)
FIXTURE = Path(__file__).parents[1] / "tests" / "fixtures" / "keyword_rules.jsonl"
NOW = datetime(2026, 11, 1, tzinfo=UTC)
OPENINGS = ("", "请问", "你好，", "我想问下", "老师，", "麻烦问一下", "那个", "在吗，")
CLOSINGS = ("", "呢", "啊", "呀", "，谢谢", "，急", "哈", "吗")

Query = tuple[list[str], tuple[Tag, ...]]


def main() -> None:
    arguments = _arguments()
    dice = random.Random(9)
    scripts = _library(arguments.scripts, dice)
    queries = _queries(arguments.queries, dice)

    start = time.perf_counter()
    index = ScriptIndex(scripts)
    built = time.perf_counter() - start
    print(f"{len(scripts)} scripts, index built in {built:.2f} s ({built / len(scripts) * 1e3:.2f} ms per script)")
    plain = _PlainBm25(scripts)

    runs: dict[str, Callable[[Query], object]] = {
        "suggestions (rank, 5 best)": lambda query: index.rank(query[0], now=NOW, tags=query[1]),
        "bare: BM25 scoring alone, newest turn": lambda query: plain.best(query[0][-1:]),
        "bare: BM25 scoring alone, three turns": lambda query: plain.best(query[0]),
    }
    for name, times in _measure(runs, queries).items():
        cuts = statistics.quantiles(times, n=100)
        print(f"{name:40} p50 {cuts[49]:7.2f} ms  p95 {cuts[94]:7.2f} ms  p99 {cuts[98]:7.2f} ms")


class _PlainBm25:
    """Textbook postings over characters and pairs, all of every posting added up."""

    def __init__(self, scripts: Sequence[Script]) -> None:
        self._postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for number, script in enumerate(scripts):
            for term, count in Counter(self._terms(" ".join((*script.triggers, script.title, script.text)))).items():
                self._postings[term].append((number, count / (count + 1.2)))

    def best(self, turns: Sequence[str]) -> list[tuple[int, float]]:
        scores: dict[int, float] = {}
        for term in {term for turn in turns for term in self._terms(turn)}:
            for number, impact in self._postings.get(term, ()):
                scores[number] = scores.get(number, 0.0) + impact
        return sorted(scores.items(), key=lambda item: -item[1])[:5]

    @staticmethod
    def _terms(text: str) -> list[str]:
        return [*text, *(text[place : place + 2] for place in range(len(text) - 1))]


def _measure(runs: dict[str, Callable[[Query], object]], queries: Sequence[Query]) -> dict[str, list[float]]:
    """Milliseconds per query, the runs taking turns so that noise meets all of them."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for query in queries:
        for name, run in runs.items():
            start = time.perf_counter()
            run(query)
            times[name].append((time.perf_counter() - start) * 1e3)
    return times


def _library(count: int, dice: random.Random) -> list[Script]:
    own = [script for pack in load_packs(PACKAGES) for script in pack.scripts]
    syllables = "安博达风格海佳凯朗美诺普瑞尚泰唯欣雅智云川岭湖"
    library = []
    for number in range(count):
        script = own[number % len(own)]
        product = "".join(dice.sample(syllables, 3))
        triggers = tuple(f"{dice.choice(OPENINGS)}{product}{said}{dice.choice(CLOSINGS)}" for said in script.triggers)
        text = script.text.replace("。", f"。{product}", 1)
        library.append(replace(script, id=f"{script.id}-{number}", triggers=triggers, text=text))
    return library


def _queries(count: int, dice: random.Random) -> list[Query]:
    rows = [json.loads(line) for line in FIXTURE.read_text(encoding="utf-8").splitlines()]
    texts = [row["text"] for row in rows if row["speaker"] == "customer"]
    lexicon, words = load_lexicon(PACKAGES), segmenter("auto", load_words(PACKAGES))
    queries = []
    for _ in range(count):
        turns = dice.choices(texts, k=3)
        (tags,) = tag_messages([Utterance(turns[-1], Speaker.CUSTOMER)], lexicon, words)
        queries.append((turns, tags))
    return queries


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scripts", type=int, default=10_000)
    parser.add_argument("--queries", type=int, default=400)
    return parser.parse_args()


if __name__ == "__main__":
    main()
