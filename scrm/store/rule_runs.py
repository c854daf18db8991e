"""How often each rule was asked, and how often it found something, by China's day."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select

from scrm.store import schema
from scrm.store.work import Noun

_runs = schema.rule_runs


class RuleRuns(Noun):
    async def add(self, news: Mapping[tuple[str, str], tuple[int, int]]) -> None:
        """Add (checked, found) by (day, rule) to what is on file; the rule '' stands for messages that were read."""
        for (day, rule), (checked, found) in sorted(news.items()):
            insert = self._work.upserting(_runs).values(day=day, rule=rule, checked=checked, found=found)
            await self._work.run(
                insert.on_conflict_do_update(
                    index_elements=["day", "rule"],
                    set_={"checked": _runs.c.checked + checked, "found": _runs.c.found + found},
                )
            )

    async def since(self, day: str) -> dict[str, dict[str, tuple[int, int]]]:
        """From that day on: day → rule → (checked, found)."""
        rows = await self._work.rows(select(_runs).where(_runs.c.day >= day).order_by(_runs.c.day, _runs.c.rule))
        found: dict[str, dict[str, tuple[int, int]]] = {}
        for row in rows:
            found.setdefault(row.day, {})[row.rule] = (row.checked, row.found)
        return found
