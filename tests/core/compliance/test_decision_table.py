"""The decision table of conflicting prices, row by row: what happened, and what is to be found.

Events are (time, channel and speaker, text); expected findings (rule, event, against, severity), S0 and S1 left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from scrm.core.claims import Turn
from scrm.core.compliance import RULES, Finding, check
from scrm.core.price_book import read_price_book
from scrm.core.timeline import Speaker
from tests.core.compliance.conftest import Talk

BOOK = """
[[product]]
sku = "AC-26"
name = "清风26空调"
aliases = ["清风26", "空调"]
list_price = 3299
[product.floors]
rep = 2900
[[product.promotion]]
name = "五一钜惠"
price = 2999
from = 2026-04-25
to = 2026-05-10

[[product]]
sku = "OVEN-8"
name = "蒸烤箱8系"
aliases = ["蒸烤箱"]
list_price = 5680
[product.floors]
rep = 5200

[[product]]
sku = "SWIM"
name = "少儿游泳年卡"
aliases = ["游泳卡", "游泳年卡"]
list_price = 3680
[product.floors]
rep = 3000
[[product.promotion]]
name = "会员价"
price = 3280
from = 2026-01-01
to = 2026-12-31
condition = "会员"

[[product]]
sku = "HOUSE-302"
name = "云栖苑302"
aliases = ["302"]
list_price = 2500000

