"""Compliance cases: the queue, the evidence, the verdict, the remedy, the figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from scrm.core.access import Permission, can, require
from scrm.core.cases import Case, CaseState, Remedy, RemedyKind, Verdict, VerdictKind
from scrm.core.errors import BadInput, NotFound
from scrm.core.ids import public, row
from scrm.services import cases
from scrm.services.cases import Done, bounds
from scrm.services.figures import case_figures
from scrm.store.case_queue import Facet, Place, Reader, Wanted
from scrm.store.database import Transaction
from scrm.web.case_views import CaseViews, figures_out
from scrm.web.openapi import Call, Routes
from scrm.web.present import cursor_of, place_of
from scrm.web.schemas import (
    Assignment,
    BulkClaim,
    BulkFalsePositives,
    BulkOutcome,
    BulkResult,
    CaseDetail,
    CaseFacets,
    CaseFigures,
    CaseFiguresQuery,
    CaseFilter,
    CaseNew,
    CaseOut,
    CaseQuery,
    Closing,
    Escalation,
    FacetOut,
    Neighbours,
    PageOf,
    RemedyNew,
    Reopening,
    VerdictNew,
)

ROUTES = Routes("cases")


@ROUTES.add("GET", "/cases", query=CaseQuery, answer=PageOf[CaseOut])
async def list_cases(call: Call, query: CaseQuery) -> PageOf[CaseOut]:
    """The queue: gravest first, then those with most at stake, of equals the oldest first."""
    require(call.actor, Permission.READ_CASES)
    place = place_of(query.cursor, _exposure_read)
    after = (place[0][0], place[0][1], place[1]) if place else None
    async with call.hub.db.reading() as tx:
        found = await tx.case_queue.page(_wanted(call, query, tx), after=after, limit=query.limit + 1)
        page = found[: query.limit]
        items = await (await _views(call, tx)).rows(page)
    more = len(found) > query.limit
    return PageOf[CaseOut](items=items, next=_cursor(page[-1]) if more else None)


@ROUTES.add("GET", "/cases/facets", query=CaseFilter, answer=CaseFacets)
async def get_case_facets(call: Call, query: CaseFilter) -> CaseFacets:
    """How many cases each choice of each filter leaves."""
    require(call.actor, Permission.READ_CASES)
    async with call.hub.db.reading() as tx:
        views, wanted = await _views(call, tx), _wanted(call, query, tx)
        counted = {
            name: await tx.case_queue.facets(wanted, name)
            for name in ("state", "rule", "severity", "rep", "channel", "assignee", "product")
        }
        return CaseFacets(
            total=await tx.case_queue.count(wanted),
            states=_facets(counted["state"], lambda value: value),
            rules=_facets(counted["rule"], views.rule_name_of),
            severities=sorted(_facets(counted["severity"], lambda value: value), key=lambda f: f.value, reverse=True),
            reps=_facets(counted["rep"], views.presenting.name),
            channels=_facets(counted["channel"], views.presenting.name),
            assignees=[_assignee(call, views, one) for one in counted["assignee"]],
            products=_facets(counted["product"], await views.product_names()),
        )


@ROUTES.add("GET", "/cases/figures", query=CaseFiguresQuery, answer=CaseFigures)
async def get_case_figures(call: Call, query: CaseFiguresQuery) -> CaseFigures:
    """How the auditors' work went: precision per rule, times, the queue's age, agreement, what was missed."""
    figures = await case_figures(call.hub, call.actor, query.from_, query.to)
    async with call.hub.db.reading() as tx:
        return figures_out(figures, await _views(call, tx))


@ROUTES.add("POST", "/cases", body=CaseNew, answer=CaseDetail, status=201)
async def refer_conversation(call: Call, body: CaseNew) -> CaseDetail:
    """Put a day's conversation before the auditors. 409 when it is before them already."""
    customer_id = row("cus", body.customer_id)
    case = await cases.refer_conversation(call.hub, call.actor, customer_id, body.day, body.note)
    return await _detail(call, case.id)


