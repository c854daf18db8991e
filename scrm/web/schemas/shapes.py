"""What all shapes of the public contract have in common."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

Money = Annotated[Decimal, PlainSerializer(lambda value: format(value, "f"), return_type=str)]
"""Yuan, as a decimal string."""


class Shape(BaseModel):
    """Frozen; unknown fields in requests are refused, so that a typing error is noticed."""

    model_config = ConfigDict(frozen=True, extra="forbid")


ItemT = TypeVar("ItemT")


class PageOf(Shape, Generic[ItemT]):
    """One page. `next` is the cursor of the following page, null at the end."""

    items: list[ItemT]
    next: str | None = None


class Paging(Shape):
    """Keyset paging: pass the `next` of a page as `cursor` to get the one after it."""

    cursor: str | None = None
    limit: int = Field(default=50, ge=1, le=200)
