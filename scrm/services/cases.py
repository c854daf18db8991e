"""Cases as auditors work them: claim, release, judge. Every act is in the case's history and the audit log."""

from __future__ import annotations

from scrm.core.access import Actor, Permission, require
from scrm.core.audit_chain import Deed
from scrm.core.cases import Case, Verdict, claim, decide, release
from scrm.core.ids import public
from scrm.hub import Hub
from scrm.services.annotate import case_event
from scrm.store.database import Transaction


async def claim_case(hub: Hub, actor: Actor, case_id: int) -> Case:
    """Take a case. `Conflict` when somebody else has it."""
    require(actor, Permission.JUDGE)
    async with hub.db.transaction() as tx:
        case = claim(await tx.cases.lock(case_id), actor.id, tx.now)
        await _keep(tx, actor, case, "claimed")
    return case


async def release_case(hub: Hub, actor: Actor, case_id: int) -> Case:
    """Give a case back to the queue."""
    require(actor, Permission.JUDGE)
    async with hub.db.transaction() as tx:
        case = release(await tx.cases.lock(case_id), actor.id, tx.now)
        await _keep(tx, actor, case, "released")
    return case


async def record_verdict(hub: Hub, actor: Actor, case_id: int, verdict: Verdict) -> Case:
    """Judge a case. `Conflict` when it changed since it was looked at; nobody judges their own words."""
    require(actor, Permission.JUDGE)
    async with hub.db.transaction() as tx:
        before = await tx.cases.lock(case_id)
        findings = (await tx.cases.findings([case_id])).get(case_id, [])
        said = await tx.timeline.load(finding.entry_id for finding in findings)
        own_talk = any(actor.is_speaker(entry.actor) for entry in said.values())
        case = decide(before, verdict, actor.id, tx.now, own_talk=own_talk)
        await _keep(tx, actor, case, f"decided:{verdict.kind.value}", note=verdict.note)
    return case


async def _keep(tx: Transaction, actor: Actor, case: Case, action: str, *, note: str = "") -> None:
    await tx.cases.save(case)
    await tx.cases.note([(case.id, actor.login, action, note)])
    tx.audit.record(Deed.by(actor, f"case.{action}", "case", public("cas", case.id), version=case.version, note=note))
    kind = "case.decided" if action.startswith("decided") else "case.changed"
    await tx.publish([case_event(kind, case)])
