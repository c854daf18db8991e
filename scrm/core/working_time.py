"""Working hours: when an hour of work has passed, and by when a case of a severity must be judged."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from scrm.core.price_book import CHINA

_SEARCH_DAYS = 366


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingHours:
    """Hours of work in China's time. `days` are weekdays from Monday, 0; `closed` and `extra` days are exceptions."""

    days: frozenset[int] = frozenset(range(5))
    opens: time = time(9)
    closes: time = time(18)
    closed: frozenset[date] = frozenset()
    extra: frozenset[date] = frozenset()

    @property
    def day_length(self) -> timedelta:
        return datetime.combine(date.min, self.closes) - datetime.combine(date.min, self.opens)

    def works_on(self, day: date) -> bool:
        return day in self.extra or (day.weekday() in self.days and day not in self.closed)

    def after(self, at: datetime, work: timedelta) -> datetime:
        """When `work` has been worked since `at`, in `at`'s zone. Without a working day in a year: `at` and `work`."""
        local = at.astimezone(CHINA)
        for ahead in range(_SEARCH_DAYS):
            day = local.date() + timedelta(days=ahead)
            if not self.works_on(day):
                continue
            start = max(local, datetime.combine(day, self.opens, CHINA))
            end = datetime.combine(day, self.closes, CHINA)
            if start + work <= end:
                return (start + work).astimezone(at.tzinfo)
            work -= max(end - start, timedelta())
        return at + work


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """By when cases must be judged: S2 and S3 in hours of work, S4 by the clock."""

    hours: WorkingHours = field(default_factory=WorkingHours)
    s3: timedelta = timedelta(hours=1)
    s4: timedelta = timedelta(minutes=15)

    def of(self, severity: str, at: datetime) -> datetime | None:
        """The end of the time for a case that is put before the auditors at `at`; None for what is not urgent."""
        if severity == "S4":
            return at + self.s4
        if severity == "S3":
            return self.hours.after(at, self.s3)
        if severity == "S2":
            return self.hours.after(at, self.hours.day_length)
        return None
