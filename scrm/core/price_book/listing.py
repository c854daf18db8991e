"""The price book as a price list: a sheet of products and one of promotions, or both in one table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from scrm.core.price_book.cells import Cell, write_end, write_start
from scrm.core.price_book.changes import ratio_text
from scrm.core.price_book.columns import (
    FLOOR,
    NOTES_SHEET,
    PRODUCTS_SHEET,
    PROMOTIONS_SHEET,
    Sheet,
)
from scrm.core.price_book.faults import ROLES
from scrm.core.price_book.model import Product

_USUAL_ROLES = ("rep", "agent", "manager")
_PRODUCT_TITLES: Mapping[str, str] = {
    "sku": "商品编码",
    "name": "商品名称",
    "aliases": "别名",
    "list_price": "标价",
    "unit": "单位",
}
_VALIDITY_TITLES: Mapping[str, str] = {"from": "生效时间", "to": "有效至", "withdrawn": "停用"}
_PROMOTION_TITLES: Mapping[str, str] = {
    "sku": "商品编码",
    "name": "活动名称",
    "price": "活动价",
    "ratio": "折扣",
    "from": "开始时间",
    "to": "结束时间",
    "condition": "条件",
}
_NOTES: tuple[tuple[str, str, str], ...] = (
    ("商品编码", "必填。商品的唯一编号，活动靠它对应商品", "X3"),
    ("商品名称", "新商品必填。聊天里说到这个名称就认得出商品", "X3 洗衣机"),
    ("别名", "客户和同事的其他叫法，用顿号分开", "X3、小白"),
    ("标价", "新商品必填。元，可以写成 3999 或 3,999.00", "3999"),
    ("单位", "标价是每什么的价格；不填就是整件", "台"),
    ("底价（销售）", "这个角色最低可以报的价。可以有多列：底价（客服）、底价（主管）……", "3500"),
    ("生效时间", "不填就从批准时起。写过去的时间是更正历史", "2026-07-01"),
    ("有效至", "含当天。不填就一直有效，直到下一次变更", ""),
    ("停用", "“是”表示不再销售", "否"),
    ("活动名称", "活动表：活动叫什么", "618 大促"),
    ("活动价", "活动表：活动期间的价格。活动价和折扣填一个", "3599"),
    ("折扣", "活动表：8.5折、85% 或 0.85", ""),
    ("开始时间", "活动表：必填，北京时间。只写日期就是当天 0 点", "2026-06-10"),
    ("结束时间", "活动表：必填，北京时间。只写日期就到当天最后一秒", "2026-06-18"),
    ("条件", "活动表：谁能享受，如 会员、到店。不填就是所有人", ""),
    ("", "", ""),
    ("怎样导入", "文件里没有的列、没有的商品都不变；写了的格子以文件为准，空格子就是清空。", ""),
    ("", "某个商品只要写了活动，就以文件里的活动为准；一条都没写，它的活动不变。", ""),
    ("", "有一行不对，整个文件都不导入，并列出每一行的原因。导入后还要由另一个人批准。", ""),
)


def sheets_of(products: Iterable[Product]) -> tuple[Sheet, ...]:
    """For a workbook: products, promotions, and notes on how to fill them in. No products: a template."""
    listed = list(products)
    own = _product_titles(listed)
    return (
        _sheet(PRODUCTS_SHEET, own, map(_product_row, listed)),
        _sheet(PROMOTIONS_SHEET, _PROMOTION_TITLES, (row for product in listed for row in _promotion_rows(product))),
        Sheet(NOTES_SHEET, list(enumerate([("列", "怎样填", "例"), *_NOTES], start=1))),
    )


def flat_sheet_of(products: Iterable[Product]) -> Sheet:
    """For a CSV file: one table whose first column tells products from promotions."""
    listed = list(products)
    titles = {
        "kind": "类型",
        **_product_titles(listed),
        **{key: title for key, title in _PROMOTION_TITLES.items() if key in {"price", "ratio", "condition"}},
        "name": "名称",
        "from": "开始时间",
        "to": "结束时间",
    }
    rows = (
        row
        for product in listed
        for row in (
            {"kind": PRODUCTS_SHEET, **_product_row(product)},
            *({"kind": PROMOTIONS_SHEET, **promotion} for promotion in _promotion_rows(product)),
        )
    )
    return _sheet("", titles, rows)


def _sheet(name: str, titles: Mapping[str, str], rows: Iterable[Mapping[str, Cell]]) -> Sheet:
    table: list[Sequence[Cell]] = [tuple(titles.values())]
    table += [tuple(row.get(key) for key in titles) for row in rows]
    return Sheet(name, list(enumerate(table, start=1)))


def _product_titles(products: Iterable[Product]) -> dict[str, str]:
    roles = dict.fromkeys([*_USUAL_ROLES, *(role for product in products for role in product.floors)])
    floors = {FLOOR + role: f"底价（{ROLES.get(role, role)}）" for role in roles}
    return {**_PRODUCT_TITLES, **floors, **_VALIDITY_TITLES}


def _product_row(product: Product) -> dict[str, Cell]:
    # When it became valid is not repeated: whoever edits an exported row means from now on, not from then.
    floors: dict[str, Cell] = {FLOOR + role: floor for role, floor in product.floors.items()}
    return {
        "sku": product.sku,
        "name": product.name,
        "aliases": "、".join(product.aliases),
        "list_price": product.list_price,
        "unit": product.unit,
        **floors,
    }


def _promotion_rows(product: Product) -> Iterator[dict[str, Cell]]:
    for promotion in product.promotions:
        yield {
            "sku": product.sku,
            "name": promotion.name,
            "price": promotion.price,
            "ratio": ratio_text(promotion),
            "from": write_start(promotion.starts_at),
            "to": write_end(promotion.ends_at),
            "condition": promotion.condition,
        }