[[product]]
sku = "OAK"
name = "橡木地板"
aliases = ["橡木"]
list_price = 268
unit = "平"
[product.floors]
rep = 230
"""
SPEAKERS = {
    "chat": ("webchat", Speaker.AGENT, "kf01"),
    "bot": ("webchat", Speaker.BOT, "bot"),
    "rep": ("wecom", Speaker.REP, "lin"),
    "rep2": ("wecom", Speaker.REP, "zhou"),
    "call": ("phone", Speaker.REP, "lin"),
    "cast": ("wecom", Speaker.BROADCAST, "lin"),
    "cust": ("wecom", Speaker.CUSTOMER, "c1"),
    "webc": ("webchat", Speaker.CUSTOMER, "c1"),
}
HIGHER = "price-higher-later"


@dataclass(frozen=True)
class Row:
    """A row of the table: its number, what it shows, and the talk."""

    number: int
    shows: str
    events: tuple[tuple[str, str, str], ...]
    wanted: tuple[tuple[str, str, str | None, str], ...] = ()
    recalled: str = ""
    heard: float = 1.0


def _row(number: int, shows: str, *events: str, wanted: tuple = (), recalled: str = "", heard: float = 1.0) -> Row:
    """Events are written as `05-02 10:00 rep 文字`."""
    told = tuple((f"{day} {hour}", who, text) for day, hour, who, text in (event.split(" ", 3) for event in events))
    return Row(number, shows, told, wanted, recalled, heard)


ROWS = [
    _row(
        1,
        "service quotes the promotion, the rep more",
        "05-02 10:00 chat 清风26五一价2999,到10号",
        "05-03 09:00 rep 清风26这边是3299哈",
        wanted=((HIGHER, "e2", "e1", "S3"),),
    ),
    _row(
        1,
        "first on the telephone, then in writing",
        "05-02 10:00 call 那个空调我给您做到两千九百五吧",
        "05-03 09:00 rep 空调3180能定",
        wanted=((HIGHER, "e2", "e1", "S3"),),
    ),
    _row(
        2,
        "the customer has noticed",
        "05-02 10:00 chat 清风26五一价2999",
        "05-03 09:00 rep 清风26要3299",
        "05-03 09:05 cust 昨天客服明明说2999,怎么一天一个价",
        wanted=((HIGHER, "e2", "e1", "S4"),),
    ),
    _row(3, "a better price later", "05-02 10:00 chat 清风26现在3299", "05-03 09:00 rep 清风26给您2950"),
    _row(
        4,
        "a better price that the rep may not give",
        "05-02 10:00 chat 清风26现在3299",
        "05-03 09:00 rep 清风26给您2800",
        wanted=(("price-below-floor", "e2", None, "S2"),),
    ),
    _row(
        4,
        "far below",
        "05-03 09:00 rep 清风26两千五拿走",
        wanted=(("price-below-floor", "e1", None, "S3"),),
    ),
    _row(
        5,
        "the promotion is over and the customer knew",
        "05-08 10:00 chat 清风26五一价2999,10号截止",
        "05-11 09:00 rep 五一活动结束了,清风26恢复3299",
    ),
    _row(
        6,
        "said to be over while it runs",
        "05-02 10:00 chat 清风26五一价2999",
        "05-05 09:00 rep 那个优惠昨天就没了,清风26现在3299",
        wanted=((HIGHER, "e2", "e1", "S3"), ("price-false-expiry", "e2", None, "S3")),
    ),
    _row(
        7,
        "quoted as a promotion after its end",
        "05-20 09:00 rep 清风26五一活动价2999,抓紧",
        wanted=(("price-expired-promotion", "e1", None, "S2"),),
    ),
    _row(8, "corrected at once", "05-02 10:00 rep 蒸烤箱5280", "05-02 10:03 rep 打错了,蒸烤箱是5680"),
    _row(
        9,
        "corrected too late",
        "05-02 10:00 rep 蒸烤箱5280",
        "05-04 10:00 rep 不好意思前天报错了,蒸烤箱是5680",
        wanted=((HIGHER, "e2", "e1", "S3"),),
    ),
    _row(
        10,
        "what was recalled stands",
        "05-02 10:00 chat 蒸烤箱5280",
        "05-03 10:00 rep 蒸烤箱5600",
        recalled="e1",
        wanted=((HIGHER, "e2", "e1", "S3"),),
    ),
    _row(11, "a question is no claim", "05-02 10:00 cust 蒸烤箱是5280吗", "05-02 10:05 rep 蒸烤箱5680"),
    _row(12, "a bid is none", "05-02 10:00 cust 蒸烤箱4800行不行", "05-02 10:05 rep 这个做不了,蒸烤箱5680"),
    _row(
        12,
        "until the rep agrees",
        "05-02 10:00 cust 蒸烤箱5000行不行",
        "05-02 10:05 rep 行,就按您说的",
        wanted=(("price-below-floor", "e2", None, "S2"),),
    ),
    _row(
        13,
        "denied, and on file",
        "05-02 10:00 chat 蒸烤箱5280",
        "05-03 10:00 rep 我们没说过5280",
        wanted=(("price-denied", "e2", "e1", "S3"),),
    ),
    _row(13, "denied, and nobody said it", "05-03 10:00 rep 我们没说过4280"),
    _row(14, "the rep names a competitor's price", "05-02 10:00 rep 京东卖3099呢", "05-02 10:01 rep 清风26我们3299"),
    _row(15, "the customer names one", "05-02 10:00 rep 清风26 3299", "05-02 10:01 cust 别家才2800"),
    _row(
        16,
        "the customer cites a price nobody said",
        "05-02 10:00 cust 你们客服跟我说蒸烤箱4999",
        wanted=(("price-reported", "e1", None, "S2"),),
    ),
    _row(
        17,
        "not named, but only one product was talked of",
        "05-02 10:00 webc 蒸烤箱怎么卖",
        "05-02 10:01 chat 蒸烤箱5280",
        "05-03 09:00 rep 上次聊的那台我这边5600",
        wanted=((HIGHER, "e3", "e2", "S2"),),
    ),
    _row(
        18,
        "not named, and two were talked of",
        "05-02 10:00 chat 蒸烤箱5280,清风26五一价2999",
        "05-03 09:00 rep 那台我这边5600",
    ),
    _row(
        19, "a price per square metre and a total", "05-02 10:00 rep 302均价2.8万一平", "05-03 10:00 rep 302总价250万"
    ),
    _row(
        20,
        "above a range",
        "05-02 10:00 chat 蒸烤箱5200到5300",
        "05-03 10:00 rep 蒸烤箱5680",
        wanted=((HIGHER, "e2", "e1", "S3"),),
    ),
    _row(21, "within a range", "05-02 10:00 chat 蒸烤箱5200到5600", "05-03 10:00 rep 蒸烤箱5400"),
    _row(21, "about as much", "05-02 10:00 chat 蒸烤箱5300左右", "05-03 10:00 rep 蒸烤箱5480"),
    _row(22, "both are in the book", "05-02 10:00 chat 游泳卡3680,会员3280", "05-03 10:00 rep 您没办会员,游泳卡3680"),
    _row(
        22,
        "the condition is not said",
        "05-02 10:00 chat 游泳卡3280",
        wanted=(("price-condition-missing", "e1", None, "S2"),),
    ),
    _row(23, "a deposit and a price", "05-02 10:00 rep 蒸烤箱定金500", "05-03 10:00 rep 蒸烤箱5680"),
    _row(24, "a discount, rounded", "05-02 10:00 rep 清风26打9.5折,3134"),
    _row(
        25,
        "a discount that comes to something else",
        "05-02 10:00 rep 蒸烤箱打9.5折,5280",
        wanted=(("price-arithmetic", "e1", None, "S2"),),
    ),
    _row(
        26,
        "a former price above the lowest of the week",
        "05-12 10:00 rep 蒸烤箱5300给您",
        "05-15 10:00 chat 蒸烤箱原价5680,直播间下单更低",
        wanted=((HIGHER, "e2", "e1", "S3"),),
    ),
    _row(
        26,
        "the former price of what is on offer now",
        "05-02 10:00 chat 清风26五一价2999",
        "05-03 10:00 chat 清风26原价3299,现在2999",
    ),
    _row(27, "above the list", "05-02 10:00 rep 清风26 3499", wanted=(("price-above-list", "e1", None, "S3"),)),
    _row(
        27,
        "a fee that is not listed",
        "05-02 10:00 rep 清风26 3299,高空安装费另收200",
        wanted=(("price-above-list", "e1", None, "S3"),),
    ),
    _row(
        28,
        "two reps on one day, the later one dearer",
        "05-02 10:00 rep 蒸烤箱5300",
        "05-02 15:00 rep2 蒸烤箱5500",
        wanted=((HIGHER, "e2", "e1", "S3"),),
    ),
    _row(
        28,
        "the later one cheaper",
        "05-02 10:00 rep 蒸烤箱5500",
        "05-02 15:00 rep2 蒸烤箱5300",
        wanted=((HIGHER, "e2", "e1", "S2"),),
    ),
    _row(28, "the same rep comes down", "05-02 10:00 rep 蒸烤箱5500", "05-02 15:00 rep 蒸烤箱5300"),
    _row(
        30,
        "a broadcast said less",
        "05-02 10:00 cast 清风26五一价2999,全场包邮",
        "05-03 10:00 rep 清风26 3299",
        wanted=((HIGHER, "e2", "e1", "S4"),),
    ),
    _row(
        31, "a transcript that heard badly", "05-02 10:00 call 蒸烤箱五千二百", "05-03 10:00 rep 蒸烤箱5600", heard=0.6
    ),
    _row(
        32,
        "a bot's word is the seller's",
        "05-02 10:00 bot 蒸烤箱5280元",
        "05-03 10:00 rep 蒸烤箱5600",
        wanted=((HIGHER, "e2", "e1", "S3"),),
    ),
    _row(
        33,
        "paid less than was quoted",
        "05-02 10:00 rep 蒸烤箱5600",
        "05-02 11:00 rep 收您5500,蒸烤箱",
        "05-02 12:00 cust 付了",
    ),
    _row(
        34,
        "paid more than was quoted",
        "05-02 10:00 chat 蒸烤箱5280",
        "05-03 10:00 rep 蒸烤箱5600",
        "05-03 11:00 cust 已经付款了",
        wanted=((HIGHER, "e2", "e1", "S4"),),
    ),
    _row(
        35,
        "an insider's price, paid to the rep",
        "05-02 10:00 rep 内部价,清风26给你2500,别跟别人说,钱转我微信",
        wanted=(("price-below-floor", "e1", None, "S4"), ("private-payment", "e1", None, "S4")),
    ),
]


def _check(row: Row) -> list[Finding]:
    talk = Talk(read_price_book(BOOK))
    for at, who, text in row.events:
        channel, speaker, actor = SPEAKERS[who]
        talk.turns.setdefault(channel, list[Turn]())
        entry_id = f"e{len(talk.statements) + 1}"
        heard = row.heard if channel == "phone" else 1.0
        talk.say(at, channel, speaker, text, actor=actor, heard=heard, recalled=entry_id == row.recalled)
    return [finding for finding in check(talk.statements, talk.book, RULES) if finding.severity >= "S2"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.number}: {row.shows}")
def test_the_decision_table(row):
    found = [(one.rule, one.entry_id, one.against, one.severity.value) for one in _check(row)]

    assert sorted(found, key=str) == sorted(row.wanted, key=str)


def test_prices_of_different_customers_are_never_compared():
    """Row 29: `check` is given one customer's statements; that others pay another price is a report, not a finding."""
    told = next(row for row in ROWS if row.number == 1)

    assert all(_check(Row(29, "", (event,))) == [] for event in told.events)


def test_every_row_is_stated():
    assert {row.number for row in ROWS} | {29} == set(range(1, 36))
