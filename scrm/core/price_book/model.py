"""Products, their prices, promotions and floors, as the price book holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from types import MappingProxyType

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China's one zone. It has had no summer time since 1991 (https://data.iana.org/time-zones/tzdb/asia)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """A lower price for a while. `price` in CNY, or `ratio` of the list price to pay; exactly one of them is set.

    Runs from `starts_at` to `ends_at`, both included. `condition` (会员, 到店) is empty when everybody gets it.
    """

    name: str
    starts_at: datetime
    ends_at: datetime
    price: Decimal | None = None
    ratio: Decimal | None = None
    condition: str = ""

    def runs_at(self, instant: datetime) -> bool:
        return self.starts_at <= instant <= self.ends_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One version of a product's prices: valid in [`valid_from`, `valid_to`), known since `recorded_at`.

    `floors` maps a role (rep, lead …) to the lowest price it may give. `unit` is what `list_price` is per, None for
    the whole thing. A `withdrawn` version says that the product is not on sale while it is valid.
    """

    sku: str
    name: str
    list_price: Decimal
    aliases: tuple[str, ...] = ()
    unit: str | None = None
    promotions: tuple[Promotion, ...] = ()
    floors: Mapping[str, Decimal] = field(default_factory=lambda: MappingProxyType({}))
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    recorded_at: datetime | None = None
    recorded_by: str = ""
    approved_by: str = ""
    withdrawn: bool = False

    def promotion_price(self, promotion: Promotion) -> Decimal:
        """CNY to pay under one of its promotions."""
        if promotion.price is not None:
            return promotion.price
        return (self.list_price * (promotion.ratio or Decimal(1))).quantize(Decimal("0.01"))

    def running(self, instant: datetime) -> tuple[Promotion, ...]:
        """Its promotions that run at `instant`."""
        return tuple(promotion for promotion in self.promotions if promotion.runs_at(instant))

    def valid_at(self, instant: datetime) -> bool:
        return (self.valid_from is None or self.valid_from <= instant) and (
            self.valid_to is None or instant < self.valid_to
        )
