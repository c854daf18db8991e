"""P6: keyword tagging in batches, beside segmentation and automaton alone, and beside jieba with a loop over the words.

    python benchmarks/p6_tagging.py [--messages 20000] [--keywords 2000] [--rounds 5]

Messages are those of the test fixtures and of the script packs' trigger questions, cut and joined anew until they have
the length of chat (23 characters on average) and are all different. Rules are those that ship, filled up with made-up
product names until there are `--keywords` words.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from scrm.core.intents import IntentModel
from scrm.core.tagging import KeywordRule, Lexicon, Segmenter, Utterance, fold, tag_messages
from scrm.core.timeline import Speaker
from scrm.intent_files import load_intents
from scrm.script_packs import load_packs, load_rules, load_words, package_folders
from scrm.text import AhoCorasickMatcher, segmenter

PACKAGES = ("scripts_library",)
FIXTURE = Path(__file__).parents[1] / "tests" / "fixtures" / "keyword_rules.jsonl"
BATCH = 256


def main() -> None:
    arguments = _arguments()
    dice = random.Random(6)
    rules = _rules(arguments.keywords, dice)
    words = [word for rule in rules for word in rule.words]
    utterances = _utterances(arguments.messages, dice)
    texts = [utterance.text for utterance in utterances]
    lexicon, fast = Lexicon(rules, AhoCorasickMatcher), segmenter("rjieba", load_words(PACKAGES))
    intents = load_intents(package_folders(PACKAGES))
    automaton = AhoCorasickMatcher([fold(word) for word in words])
    naive, few = segmenter("jieba"), texts[: max(200, len(texts) // 40)]

    length = statistics.mean(map(len, texts))
    tagged = tag_messages(utterances, lexicon, fast)
    print(
        f"{len(texts)} messages of {length:.1f} characters, {len(words)} keywords in {len(rules)} rules, "
        f"{statistics.mean(map(len, tagged)):.2f} tags per message"
    )
    figures = _measure(
        {
            "tagging, batches of 256": (len(texts), lambda: _in_batches(utterances, lexicon, fast)),
            "the same with learned intents": (len(texts), lambda: _in_batches(utterances, lexicon, fast, intents)),
            "limit: rjieba + automaton alone": (
                len(texts),
                lambda: [(fast.cut(text, guess_words=False), automaton.find(text)) for text in texts],
            ),
            "naive: jieba + loop over keywords": (
                len(few),
                lambda: [(naive.cut(text), [word for word in words if word in text]) for text in few],
            ),
        },
        arguments.rounds,
    )
    limit = figures["limit: rjieba + automaton alone"]
    for name, rate in figures.items():
        print(f"{name:36} {rate:>12,.0f} messages/s  {rate / limit:6.3f} of the limit")


def _in_batches(
    utterances: Sequence[Utterance], lexicon: Lexicon, words: Segmenter, intents: Sequence[IntentModel] = ()
) -> None:
    for start in range(0, len(utterances), BATCH):
        tag_messages(utterances[start : start + BATCH], lexicon, words, intents)


def _measure(runs: dict[str, tuple[int, Callable[[], object]]], rounds: int) -> dict[str, float]:
    """Messages per second, the best of `rounds`, the runs taking turns so that noise meets all of them."""
    best = dict.fromkeys(runs, 0.0)
    for _ in range(rounds):
        for name, (messages, run) in runs.items():
            start = time.perf_counter()
            run()
            best[name] = max(best[name], messages / (time.perf_counter() - start))
    return best


def _rules(keywords: int, dice: random.Random) -> list[KeywordRule]:
    rules = list(load_rules(PACKAGES))
    missing = keywords - sum(len(rule.words) for rule in rules)
    product = replace(rules[0], id="product", tag="product", name="产品", exclude=(), patterns=(), speakers=frozenset())
    syllables = "安博达风格海佳凯朗美诺普瑞尚泰唯欣雅智"
    made_up = {"".join(dice.sample(syllables, 3)) for _ in range(3 * max(0, missing))}
    chunks = [sorted(made_up)[start : start + 50] for start in range(0, max(0, missing), 50)]
    return rules + [replace(product, id=f"product-{number}", words=tuple(chunk)) for number, chunk in enumerate(chunks)]


def _utterances(count: int, dice: random.Random) -> list[Utterance]:
    rows = [json.loads(line) for line in FIXTURE.read_text(encoding="utf-8").splitlines()]
    said = [(row["text"], Speaker(row["speaker"])) for row in rows]
    said += [
        (trigger, Speaker.CUSTOMER)
        for pack in load_packs(PACKAGES)
        for script in pack.scripts
        for trigger in script.triggers
    ]
    made = []
    for number in range(count):
        text, speaker = dice.choice(said)
        while len(text) < dice.randint(5, 36):
            text += dice.choice("，。？ ") + dice.choice(said)[0]
        made.append(Utterance(f"{text}{number % 97}", speaker))
    return made


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--keywords", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


if __name__ == "__main__":
    main()
