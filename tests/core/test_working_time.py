"""Deadlines in hours of work. 2026-09-04 is a Friday; times are China's."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from scrm.core.price_book import CHINA
from scrm.core.working_time import Deadlines, WorkingHours

HOURS = WorkingHours()


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 9, day, hour, minute, tzinfo=CHINA)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (at(4, 10), at(4, 11)),
        (at(4, 17, 30), at(7, 9, 30)),
        (at(4, 18), at(7, 10)),
        (at(4, 7), at(4, 10)),
        (at(5, 12), at(7, 10)),
        (at(4, 17), at(4, 18)),
    ],
)
def test_an_hour_of_work_passes_only_at_work(start: datetime, end: datetime):
    assert HOURS.after(start, timedelta(hours=1)) == end


def test_a_working_day_ends_at_the_same_hour_of_the_next():
    assert Deadlines().of("S2", at(4, 14)) == at(7, 14)


def test_the_answer_is_in_the_zone_of_the_question():
    answer = HOURS.after(at(4, 10).astimezone(UTC), timedelta(hours=1))

    assert (answer, answer.tzinfo) == (at(4, 11), UTC)


def test_holidays_and_days_worked_instead():
    hours = WorkingHours(closed=frozenset({date(2026, 9, 7)}), extra=frozenset({date(2026, 9, 6)}))

    assert hours.after(at(4, 17, 30), timedelta(hours=1)) == at(6, 9, 30)
    assert hours.after(at(6, 17, 30), timedelta(hours=1)) == at(8, 9, 30)


def test_who_never_works_gets_the_time_by_the_clock():
    hours = WorkingHours(days=frozenset(), opens=time(9), closes=time(10))

    assert hours.after(at(4, 10), timedelta(hours=1)) == at(4, 11)


def test_deadlines_by_severity():
    deadlines = Deadlines(s4=timedelta(minutes=15))

    assert deadlines.of("S4", at(5, 3)) == at(5, 3, 15)
    assert deadlines.of("S3", at(5, 3)) == at(7, 10)
    assert deadlines.of("S1", at(4, 10)) is None
