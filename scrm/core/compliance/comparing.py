"""Putting prices on one footing: the interval a quote means, its basis, and the price a discount comes to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from scrm.core.claims import COMMITMENTS, Approx, Claim, Kind, Quote, Stance
from scrm.core.compliance.model import Statement
from scrm.core.price_book import PriceBook, Product
from scrm.core.timeline import Json

_COUNTED = frozenset("台个件套份只张部辆双条把支瓶盒箱款组枚块幅架副")
_ONE_GO = frozenset({"次", "人", "位", "间", "晚", "桌", "场", "疗程", "针", "颗", "年", "学期", "期"})
_SAME_UNIT = {
    "平米": "平",
    "平方": "平",
    "平方米": "平",
    "㎡": "平",
    "个月": "月",
    "课时": "节",
    "节课": "节",
    "位": "人",
}
_ALTOGETHER = re.compile(
    r"(?:一共|总共|合计|共计|加起来|加一起|打包|一起)(?:是|就是|才|就|给您|给你|算|收|要|：|:| )*$"
)
_TOTAL = re.compile("总价|合计|总共|一共|总计|全款|全部|总的|下来|共计|整套|全屋")
_SEVERAL = re.compile(
    r"(?<![第一每0-9.])([2-9]|[1-9][0-9]|[两二三四五六七八九十])(?:台|套|件|部|辆|张|瓶|盒|箱|支|大一小|个人|位|间)"
    r"(?![之以的]?[内上下前后])[^，。！？,!?;；0-9]{0,12}$"
)
_THEN = re.compile("(?:的时候|那时候?|那会儿?|那阵子?|当时|期间|原先|之前|早先|上个?月|上周)[^，。！？,!?;；0-9]{0,6}$")
_NOW = re.compile("现在|目前|如今|眼下|今天|这会儿?|这个月|恢复")
_CLAUSE_AT_MOST = 12
_PAID_IN_PARTS = re.compile(
    r"(?:先|再|首次|首期|第[一二三]次|每次|每期|各|剩下?的?|余下?的?|其余|签[约合]同?|立案|开工|进场|验收|交付|发货|后)[^，。！？,!?;；0-9]{0,3}"
    r"(?:付|交|给|收|打|转)[^，。！？,!?;；0-9]{0,2}$|(?:还差|差价?|补|找您?|退您?)(?:了|是|个|上|您|你|您的|要)*$"
)
_AT_LARGE = re.compile("(?:元|块钱?)?的(?=[一-龥])(?!话|呢|啊|哦|价|活动|优惠|吧|呀|哈|这个)")
_CHOICE = re.compile("都有|不等|可选|任选|任您选|自选|看您选|看你选|挑")
_FEE = re.compile(r"(?:元|块钱?)?的?([\u4e00-\u9fff]{1,6}费)(?![用率])")
_SPOKEN_SIZE = str.maketrans("123456789", "一二三四五六七八九")
_ROLES = (("落地", "landed"), ("裸车", "bare car"), ("首重", "first weight"), ("续重", "next weight"))
_ALIKE = frozenset(
    {Kind.PRICE, Kind.UNIT_PRICE, Kind.FEE, Kind.DEPOSIT, Kind.BOND, Kind.DOWN_PAYMENT, Kind.INSTALMENT, Kind.FEE_RATIO}
)


@dataclass(frozen=True, slots=True)
class Basis:
    """What a price is a price of. Prices on different bases (per 平, landed, a deposit) are never compared."""

    sku: str
    kind: Kind
    unit: str
    role: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A price the company has committed itself to: between `low` and `high` CNY (None: no upper end)."""

    said: Statement
    claim: Claim
    basis: Basis
    low: Decimal
    high: Decimal | None

    @property
    def span(self) -> tuple[int, int]:
        return self.claim.quote.start, self.claim.quote.end

    @property
    def price(self) -> Json:
        """The price for people: one number, or its two ends (the upper one empty when there is none)."""
        if self.low == self.high:
            return str(self.low)
        return [str(self.low), "" if self.high is None else str(self.high)]

    @property
    def facts(self) -> dict[str, Json]:
        """Who said it, when, where and how much, for a finding that names this as the earlier word."""
        return {
            "sku": self.basis.sku,
            "earlier_price": self.price,
            "earlier_at": self.said.at.isoformat(),
            "earlier_channel": self.said.channel,
            "earlier_speaker": self.said.speaker.value,
            "earlier_actor": self.said.actor,
            "earlier_recalled": self.said.recalled_at is not None,
            "earlier_span": list(self.span),
            "unit": self.basis.unit or None,
        }

    def is_above(self, other: Offer) -> bool:
        """Above anything the other offer can mean, by more than rounding."""
        return other.high is not None and is_above(self.low, other.high)


