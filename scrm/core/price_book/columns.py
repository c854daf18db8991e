"""The columns of a price list: what they are called, and which a row of a product or a promotion fills."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from scrm.core.price_book.cells import Cell, NotReadable, is_blank, plain
from scrm.core.price_book.faults import ROLES, Fault

PRODUCT, PROMOTION = "product", "promotion"
PRODUCTS_SHEET, PROMOTIONS_SHEET, NOTES_SHEET = "商品", "活动", "说明"
HEADER_WITHIN = 20
"""The header stands in one of the first so many rows."""
FLOOR = "floors."
"""Columns of floors are called so, and then the role."""
PRODUCT_ONLY = frozenset({"aliases", "list_price", "unit", "withdrawn"})
PROMOTION_ONLY = frozenset({"price", "ratio", "condition"})
_NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "kind": ("类型", "type"),
        "sku": ("商品编码", "sku", "编码", "商品编号", "产品编码", "货号"),
        "name": ("名称", "name", "商品名称", "产品名称", "活动名称", "product", "promotion"),
        "aliases": ("别名", "aliases", "alias"),
        "list_price": ("标价", "listprice", "原价", "零售价"),
        "unit": ("单位", "unit"),
        "price": ("活动价", "promotionprice", "促销价"),
        "ratio": ("折扣", "discount"),
        "condition": ("条件", "condition", "活动条件"),
        "from": ("开始时间", "starts", "生效时间", "validfrom", "开始日期", "生效日期"),
        "to": ("结束时间", "ends", "有效至", "validto", "结束日期", "截止日期"),
        "withdrawn": ("停用", "withdrawn"),
    }
)
_KEYS: Mapping[str, str] = MappingProxyType({name: key for key, names in _NAMES.items() for name in names})
_FLOOR = re.compile(r"底价\((.+)\)|底价(.+)|floor\((.+)\)|floor(.+)")
_ROLES: Mapping[str, str] = MappingProxyType({text: role for role, text in ROLES.items()})
_KINDS: Mapping[str, str] = MappingProxyType(
    {"商品": PRODUCT, "产品": PRODUCT, "product": PRODUCT, "products": PRODUCT}
    | {"活动": PROMOTION, "促销": PROMOTION, "promotion": PROMOTION, "promotions": PROMOTION}
)
_NOTES = frozenset({"说明", "填写说明", "notes", "readme"})


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table of a file. `rows` are numbered from 1 as the file has them; empty ones may be missing."""

    name: str
    rows: Sequence[tuple[int, Sequence[Cell]]]


@dataclass(frozen=True, slots=True)
class Header:
    """The header of a sheet: a key (or None) for each column, and what is wrong with it."""

    row: int
    keys: tuple[str | None, ...]
    faults: tuple[Fault, ...]


def filled_rows(sheet: Sheet) -> list[tuple[int, Sequence[Cell]]]:
    """The rows with something in them; none for a sheet of notes."""
    if _folded(sheet.name) in _NOTES:
        return []
    return [(number, cells) for number, cells in sheet.rows if not all(is_blank(cell) for cell in cells)]


def find_header(rows: Sequence[tuple[int, Sequence[Cell]]]) -> Header | None:
    """The first row that names a column for the SKU."""
    for number, cells in rows:
        if number > HEADER_WITHIN:
            return None
        keys = tuple(_key(cell) for cell in cells)
        if "sku" in keys:
            return Header(number, keys, tuple(_header_faults(cells, keys, rows)))
    return None


def kind_called(text: str) -> str | None:
    """`product` or `promotion`, as people write it in the column of types or as the name of a sheet."""
    return _KINDS.get(_folded(text))


def kind_by_columns(keys: Sequence[str | None]) -> str | None:
    """What a sheet holds whose rows do not say it, and whose name does not either."""
    if PROMOTION_ONLY & set(keys):
        return None if PRODUCT_ONLY & set(keys) else PROMOTION
    return PRODUCT


def _key(cell: Cell) -> str | None:
    try:
        name = _folded(plain(cell))
    except NotReadable:
        return None
    floor = _FLOOR.fullmatch(name)
    if floor:
        role = next(text for text in floor.groups() if text)
        return FLOOR + _ROLES.get(role, role)
    return _KEYS.get(name)


def _header_faults(
    cells: Sequence[Cell], keys: Sequence[str | None], rows: Sequence[tuple[int, Sequence[Cell]]]
) -> list[Fault]:
    faults = []
    for place, (cell, key) in enumerate(zip(cells, keys, strict=True)):
        if key is not None and key in keys[:place]:
            faults.append(Fault(code="duplicate_column", field=_title(cell)))
        if key is None and not is_blank(cell):
            known = "、".join([*(names[0] for names in _NAMES.values()), "底价（角色）"])
            faults.append(Fault(code="unknown_column", field=_title(cell), facts={"known": known}))
    widest = max(len(cells) for _, cells in rows)
    faults += [
        Fault(code="unnamed_column", field=_letters(place))
        for place in range(widest)
        if _filled(rows, place) and (place >= len(cells) or is_blank(cells[place]))
    ]
    return faults


def _filled(rows: Sequence[tuple[int, Sequence[Cell]]], place: int) -> bool:
    return any(place < len(row) and not is_blank(row[place]) for _, row in rows)


def _title(cell: Cell) -> str:
    try:
        return plain(cell)
    except NotReadable:
        return "?"


def _letters(place: int) -> str:
    """The column as spreadsheets call it: A, B … Z, AA."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _folded(text: str) -> str:
    """Without blanks, stars for what has to be filled in, and differences of width and case."""
    return re.sub(r"[\s*_\-]", "", unicodedata.normalize("NFKC", text)).casefold()
