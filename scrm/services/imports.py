"""File imports: a file is kept, its rows go through the same door as everything else, bad ones are reported."""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import Iterator, Sequence
from itertools import islice

from scrm.connector import BadRow, RawEvent, ReadsFiles
from scrm.core.access import Actor, Permission, require
from scrm.core.audit_chain import Deed
from scrm.core.errors import BadInput, NotFound
from scrm.core.events import Event
from scrm.core.ids import public
from scrm.core.timeline import Json
from scrm.hub import Arrival, Hub
from scrm.services.intake import accept
from scrm.store.imports import Import
from scrm.store.tasks import NewTask, Task

RUN_IMPORT = "run_import"
_ROWS = 500


async def start_import(hub: Hub, actor: Actor | None, channel: str, file_name: str, content: bytes) -> Import:
    """Keep a file and promise to read it. `BadInput` when it cannot be read as a whole, or the channel reads none.

    `actor` is None where the operator works on the installation itself.
    """
    if actor is not None:
        require(actor, Permission.RUN_IMPORTS)
    connector = _reader(hub, channel)
    if not file_name.lower().endswith(tuple(connector.file_suffixes)):
        raise BadInput(f"{file_name}: the channel {channel!r} reads {', '.join(connector.file_suffixes)} files")
    total = await asyncio.to_thread(connector.count_rows, io.BytesIO(content), file_name)
    async with hub.db.transaction() as tx:
        started = await tx.imports.add(
            channel=channel,
            file_name=file_name,
            content=content,
            total=total,
            started_by=actor.login if actor else "operator",
        )
        tx.audit.record(
            Deed.by(
                actor,
                "import.started",
                "import",
                public("imp", started.id),
                channel=channel,
                file_name=file_name,
                sha256=hashlib.sha256(content).hexdigest(),
            )
        )
        await tx.tasks.add([NewTask(kind=RUN_IMPORT, key=f"import:{started.id}", ref=started.id)])
    return started


async def run_imports(hub: Hub, tasks: Sequence[Task]) -> None:
    """Read files, a batch of rows at a time. Begins again where it stood when a worker dies: known rows repeat."""
    for task in tasks:
        await _run(hub, task)


async def _run(hub: Hub, task: Task) -> None:
    async with hub.db.reading() as tx:
        running = await tx.imports.get(task.ref)
        try:
            content = await tx.imports.content(task.ref)
        except NotFound:
            content = None
    if content is None:
        async with hub.db.transaction() as tx:
            await tx.tasks.finish([task])
        return
    reason = ""
    try:
        await _read(hub, running, _reader(hub, running.channel), content)
    except BadInput as error:
        reason = str(error)
    async with hub.db.transaction() as tx:
        await tx.imports.finish(running.id, state="failed" if reason else "finished", reason=reason)
        await tx.publish([_event("import.finished", await tx.imports.get(running.id))])
        await tx.tasks.finish([task])


async def _read(hub: Hub, running: Import, connector: ReadsFiles, content: bytes) -> None:
    rows = iter(connector.read_file(io.BytesIO(content), running.file_name))
    done = 0
    while batch := await asyncio.to_thread(_next, rows):
        done += len(batch)
        if done <= running.done:
            continue
        events = tuple(found for _, found in batch if isinstance(found, RawEvent))
        taken = await accept(hub, Arrival(channel=running.channel, events=events))
        async with hub.db.transaction() as tx:
            await tx.imports.progress(
                running.id,
                done=done,
                added=taken.new,
                repeated=taken.repeated,
                rejected=[found for _, found in batch if isinstance(found, BadRow)],
            )
            await tx.publish([_event("import.progressed", await tx.imports.get(running.id))])


def _next(rows: Iterator[tuple[int, RawEvent | BadRow]]) -> list[tuple[int, RawEvent | BadRow]]:
    return list(islice(rows, _ROWS))


def _reader(hub: Hub, channel: str) -> ReadsFiles:
    connector = hub.channel(channel).connector
    if not isinstance(connector, ReadsFiles):
        raise BadInput(f"the channel {channel!r} reads no files")
    return connector


def _event(kind: str, one: Import) -> Event:
    payload: dict[str, Json] = {
        "import_id": public("imp", one.id),
        "channel": one.channel,
        "state": one.state,
        "total": one.total,
        "done": one.done,
        "added": one.added,
        "repeated": one.repeated,
        "rejected": one.rejected,
        "reason": one.reason,
    }
    return Event(type=kind, customer_id=None, payload=payload)
