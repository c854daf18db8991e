"""Which price was valid when."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrm.core.errors import BadInput
from scrm.core.price_book import CHINA, Mention, PriceBook, Product, Promotion, read_price_book

TOML = """
[[product]]
sku = "WM-X3"
name = "X3洗衣机"
aliases = ["X3"]
list_price = 3999
[product.floors]
rep = 3500
[[product.promotion]]
name = "618"
price = 3599
from = 2026-06-10
to = 2026-06-18
[[product.promotion]]
name = "会员日"
ratio = 0.95
from = 2026-06-01T08:00:00+08:00
to = "2026-06-30T20:00:00+08:00"
condition = "会员"
"""


def _china(day: int, hour: int = 12) -> datetime:
    return datetime(2026, 6, day, hour, tzinfo=CHINA)


def test_a_book_is_read_from_toml():
    (product,) = read_price_book(TOML).products

    assert (product.sku, product.list_price, product.floors["rep"]) == ("WM-X3", 3999, 3500)
    assert [product.promotion_price(promotion) for promotion in product.promotions] == [3599, Decimal("3799.05")]


def test_a_promotion_runs_to_the_last_second_of_its_last_day_in_china():
    (product,) = read_price_book(TOML).products

    assert [promotion.name for promotion in product.running(_china(18, 23))] == ["618", "会员日"]
    assert [promotion.name for promotion in product.running(_china(19, 0))] == ["会员日"]
    assert product.promotions[0].ends_at == datetime(2026, 6, 18, 15, 59, 59, tzinfo=UTC)


def test_the_version_valid_at_the_time_is_found():
    old = Product(sku="A", name="甲", list_price=Decimal(100), valid_to=_china(10))
    new = Product(sku="A", name="甲", list_price=Decimal(120), valid_from=_china(10))
    book = PriceBook((new, old))

    assert [book.product("A", at).list_price for at in (_china(9), _china(10), _china(11))] == [100, 120, 120]
    assert book.product("B", _china(9)) is None


def test_what_was_known_then_can_be_asked():
    first = Product(sku="A", name="甲", list_price=Decimal(100), recorded_at=_china(1))
    later = Product(sku="A", name="甲", list_price=Decimal(90), recorded_at=_china(5), approved_by="wang")
    book = PriceBook((later, first))

    assert book.product("A", _china(9)).list_price == 90
    assert book.product("A", _china(9), known_at=_china(4)).list_price == 100


def test_the_longest_name_is_mentioned_and_only_as_a_word_of_its_own():
    book = PriceBook(
        (
            Product(sku="WM-X3", name="X3洗衣机", aliases=("X3",), list_price=Decimal(1)),
            Product(sku="WM-X3P", name="X3 Pro", list_price=Decimal(1)),
        )
    )

    assert book.mentions("x3洗衣机和X3 PRO，不是X30") == (Mention(0, 5, ("WM-X3",)), Mention(6, 12, ("WM-X3P",)))


def test_products_are_found_by_what_they_cost_now():
    book = read_price_book(TOML)

    assert book.priced(Decimal(3599), _china(12)) == ("WM-X3",)
    assert book.priced(Decimal(3600), _china(12)) == ("WM-X3",)
    assert book.priced(Decimal(3599), _china(20)) == ()


names = st.text("甲乙丙丁AB12", min_size=1, max_size=6)
amounts = st.decimals(0, 10**7, places=2)
moments = st.datetimes(timezones=st.just(UTC))
promotions = st.builds(
    lambda name, price, start, end: Promotion(
        name=name, price=price, starts_at=min(start, end), ends_at=max(start, end), condition=name
    ),
    names,
    amounts,
    moments,
    moments,
)
products = st.builds(
    Product,
    sku=names,
    name=names,
    list_price=amounts,
    aliases=st.lists(names, max_size=3).map(tuple),
    unit=st.none() | names,
    promotions=st.lists(promotions, max_size=3).map(tuple),
    floors=st.dictionaries(names, amounts, max_size=3),
    valid_from=st.none() | moments,
    valid_to=st.none() | moments,
    recorded_at=st.none() | moments,
    recorded_by=names,
)


@given(st.lists(products, max_size=4).map(tuple))
def test_rows_give_the_same_book_back(products):
    book = PriceBook(products)

    assert PriceBook.from_rows(json.loads(json.dumps(book.to_rows()))) == book


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("list_price = 3999", "list_price = '三千'"), "Product WM-X3, list_price: expected a number"),
        (("list_price = 3999", "list_price = -1"), "0 or more"),
        (("list_price = 3999", ""), "Product WM-X3, list_price"),
        (('name = "X3洗衣机"', "name = 3"), "Product WM-X3, name: expected a text"),
        (('sku = "WM-X3"', ""), "Product number 1, sku"),
        (('aliases = ["X3"]', 'aliases = "X3"'), "aliases: expected a list"),
        (("from = 2026-06-10", "from = 5"), "promotion 1, from: expected a time"),
        (("from = 2026-06-10", 'from = "soon"'), "is not a time"),
        (("to = 2026-06-18", "to = 2026-06-01"), "ends (.*) before it starts"),
        (("price = 3599", ""), "give either price or ratio"),
        (("ratio = 0.95", "ratio = 95"), "not a share between 0 and 1"),
        (("rep = 3500", "rep = true"), "floors.rep: expected a number"),
        (('aliases = ["X3"]', 'alias = ["X3"]'), "no field 'alias'"),
        (('condition = "会员"', 'conditions = "会员"'), "promotion 2: there is no field 'conditions'"),
        (("[[product]]", "[[produkt]]"), r"no \[\[product\]\]"),
        (("[[product]]", "[[product"), "not valid TOML"),
    ],
)
def test_what_is_wrong_in_a_book_is_named(change, complaint):
    with pytest.raises(BadInput, match=complaint):
        read_price_book(TOML.replace(*change))
