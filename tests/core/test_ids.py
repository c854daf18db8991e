"""Ids grow with time, never repeat, and look the same to people and to the database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrm.core.errors import NotFound
from scrm.core.ids import EPOCH, PROCESS_NUMBERS, IdSource, first_at, made_at, public, row

START = datetime(2026, 9, 1, 2, 0, tzinfo=UTC)


@given(steps=st.lists(st.integers(min_value=-5000, max_value=5000), min_size=1, max_size=200))
def test_ids_grow_even_when_the_clock_goes_back(steps: list[int]) -> None:
    times = iter([START + timedelta(milliseconds=sum(steps[: n + 1])) for n in range(len(steps))])
    source = IdSource(lambda: next(times), process=3)

    made = [source.next() for _ in steps]

    assert made == sorted(set(made))


def test_a_millisecond_that_is_used_up_borrows_from_the_next() -> None:
    source = IdSource(lambda: START, process=0)

    made = [source.next() for _ in range(10_000)]

    assert made == sorted(set(made))
    assert made_at(made[-1]) - START == timedelta(milliseconds=2)


def test_sources_of_different_processes_never_meet() -> None:
    made = [IdSource(lambda: START, process=number).next() for number in range(PROCESS_NUMBERS)]

    assert len(set(made)) == PROCESS_NUMBERS


def test_an_id_says_when_it_was_made() -> None:
    made = IdSource(lambda: START, process=7).next()

    assert made_at(made) == START
    assert first_at(START) <= made < first_at(START + timedelta(milliseconds=1))
    assert first_at(EPOCH - timedelta(days=1)) == 0


@given(row_id=st.integers(min_value=0, max_value=(1 << 63) - 1))
def test_a_public_id_leads_back_to_its_row(row_id: int) -> None:
    assert row("msg", public("msg", row_id)) == row_id


@given(one=st.integers(min_value=0, max_value=(1 << 63) - 1), other=st.integers(min_value=0, max_value=(1 << 63) - 1))
def test_public_ids_sort_as_their_rows_do(one: int, other: int) -> None:
    assert (public("msg", one) < public("msg", other)) == (one < other)


@given(text=st.text(max_size=30))
def test_what_is_no_id_is_not_found(text: str) -> None:
    try:
        found = row("msg", text)
    except NotFound:
        return
    assert public("msg", found) == text


@pytest.mark.parametrize(
    "text", ["cus_0a7q4b2n6c8hs", "msg_0a7q4b2n6c8h", "msg_0a7q4b2n6c8hl", "msg_zzzzzzzzzzzzz", "", "msg_"]
)
def test_an_id_of_another_kind_or_shape_is_not_found(text: str) -> None:
    with pytest.raises(NotFound):
        row("msg", text)
