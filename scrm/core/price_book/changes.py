"""What differs between two versions of a product, for people to read and approve."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scrm.core.price_book.faults import moment, money
from scrm.core.price_book.model import Product, Promotion


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference. `subject` says of what (an alias, a role, a promotion); `before` and `after` are texts."""

    kind: str
    subject: str = ""
    before: str = ""
    after: str = ""


def changes(before: Product | None, after: Product) -> tuple[Change, ...]:
    """What `after` changes, validity aside. A product that was unknown or withdrawn is added as a whole."""
    if after.withdrawn:
        return () if before is None or before.withdrawn else (Change(kind="withdrawn"),)
    if before is None or before.withdrawn:
        first = Change(kind="added" if before is None else "restored", after=money(after.list_price))
        return (first, *_promotions((), after.promotions), *_floors(None, after))
    return (*_fields(before, after), *_promotions(before.promotions, after.promotions), *_floors(before, after))


def _fields(before: Product, after: Product) -> Iterator[Change]:
    pairs = (
        ("name", before.name, after.name),
        ("list_price", money(before.list_price), money(after.list_price)),
        ("unit", before.unit or "", after.unit or ""),
    )
    for kind, old, new in pairs:
        if old != new:
            yield Change(kind=kind, before=old, after=new)
    for alias in before.aliases:
        if alias not in after.aliases:
            yield Change(kind="alias_removed", subject=alias)
    for alias in after.aliases:
        if alias not in before.aliases:
            yield Change(kind="alias_added", subject=alias)


def _promotions(before: tuple[Promotion, ...], after: tuple[Promotion, ...]) -> Iterator[Change]:
    gone = [promotion for promotion in before if promotion not in after]
    for promotion in after:
        if promotion in before:
            continue
        old = next((each for each in gone if each.name == promotion.name), None)
        if old is None:
            yield Change(kind="promotion_added", subject=promotion.name, after=_offer(promotion))
        else:
            gone.remove(old)
            yield Change(kind="promotion_changed", subject=promotion.name, before=_offer(old), after=_offer(promotion))
    for promotion in gone:
        yield Change(kind="promotion_removed", subject=promotion.name, before=_offer(promotion))


def _floors(before: Product | None, after: Product) -> Iterator[Change]:
    old = before.floors if before else {}
    for role in (*old, *(role for role in after.floors if role not in old)):
        was, now = old.get(role), after.floors.get(role)
        if was != now:
            yield Change(
                kind="floor",
                subject=role,
                before="" if was is None else money(was),
                after="" if now is None else money(now),
            )


def _offer(promotion: Promotion) -> str:
    price = ratio_text(promotion) if promotion.price is None else f"{money(promotion.price)} 元"
    window = f"{moment(promotion.starts_at)} – {moment(promotion.ends_at)}"
    return "，".join(part for part in (price, window, promotion.condition) if part)


def ratio_text(promotion: Promotion) -> str:
    """The share to pay as Chinese price lists write it: 0.85 is 8.5折."""
    return "" if promotion.ratio is None else f"{money(promotion.ratio * 10)}折"
