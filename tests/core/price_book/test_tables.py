"""Price lists as people keep them in spreadsheets: read, compared, refused with reasons, and written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrm.core.price_book import CHINA, PriceBook, Product, Promotion
from scrm.core.price_book.cells import (
    NotReadable,
    Unreadable,
    read_aliases,
    read_amount,
    read_bound,
    read_discount,
    read_end,
    read_flag,
    read_start,
)
from scrm.core.price_book.columns import Sheet
from scrm.core.price_book.faults import faults_of
from scrm.core.price_book.listing import flat_sheet_of, sheets_of
from scrm.core.price_book.table import Reading, RowsRefused, read_sheets, reasons_of
from scrm.core.price_book.words import change_text
from scrm.price_files import read_file, write_csv, write_workbook

NOW = datetime(2026, 6, 12, 12, tzinfo=CHINA)
X3 = Product(
    sku="X3",
    name="X3洗衣机",
    aliases=("小白",),
    list_price=Decimal(3999),
    unit="台",
    floors={"rep": Decimal(3500)},
    promotions=(
        Promotion(
            name="618",
            price=Decimal(3599),
            starts_at=datetime(2026, 6, 10, tzinfo=CHINA).astimezone(UTC),
            ends_at=datetime(2026, 6, 18, 23, 59, 59, tzinfo=CHINA).astimezone(UTC),
        ),
    ),
)
BOOK = PriceBook((X3,))


def sheet(*rows: Sequence[object], name: str = "") -> Sheet:
    return Sheet(name, list(enumerate(rows, start=1)))


def read(*sheets: Sheet, book: PriceBook = BOOK) -> Reading:
    return read_sheets(sheets, book, NOW)


def reasons(reading: Reading) -> list[str]:
    return [reason for line in reading.lines for reason in reasons_of(line, "zh-CN")]


# --- cells -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["3999", "3,999", "3,999.00", "¥3999", "３９９９", "￥3，999元", " 3999 元 ", "3999.0"]
)
def test_an_amount_is_read_as_people_write_it(text):
    assert read_amount(text) == 3999


@pytest.mark.parametrize("text", ["三千", "39,99", "3999-4999", "1万", "面议", "3 999 起", "--", "1e3"])
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(NotReadable, match="not_money"):
        read_amount(text)


@pytest.mark.parametrize("text", ["8.5折", "85折", "85%", "0.85", "８.５ 折", "8.5", Decimal("0.85")])
def test_a_discount_is_the_share_to_pay(text):
    assert read_discount(text) == Decimal("0.85")


@pytest.mark.parametrize(("text", "code"), [("1", "ambiguous"), ("85", "not_a"), ("120%", "not_a"), ("0折", "not_a")])
def test_a_discount_that_may_mean_two_things_is_refused(text, code):
    with pytest.raises(NotReadable, match=code):
        read_discount(text)


def test_a_discount_of_nothing_can_be_said():
    assert (read_discount("10折"), read_discount("1折"), read_discount("100%")) == (1, Decimal("0.1"), 1)


@pytest.mark.parametrize(
    "cell",
    [
        "2026-06-18",
        "2026/6/18",
        "2026年6月18日",
        "2026.06.18",
        "２０２６-０６-１８",
        date(2026, 6, 18),
        datetime.fromisoformat("2026-06-18"),
        Decimal(46191),
    ],
)
def test_a_day_is_a_day_in_beijing(cell):
    assert read_start(cell) == datetime(2026, 6, 17, 16, tzinfo=UTC)
    assert read_end(cell) == datetime(2026, 6, 18, 15, 59, 59, tzinfo=UTC)
    assert read_bound(cell) == datetime(2026, 6, 18, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    "cell",
    ["2026-06-18 20:00", "2026/6/18 20:00:00", "2026-06-18T20:00:00+08:00", datetime.fromisoformat("2026-06-18 20:00")],
)
def test_a_time_of_day_is_kept(cell):
    assert read_start(cell) == read_end(cell) == read_bound(cell) == datetime(2026, 6, 18, 12, tzinfo=UTC)


@pytest.mark.parametrize("text", ["六月十八", "2026-06-31", "18/06/2026", "2026-06-18 25:00", "5"])
def test_what_is_no_day_is_refused(text):
    with pytest.raises(NotReadable, match="not_a_time"):
        read_start(text)


def test_aliases_and_yes_or_no():
    assert read_aliases("小白、X3， 小白；大白\n老款") == ("小白", "X3", "大白", "老款")
    assert [read_flag(text) for text in ("是", "停用", "Y", "否", "", "no")] == [True, True, True, False, False, False]


# --- what a file does --------------------------------------------------------------------------------------------


def test_a_new_product_with_its_promotion_is_added():
    reading = read(
        sheet(["商品编码*", "商品名称", "标价", "底价（销售）"], ["D1", "烘干机", "2,999", "2699"], name="商品"),
        sheet(
            ["商品编码", "活动名称", "折扣", "开始时间", "结束时间", "条件"],
            ["D1", "会员日", "9折", "2026-07-01", "2026-07-02", "会员"],
            name="活动",
        ),
    )

    assert [(line.row, line.kind, line.state) for line in reading.lines] == [
        (2, "product", "added"),
        (2, "promotion", "added"),
    ]
    (added,) = reading.products
    assert (added.sku, added.list_price, added.floors["rep"]) == ("D1", 2999, 2699)
    assert (added.promotions[0].ratio, added.promotions[0].condition) == (Decimal("0.9"), "会员")
    assert added.valid_from is None


def test_columns_and_products_that_are_not_in_the_file_stay_as_they_are():
    reading = read(sheet(["商品编码", "标价"], ["X3", "4299"]))

    (changed,) = reading.products
    assert [change_text(change, "zh-CN") for change in reading.lines[0].changes] == ["标价：3999 → 4299 元"]
    assert (changed.name, changed.aliases, changed.floors, changed.promotions) == (
        X3.name,
        X3.aliases,
        X3.floors,
        X3.promotions,
    )


def test_an_empty_cell_empties_what_may_be_empty():
    reading = read(sheet(["SKU", "Aliases", "Unit", "Floor (rep)"], ["X3", "", None, " "]))

    (changed,) = reading.products
    assert (changed.aliases, changed.unit, dict(changed.floors)) == ((), None, {})


def test_promotions_of_a_product_are_replaced_and_one_that_runs_is_not_lost_unseen():
    reading = read(
        sheet(
            ["商品编码", "活动名称", "活动价", "开始日期", "结束日期"],
            ["X3", "国庆", "3699", "2026-10-01", "2026-10-07"],
        )
    )

    (line,) = reading.lines
    assert line.state == "added"
    assert [doubt.code for doubt in line.doubts] == ["promotion_left_out"]
    assert [promotion.name for promotion in reading.products[0].promotions] == ["国庆"]


def test_one_table_with_a_column_of_types_will_do():
    reading = read(
        sheet(
            ["类型", "商品编码", "名称", "标价", "活动价", "开始时间", "结束时间"],
            ["商品", "X3", "X3洗衣机", "3999", "", "", ""],
            ["活动", "X3", "618", "", "3499", "2026-06-10", "2026-06-18"],
        )
    )

    assert [line.state for line in reading.lines] == ["unchanged", "changed"]
    assert "3599 元" in change_text(reading.lines[1].changes[0], "zh-CN")


def test_a_product_can_be_taken_off_sale_and_a_change_can_be_planned():
    gone = read(sheet(["商品编码", "停用", "生效时间", "有效至"], ["X3", "是", "2026-07-01", "2026-07-31"]))

    (withdrawn,) = gone.products
    assert withdrawn.withdrawn
    assert withdrawn.valid_from == datetime(2026, 7, 1, tzinfo=CHINA)
    assert withdrawn.valid_to == datetime(2026, 8, 1, tzinfo=CHINA)
    assert [change.kind for change in gone.lines[0].changes] == ["withdrawn", "valid_from", "valid_to"]


def test_one_bad_row_refuses_the_file_and_every_reason_is_told():
    reading = read(
        sheet(
            ["商品编码", "商品名称", "标价", "底价（销售）", "备注"],
            ["X3", "X3洗衣机", "3999", "4500", ""],
            ["D1", "烘干机", "两千九", "", ""],
            ["D1", "烘干机", "2999", "", ""],
            ["", "滚筒", "1", "", ""],
            ["D2", "", "1", "", ""],
            ["D3", "好的", "1", "", ""],
            name="商品",
        ),
        sheet(
            ["商品编码", "活动价", "折扣", "开始时间", "结束时间"],
            ["X3", "3599", "9折", "2026-06-10", "2026-06-01"],
            ["X9", "1", "", "2026-06-10", "2026-06-18"],
            name="活动",
        ),
    )

    assert reading.products == ()
    told = reasons(reading)
    for expected in (
        "“商品”表第 1 行 备注：不认识这一列",
        "“商品”表第 2 行 底价（销售）：底价 4500 高于标价 3999",
        "“商品”表第 3 行 标价：“两千九”不是金额",
        "“商品”表第 4 行 商品编码：与第 3 行是同一个商品编码",
        "“商品”表第 5 行 商品编码：必须填写",
        "“商品”表第 6 行 名称：必须填写",
        "“活动”表第 2 行 活动价：活动价和折扣要填一个",
        "“活动”表第 2 行 结束时间：结束",
        "“活动”表第 3 行 商品编码：没有这个商品",
    ):
        assert any(reason.startswith(expected) for reason in told), (expected, told)
    assert len(told) == 9
    assert str(RowsRefused(reading.refused)).endswith("共 9 处")


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([["价目表"], ["甲", "乙"]], "前 20 行里没有表头"),
        ([["商品编码", "标价", "标价"], ["X3", "1", "1"]], "标价：这一列出现了两次"),
        ([["商品编码", "标价"], ["X3", "1", "备注"]], "C：这一列有内容却没有列名"),
        ([["类型", "商品编码", "标价"], ["赠品", "X3", "1"]], "“赠品”不是行的类型"),
        ([["类型", "商品编码", "标价", "活动价"], ["", "X3", "1"]], "类型：必须填写"),
        ([["类型", "商品编码", "标价", "活动价"], ["商品", "X3", "1", "1"]], "活动价：商品行不填这一列"),
        ([["商品编码", "标价"], ["X3", Unreadable()]], "公式没有计算结果"),
        ([["商品编码", "标价"], ["X3", Unreadable("#REF!")]], "公式出错：#REF!"),
        ([["商品编码", "停用"], ["X3", "也许"]], "请写“是”或“否”"),
        ([], "没有任何商品或活动的行"),
    ],
)
def test_a_table_that_cannot_be_understood_is_refused(rows, reason):
    reading = read(sheet(*rows))

    assert reading.products == ()
    assert any(reason in told for told in reasons(reading)), reasons(reading)


# --- there and back ----------------------------------------------------------------------------------------------

names = st.text("甲乙丙=+-@'\"A1，。 .", min_size=1, max_size=8).map(str.strip).filter(bool)
amounts = st.decimals(0, 10**6, places=4)
YEAR_2024, YEAR_2030 = datetime.fromisoformat("2024-01-01"), datetime.fromisoformat("2030-01-01")
moments = st.datetimes(YEAR_2024, YEAR_2030, timezones=st.just(UTC)) | st.integers(0, 2000).map(
    lambda days: datetime(2024, 1, 1, tzinfo=CHINA).astimezone(UTC) + timedelta(days=days)
)


@st.composite
def promotions(draw: st.DrawFn, list_price: Decimal) -> Promotion:
    start, end = sorted((draw(moments), draw(moments)))
    last_second = draw(st.booleans())
    end = (
        end.astimezone(CHINA).replace(hour=23, minute=59, second=59, microsecond=0).astimezone(UTC)
        if last_second
        else end
    )
    ratio = draw(st.none() | st.decimals("0.01", 1, places=3))
    price = draw(st.decimals(0, list_price, places=2)) if ratio is None else None
    return Promotion(
        name=draw(st.just("") | names),
        starts_at=start,
        ends_at=max(start, end),
        price=price,
        ratio=ratio,
        condition=draw(st.just("") | names),
    )


@st.composite
def products(draw: st.DrawFn) -> Product:
    price = draw(amounts)
    return Product(
        sku=draw(names),
        name=draw(names),
        list_price=price,
        aliases=tuple(
            dict.fromkeys(
                draw(st.lists(names.map(lambda name: name.replace("，", "")).map(str.strip).filter(bool), max_size=3))
            )
        ),
        unit=draw(st.none() | names),
        promotions=tuple(draw(st.lists(promotions(price), max_size=3))),
        floors=dict.fromkeys(draw(st.sets(st.sampled_from(["rep", "agent", "lead", "组头"]))), price),
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(products(), max_size=3, unique_by=lambda product: product.sku), st.booleans())
def test_an_exported_book_changes_nothing_when_it_is_imported(listed, as_csv):
    listed = [product for product in listed if not faults_of(product)]
    book = PriceBook(tuple(listed))

    content = write_csv(flat_sheet_of(book.at(NOW))) if as_csv else write_workbook(sheets_of(book.at(NOW)))
    reading = read_sheets(read_file(content), book, NOW)

    assert reasons(reading) == ([] if listed else ["没有任何商品或活动的行"])
    assert {line.state for line in reading.lines if listed} <= {"unchanged"}
    assert reading.products == ()


@settings(max_examples=30, deadline=None)
@given(st.lists(products(), min_size=1, max_size=3, unique_by=lambda product: product.sku))
def test_an_exported_book_is_the_same_book_where_there_was_none(listed):
    listed = [product for product in listed if not faults_of(product)]

    reading = read_sheets(read_file(write_workbook(sheets_of(listed))), PriceBook(), NOW)

    assert list(reading.products) == listed
