"""File imports: every good row once, every bad row with its number and reason."""

from __future__ import annotations

import pytest

from scrm.core.errors import BadInput
from scrm.hub import Hub
from scrm.services.imports import start_import
from tests.conftest import run_workers
from tests.services.conftest import School

CALLS = """通话时间,客户号码,方向,坐席,时长(秒),结果,转写
2026-11-20 09:30:00,13812345678,呼出,8001,95,已接通,坐席：您好 客户：年课多少钱
2026-11-20 10:00:00,abc,呼出,8001,5,已接通,
2026-11-20 10:30:00,13912345678,呼入,8002,0,无应答,
"""


async def imported(hub: Hub, text: str, name: str = "calls.csv") -> tuple[int, int, int]:
    started = await start_import(hub, None, "calls", name, text.encode())
    await run_workers(hub)
    async with hub.db.reading() as tx:
        done = await tx.imports.get(started.id)
    assert done.state == "finished", done.reason
    return done.added, done.repeated, done.rejected


async def test_good_rows_are_on_timelines_and_bad_ones_are_reported(school: School) -> None:
    assert await imported(school.hub, CALLS) == (2, 0, 1)

    async with school.hub.db.reading() as tx:
        (bad,) = await tx.imports.bad_rows((await tx.imports.recent())[0].id, after=0, limit=10)
    assert bad.row == 3
    assert "abc" in bad.reason
    (customer,) = await school.customers("13812345678")
    (entry,) = await school.timeline(customer)
    assert entry.kind == "call"


async def test_importing_the_same_file_again_adds_nothing(school: School) -> None:
    await imported(school.hub, CALLS)

    assert await imported(school.hub, CALLS, "again.csv") == (0, 2, 1)
    assert len(await school.customers()) == 2


async def test_a_file_of_the_wrong_kind_is_refused_with_a_clear_word(school: School) -> None:
    with pytest.raises(BadInput, match=r"\.csv"):
        await start_import(school.hub, None, "calls", "photo.png", b"\x89PNG")
    with pytest.raises(BadInput, match="reads no files"):
        await start_import(school.hub, None, "web", "calls.csv", b"x")


async def test_progress_and_end_are_told_of(school: School) -> None:
    await imported(school.hub, CALLS)

    (finished,) = await school.events("import.finished")
    assert (finished.payload["added"], finished.payload["rejected"]) == (2, 1)
    assert await school.events("import.progressed")