def offers(said: Statement, book: PriceBook) -> Sequence[Offer]:
    """The prices that `said` commits the company to, for products that are known."""
    if not said.claims:
        return ()
    kept = said.offered
    if kept is None or kept[0] is not book:
        kept = book, tuple(_offers(said, book))
        object.__setattr__(said, "offered", kept)
    return kept[1]


def _offers(said: Statement, book: PriceBook) -> Iterator[Offer]:
    if not said.by_seller:
        return
    priced = {claim.sku for claim in said.claims if claim.quote.kind in {Kind.PRICE, Kind.UNIT_PRICE}}
    for claim in said.claims:
        if claim.sku is None or claim.quote.value is None or claim.quote.stance not in COMMITMENTS:
            continue
        product = book.product(claim.sku, said.at)
        if claim.quote.kind in _ALIKE:
            interval = _interval(claim.quote)
        elif claim.sku not in priced and product is not None:
            interval = _discounted(claim.quote, product)
        else:
            continue
        if (
            interval is not None
            and not _is_sum(claim, said)
            and not _is_of_the_past(claim, said)
            and not _is_of_a_part(claim, said)
        ):
            yield Offer(said, claim, _basis(claim, product, said), *interval)


def book_offers(said: Statement, book: PriceBook) -> Iterator[tuple[Offer, Product]]:
    """Offers of a whole product, which the book's list price, promotions and floors can be held against."""
    for offer in offers(said, book):
        product = book.product(offer.basis.sku, said.at)
        if is_fee(offer.claim, said.text):
            continue
        if product is not None and offer.basis.kind is Kind.PRICE and not (offer.basis.unit or offer.basis.role):
            yield offer, product


def is_fee(claim: Claim, text: str) -> str:
    """The name of the fee that an amount is called right after it: 6000的团购服务费; empty when it is called none."""
    match = _FEE.match(text, claim.quote.end)
    return "" if match is None else match[1]


def to_pay(offers: Iterable[Offer]) -> tuple[Offer, ...]:
    """What a statement asks for in the end, one a basis: 3999，用券减400，到手3599 asks for 3599.

    The lowest price that everybody gets; the lowest conditional one where all are conditional.
    """
    lowest: dict[Basis, Offer] = {}
    for offer in sorted(offers, key=lambda offer: (is_conditional(offer), offer.low)):
        lowest.setdefault(offer.basis, offer)
    return tuple(lowest.values())


def means(offer: Offer, value: Decimal) -> bool:
    """Whether `value` is the price of the offer, but for rounding."""
    return abs(value - offer.low) <= max(Decimal(1), offer.low * Decimal("0.005"))


def is_above(price: Decimal, other: Decimal) -> bool:
    """Above by more than rounding: CNY 1 or 0.5 %, less for small change."""
    return price > other + max(min(Decimal(1), other * Decimal("0.05")), other * Decimal("0.005"))


def _interval(quote: Quote) -> tuple[Decimal, Decimal | None] | None:
    value = quote.value
    if value is None or quote.approx is Approx.VAGUE:
        return None
    top = quote.value_max if quote.value_max is not None else value
    ends: dict[Approx, tuple[Decimal, Decimal | None]] = {
        Approx.ABOUT: (value * Decimal("0.9"), top * Decimal("1.1")),
        Approx.ABOVE: (value, top + _next_step(top)),
        Approx.BELOW: (value * Decimal("0.9"), top),
        Approx.AT_LEAST: (value, None),
        Approx.AT_MOST: (Decimal(0), top),
    }
    return ends.get(quote.approx, (value, top))


def _next_step(value: Decimal) -> Decimal:
    """三千多 reaches to the next thousand, 三千五百多 to the next hundred; at least a tenth of the value."""
    trailing = 0
    whole = int(value)
    while whole and whole % 10 == 0:
        whole //= 10
        trailing += 1
    return max(Decimal(10) ** trailing if trailing > 1 else Decimal(0), value / 10)


def _discounted(quote: Quote, product: Product) -> tuple[Decimal, Decimal | None] | None:
    if quote.value is None or quote.approx is not Approx.EXACT or quote.value_max is not None:
        return None
    if quote.kind is Kind.DISCOUNT_RATIO and not quote.unit:
        price = product.list_price * quote.value
    elif quote.kind is Kind.AMOUNT_OFF and quote.cue in {"立减", "直降", "直减"} and quote.value < product.list_price:
        price = product.list_price - quote.value
    else:
        return None
    return price, price


