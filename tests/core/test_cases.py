"""The case state machine: every act in every state, and who may do it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from scrm.core.cases import (
    Act,
    Case,
    CaseState,
    Judge,
    Look,
    Remedy,
    RemedyKind,
    Verdict,
    VerdictKind,
    assign,
    claim,
    close,
    decide,
    escalate,
    exposure_fen,
    fact,
    family,
    is_blind,
    joins,
    permitted,
    public_state,
    release,
    remedy,
    reopen,
    told,
)
from scrm.core.errors import BadInput, Conflict, NotAllowed, ScrmError

NOW = datetime(2026, 9, 1, 2, tzinfo=UTC)
SHEN, WU = Judge(id=1, judges=True, oversees=False), Judge(id=2, judges=True, oversees=False)
LEAD = Judge(id=3, judges=False, oversees=True)
CASE = Case(
    id=1,
    customer_id=1,
    rule="price-higher-later",
    product="YEAR",
    severity="S3",
    state=CaseState.NEW,
    assignee_id=None,
    opened_at=NOW,
    updated_at=NOW,
)


def verdict(case: Case, kind: VerdictKind = VerdictKind.VIOLATION, reason: str = "") -> Verdict:
    return Verdict(kind=kind, reason=reason, version=case.version)


def judged(
    case: Case, judge: Judge = SHEN, kind: VerdictKind = VerdictKind.VIOLATION, **more: bool
) -> tuple[Case, Look]:
    reason = "other" if kind is VerdictKind.FALSE_POSITIVE else ""
    return decide(case, verdict(case, kind, reason), judge, NOW, looks=(), again=more.get("again", False))


def in_state(state: CaseState) -> Case:
    if state is CaseState.CLAIMED:
        return claim(CASE, SHEN, NOW)
    if state is CaseState.SECOND_LOOK:
        return judged(CASE, again=True)[0]
    if state is CaseState.ESCALATED:
        return escalate(CASE, SHEN, CASE.version, NOW)
    decided = judged(CASE)[0]
    if state is CaseState.DECIDED:
        return decided
    remedied = remedy(decided, Remedy(kind=RemedyKind.APOLOGY, version=decided.version), 1, NOW)
    if state is CaseState.REMEDIED:
        return remedied
    return close(remedied, remedied.version, NOW) if state is CaseState.CLOSED else replace(CASE, state=state)


def attempt(act: Act, case: Case, judge: Judge) -> bool:
    """Whether the act is done rather than refused."""
    version = case.version
    acts = {
        Act.CLAIM: lambda: claim(case, judge, NOW),
        Act.RELEASE: lambda: release(case, judge, NOW),
        Act.ASSIGN: lambda: assign(case, judge, Judge(id=9, judges=True, oversees=False), version, NOW),
        Act.DECIDE: lambda: judged(case, judge),
        Act.ESCALATE: lambda: escalate(case, judge, version, NOW),
        Act.REMEDY: lambda: remedy(case, Remedy(kind=RemedyKind.APOLOGY, version=version), judge.id, NOW),
        Act.CLOSE: lambda: close(case, version, NOW),
        Act.REOPEN: lambda: reopen(case, version, NOW),
    }
    try:
        acts[act]()
    except ScrmError:
        return False
    return True


@pytest.mark.parametrize("state", CaseState)
@pytest.mark.parametrize("looked", [False, True])
@pytest.mark.parametrize("own", [False, True])
def test_what_is_said_to_be_permitted_is_what_works(state: CaseState, looked: bool, own: bool):
    case = in_state(state)
    for person in (SHEN, WU):
        judge = replace(person, has_looked=looked, own_talk=own)
        said = set(permitted(case, judge))
        done = {act for act in Act if attempt(act, case, judge)}
        # One's own case may be claimed again; words of one's own are kept from the later acts by the service.
        done -= {Act.CLAIM} if case.assignee_id == judge.id else set()
        done -= {Act.REMEDY, Act.CLOSE, Act.REOPEN} if own else set()
        assert said == done, (person.id, state)


def test_a_kept_case_is_nobodys_to_judge():
    kept = replace(CASE, state=CaseState.KEPT)

    assert permitted(kept, SHEN) == ()
    with pytest.raises(Conflict, match="only on file"):
        judged(kept)


def test_two_looks_that_agree_decide_and_two_that_differ_need_a_third():
    waiting, first = judged(CASE, again=True)
    assert (waiting.state, waiting.verdict, waiting.assignee_id) == (CaseState.SECOND_LOOK, None, None)

    agreed, second = decide(waiting, verdict(waiting), WU, NOW, looks=[first], again=True)
    assert (agreed.state, agreed.verdict, second.look) == (CaseState.DECIDED, VerdictKind.VIOLATION, 2)

    split, other = decide(waiting, verdict(waiting, VerdictKind.NOTHING_FOUND), WU, NOW, looks=[first], again=True)
    assert (split.state, split.verdict) == (CaseState.ESCALATED, None)
    third = Judge(id=4, judges=True, oversees=False)
    settled, last = decide(
        split, verdict(split, VerdictKind.POLICY_BREACH, "no_intent"), third, NOW, looks=[first, other], again=True
    )
    assert (settled.state, settled.verdict, last.look) == (CaseState.DECIDED, VerdictKind.POLICY_BREACH, 3)


def test_nobody_looks_twice_and_nobody_judges_their_own_words():
    waiting, _ = judged(CASE, again=True)

    with pytest.raises(NotAllowed, match="already"):
        judged(waiting, replace(SHEN, has_looked=True))
    with pytest.raises(NotAllowed, match="own words"):
        judged(CASE, replace(SHEN, own_talk=True))


def test_a_claimed_case_is_judged_by_nobody_else():
    with pytest.raises(Conflict, match="somebody else"):
        judged(claim(CASE, SHEN, NOW), WU)


def test_an_overseer_takes_a_case_from_one_and_gives_it_to_another():
    held = claim(CASE, SHEN, NOW)

    assert assign(held, LEAD, WU, held.version, NOW).assignee_id == WU.id
    assert release(held, LEAD, NOW).state is CaseState.NEW
    with pytest.raises(Conflict):
        assign(held, WU, WU, held.version, NOW)
    with pytest.raises(NotAllowed):
        assign(held, LEAD, replace(WU, own_talk=True), held.version, NOW)


@pytest.mark.parametrize(
    ("kind", "reason", "fits"),
    [
        (VerdictKind.FALSE_POSITIVE, "", False),
        (VerdictKind.FALSE_POSITIVE, "negation", True),
        (VerdictKind.FALSE_POSITIVE, "rounding", True),
        (VerdictKind.POLICY_BREACH, "", True),
        (VerdictKind.POLICY_BREACH, "no_intent", True),
        (VerdictKind.POLICY_BREACH, "negation", False),
        (VerdictKind.VIOLATION, "buyer_got_more", False),
        (VerdictKind.NOTHING_FOUND, "other", False),
    ],
)
def test_reasons_go_with_their_verdicts(kind: VerdictKind, reason: str, fits: bool):
    if fits:
        decide(CASE, verdict(CASE, kind, reason), SHEN, NOW, looks=(), again=False)
    else:
        with pytest.raises(BadInput, match="reason"):
            decide(CASE, verdict(CASE, kind, reason), SHEN, NOW, looks=(), again=False)


def test_a_breach_is_closed_only_with_its_remedy():
    decided, _ = judged(CASE)
    with pytest.raises(Conflict, match="remedy"):
        close(decided, decided.version, NOW)

    remedied = remedy(decided, Remedy(kind=RemedyKind.NONE_NEEDED, version=decided.version), 1, NOW)
    assert close(remedied, remedied.version, NOW).state is CaseState.CLOSED
    mistaken, _ = judged(CASE, kind=VerdictKind.FALSE_POSITIVE)
    assert close(mistaken, mistaken.version, NOW).state is CaseState.CLOSED


def test_a_reopened_case_starts_a_new_round_with_nothing_decided():
    closed = in_state(CaseState.CLOSED)

    again = reopen(closed, closed.version, NOW)

    assert (again.state, again.round, again.verdict, again.remedy) == (CaseState.NEW, 2, None, None)


def test_a_second_look_looks_like_a_first_one_to_whoever_may_take_it():
    waiting, _ = judged(CASE, again=True)

    assert is_blind(waiting, WU)
    assert not is_blind(waiting, replace(SHEN, has_looked=True))
    assert not is_blind(waiting, LEAD)
    assert public_state(waiting) is CaseState.NEW
    assert public_state(claim(waiting, WU, NOW)) is CaseState.CLAIMED
    assert fact("case.changed", waiting).payload["state"] == "new"


@pytest.mark.parametrize(
    ("state", "kind", "severity", "by", "expected"),
    [
        (CaseState.NEW, None, "S4", "new", True),
        (CaseState.ESCALATED, None, "S4", "new", True),
        (CaseState.DECIDED, VerdictKind.VIOLATION, "S3", "chen", True),
        (CaseState.DECIDED, VerdictKind.VIOLATION, "S4", "chen", False),
        (CaseState.DECIDED, VerdictKind.VIOLATION, "S3", "lin", False),
        (CaseState.DECIDED, VerdictKind.FALSE_POSITIVE, "S3", "chen", False),
        (CaseState.REMEDIED, VerdictKind.VIOLATION, "S3", "chen", False),
        (CaseState.CLOSED, VerdictKind.VIOLATION, "S3", "chen", False),
    ],
)
def test_evidence_joins_unless_something_new_is_to_be_decided(
    state: CaseState, kind: VerdictKind | None, severity: str, by: str, expected: bool
):
    case = replace(CASE, state=state, verdict=kind)

    assert joins(case, severity=severity, by=by, speakers={"chen"}) is expected


def test_rules_of_a_family_are_about_one_matter():
    assert family("price-denied") == family("price-higher-later") != family("price-above-list")
    assert family("promise-finance") == family("promise-education")
    assert family("reply-overdue") == "reply-overdue"


@pytest.mark.parametrize(
    ("facts", "fen"),
    [
        ({"price": "3999"}, 1_199_700),
        ({"price": ["3000", "3500.5"]}, 1_050_150),
        ({"price": ["3000", ""]}, 900_000),
        ({"earlier_price": "4980"}, 1_494_000),
        ({"price": "100"}, 50_000),
        ({"price": None}, 50_000),
        ({"price": "几千"}, 50_000),
    ],
)
def test_exposure_is_three_times_the_price_and_at_least_five_hundred(facts: dict[str, object], fen: int):
    assert exposure_fen(facts) == fen


def test_who_is_told_grows_with_severity_and_delay():
    late = replace(CASE, escalated_at=NOW + timedelta(hours=1))

    assert told(replace(CASE, severity="S2")) == ()
    assert told(CASE) == ("team_lead",)
    assert told(late) == told(replace(CASE, severity="S4")) == ("team_lead", "compliance_head")
    assert told(in_state(CaseState.DECIDED)) == ()
