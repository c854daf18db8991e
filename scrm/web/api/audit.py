"""The audit log: who did what, and whether that can be relied on. The evidence of a case, to take away."""

from __future__ import annotations

import json
from collections.abc import Sequence

from aiohttp import web

from scrm.core.access import Permission, can, require
from scrm.core.audit_chain import Link
from scrm.core.errors import BadInput
from scrm.core.ids import row
from scrm.services.audit import Standing, standing
from scrm.store.audit_log import Wanted
from scrm.store.database import Transaction
from scrm.web.evidence import export_case
from scrm.web.openapi import Call, Routes
from scrm.web.present import Presenting
from scrm.web.schemas.audit import (
    AuditCheckpointOut,
    AuditEntryOut,
    AuditQuery,
    AuditState,
    AuditVerificationOut,
)
from scrm.web.schemas.shapes import PageOf

ROUTES = Routes("audit")


@ROUTES.add("GET", "/audit", query=AuditQuery, answer=PageOf[AuditEntryOut])
async def list_audit_entries(call: Call, query: AuditQuery) -> PageOf[AuditEntryOut]:
    """The audit log, newest first. What others did in a case that is still to be judged is left out for auditors."""
    require(call.actor, Permission.READ_AUDIT)
    if query.cursor is not None and not query.cursor.isdigit():
        raise BadInput("the cursor is not one of this list")
    wanted = Wanted(
        actor=query.actor,
        action=query.action,
        object_type=query.object_type,
        object_id=query.object_id,
        since=query.since,
        until=query.until,
        before=int(query.cursor) if query.cursor else None,
    )
    async with call.hub.db.reading() as tx:
        found = await tx.audit.page(wanted, limit=query.limit + 1)
        page = found[: query.limit]
        presenting = await Presenting.within(call.hub, tx, call.language)
        hidden = await _undecided(call, tx, page)
    return PageOf[AuditEntryOut](
        items=[_entry(presenting, link) for link in page if link.seq not in hidden],
        next=str(page[-1].seq) if len(found) > query.limit else None,
    )


@ROUTES.add("GET", "/audit/state", answer=AuditState)
async def get_audit_state(call: Call) -> AuditState:
    """How long the log is, what of it is signed, and what its last check found."""
    require(call.actor, Permission.READ_AUDIT)
    stands = await standing(call.hub)
    checkpoint = stands.checkpoint
    return AuditState(
        status=stands.status(call.hub.now()),
        size=stands.size,
        unsigned=stands.size - (checkpoint.size if checkpoint else 0),
        checkpoint=AuditCheckpointOut(
            size=checkpoint.size, at=checkpoint.at, root=checkpoint.note.split("\n")[2], note=checkpoint.note
        )
        if checkpoint
        else None,
        verification=_verification(stands),
    )


@ROUTES.add("GET", "/cases/{id}/export", gives="application/zip")
async def export_case_evidence(call: Call) -> web.Response:
    """The evidence of a case as a ZIP that is readable offline and verifiable without the hub. It is on record."""
    require(call.actor, Permission.READ_CASES)
    require(call.actor, Permission.READ_AUDIT)
    case_id = call.row_id("id", "cas")
    content = await export_case(call.hub, call.actor, case_id)
    return web.Response(
        body=content,
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{call.part("id")}.zip"'},
    )


async def _undecided(call: Call, tx: Transaction, page: Sequence[Link]) -> set[int]:
    """Entries that would tell a second auditor what the first one found."""
    if can(call.actor, Permission.OVERSEE_CASES):
        return set()
    others = [
        one for one in page if one.object_type == "case" and one.actor != call.actor.login and one.actor_role != "hub"
    ]
    cases = await tx.cases.load({row("cas", one.object_id) for one in others})
    open_cases = {case_id for case_id, case in cases.items() if case.is_open}
    return {one.seq for one in others if row("cas", one.object_id) in open_cases}


def _entry(presenting: Presenting, link: Link) -> AuditEntryOut:
    return AuditEntryOut(
        seq=link.seq,
        at=link.at,
        actor=link.actor,
        actor_name=presenting.name(link.actor),
        actor_role=link.actor_role,
        action=link.action,
        object_type=link.object_type,
        object_id=link.object_id,
        object_version=link.object_version,
        payload=json.loads(link.payload) if link.payload is not None else None,
        commitment=link.commitment.hex(),
        prev=link.prev.hex(),
        hash=link.entry.hex(),
    )


def _verification(stands: Standing) -> AuditVerificationOut | None:
    if stands.verified is None:
        return None
    trouble = stands.trouble
    return AuditVerificationOut(
        at=stands.verified.at,
        intact=trouble is None,
        seq=trouble.seq if trouble else None,
        kind=trouble.kind.value if trouble else None,
        about=trouble.about if trouble else "",
    )