def _basis(claim: Claim, product: Product | None, said: Statement) -> Basis:
    quote, text = claim.quote, said.text
    kind, unit = quote.kind, _SAME_UNIT.get(quote.unit or "", quote.unit or "")
    if kind in {Kind.DISCOUNT_RATIO, Kind.AMOUNT_OFF}:
        kind, unit = Kind.PRICE, ""
    if kind is Kind.UNIT_PRICE and product is not None and _is_whole(unit, quote.value, product):
        kind, unit = Kind.PRICE, ""
    if kind is Kind.PRICE and (not unit[:1].isdigit() or (product is not None and _is_its_size(unit, product))):
        unit = ""
    if kind is Kind.PRICE and not unit and product is not None:
        unit = _pieces_before(claim, product, said)
    role = _role(quote, text)
    if kind is Kind.PRICE and not unit and product is not None and product.unit and _is_total(quote, product, text):
        role += " total"
    return Basis(claim.sku or "", kind, unit, role)


def _is_total(quote: Quote, product: Product, text: str) -> bool:
    """Whether an amount without a unit is what several units come to: 90平，总价62910."""
    if quote.kind is not Kind.PRICE or quote.value is None:
        return False
    said_so = _TOTAL.search(text[max(0, quote.start - 8) : quote.start]) is not None
    return said_so or quote.value >= product.list_price * 3


def _pieces_before(claim: Claim, product: Product, said: Statement) -> str:
    """The pieces that a price above the list price is still for: 两件1798，满减后到手1598."""
    value = claim.quote.value
    if value is None or value <= product.list_price:
        return ""
    units = [c.quote.unit for c in said.claims if c.sku == claim.sku and c.quote.end <= claim.quote.start]
    return next((unit for unit in reversed(units) if unit and unit[:1].isdigit()), "")


def _is_whole(unit: str, value: Decimal | None, product: Product) -> bool:
    """Whether a price per `unit` is the product's price: per piece, per its own unit, or one go of what is sold so."""
    if unit in _COUNTED or unit == (product.unit or ""):
        return True
    return (
        unit in _ONE_GO
        and not product.unit
        and value is not None
        and product.list_price / 2 <= value <= product.list_price * 2
    )


def _is_its_size(unit: str, product: Product) -> bool:
    """Whether what the price buys is what the product's name says it holds: 329 for 5斤 of 五斤礼盒."""
    spoken = unit.translate(_SPOKEN_SIZE)
    return any(unit in name or spoken in name for name in (product.name, *product.aliases))


def _is_sum(claim: Claim, said: Statement) -> bool:
    """Whether an amount is what several products come to: 一共8979."""
    if _ALTOGETHER.search(said.text[: claim.quote.start]) is None:
        return False
    return len({*said.products, *(other.sku for other in said.claims if other.sku)}) > 1


def _is_of_the_past(claim: Claim, said: Statement) -> bool:
    """Told beside what it costs now: 暑假的时候是3680，现在4280."""
    quote = claim.quote
    if _THEN.search(said.text[: quote.start]) is None:
        return False
    later = [other.quote.start for other in said.claims if other.sku == claim.sku and other.quote.start > quote.end]
    return any(_NOW.search(said.text, quote.end, start) for start in later)


def _is_of_a_part(claim: Claim, said: Statement) -> bool:
    """After the whole price, what is paid of it at a time or left of it (先付4000, 还差381), a choice beside it
    (镜框300到800都有) or what is said of such prices at large (5000的一般不出庭).
    """
    quote, text = claim.quote, said.text
    if quote.kind is not Kind.PRICE or quote.value is None or not follows_a_higher_price(claim, said):
        return False
    left = text[max(0, quote.start - _CLAUSE_AT_MOST) : quote.start]
    return bool(
        _PAID_IN_PARTS.search(left) or _AT_LARGE.match(text, quote.end) or _CHOICE.search(left + text[quote.end :])
    )


def follows_a_higher_price(claim: Claim, said: Statement) -> bool:
    """Whether a higher price of the same product stands before it in the statement."""
    return any(
        other.sku == claim.sku
        and other.quote.kind in {Kind.PRICE, Kind.UNIT_PRICE}
        and other.quote.end <= claim.quote.start
        and (other.quote.value or 0) > (claim.quote.value or 0)
        for other in said.claims
    )


def _role(quote: Quote, text: str) -> str:
    near = text[max(0, quote.start - 6) : quote.end + 5]
    role = next((role for word, role in _ROLES if word in (quote.cue, near) or word in near), "")
    if "不含税" in near or "未税" in near:
        role += " before tax"
    if quote.kind is Kind.FEE and not role:
        role = quote.cue
    several = _SEVERAL.search(text[: quote.start])
    if quote.kind is Kind.PRICE and several is not None:
        role += f" ×{several[1]}"
    return role


def is_conditional(offer: Offer) -> bool:
    """Whether it was restricted to some buyers or to a condition."""
    return bool(offer.claim.condition) or offer.claim.quote.stance is Stance.CONDITIONAL
