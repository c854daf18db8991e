"""The price book."""

from __future__ import annotations

from datetime import datetime

from scrm.web.schemas.shapes import Money, Shape


class PromotionOut(Shape):
    name: str
    price: Money | None
    ratio: Money | None
    starts_at: datetime
    ends_at: datetime
    condition: str | None


class PriceOut(Shape):
    sku: str
    name: str
    aliases: list[str]
    list_price: Money
    unit: str | None
    promotions: list[PromotionOut]
    floors: dict[str, Money]
    valid_from: datetime | None
    valid_to: datetime | None
    recorded_at: datetime
    recorded_by: str
