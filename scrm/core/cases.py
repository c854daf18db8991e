"""The case state machine, and what each verdict does. Nothing is deleted in any state."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from scrm.core.errors import BadInput, Conflict, NotAllowed

JOIN_WITHIN = timedelta(days=7)
"""Findings of one rule about one customer and product within this time are one case."""


class CaseState(StrEnum):
    NEW = "new"
    CLAIMED = "claimed"
    DECIDED = "decided"


class VerdictKind(StrEnum):
    VIOLATION = "violation"
    POLICY_BREACH = "policy_breach"
    FALSE_POSITIVE = "false_positive"
    INSUFFICIENT_EVIDENCE = "insufficient_evidence"


FALSE_POSITIVE_REASONS = frozenset({"extraction", "wrong_product", "not_comparable", "negation", "superseded", "other"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Findings of one rule about one customer. `version` grows with every change; `assignee_id` is who claimed it."""

    id: int
    customer_id: int
    rule: str
    product: str | None
    severity: str
    state: CaseState
    assignee_id: int | None
    opened_at: datetime
    updated_at: datetime
    verdict: VerdictKind | None = None
    verdict_reason: str = ""
    verdict_note: str = ""
    decided_by: int | None = None
    decided_at: datetime | None = None
    origin: str = "finding"
    exposure_fen: int = 0
    due_at: datetime | None = None
    escalated_at: datetime | None = None
    remedy: str | None = None
    remedy_note: str = ""
    remedied_by: int | None = None
    remedied_at: datetime | None = None
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    kind: VerdictKind
    reason: str = ""
    note: str = ""
    version: int


def claim(case: Case, auditor_id: int, now: datetime) -> Case:
    """Take a case. `Conflict` when somebody else has it or it is decided."""
    if case.state is CaseState.DECIDED:
        raise Conflict("this case is decided already")
    if case.assignee_id not in {None, auditor_id}:
        raise Conflict("somebody else has claimed this case")
    return _changed(case, now, state=CaseState.CLAIMED, assignee_id=auditor_id)


def release(case: Case, auditor_id: int, now: datetime) -> Case:
    """Give a case back. `Conflict` unless it is the auditor's own."""
    if case.state is not CaseState.CLAIMED or case.assignee_id != auditor_id:
        raise Conflict("only a case you have claimed can be released")
    return _changed(case, now, state=CaseState.NEW, assignee_id=None)


def decide(case: Case, verdict: Verdict, auditor_id: int, now: datetime, *, own_talk: bool) -> Case:
    """Give a verdict. `Conflict` when the case changed since it was looked at, `NotAllowed` on one's own talk."""
    if own_talk:
        raise NotAllowed("nobody judges their own words: leave this case to a colleague")
    if verdict.version != case.version:
        raise Conflict("the case has changed since you opened it: look at it again before you decide")
    if case.state is CaseState.DECIDED:
        raise Conflict("this case is decided already")
    if verdict.kind is VerdictKind.FALSE_POSITIVE and verdict.reason not in FALSE_POSITIVE_REASONS:
        raise BadInput("a false positive needs a reason: " + ", ".join(sorted(FALSE_POSITIVE_REASONS)))
    decided = _changed(case, now, state=CaseState.DECIDED, assignee_id=auditor_id)
    return replace(
        decided,
        verdict=verdict.kind,
        verdict_reason=verdict.reason,
        verdict_note=verdict.note,
        decided_by=auditor_id,
        decided_at=now,
    )


def _changed(case: Case, now: datetime, *, state: CaseState, assignee_id: int | None) -> Case:
    return replace(case, state=state, assignee_id=assignee_id, updated_at=now, version=case.version + 1)
