"""Bitemporal look-up: what was valid when, as it was known when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from scrm.core.price_book import PriceBook, Product
from scrm.core.price_book.changes import changes

DAY_0 = datetime(2026, 6, 1, tzinfo=UTC)
DAYS = st.integers(0, 12)


def day(number: int | None) -> datetime | None:
    return None if number is None else DAY_0 + timedelta(days=number)


@st.composite
def versions(draw: st.DrawFn) -> Product:
    start, end = draw(st.none() | DAYS), draw(st.none() | DAYS)
    return Product(
        sku=draw(st.sampled_from("AB")),
        name="甲",
        list_price=Decimal(draw(st.integers(0, 10_000))),
        valid_from=day(start),
        valid_to=day(end),
        recorded_at=day(draw(DAYS)),
        withdrawn=draw(st.booleans()),
    )


HISTORIES = st.lists(versions(), max_size=8)


@given(HISTORIES, DAYS, DAYS)
def test_what_is_found_is_the_last_recorded_of_what_is_valid_and_known(history, at, known):
    book = PriceBook(tuple(history))

    candidates = [
        version
        for version in sorted(history, key=lambda version: version.recorded_at)
        if version.sku == "A" and version.valid_at(day(at)) and version.recorded_at <= day(known)
    ]
    assert book.version("A", day(at), known_at=day(known)) == (candidates[-1] if candidates else None)


@given(HISTORIES, versions(), DAYS, DAYS)
def test_a_later_record_changes_nothing_about_what_was_known_before(history, later, at, known):
    earlier = [version for version in history if version.recorded_at <= day(known)]
    book, corrected = PriceBook(tuple(earlier)), PriceBook((*earlier, later))

    if later.recorded_at > day(known):
        assert corrected.product("A", day(at), known_at=day(known)) == book.product("A", day(at), known_at=day(known))


@given(HISTORIES, versions(), DAYS)
def test_a_correction_of_the_past_is_right_from_its_recording_on_and_only_for_its_validity(history, correction, at):
    last = max((version.recorded_at for version in history), default=DAY_0) + timedelta(days=1)
    correction = Product(
        sku="A",
        name="甲",
        list_price=correction.list_price,
        valid_from=correction.valid_from,
        valid_to=correction.valid_to,
        recorded_at=last,
    )
    before, after = PriceBook(tuple(history)), PriceBook((*history, correction))

    expected = correction if correction.valid_at(day(at)) else before.product("A", day(at))
    assert after.product("A", day(at)) == expected
    assert after.product("A", day(at), known_at=last - timedelta(seconds=1)) == before.product("A", day(at))


@given(HISTORIES, DAYS)
def test_until_says_when_something_else_counts(history, at):
    book = PriceBook(tuple(history))
    here, end = book.version("A", day(at)), book.until("A", day(at))

    moments = [day(at) + timedelta(hours=hours) for hours in range(0, 14 * 24, 12)]
    for moment in moments:
        if end is None or moment < end:
            assert book.version("A", moment) is here
    if end is not None:
        assert book.version("A", end) is not here


def test_a_withdrawn_product_is_gone_while_it_is_withdrawn_and_not_before():
    sold = Product(sku="A", name="甲", list_price=Decimal(100), recorded_at=day(0))
    gone = Product(sku="A", name="甲", list_price=Decimal(100), valid_from=day(5), recorded_at=day(4), withdrawn=True)
    back = Product(sku="A", name="甲", list_price=Decimal(90), valid_from=day(9), recorded_at=day(8))
    book = PriceBook((sold, gone, back))

    assert [book.product("A", day(at)) for at in (4, 5, 9)] == [sold, None, back]
    assert list(book.at(day(6))) == []
    assert book.version("A", day(6)) == gone
    assert [change.kind for change in changes(sold, gone)] == ["withdrawn"]
    assert [change.kind for change in changes(gone, back)] == ["restored"]
