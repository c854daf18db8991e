"""A hub whose audit log somebody with all rights in the database has been at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import pytest
from sqlalchemy import text

from scrm.core.audit_chain import Deed
from scrm.core.audit_check import Verdict
from scrm.hub import Hub
from scrm.services.audit import verify_log
from tests.services.conftest import School, school

__all__ = ["School", "school"]

SQL = Callable[..., Awaitable[Sequence[object]]]
_TRIGGERS = (
    ("audit_log_in_order", "audit_log"),
    ("audit_log_no_update", "audit_log"),
    ("audit_log_no_delete", "audit_log"),
    ("audit_log_kept", "audit_log"),
    ("audit_log_whole", "audit_log"),
    ("audit_checkpoints_no_update", "audit_checkpoints"),
    ("audit_checkpoints_no_delete", "audit_checkpoints"),
    ("audit_checkpoints_kept", "audit_checkpoints"),
    ("audit_checkpoints_whole", "audit_checkpoints"),
)


@pytest.fixture
def attack(hub: Hub) -> SQL:
    """Runs a statement as the database's administrator would: the triggers are dropped first."""

    async def run(statement: str, **values: object) -> Sequence[object]:
        async with hub.db.transaction() as tx:
            for trigger, table in _TRIGGERS:
                on = "" if hub.db.is_sqlite else f" ON {table}"
                await tx.run(text(f"DROP TRIGGER IF EXISTS {trigger}{on}"))
            done = await tx.run(text(statement), values)
            return done.all() if done.returns_rows else []

    return run


@pytest.fixture
async def ten(hub: Hub) -> None:
    """Ten entries in the log, each of a transaction of its own."""
    for number in range(1, 11):
        await act(hub, number)


async def act(hub: Hub, *numbers: int) -> None:
    async with hub.db.transaction() as tx:
        tx.audit.record(
            *(Deed.by(None, "tried", "thing", f"thing {number}", n=number, 备注="说的话") for number in numbers)
        )


async def trouble(hub: Hub, **how: object) -> tuple[int, str] | None:
    """(first bad entry, kind) that checking the whole log finds."""
    verdict = await verdict_on(hub, **how)
    return (verdict.trouble.seq, verdict.trouble.kind.value) if verdict.trouble else None


async def verdict_on(hub: Hub, **how: object) -> Verdict:
    return await verify_log(hub, **how)  # type: ignore[arg-type]
