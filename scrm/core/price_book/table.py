"""What a price list changes in the book, row by row. With one row that cannot be taken it changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType

from scrm.core.errors import BadInput
from scrm.core.price_book.book import PriceBook
from scrm.core.price_book.cells import (
    Cell,
    NotReadable,
    is_blank,
    plain,
    read_aliases,
    read_amount,
    read_bound,
    read_discount,
    read_end,
    read_flag,
    read_start,
)
from scrm.core.price_book.changes import Change, changes
from scrm.core.price_book.columns import (
    FLOOR,
    PRODUCT,
    PRODUCT_ONLY,
    PROMOTION,
    PROMOTION_ONLY,
    Header,
    Sheet,
    filled_rows,
    find_header,
    kind_by_columns,
    kind_called,
)
from scrm.core.price_book.faults import Fault, doubts_about, faults_of, moment
from scrm.core.price_book.model import Product, Promotion
from scrm.core.price_book.words import fault_text, field_name

_READERS: Mapping[str, Callable[[Cell], object]] = MappingProxyType(
    {
        "kind": plain,
        "sku": plain,
        "name": plain,
        "unit": plain,
        "condition": plain,
        "aliases": read_aliases,
        "list_price": read_amount,
        "price": read_amount,
        "ratio": read_discount,
        "withdrawn": read_flag,
    }
)
_TIMES: Mapping[tuple[str, str], tuple[str, Callable[[Cell], object]]] = MappingProxyType(
    {
        (PRODUCT, "from"): ("valid_from", read_start),
        (PRODUCT, "to"): ("valid_to", read_bound),
        (PROMOTION, "from"): ("starts_at", read_start),
        (PROMOTION, "to"): ("ends_at", read_end),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What a row of a file does. `state`: added, changed, unchanged, refused, or held for another row's fault.

    `row` 0 is the file as a whole.
    """

    sheet: str
    row: int
    kind: str = ""
    sku: str = ""
    name: str = ""
    state: str = "refused"
    changes: tuple[Change, ...] = ()
    faults: tuple[Fault, ...] = ()
    doubts: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """A file as read: a line for every row, and the products it changes. With a refused line it changes nothing."""

    lines: tuple[Line, ...]
    products: tuple[Product, ...] = ()

    @property
    def refused(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.faults)


