"""The case state machine: who may do what in which state, and what each act leads to. Nothing is deleted in any state.

    kept → new → claimed → decided → remedied → closed
                    ├→ second_look ─┬→ decided
                    └→ escalated ←──┘ (the looks disagree) → decided

A kept case is on file without being in the queue. A reopening starts a new round of looks.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from scrm.core.errors import BadInput, Conflict, NotAllowed
from scrm.core.events import Event
from scrm.core.ids import public
from scrm.core.timeline import Json

JOIN_WITHIN = timedelta(days=7)
"""Findings of one family of rules about one customer and product within this time are one case."""
CONVERSATION = "conversation"
"""What stands in the place of a rule where a day's conversation is to be looked at as a whole."""
LEAST_EXPOSURE_FEN = 500_00
"""Three times the price, and at least CNY 500 (Consumer Rights Protection Law, art. 55)."""

_FAMILIES: Mapping[str, str] = {
    "price-denied": "price-conflict",
    "price-false-expiry": "price-conflict",
    "price-higher-later": "price-conflict",
    "price-reported": "price-conflict",
    "price-above-list": "price-book",
    "price-arithmetic": "price-book",
    "price-below-floor": "price-book",
    "price-condition-missing": "price-book",
    "price-expired-promotion": "price-book",
    "private-channel": "private",
    "private-payment": "private",
}


def family(rule: str) -> str:
    """What the rule objects to, whichever rule says it: findings of a family can be one case."""
    return _FAMILIES.get(rule, "promise" if rule.startswith("promise-") else rule)


class CaseState(StrEnum):
    KEPT = "kept"
    NEW = "new"
    CLAIMED = "claimed"
    SECOND_LOOK = "second_look"
    ESCALATED = "escalated"
    DECIDED = "decided"
    REMEDIED = "remedied"
    CLOSED = "closed"


OPEN = frozenset({CaseState.NEW, CaseState.CLAIMED, CaseState.SECOND_LOOK, CaseState.ESCALATED})
"""In the queue: somebody still has to judge."""
JUDGED = frozenset({CaseState.DECIDED, CaseState.REMEDIED, CaseState.CLOSED})


class Origin(StrEnum):
    """How a case came about. Which of the two conversations it is stays hidden until it is judged."""

    FINDING = "finding"
    SAMPLE = "sample"
    REFERRED = "referred"


class VerdictKind(StrEnum):
    VIOLATION = "violation"
    POLICY_BREACH = "policy_breach"
    FALSE_POSITIVE = "false_positive"
    INSUFFICIENT_EVIDENCE = "insufficient_evidence"
    NOTHING_FOUND = "nothing_found"


BREACHES = frozenset({VerdictKind.VIOLATION, VerdictKind.POLICY_BREACH})
FALSE_POSITIVE_REASONS = frozenset({"extraction", "wrong_product", "not_comparable", "negation", "superseded", "other"})
EXEMPTIONS = frozenset({"no_intent", "buyer_got_more", "rounding"})
"""What is no price fraud (order 56, art. 21); it may still breach a rule of the house."""


class RemedyKind(StrEnum):
    HONOUR_PRICE = "honour_price"
    REFUND_DIFFERENCE = "refund_difference"
    CORRECTION_SENT = "correction_sent"
    TRAINING = "training"
    APOLOGY = "apology"
    NONE_NEEDED = "none_needed"


