"""P7: reading prices from text: sales talk with numbers, hard negatives, and ordinary chat without any.

    python benchmarks/p7_quotes.py [--messages 5000] [--rounds 5] [--json]

Messages are made up from a seed. Each message is timed in every round and its best time counts, so that what else runs
on the machine does not. Beside the reader's own figures stand those of JioNLP's money extractor on the same messages,
and how many of the quotes of the test lists each of the two finds with the right value; `pip install -r
benchmarks/requirements.txt` brings it, and without it its lines are left out with a note.
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from figures import Figure, arguments, percentile, show

from scrm.core.claims import find_claims, read_quotes
from scrm.core.price_book import CHINA, PriceBook, Product
from scrm.core.timeline import Speaker

Message = tuple[str, Speaker]
Span = tuple[int, int, float]
Extractor = Callable[[str, Speaker], Sequence[Span]]
_LISTS = Path(__file__).parents[1] / "tests" / "core" / "claims"
_SELLER = (
    "这款{p}现在{n}元，包安装",
    "{p}原价{m}，活动价{n}，到18号截止",
    "嗯这个呢是{c}然后送您一个价值{n}的小家电",
    "满{m}减300，{p}到手价{n}",
    "首付三成，月供{n}，分30年",
    "{n}一台，买三台送一台",
    "不是{m}，是{n}，刚才看错了",
    "裸车{c}，落地大概{n}",
    "每节课{n}，买满60节打八五折",
    "定金500抵1000，尾款{n}",
)
_CUSTOMER = ("{n}行不行", "客服说的是{n}啊，你怎么报{m}", "预算{c}左右", "别家{p}才卖{n}", "{n}是最低价吗")
_NO_PRICE = (
    "我电话138{d}，微信同号",
    "6月18号下午3点半过来，中山路399号2栋1801",
    "尺寸是1200*600*750mm，重35公斤",
    "每天学习30分钟，一共120课时",
    "订单号2024061800{d}，帮我查一下",
    "iPhone 15 Pro 256G有现货吗，等两三天也行",
)
_CHAT = (
    "好的，我马上帮您看看",
    "你好，请问这个还有货吗",
    "谢谢，辛苦了",
    "麻烦您发下地址",
    "我再考虑考虑吧",
    "可以先看看样品吗",
    "亲，在的呢，请问有什么可以帮您",
    "收到，稍后回复您",
    "颜色有哪些，能发图看看吗",
    "这个质量怎么样，耐用吗",
    "不好意思，刚刚在忙",
    "嗯嗯，明白了",
)
_SPOKEN = ("三千九百九十九", "四千八", "一万二", "两万三千五", "三九九九", "四五千", "1万2千8", "13万8")


def main() -> None:
    options = arguments(__doc__, messages=5000, rounds=5)
    dice = random.Random(7)
    talk = [_sales_talk(dice) for _ in range(options.messages)]
    chat = [(dice.choice(_CHAT), dice.choice((Speaker.REP, Speaker.CUSTOMER))) for _ in range(options.messages)]
    book, at = _book(), datetime(2026, 6, 12, 10, 0, tzinfo=CHINA)
    figures = [
        *_measure("messages with numbers", talk, read_quotes, options.rounds, "≤ 0.3"),
        *_measure("ordinary chat", chat, read_quotes, options.rounds, "≤ 0.01"),
        *_measure(
            "messages with numbers, linked to 1,000 products",
            talk,
            lambda text, speaker: find_claims(text, speaker, at, book),
            options.rounds,
            "",
        ),
    ]
    figures += _found("quotes found, this reader", _spans_of_ours)
    theirs = _jionlp()
    if theirs is not None:
        figures += _measure("messages with numbers, JioNLP", talk, theirs, 1, "")
        figures += _found("quotes found, JioNLP", theirs)
    show(figures, as_json=options.json)


def _jionlp() -> Extractor | None:
    """JioNLP's extractor behind our interface; None, with a note on stderr, where it is not installed."""
    try:
        import jionlp
    except ImportError as error:
        print(f"# JioNLP is left out ({error}): pip install -r benchmarks/requirements.txt", file=sys.stderr)
        return None

    def read(text: str, _: Speaker) -> Sequence[Span]:
        return [
            (*found["offset"], _first(found["detail"]["num"]))
            for found in jionlp.ner.extract_money(text, with_parsing=True)
        ]

    return read