class RowsRefused(BadInput):
    """A price list, or a product, with fields that cannot be taken. Nothing of it was."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = tuple(lines)
        reasons = [reason for line in lines for reason in reasons_of(line, "zh-CN")]
        shown = "；".join(reasons[:3])
        super().__init__(f"没有保存：{shown}" + (f"；共 {len(reasons)} 处" if len(reasons) > 3 else ""))


def reasons_of(line: Line, language: str) -> list[str]:
    """Why a row is refused: the place, the column, the reason."""
    place = place_of(line, language)
    colon = "：" if language == "zh-CN" else ": "
    return [
        colon.join(part for part in (place + field_name(f.field, language), fault_text(f, language)) if part)
        for f in line.faults
    ]


def place_of(line: Line, language: str) -> str:
    """Where a line stands, as the beginning of a sentence."""
    if language == "zh-CN":
        return (f"“{line.sheet}”表" if line.sheet else "") + (f"第 {line.row} 行 " if line.row else "")
    return (f"sheet {line.sheet!r} " if line.sheet else "") + (f"row {line.row} " if line.row else "")


def read_sheets(sheets: Iterable[Sheet], book: PriceBook, now: datetime) -> Reading:
    """What the rows of a price list change in the book. A column that is not there leaves what it is about alone, an
    empty cell empties it. A product's promotions are replaced when the file has any for it, else left alone.
    """
    lines: list[Line] = []
    rows: list[_Row] = []
    for sheet in sheets:
        filled = filled_rows(sheet)
        header = find_header(filled)
        if header is not None:
            if header.faults:
                lines.append(Line(sheet=sheet.name, row=header.row, faults=header.faults))
            rows += [_read_row(sheet.name, number, header, cells) for number, cells in filled if number > header.row]
        elif filled:
            lines.append(Line(sheet=sheet.name, row=filled[0][0], faults=(Fault(code="no_header", field="sku"),)))
    if not rows and not lines:
        lines.append(Line(sheet="", row=0, faults=(Fault(code="nothing", field=""),)))
    products: list[Product] = []
    of_rows: dict[int, Line] = {}
    for places in _by_sku(rows):
        outcome = _outcome([rows[place] for place in places], book, now)
        of_rows |= dict(zip(places, outcome.lines, strict=True))
        products += outcome.products
    lines += [of_rows[place] for place in range(len(rows))]
    return Reading(tuple(lines), () if any(line.faults for line in lines) else tuple(products))


@dataclass(slots=True)
class _Row:
    """A row whose cells were read, with what could not be. A value of None stands for an empty cell."""

    sheet: str
    number: int
    kind: str
    values: dict[str, object] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    doubts: list[Fault] = field(default_factory=list)

    def text(self, name: str, otherwise: str = "") -> str:
        value = self.values.get(name, otherwise)
        return value if isinstance(value, str) else ""

    def time(self, name: str) -> datetime | None:
        value = self.values.get(name)
        return value if isinstance(value, datetime) else None

    def amount(self, name: str) -> Decimal | None:
        value = self.values.get(name)
        return value if isinstance(value, Decimal) else None

    def line(self, state: str) -> Line:
        return Line(
            sheet=self.sheet,
            row=self.number,
            kind=self.kind,
            sku=self.text("sku"),
            name=self.text("name"),
            state="refused" if self.faults else state,
            changes=tuple(self.changes),
            faults=tuple(self.faults),
            doubts=tuple(self.doubts),
        )


def _read_row(sheet: str, number: int, header: Header, cells: Sequence[Cell]) -> _Row:
    row = _Row(sheet, number, kind_called(sheet) or kind_by_columns(header.keys) or "")
    named = {key: cell for key, cell in zip(header.keys, cells, strict=False) if key is not None}
    for key in header.keys:
        if key is not None:
            named.setdefault(key, None)
    if "kind" in named and (not is_blank(named["kind"]) or not row.kind):
        text = _read(row, "kind", plain, named["kind"])
        row.kind = kind_called(str(text or "")) or ""
        if not row.kind and text is not None:
            row.faults.append(Fault(code="unknown_kind", field="kind", facts={"text": str(text)}))
    if not row.kind and not row.faults:
        row.faults.append(Fault(code="missing", field="kind"))
    for key, cell in named.items():
        _read_cell(row, key, cell)
    if not row.values.get("sku") and not any(fault.field == "sku" for fault in row.faults):
        row.faults.append(Fault(code="missing", field="sku"))
    return row


def _read_cell(row: _Row, key: str, cell: Cell) -> None:
    foreign = PROMOTION_ONLY if row.kind == PRODUCT else PRODUCT_ONLY
    if row.kind and (key in foreign or (key.startswith(FLOOR) and row.kind == PROMOTION)):
        if not is_blank(cell):
            row.faults.append(Fault(code=f"{row.kind}_row", field=key))
        return
    name, read = _TIMES.get((row.kind, key), (key, _READERS.get(key, read_amount)))
    if key not in {"kind", "from", "to"} or name != key:
        row.values[name] = _read(row, name, read, cell)


def _read(row: _Row, name: str, read: Callable[[Cell], object], cell: Cell) -> object:
    """The value of a cell, None when it is empty or cannot be read; the row then has the fault."""
    if is_blank(cell):
        return None
    try:
        return read(cell)
    except NotReadable as error:
        row.faults.append(Fault(code=error.code, field=name, facts={"text": error.text}))
        return None


def _by_sku(rows: Sequence[_Row]) -> Iterable[list[int]]:
    groups: dict[object, list[int]] = {}
    for place, row in enumerate(rows):
        groups.setdefault(row.text("sku") or place, []).append(place)
    return groups.values()


@dataclass(frozen=True, slots=True)
class _Outcome:
    lines: list[Line]
    products: list[Product] = field(default_factory=list)


def _outcome(rows: list[_Row], book: PriceBook, now: datetime) -> _Outcome:
    """What the rows about one product come to."""
    own = [row for row in rows if row.kind == PRODUCT]
    offers = [row for row in rows if row.kind == PROMOTION]
    for row in own[1:]:
        row.faults.append(Fault(code="duplicate_sku", field="sku", facts={"row": str(own[0].number)}))
    start = (own[0].time("valid_from") if own else None) or now
    before = book.version(rows[0].text("sku"), start)
    if not own and (before is None or before.withdrawn):
        for row in offers:
            if row.text("sku"):
                row.faults.append(Fault(code="unknown_sku", field="sku"))
    _need_what_is_missing(own, offers, before)
    if any(row.faults for row in rows):
        return _Outcome([row.line("held") for row in rows])
    after = _product(own[0] if own else None, offers, before)
    _blame(faults_of(after), rows, offers, lambda row: row.faults)
    if any(row.faults for row in rows):
        return _Outcome([row.line("held") for row in rows])
    return _compared(rows, offers, before, after, book, now)


def _need_what_is_missing(own: Sequence[_Row], offers: Sequence[_Row], before: Product | None) -> None:
    needs: list[tuple[_Row, str]] = [(row, name) for row in offers for name in ("starts_at", "ends_at")]
    for row in own:
        needs += [(row, name) for name in ("name", "list_price") if before is None or name in row.values]
    for row, name in needs:
        if row.values.get(name) is None and not any(fault.field == name for fault in row.faults):
            row.faults.append(Fault(code="missing", field=name))


def _product(own: _Row | None, offers: Sequence[_Row], before: Product | None) -> Product:
    """The product as the rows want it, on the ground of what it is."""
    base = before or Product(sku="", name="", list_price=Decimal(0))
    promotions = tuple(_promotion(row) for row in offers) or base.promotions
    base = replace(
        base, promotions=promotions, valid_from=None, valid_to=None, recorded_at=None, recorded_by="", approved_by=""
    )
    if own is None:
        return base
    floors = dict(base.floors)
    for key in own.values:
        if key.startswith(FLOOR):
            floor, role = own.amount(key), key.removeprefix(FLOOR)
            floors.pop(role, None)
            if floor is not None:
                floors[role] = floor
    aliases = own.values.get("aliases", base.aliases)
    list_price = own.amount("list_price")
    return replace(
        base,
        sku=own.text("sku"),
        name=own.text("name", base.name),
        aliases=tuple(str(alias) for alias in aliases) if isinstance(aliases, tuple) else (),
        list_price=base.list_price if list_price is None else list_price,
        unit=own.text("unit", base.unit or "") or None,
        floors=MappingProxyType(floors),
        valid_from=own.time("valid_from"),
        valid_to=own.time("valid_to"),
        withdrawn=bool(own.values.get("withdrawn", base.withdrawn)),
    )


def _promotion(row: _Row) -> Promotion:
    starts_at, ends_at = row.time("starts_at"), row.time("ends_at")
    assert starts_at is not None
    assert ends_at is not None
    return Promotion(
        name=row.text("name"),
        starts_at=starts_at,
        ends_at=ends_at,
        price=row.amount("price"),
        ratio=row.amount("ratio"),
        condition=row.text("condition"),
    )


def _blame(
    faults: Iterable[Fault], rows: Sequence[_Row], offers: Sequence[_Row], kept: Callable[[_Row], list[Fault]]
) -> None:
    """Each fault to the row it comes from: a promotion's own, else the product's (the first where it has none)."""
    first = next((row for row in rows if row.kind == PRODUCT), rows[0])
    for fault in faults:
        of_offer = fault.promotion is not None and fault.promotion < len(offers)
        kept(offers[fault.promotion or 0] if of_offer else first).append(replace(fault, promotion=None))


def _compared(
    rows: list[_Row],
    offers: Sequence[_Row],
    before: Product | None,
    after: Product,
    book: PriceBook,
    now: datetime,
) -> _Outcome:
    made = [*changes(before, after), *_validity_changes(before, after)]
    if not made:
        return _Outcome([row.line("unchanged") for row in rows])
    first = next((row for row in rows if row.kind == PRODUCT), rows[0])
    known = set(before.promotions) if before and not before.withdrawn else set()
    states: dict[int, str] = {}
    for row, promotion in zip(offers, after.promotions, strict=False):
        told = [c for c in made if c.subject == promotion.name and c.kind in {"promotion_added", "promotion_changed"}]
        if promotion not in known and told:
            made.remove(told[0])
            row.changes.append(told[0])
            states[id(row)] = "added" if told[0].kind == "promotion_added" else "changed"
    first.changes += made
    if made and first.kind == PRODUCT:
        states[id(first)] = "added" if before is None else "changed"
    elif made:
        states.setdefault(id(first), "changed")
    _blame(doubts_about(after, book, now), rows, offers, lambda row: row.doubts)
    if before is not None and offers:
        for promotion in before.promotions:
            gone = not any(promotion.name == kept.name for kept in after.promotions)
            if gone and promotion.ends_at >= now:
                facts = {"name": promotion.name or moment(promotion.starts_at)}
                first.doubts.append(Fault(code="promotion_left_out", field="promotions", facts=facts))
    return _Outcome([row.line(states.get(id(row), "unchanged")) for row in rows], [after])


def _validity_changes(before: Product | None, after: Product) -> list[Change]:
    """A start only matters for a product that differs from then on; another end always does."""
    made = []
    if after.valid_from is not None and changes(before, after):
        made.append(Change(kind="valid_from", after=moment(after.valid_from)))
    if after.valid_to is not None and (before is None or before.valid_to != after.valid_to):
        made.append(Change(kind="valid_to", after=moment(after.valid_to)))
    return made