@ROUTES.add("POST", "/cases/claims", body=BulkClaim, answer=BulkResult)
async def claim_cases(call: Call, body: BulkClaim) -> BulkResult:
    """Take several cases; those that cannot be taken say why."""
    return await _outcomes(call, await cases.claim_cases(call.hub, call.actor, [row("cas", one) for one in body.ids]))


@ROUTES.add("POST", "/cases/false-positives", body=BulkFalsePositives, answer=BulkResult)
async def record_false_positives(call: Call, body: BulkFalsePositives) -> BulkResult:
    """Judge several cases as false positives, each with its own reason, and close them."""
    verdicts = {
        row("cas", item.id): Verdict(
            kind=VerdictKind.FALSE_POSITIVE, reason=item.reason, note=item.note, version=item.version
        )
        for item in body.items
    }
    return await _outcomes(call, await cases.record_false_positives(call.hub, call.actor, verdicts))


@ROUTES.add("GET", "/cases/{id}", answer=CaseDetail)
async def get_case(call: Call) -> CaseDetail:
    """Everything needed to decide: both statements, their context, the prices valid then, the history."""
    require(call.actor, Permission.READ_CASES)
    return await _detail(call, _case_id(call))


@ROUTES.add("GET", "/cases/{id}/neighbours", query=CaseFilter, answer=Neighbours)
async def get_case_neighbours(call: Call, query: CaseFilter) -> Neighbours:
    """The cases before and after one in the queue, even when it is itself no longer there."""
    require(call.actor, Permission.READ_CASES)
    async with call.hub.db.reading() as tx:
        case = await tx.cases.get(_case_id(call))
        previous, following = await tx.case_queue.beside(_wanted(call, query, tx), _place(case))
    return Neighbours(
        previous=public("cas", previous) if previous else None, next=public("cas", following) if following else None
    )


@ROUTES.add("POST", "/cases/{id}/claim", answer=CaseDetail)
async def claim_case(call: Call) -> CaseDetail:
    """Take a case."""
    return await _detail(call, (await cases.claim_case(call.hub, call.actor, _case_id(call))).id)


@ROUTES.add("POST", "/cases/{id}/release", answer=CaseDetail)
async def release_case(call: Call) -> CaseDetail:
    """Give a case back."""
    return await _detail(call, (await cases.release_case(call.hub, call.actor, _case_id(call))).id)


@ROUTES.add("POST", "/cases/{id}/assign", body=Assignment, answer=CaseDetail)
async def assign_case(call: Call, body: Assignment) -> CaseDetail:
    """Give a case to one of the people it is assignable to."""
    if not body.user_id.isdecimal():
        raise BadInput("user_id: expected the id of one of the people the case is assignable to")
    case = await cases.assign_case(call.hub, call.actor, _case_id(call), int(body.user_id), body.version)
    return await _detail(call, case.id)


@ROUTES.add("POST", "/cases/{id}/verdict", body=VerdictNew, answer=CaseDetail)
async def record_verdict(call: Call, body: VerdictNew) -> CaseDetail:
    """Judge a case. 409 when it has changed since it was looked at."""
    verdict = Verdict(kind=VerdictKind(body.verdict), reason=body.reason, note=body.note, version=body.version)
    case = await cases.record_verdict(call.hub, call.actor, _case_id(call), verdict)
    return await _detail(call, case.id)


@ROUTES.add("POST", "/cases/{id}/escalate", body=Escalation, answer=CaseDetail)
async def escalate_case(call: Call, body: Escalation) -> CaseDetail:
    """Leave a case to another auditor, whose verdict settles it."""
    case = await cases.escalate_case(call.hub, call.actor, _case_id(call), body.note, body.version)
    return await _detail(call, case.id)