def _first(number: str | Sequence[str]) -> float:
    """The value of JioNLP's `num`: a figure, or the two ends of a range."""
    return float(number if isinstance(number, str) else number[0])


def _spans_of_ours(text: str, speaker: Speaker) -> Sequence[Span]:
    return [(q.start, q.end, float(q.value)) for q in read_quotes(text, speaker) if q.value is not None]


def _found(name: str, read: Extractor) -> list[Figure]:
    """Recall by value, and the share of utterances without a price in which one is found, on the test lists.

    Only sums of money are looked for (no shares, counts or words without a number), which is all JioNLP reads.
    """
    wanted = right = negatives = flagged = 0
    for row in _rows():
        spans = read(row["text"], Speaker(row["speaker"]))
        negatives, flagged = negatives + (not row["quotes"]), flagged + (not row["quotes"] and bool(spans))
        money = [q for q in row["quotes"] if q["value"] and "ratio" not in q["kind"] and q["kind"] not in _NO_SUMS]
        wanted += len(money)
        right += sum(any(a < q["end"] and q["start"] < b and v == abs(q["value"]) for a, b, v in spans) for q in money)
    return [
        Figure(name=f"{name}: recall", value=round(100 * right / wanted, 1), unit="%"),
        Figure(name=f"{name}: negatives flagged", value=round(100 * flagged / negatives, 1), unit="%"),
    ]


_NO_SUMS = frozenset({"gift", "instalment_count", "interest_rate", "yield_rate"})


def _rows() -> list[dict]:
    return [
        json.loads(line)
        for name in ("own", "independent")
        for line in (_LISTS / f"{name}_quotes.jsonl").read_text("utf-8").splitlines()
    ]


def _measure(
    name: str, messages: Sequence[Message], read: Callable[[str, Speaker], object], rounds: int, target: str
) -> list[Figure]:
    best = [float("inf")] * len(messages)
    for _ in range(rounds):
        for place, (text, speaker) in enumerate(messages):
            started = time.perf_counter()
            read(text, speaker)
            best[place] = min(best[place], (time.perf_counter() - started) * 1000)
    return [
        Figure(name=f"{name}, mean", value=round(statistics.mean(best), 4), unit="ms/message", target=target),
        Figure(name=f"{name}, p95", value=round(percentile(best, 95), 4), unit="ms/message"),
    ]


def _sales_talk(dice: random.Random) -> Message:
    if dice.random() < 0.3:
        return dice.choice(_NO_PRICE).format(d=f"{dice.randrange(10**8):08}"), Speaker.CUSTOMER
    speaker = dice.choice((Speaker.REP, Speaker.AGENT, Speaker.CUSTOMER))
    pattern = dice.choice(_CUSTOMER if speaker is Speaker.CUSTOMER else _SELLER)
    price = dice.choice((dice.randrange(50, 100) * 100 - 1, dice.randrange(500, 20_000)))
    text = pattern.format(p=f"产品{dice.randrange(1000)}", n=price, m=price + 400, c=dice.choice(_SPOKEN))
    return text, speaker


def _book() -> PriceBook:
    return PriceBook(
        tuple(
            Product(
                sku=f"P-{number}", name=f"产品{number}", aliases=(f"{number}号机",), list_price=Decimal(3000 + number)
            )
            for number in range(1000)
        )
    )


if __name__ == "__main__":
    main()
