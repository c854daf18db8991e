"""Channels with their health, file imports, and tasks that were given up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from scrm.connector import Contributes, HandsOver, Pulls, ReadsFiles, ReceivesCallbacks, Sends, ServesPages
from scrm.core.access import Permission, require
from scrm.core.audit_chain import Deed
from scrm.core.errors import BadInput, ScrmError
from scrm.core.ids import public
from scrm.core.timeline import Json
from scrm.hub import Channel
from scrm.services import imports
from scrm.services.intake import replay_parked
from scrm.store.channels import Health
from scrm.store.imports import Import
from scrm.web.openapi import Call, Routes
from scrm.web.schemas import BadRowOut, ChannelOut, DeadTaskOut, FiguresOut, ImportOut, PageOf, Paging, ReplayOut
from scrm.web.uploads import read_upload

ROUTES = Routes("channels")
_LARGEST_FILE = 200 * 1024 * 1024
_CAPABILITIES = (
    ("callbacks", ReceivesCallbacks),
    ("pulls", Pulls),
    ("files", ReadsFiles),
    ("sends", Sends),
    ("hands_over", HandsOver),
    ("pages", ServesPages),
)


@ROUTES.add("GET", "/channels", answer=PageOf[ChannelOut])
async def list_channels(call: Call) -> PageOf[ChannelOut]:
    """Every configured channel and how it is doing."""
    async with call.hub.db.reading() as tx:
        health = await tx.channels.health()
        cursors = await tx.channels.cursors()
        aside = await tx.inbox.count_set_aside()
        unsupported = await tx.timeline.count_by_channel("unsupported")
        dead = await tx.tasks.dead()
        now = tx.now
    items = []
    for name, channel in call.hub.channels.items():
        seen = health.get(name, Health(channel=name))
        quiet = timedelta(minutes=channel.silent_after_minutes) if channel.silent_after_minutes else None
        silent = quiet is not None and seen.last_received_at is not None and now - seen.last_received_at > quiet
        failing = seen.last_error_at is not None and (
            seen.last_received_at is None or seen.last_error_at > seen.last_received_at
        )
        status = "failing" if failing else "silent" if silent else "ok" if seen.last_received_at else "never_used"
        connector = channel.connector
        items.append(
            ChannelOut.model_validate(
                {
                    "name": name,
                    "kind": channel.kind,
                    "label": connector.label,
                    "capabilities": [word for word, kind in _CAPABILITIES if isinstance(connector, kind)],
                    "status": status,
                    "status_text": _STATUS[call.language][status],
                    "callback_path": f"/callbacks/{name}" if isinstance(connector, ReceivesCallbacks) else None,
                    "page_path": f"/channels/{name}/" if isinstance(connector, ServesPages) else None,
                    "received": seen.received,
                    "last_received_at": seen.last_received_at,
                    "refused": seen.refused,
                    "unsupported": unsupported.get(name, 0),
                    "parked": aside.get((name, "parked"), 0) + aside.get((name, "unreadable"), 0),
                    "dead": sum(1 for task in dead if task.key.startswith(f"{name}:")),
                    "last_error": seen.last_error,
                    "last_error_at": seen.last_error_at,
                    "cursors": cursors.get(name, {}),
                    "reports": await _reports(channel),
                }
            )
        )
    return PageOf[ChannelOut](items=items)


@ROUTES.add("POST", "/channels/{name}/replay-parked", answer=ReplayOut)
async def replay_parked_events(call: Call) -> ReplayOut:
    """Read parked events again, for instance after a missing key was added."""
    require(call.actor, Permission.REPLAY_TASKS)
    return ReplayOut(replayed=await replay_parked(call.hub, call.actor, call.part("name")))


@ROUTES.add("GET", "/tasks/dead", answer=PageOf[DeadTaskOut])
async def list_dead_tasks(call: Call) -> PageOf[DeadTaskOut]:
    """Tasks that were given up, with their reasons."""
    require(call.actor, Permission.READ_CHANNELS)
    async with call.hub.db.reading() as tx:
        dead = await tx.tasks.dead()
    items = [
        DeadTaskOut(
            id=public("tsk", task.id),
            kind=task.kind,
            key=task.key,
            attempts=task.attempts,
            reason=task.reason,
            created_at=task.created_at,
        )
        for task in dead
    ]
    return PageOf[DeadTaskOut](items=items)


@ROUTES.add("POST", "/tasks/{id}/replay")
async def replay_task(call: Call) -> None:
    """Try a dead task again."""
    require(call.actor, Permission.REPLAY_TASKS)
    async with call.hub.db.transaction() as tx:
        await tx.tasks.replay(call.row_id("id", "tsk"))
        tx.audit.record(Deed.by(call.actor, "task.replayed", "task", call.part("id")))


@ROUTES.add("POST", "/imports", answer=ImportOut, status=202, upload=("channel", "file"))
async def start_import(call: Call) -> ImportOut:
    """Upload a file (multipart fields `channel`, then `file`); its rows are read in the background."""
    require(call.actor, Permission.RUN_IMPORTS)
    name, content, fields = await read_upload(call, largest=_LARGEST_FILE)
    if not fields.get("channel"):
        raise BadInput("the fields channel and file are both needed")
    return import_out(await imports.start_import(call.hub, call.actor, fields["channel"], name, content))


@ROUTES.add("GET", "/imports", answer=PageOf[ImportOut])
async def list_imports(call: Call) -> PageOf[ImportOut]:
    """The latest imports."""
    require(call.actor, Permission.RUN_IMPORTS)
    async with call.hub.db.reading() as tx:
        return PageOf[ImportOut](items=[import_out(one) for one in await tx.imports.recent()])


@ROUTES.add("GET", "/imports/{id}", answer=ImportOut)
async def get_import(call: Call) -> ImportOut:
    """How far an import is."""
    require(call.actor, Permission.RUN_IMPORTS)
    async with call.hub.db.reading() as tx:
        return import_out(await tx.imports.get(call.row_id("id", "imp")))


@ROUTES.add("GET", "/imports/{id}/bad-rows", query=Paging, answer=PageOf[BadRowOut])
async def list_bad_rows(call: Call, query: Paging) -> PageOf[BadRowOut]:
    """Rows that could not be read, with row number and reason."""
    require(call.actor, Permission.RUN_IMPORTS)
    after = int(query.cursor) if query.cursor and query.cursor.isdigit() else 0
    async with call.hub.db.reading() as tx:
        rows = await tx.imports.bad_rows(call.row_id("id", "imp"), after=after, limit=query.limit + 1)
    page = rows[: query.limit]
    return PageOf[BadRowOut](
        items=[BadRowOut(row=bad.row, reason=bad.reason, text=bad.text) for bad in page],
        next=str(page[-1].row) if len(rows) > query.limit else None,
    )


@ROUTES.add("GET", "/figures", answer=FiguresOut)
async def get_figures(call: Call) -> FiguresOut:
    """The numbers above the pages."""
    async with call.hub.db.reading() as tx:
        waiting, oldest = await tx.tasks.waiting()
        return FiguresOut(
            customers=await tx.customers.count(),
            entries=await tx.timeline.estimate(),
            open_cases=sum((await tx.cases.count_open()).values()),
            waiting_tasks=waiting,
            oldest_task_s=(tx.now - oldest) / timedelta(seconds=1) if oldest else None,
        )


def import_out(one: Import) -> ImportOut:
    fields: dict[str, object] = {name: getattr(one, name) for name in Import.__dataclass_fields__}
    return ImportOut.model_validate(fields | {"id": public("imp", one.id)})


async def _reports(channel: Channel) -> Mapping[str, Json]:
    if not isinstance(channel.connector, Contributes):
        return {}
    try:
        return await channel.connector.health()
    except ScrmError as error:
        return {"error": str(error)}


_STATUS = {
    "zh-CN": {
        "ok": "正常",
        "silent": "超过预期时间没有收到任何事件",
        "failing": "最近一次操作失败",
        "never_used": "还没有收到过事件",
    },
    "en": {
        "ok": "working",
        "silent": "nothing has arrived for longer than expected",
        "failing": "the latest operation failed",
        "never_used": "nothing has arrived yet",
    },
}
