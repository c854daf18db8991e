"""What an amount takes over from the one before it: the unit of a parallel price, the kind of what it corrects."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from scrm.core.claims.model import Kind, Quote
from scrm.core.claims.patterns import any_of

_REACH = 24
_COUNT = "0123456789一二两三四五六七八九十百千"
_LIKE = 3
_WHOLE = any_of("""
    总 共 合计 全款 全程 全年 整 落地 裸车 打包 套餐 疗程 卡 包干 包下 到手 实付 下来 一次性 加 另 送 价值 首付 定金
    押金
    单独 封顶 最低消费 低消 起充 充 存 办
    [0-9两二三四五六七八九十](?:支|年|科|门|位|期|天|晚|间|杯|只|条|双|对|个|件|节|次|瓶|盒|箱|人(?!团|同行)|台|套|斤|张|份)(?!以上|及|起)
""")
_CHARGED = re.compile("刷|扣|卖|做$|收我|付了|调到")
_CORRECTS = re.compile(
    r"不是|而是|[,，。 ]是|怎么|结果|却|变成|成了|改成|[要收扣]我|说成|听成|看错|记错|反而|现在|降到|涨到"
)
# 超过五十个账号可以做到五百二: more of the same for less each.
_TIER = re.compile(
    r"(?:超过?|满|达到?|够|多于|一次)[^，。,]{0,4}[0-9两二三四五六七八九十百千万]+[^，。,]{1,6}(?:的话|可以|能|就)"
    r"|[0-9两二三四五六七八九十百千万]+[^，。,0-9]{1,2}(?:以上|往上|起)"
)
_SET_OFF = re.compile("[抵顶当]")
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
    return last.kind if last is not None and last.kind in _RATIOS and start - last.end <= _REACH else None


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


def is_least_quantity(quote: Quote, last: Quote | None, text: str) -> bool:
    """单价6块8，500起: a number that opens its clause after a unit price, far from it, is how many must be bought."""
    if last is None or last.kind is not Kind.UNIT_PRICE or quote.value is None or last.value is None or quote.cue:
        return False
    alone = text[quote.start - 1 : quote.start] in {"，", ","} and text[quote.start : quote.end].endswith("起")
    return alone and quote.value > 5 * last.value


@dataclass(frozen=True, slots=True)
class _Pair:
    """A price, the quote before it with its value, and the words between them."""

    quote: Quote
    value: Decimal
    last: Quote
    last_value: Decimal
    text: str

    @property
    def between(self) -> str:
        return self.text[self.last.end : self.quote.start]

    @property
    def is_near(self) -> bool:
        return len(self.between) <= _REACH

    @property
    def is_alike(self) -> bool:
        """Whether both are of one size."""
        return self.last_value / _LIKE <= self.value <= self.last_value * _LIKE

    def per_the_same(self) -> Quote:
        return replace(self.quote, kind=Kind.UNIT_PRICE, unit=self.last.unit)


def carried(quote: Quote, last: Quote | None, text: str) -> Quote:
    """`quote`, a price no strong word told the kind of, with what it takes over from `last`, the quote before it: the
    first of `_RULES` that knows decides.
    """
    if last is None or quote.value is None or last.value is None:
        return quote
    pair = _Pair(quote, quote.value, last, last.value, text)
    rules = _RULES if quote.kind is Kind.PRICE else _OTHER_RULES
    return next((found for rule in rules if (found := rule(pair)) is not None), quote)


def _for_less(pair: _Pair) -> Quote | None:
    """超过五十个账号可以做到五百二: more of the same for less each."""
    if pair.last.kind is not Kind.UNIT_PRICE or not pair.value <= pair.last_value <= _LIKE * pair.value:
        return None
    return pair.per_the_same() if _TIER.search(pair.between) else None


def _in_ten_thousands(pair: _Pair) -> Quote | None:
    """四百一十万，能谈到三百九十五: the second is in 万 too."""
    value = pair.value * 10_000
    if not pair.is_near or pair.last_value < 1_000_000 or pair.text[pair.last.end - 1] not in "万w":
        return None
    if not pair.last_value / _LIKE <= value <= pair.last_value * _LIKE:
        return None
    top = pair.quote.value_max
    return replace(pair.quote, value=value, value_max=None if top is None else top * 10_000)


def _of_several(pair: _Pair) -> Quote | None:
    """10箱起32/箱，50箱28 is per 箱 again; 一件39，两件69 is not."""
    unit = pair.quote.unit
    if not unit:
        return None
    same = pair.last.kind is Kind.UNIT_PRICE and unit.lstrip(_COUNT) == pair.last.unit
    return pair.per_the_same() if pair.is_near and same and pair.value <= pair.last_value else pair.quote


def _charged_after_all(pair: _Pair) -> Quote | None:
    """说是免费的，怎么又收我一百六."""
    if pair.is_near and pair.last_value == 0 and "收" in pair.between:
        return replace(pair.quote, kind=Kind.FEE)
    return None


def _of_the_share(pair: _Pair) -> Quote | None:
    """首付两成，大概三十五万."""
    kind = _OF_RATIO.get(pair.last.kind)
    if kind is None or not pair.is_near or not _SUMS_UP.search(pair.between):
        return None
    return replace(pair.quote, kind=kind)


def _corrected(pair: _Pair) -> Quote | None:
    """首付4万8，不是5万8."""
    if (
        not pair.is_near
        or not pair.is_alike
        or pair.last.kind not in _CORRECTABLE
        or not _CORRECTS.search(pair.between)
    ):
        return None
    return replace(pair.quote, kind=pair.last.kind, unit=pair.last.unit)


def _in_parallel(pair: _Pair) -> Quote | None:
    """种植体6800一颗，国产的3200."""
    if not pair.is_near or not pair.is_alike or pair.last.kind is not Kind.UNIT_PRICE:
        return None
    whole = _WHOLE.search(pair.between) or _CHARGED.search(pair.between) or pair.text.startswith("给我", pair.quote.end)
    return None if whole else pair.per_the_same()


def _set_off(pair: _Pair) -> Quote | None:
    """交99定金，可以顶300."""
    if pair.last.kind is not Kind.DEPOSIT or not pair.is_near or not _SET_OFF.search(pair.between):
        return None
    return replace(pair.quote, kind=Kind.AMOUNT_OFF)


def _on_top_of_a_fee(pair: _Pair) -> Quote | None:
    """运费18，偏远加10: more of the fee."""
    if pair.last.kind is not Kind.FEE or not pair.is_near or pair.quote.kind is not Kind.PRICE_CHANGE:
        return None
    return replace(pair.quote, kind=Kind.FEE) if "加" in pair.between else None


def _made_good_too(pair: _Pair) -> Quote | None:
    """置换补8000，报废的补1.5万: more of what comes off."""
    off = pair.last.kind is Kind.AMOUNT_OFF and pair.quote.kind is Kind.PRICE_CHANGE and pair.quote.cue == "补"
    return replace(pair.quote, kind=Kind.AMOUNT_OFF) if off and pair.is_near else None


def _taken_instead(pair: _Pair) -> Quote | None:
    """写的3680，结账扣了4080: what was taken in place of a price."""
    if pair.last.kind is not Kind.PRICE or not pair.is_near or not pair.is_alike or pair.quote.cue[:1] != "扣":
        return None
    return replace(pair.quote, kind=Kind.PRICE)


_OTHER_RULES: Sequence[Callable[[_Pair], Quote | None]] = (_on_top_of_a_fee, _made_good_too, _taken_instead)
_RULES: Sequence[Callable[[_Pair], Quote | None]] = (
    _set_off,
    _for_less,
    _in_ten_thousands,
    _of_several,
    _charged_after_all,
    _of_the_share,
    _corrected,
    _in_parallel,
)
