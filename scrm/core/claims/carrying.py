"""What an amount takes over from the one before it: 种植体6800一颗，国产的3200 · 首付两成，大概三十五万 · 首付4万8，不是5万8."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

from scrm.core.claims.model import Kind, Quote
from scrm.core.claims.patterns import any_of

_REACH = 24
_COUNT = "0123456789一二两三四五六七八九十百千"
_LIKE = 3
_WHOLE = any_of("""
    总 共 合计 全款 全程 全年 整 落地 裸车 打包 套餐 疗程 卡 包干 包下 到手 实付 下来 一次性 加 另 送 价值 首付 定金 押金
    单独 封顶 最低消费 低消 起充 充 存 办 [0-9两二三四五六七八九十](?:支|年|个|件|节|次|瓶|盒|箱|人|台|套|斤|张|份)(?!以上|及|起)
""")
_CHARGED = re.compile("刷|扣|卖|做$|收我|付了|[调涨]到")
_CORRECTS = re.compile(
    r"不是|而是|[,，。 ]是|怎么|结果|却|变成|成了|改成|[要收扣]我|说成|听成|看错|记错|反而|现在|降到|涨到"
)
_SUMS_UP = re.compile(r"大概|也就是|就是|相当于|差不多|算下来|折合|合|约|等于|也就")
_OF_RATIO = {
    Kind.DOWN_PAYMENT_RATIO: Kind.DOWN_PAYMENT,
    Kind.FEE_RATIO: Kind.FEE,
    Kind.REBATE_RATIO: Kind.REBATE,
    Kind.INTEREST_RATE: Kind.FEE,
}
_RATIOS = frozenset(
    {
        Kind.INTEREST_RATE,
        Kind.YIELD_RATE,
        Kind.FEE_RATIO,
        Kind.REBATE_RATIO,
        Kind.DOWN_PAYMENT_RATIO,
        Kind.DISCOUNT_RATIO,
    }
)
_CORRECTABLE = frozenset(
    {Kind.DEPOSIT, Kind.DOWN_PAYMENT, Kind.BOND, Kind.INSTALMENT, Kind.FEE, Kind.BALANCE, Kind.LOAN, Kind.REFUND}
)


def ratio_kind(last: Quote | None, start: int) -> Kind | None:
    """The kind of a share no word explains, from the one just before it: 首套3.15%，二套3.5%."""
    return last.kind if last is not None and last.kind in _RATIOS and start - last.end <= _REACH // 2 else None


def is_beside(value: Decimal | None, last: Quote | None) -> bool:
    """Whether a bare number is of the size of the price before it: 45一平，邻居找的才35."""
    if (
        value is None
        or last is None
        or last.value is None
        or last.kind not in {Kind.PRICE, Kind.UNIT_PRICE, Kind.REF_PRICE}
    ):
        return False
    return last.value / _LIKE <= value <= last.value * _LIKE


def _names_ten_thousands(quote: Quote, last: Quote, text: str) -> bool:
    """四百一十万，能谈到三百九十五: the second is in 万 too."""
    if last.value is None or quote.value is None or last.value < 1_000_000 or text[last.end - 1] not in "万w":
        return False
    return last.value / _LIKE <= quote.value * 10_000 <= last.value * _LIKE


def is_least_quantity(quote: Quote, last: Quote | None, text: str) -> bool:
    """单价6块8，500起: a number that opens its clause after a unit price, far from it, is how many must be bought."""
    if last is None or last.kind is not Kind.UNIT_PRICE or quote.value is None or last.value is None or quote.cue:
        return False
    alone = text[quote.start - 1 : quote.start] in {"，", ","} and text[quote.start : quote.end].endswith("起")
    return alone and quote.value > 5 * last.value


def carried(quote: Quote, last: Quote | None, text: str) -> Quote:
    """`quote`, a price no strong word told the kind of, with what it takes over from `last`, the quote before it."""
    if last is None or quote.kind is not Kind.PRICE or quote.value is None or last.value is None:
        return quote
    between = text[last.end : quote.start]
    if len(between) > _REACH:
        return quote
    if _names_ten_thousands(quote, last, text):
        return replace(quote, value=quote.value * 10_000, value_max=quote.value_max and quote.value_max * 10_000)
    if quote.unit:
        tier = last.kind is Kind.UNIT_PRICE and quote.unit.lstrip(_COUNT) == last.unit and quote.value <= last.value
        return replace(quote, kind=Kind.UNIT_PRICE, unit=last.unit) if tier else quote
    if last.value == 0 and "收" in between:
        return replace(quote, kind=Kind.FEE)
    if last.kind in _OF_RATIO and _SUMS_UP.search(between):
        return replace(quote, kind=_OF_RATIO[last.kind])
    if not last.value / _LIKE <= quote.value <= last.value * _LIKE:
        return quote
    if last.kind in _CORRECTABLE and _CORRECTS.search(between):
        return replace(quote, kind=last.kind, unit=last.unit)
    if last.kind is Kind.UNIT_PRICE and not (
        _WHOLE.search(between) or _CHARGED.search(between) or text.startswith("给我", quote.end)
    ):
        return replace(quote, kind=Kind.UNIT_PRICE, unit=last.unit)
    return quote