@ROUTES.add("POST", "/cases/{id}/remedy", body=RemedyNew, answer=CaseDetail)
async def record_remedy(call: Call, body: RemedyNew) -> CaseDetail:
    """Put on file what was done about a violation or a breach."""
    entry_id = row("msg", body.entry_id) if body.entry_id else None
    made = Remedy(kind=RemedyKind(body.kind), note=body.note, entry_id=entry_id, version=body.version)
    return await _detail(call, (await cases.record_remedy(call.hub, call.actor, _case_id(call), made)).id)


@ROUTES.add("POST", "/cases/{id}/close", body=Closing, answer=CaseDetail)
async def close_case(call: Call, body: Closing) -> CaseDetail:
    """Put a case away: remedied, or decided as no breach."""
    case = await cases.close_case(call.hub, call.actor, _case_id(call), body.note, body.version)
    return await _detail(call, case.id)


@ROUTES.add("POST", "/cases/{id}/reopen", body=Reopening, answer=CaseDetail)
async def reopen_case(call: Call, body: Reopening) -> CaseDetail:
    """Have a case judged again. What was found before stays on file."""
    case = await cases.reopen_case(call.hub, call.actor, _case_id(call), body.note, body.version)
    return await _detail(call, case.id)


# --- reading -------------------------------------------------------------------------------------------------------


def _case_id(call: Call) -> int:
    return call.row_id("id", "cas")


async def _views(call: Call, tx: Transaction) -> CaseViews:
    return await CaseViews.within(call.hub, tx, call.actor, call.language)


async def _detail(call: Call, case_id: int) -> CaseDetail:
    async with call.hub.db.reading() as tx:
        case = await tx.cases.get(case_id)
        if case.state is CaseState.KEPT:
            raise NotFound("there is no such case")
        detail = await (await _views(call, tx)).detail(case)
    await cases.note_view(call.hub, call.actor, case)
    return detail


async def _outcomes(call: Call, done: Sequence[Done]) -> BulkResult:
    async with call.hub.db.reading() as tx:
        changed = await tx.cases.load(one.case_id for one in done if one.case is not None)
        rows = {out.id: out for out in await (await _views(call, tx)).rows(list(changed.values()))}
    return BulkResult(
        items=[
            BulkOutcome(id=public("cas", one.case_id), case=rows.get(public("cas", one.case_id)), problem=one.problem)
            for one in done
        ]
    )


def _wanted(call: Call, query: CaseFilter, tx: Transaction) -> Wanted:
    return Wanted(
        reader=Reader(call.actor.id, can(call.actor, Permission.JUDGE)),
        state=query.state,
        rule=query.rule,
        severity=query.severity,
        rep=query.rep,
        channel=query.channel,
        assignee_id=_assignee_id(call, query.assignee),
        product=query.product,
        customer_id=row("cus", query.customer_id) if query.customer_id else None,
        late_at=tx.now if query.overdue else None,
        since=bounds(query.from_)[0] if query.from_ else None,
        until=bounds(query.to)[1] if query.to else None,
    )


def _assignee_id(call: Call, assignee: str | None) -> int | None:
    if not assignee:
        return None
    if assignee in {"mine", "unassigned"}:
        return call.actor.id if assignee == "mine" else 0
    if not assignee.isdecimal():
        raise BadInput("assignee: expected mine, unassigned, or the id of a person")
    return int(assignee)


def _facets(found: Sequence[Facet], name: Callable[[str], str]) -> list[FacetOut]:
    return [FacetOut(value=str(one.value), name=name(str(one.value)), count=one.number) for one in found]


def _assignee(call: Call, views: CaseViews, found: Facet) -> FacetOut:
    if found.value is None:
        return FacetOut(value="unassigned", name="", count=found.number)
    name = views.people.get(int(found.value), "")
    value = "mine" if found.value == call.actor.id else str(found.value)
    return FacetOut(value=value, name=name, count=found.number)


def _place(case: Case) -> Place:
    return case.severity, case.exposure_fen, case.id


def _cursor(case: Case) -> str:
    return cursor_of(f"{case.severity}:{case.exposure_fen}", case.id)


def _exposure_read(text: str) -> tuple[str, int]:
    severity, _, exposure = text.partition(":")
    return severity, int(exposure)
