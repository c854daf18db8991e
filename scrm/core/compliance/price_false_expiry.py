"""A seller says that a promotion is over while the price book has it running."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from scrm.core.claims import Stance
from scrm.core.compliance.model import Finding, History, Severity, Statement
from scrm.core.price_book import Product, Promotion

_PROMOTIONS = "活动|优惠|促销|特价|折扣|大促|团购|秒杀|特惠|早鸟|拼团|券|补贴|福利|满减|立减|让利"
_ENDED = (
    "结束|过期|截止|没有?了|没啦|过了|过去了|停了|停止|取消|失效|下架|不[做搞]|撤了|收了|没得"
    "|用不了|享受不了|做完了|已过"
)
_OVER = re.compile(
    rf"(?:{_PROMOTIONS})(?:价格?|期间?|名额)?[^，。！？,!?;；]{{0,8}}?(?:{_ENDED})"
    r"|(?:没有|没|不做|不搞|不再有)(?:这个|那个|什么|任何)?(?:活动|优惠|促销|特价)"
    r"|恢复(?:到|成|为)?(?:了)?(?:原价|正价|标价)|(?:已经|都)恢复"
)
_ENDS = re.compile(_ENDED)
_NOT_YET = re.compile(
    r"(?:还没有?|没有|尚未|不会|快要?|即将|马上就?|就要|要|[0-9零一二三四五六七八九十]+[号日点]就?|今[天晚]|明[天晚]|周[一二三四五六日末]|月底|什么时候|几号|何时)(?:才|就|会|要)?(?:结束|截止|过期|取消|没有?了|停)"
    r"|(?:结束|截止)(?:时间|日期|前|之前|以前|后|之后)|(?:结束|过期|截止|没)了?(?:吗|没|么|嘛|\?|？)|如果|要是"
    r"|等活动|除了|别的活动|其他活动|没有其他|没有别的|没优惠券"
)


_OCCASION = (
    "双十一|双11|双十二|双12|618|六一八|五一|劳动节|十一|国庆|中秋|端午|清明|七夕|儿童节|六一|三八|女神节|春节|新年|元旦|年货节"
    "|圣诞|母亲节|父亲节|情人节|教师节|开学季?|暑假|寒假|暑期|寒期|毕业季|春季|夏季|秋季|冬季|周年庆|店庆|开业|会员日|早鸟"
)
_OTHER_SALE = re.compile(
    rf"(?P<occasion>{_OCCASION})(?:期间|那[个会波场次档]|的|这[个波场])*(?:活动|大促|优惠|促销|特价|特惠|价格?)"
    r"|(?P<past>上一?[期次波轮档]|之前那?|上个?月|上上?周|别的|另外[一那]个|[0-9一二三四五六七八九十]+月份?)(?:那[个波场次]|的)*(?:活动|大促|优惠|促销|特价)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceFalseExpiry:
    """S3. Ground: SAMR order 56 art. 19(4): misleading words about a promotion."""

    ground: ClassVar[str] = "samr-56-19"
    pattern: ClassVar[str] = f"{_OVER.pattern}|{_ENDED}"
    rechecks: ClassVar[bool] = False
    needs_everything: ClassVar[bool] = False

    id: str = "price-false-expiry"
    effective_from: date = date(2022, 7, 1)

    def check(self, said: Statement, history: History) -> Iterator[Finding]:
        """One finding for each running promotion of a product talked of that the text says is over."""
        if not said.by_seller or _NOT_YET.search(said.text):
            return
        for sku in _products(said, history.before(said)):
            product = history.book.product(sku, said.at)
            promotion = None if product is None else _running(product, said)
            span = None if promotion is None else _span(said.text, promotion.name)
            if promotion is None or product is None or span is None:
                continue
            if not self._is_another(said, product, promotion):
                yield Finding(
                    rule=self.id,
                    severity=Severity.S3,
                    entry_id=said.entry_id,
                    span=span,
                    facts={
                        "sku": sku,
                        "promotion": promotion.name,
                        "promotion_price": str(product.promotion_price(promotion)),
                        "ends_at": promotion.ends_at.isoformat(),
                    },
                )

    @staticmethod
    def _is_another(said: Statement, product: Product, promotion: Promotion) -> bool:
        """Another promotion is over, as the words say: one of another occasion or time, beside this one's price."""
        price = product.promotion_price(promotion)
        if any(c.quote.stance is Stance.OFFER and c.quote.value == price and c.sku == product.sku for c in said.claims):
            return True
        other = _OTHER_SALE.search(said.text)
        return other is not None and (other["occasion"] is None or other["occasion"] not in promotion.name)


def _products(said: Statement, earlier: Sequence[Statement]) -> tuple[str, ...]:
    """What the statement is about; else the one product that was talked of last."""
    own = tuple(dict.fromkeys([*said.products, *(claim.sku for claim in said.claims if claim.sku is not None)]))
    if own:
        return own
    last = next((statement.products for statement in reversed(earlier) if statement.products), ())
    return last if len(last) == 1 else ()


def _running(product: Product, said: Statement) -> Promotion | None:
    """The running promotion that the text can mean: one it names, or any when it names none."""
    named = [promotion for promotion in product.promotions if promotion.name and promotion.name in said.text]
    running = [promotion for promotion in product.running(said.at) if not named or promotion in named]
    return running[0] if running else None


def _span(text: str, promotion: str) -> tuple[int, int] | None:
    """Where the text says that a promotion, or this one by a part of its name, is over."""
    match = _OVER.search(text)
    if match is not None:
        return match.span()
    for ended in _ENDS.finditer(text):
        start = max((text.rfind(stop, 0, ended.start()) for stop in "，。！？,!?;；"), default=-1) + 1
        if any(promotion[i : i + 2] in text[start : ended.start()] for i in range(len(promotion) - 1)):
            return start, ended.end()
    return None