class Act(StrEnum):
    """What people do with a case."""

    CLAIM = "claim"
    RELEASE = "release"
    ASSIGN = "assign"
    DECIDE = "decide"
    ESCALATE = "escalate"
    REMEDY = "remedy"
    CLOSE = "close"
    REOPEN = "reopen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Findings of one family of rules about one customer and product, or a conversation to be looked at.

    `version` grows with every change; `assignee_id` is who has claimed it. `day` (China's) is set for a conversation.
    `escalated_at` is when it was reported as overdue. Verdict and remedy are those of the current round.
    """

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
    origin: Origin = Origin.FINDING
    day: str | None = None
    exposure_fen: int = LEAST_EXPOSURE_FEN
    due_at: datetime | None = None
    escalated_at: datetime | None = None
    remedy: RemedyKind | None = None
    remedy_note: str = ""
    remedy_entry_id: int | None = None
    remedied_by: int | None = None
    remedied_at: datetime | None = None
    round: int = 1
    version: int = 1

    @property
    def is_open(self) -> bool:
        return self.state in OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What an auditor finds. `version` is that of the case that was looked at."""

    kind: VerdictKind
    reason: str = ""
    note: str = ""
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A verdict on file. `look`: 1 the first, 2 the second, 3 the one that settles."""

    case_id: int
    round: int
    look: int
    kind: VerdictKind
    reason: str
    note: str
    decided_by: int
    decided_at: datetime
    case_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Somebody before a case. `judges` and `oversees` are what the role allows; `own_talk`: their own words are at
    issue; `has_looked`: they have judged or escalated it in this round.
    """

    id: int
    judges: bool
    oversees: bool
    own_talk: bool = False
    has_looked: bool = False

    @property
    def may_judge(self) -> bool:
        return self.judges and not self.own_talk and not self.has_looked


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    kind: RemedyKind
    note: str = ""
    entry_id: int | None = None
    version: int


def is_blind(case: Case, judge: Judge) -> bool:
    """Whether what others found is kept from this reader: everybody who could still be the one to judge."""
    return case.state is CaseState.SECOND_LOOK and judge.judges and not judge.has_looked


def shown_state(case: Case, *, blind: bool) -> CaseState:
    """The state as the reader sees it: a second look looks like a first one."""
    if not blind:
        return case.state
    return CaseState.NEW if case.assignee_id is None else CaseState.CLAIMED


def public_state(case: Case) -> CaseState:
    """The state as everybody may see it."""
    return shown_state(case, blind=case.state is CaseState.SECOND_LOOK)


def permitted(case: Case, judge: Judge) -> tuple[Act, ...]:
    """What this person may do with the case now; the functions below refuse everything else."""
    mine, free = case.assignee_id == judge.id, case.assignee_id is None
    allowed = {
        Act.CLAIM: case.is_open and free and judge.may_judge,
        Act.RELEASE: case.is_open and (mine or (judge.oversees and not free)),
        Act.ASSIGN: case.is_open and (judge.oversees or (judge.judges and (free or mine))),
        Act.DECIDE: case.is_open and (mine or free) and judge.may_judge,
        Act.ESCALATE: case.is_open and case.state is not CaseState.ESCALATED and (mine or free) and judge.may_judge,
        Act.REMEDY: not judge.own_talk and case.state is CaseState.DECIDED and case.verdict in BREACHES,
        Act.CLOSE: not judge.own_talk
        and (case.state is CaseState.REMEDIED or (case.state is CaseState.DECIDED and case.verdict not in BREACHES)),
        Act.REOPEN: not judge.own_talk and case.state in JUDGED,
    }
    return tuple(act for act in Act if allowed[act] and (judge.judges or judge.oversees))


def fact(kind: str, case: Case) -> Event:
    """What happened to a case, as everybody may know it (`kind` is the event's name)."""
    payload: dict[str, Json] = {
        "case_id": public("cas", case.id),
        "rule": case.rule,
        "product": case.product,
        "severity": case.severity,
        "state": public_state(case).value,
        "verdict": case.verdict.value if case.verdict else None,
        "remedy": case.remedy.value if case.remedy else None,
        "due_at": case.due_at.isoformat() if case.due_at and case.is_open else None,
        "tell": list(told(case)),
    }
    return Event(type=kind, customer_id=case.customer_id, payload=payload)


def told(case: Case) -> tuple[str, ...]:
    """Whom the house wants told besides the auditors: one level more once the case was reported as overdue."""
    if not case.is_open:
        return ()
    level = int(case.severity[1]) - 2 + (case.escalated_at is not None)
    return ("team_lead", "compliance_head")[: max(level, 0)]


def claim(case: Case, judge: Judge, now: datetime) -> Case:
    """Take a case; taking one's own again changes nothing but its version. `Conflict` when somebody else has it."""
    _must_be_open(case)
    _must_be_fit(judge)
    _must_be_free(case, judge)
    return _changed(case, now, state=_taken(case), assignee_id=judge.id)


def release(case: Case, judge: Judge, now: datetime) -> Case:
    """Give a case back; an overseer also somebody else's. `Conflict` when nobody may."""
    _must_be_open(case)
    if case.assignee_id is None or not (case.assignee_id == judge.id or judge.oversees):
        raise Conflict("only a case you have claimed can be released")
    return _changed(case, now, state=_free(case), assignee_id=None)


def assign(case: Case, judge: Judge, to: Judge, version: int, now: datetime) -> Case:
    """Give a case to somebody who may judge it; only an overseer takes it from another."""
    _must_be_seen(case, version)
    _must_be_open(case)
    if not judge.oversees:
        _must_be_free(case, judge)
    if not to.may_judge:
        raise NotAllowed("this person cannot judge this case: choose somebody else")
    return _changed(case, now, state=_taken(case), assignee_id=to.id)


def decide(
    case: Case, verdict: Verdict, judge: Judge, now: datetime, *, looks: Sequence[Look], again: bool
) -> tuple[Case, Look]:
    """Give a verdict: the case as it stands then, and the look to keep.

    `looks` are the earlier ones of this round. `again`: a second auditor must look; the verdict is not final then.
    `Conflict` when the case changed since it was looked at, `NotAllowed` for those who may not judge it.
    """
    _must_be_seen(case, verdict.version)
    _must_be_open(case)
    _must_be_fit(judge)
    _must_be_free(case, judge)
    _must_have_reason(verdict)
    number = {CaseState.SECOND_LOOK: 2, CaseState.ESCALATED: 3}.get(case.state, 1)
    look = Look(
        case_id=case.id,
        round=case.round,
        look=number,
        kind=verdict.kind,
        reason=verdict.reason,
        note=verdict.note,
        decided_by=judge.id,
        decided_at=now,
        case_version=case.version,
    )
    if number == 1 and again:
        return _changed(case, now, state=CaseState.SECOND_LOOK, assignee_id=None), look
    if number == 2 and any(earlier.kind is not verdict.kind for earlier in looks):
        return _changed(case, now, state=CaseState.ESCALATED, assignee_id=None), look
    decided = _changed(case, now, state=CaseState.DECIDED, assignee_id=judge.id)
    return (
        replace(
            decided,
            verdict=verdict.kind,
            verdict_reason=verdict.reason,
            verdict_note=verdict.note,
            decided_by=judge.id,
            decided_at=now,
        ),
        look,
    )


def escalate(case: Case, judge: Judge, version: int, now: datetime) -> Case:
    """Leave the case to somebody else, whose verdict settles it."""
    _must_be_seen(case, version)
    _must_be_open(case)
    _must_be_fit(judge)
    _must_be_free(case, judge)
    if case.state is CaseState.ESCALATED:
        raise Conflict("this case is escalated already: your verdict settles it")
    return _changed(case, now, state=CaseState.ESCALATED, assignee_id=None)


def remedy(case: Case, made: Remedy, by: int, now: datetime) -> Case:
    """Record what was done about a breach."""
    _must_be_seen(case, made.version)
    if case.state is not CaseState.DECIDED or case.verdict not in BREACHES:
        raise Conflict("a remedy belongs to a case that was decided as a violation or a breach, once")
    remedied = _changed(case, now, state=CaseState.REMEDIED, assignee_id=case.assignee_id)
    return replace(
        remedied,
        remedy=made.kind,
        remedy_note=made.note,
        remedy_entry_id=made.entry_id,
        remedied_by=by,
        remedied_at=now,
    )


def close(case: Case, version: int, now: datetime) -> Case:
    """Put a case away. A breach is remedied first, be it with the remark that nothing was needed."""
    _must_be_seen(case, version)
    if case.state is CaseState.DECIDED and case.verdict in BREACHES:
        raise Conflict("record the remedy first, or that none was needed")
    if case.state not in {CaseState.DECIDED, CaseState.REMEDIED}:
        raise Conflict("only a case that is decided can be closed")
    return _changed(case, now, state=CaseState.CLOSED, assignee_id=case.assignee_id)


def reopen(case: Case, version: int, now: datetime) -> Case:
    """Back into the queue for a new round; what was found and done before stays on file."""
    _must_be_seen(case, version)
    if case.state not in JUDGED:
        raise Conflict("only a case that is decided can be reopened")
    return replace(
        _changed(case, now, state=CaseState.NEW, assignee_id=None),
        round=case.round + 1,
        verdict=None,
        verdict_reason="",
        verdict_note="",
        decided_by=None,
        decided_at=None,
        remedy=None,
        remedy_note="",
        remedy_entry_id=None,
        remedied_by=None,
        remedied_at=None,
        escalated_at=None,
    )


def exposure_fen(facts: Mapping[str, Json]) -> int:
    """What a finding puts at stake, in fen: three times the price it is about, and at least CNY 500."""
    prices = [facts.get(name) for name in ("price", "earlier_price", "promotion_price", "list_price")]
    price = next((price for price in prices if price), None)
    ends = price if isinstance(price, list | tuple) else [price]
    amounts = [amount for end in ends if (amount := _amount(end)) is not None]
    return max([LEAST_EXPOSURE_FEN, *(int(amount * 300) for amount in amounts)])


def usual_remedy(rule: str) -> RemedyKind:
    """What is usually done when a finding of the rule holds."""
    if rule == "price-below-floor":
        return RemedyKind.TRAINING
    if rule.startswith("price-") and rule not in {"price-condition-missing", "price-reported"}:
        return RemedyKind.HONOUR_PRICE
    if rule == "marketing-after-refusal":
        return RemedyKind.APOLOGY
    corrected = rule.startswith(("price-", "promise-", "absolute-", "deposit-", "private-"))
    return RemedyKind.CORRECTION_SENT if corrected else RemedyKind.TRAINING


def joins(case: Case, *, severity: str, by: str, speakers: Collection[str]) -> bool:
    """Whether evidence of `severity` about words of `by` belongs to a case of the last days.

    It joins an open case. To a decided one it belongs when that was a violation by the same person, no graver and not
    remedied yet: nothing new is to be decided then.
    """
    if case.state not in JUDGED:
        return True
    return (
        case.state is CaseState.DECIDED
        and case.verdict is VerdictKind.VIOLATION
        and severity <= case.severity
        and by in speakers
    )


def _amount(value: Json) -> Decimal | None:
    try:
        return Decimal(str(value)) if value else None
    except InvalidOperation:
        return None


def _must_be_open(case: Case) -> None:
    if case.state is CaseState.KEPT:
        raise Conflict("this case is only on file: nobody is to judge it")
    if not case.is_open:
        raise Conflict("this case is decided already")


def _must_be_free(case: Case, judge: Judge) -> None:
    if case.assignee_id not in {None, judge.id}:
        raise Conflict("somebody else has claimed this case")


def _must_be_seen(case: Case, version: int) -> None:
    if version != case.version:
        raise Conflict("the case has changed since you opened it: look at it again before you decide")


def _must_be_fit(judge: Judge) -> None:
    if judge.own_talk:
        raise NotAllowed("nobody judges their own words: leave this case to a colleague")
    if judge.has_looked:
        raise NotAllowed("you have looked at this case already: it now needs somebody else")


def _must_have_reason(verdict: Verdict) -> None:
    if verdict.kind is VerdictKind.FALSE_POSITIVE:
        allowed = FALSE_POSITIVE_REASONS | EXEMPTIONS
    elif verdict.kind is VerdictKind.POLICY_BREACH:
        allowed = EXEMPTIONS | {""}
    else:
        allowed = frozenset({""})
    if verdict.reason not in allowed:
        raise BadInput(
            f"the verdict {verdict.kind.value} takes "
            + (f"one of these as its reason: {', '.join(sorted(allowed - {''}))}" if len(allowed) > 1 else "no reason")
        )


def _taken(case: Case) -> CaseState:
    return CaseState.CLAIMED if case.state is CaseState.NEW else case.state


def _free(case: Case) -> CaseState:
    return CaseState.NEW if case.state is CaseState.CLAIMED else case.state


def _changed(case: Case, now: datetime, *, state: CaseState, assignee_id: int | None) -> Case:
    return replace(case, state=state, assignee_id=assignee_id, updated_at=now, version=case.version + 1)
