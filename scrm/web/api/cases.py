"""Compliance cases: the queue, the evidence, the verdict."""

from __future__ import annotations

from scrm.core.access import Permission, require
from scrm.core.cases import Verdict, VerdictKind
from scrm.core.price_book import Product
from scrm.core.timeline import Entry
from scrm.services import cases
from scrm.services.annotate import part_start
from scrm.services.prices import current_book
from scrm.store.cases import StoredFinding
from scrm.store.database import Transaction
from scrm.web.openapi import Call, Routes
from scrm.web.present import Presenting, as_finding, cursor_of, moved, place_of
from scrm.web.schemas import (
    CaseDetail,
    CaseEventOut,
    CaseFindingOut,
    CaseOut,
    CaseQuery,
    EntryOut,
    PageOf,
    PriceOut,
    VerdictNew,
)

ROUTES = Routes("cases")


@ROUTES.add("GET", "/cases", query=CaseQuery, answer=PageOf[CaseOut])
async def list_cases(call: Call, query: CaseQuery) -> PageOf[CaseOut]:
    """The queue: gravest first, then newest."""
    require(call.actor, Permission.READ_CASES)
    async with call.hub.db.reading() as tx:
        found = await tx.cases.page(
            state=query.state,
            rule=query.rule,
            severity=query.severity,
            before=place_of(query.cursor, str),
            limit=query.limit + 1,
        )
        page = found[: query.limit]
        presenting = await Presenting.within(call.hub, tx, call.language)
        items = await presenting.cases(tx, page)
    more = len(found) > query.limit
    return PageOf[CaseOut](items=items, next=cursor_of(page[-1].severity, page[-1].id) if more else None)


@ROUTES.add("GET", "/cases/{id}", answer=CaseDetail)
async def get_case(call: Call) -> CaseDetail:
    """Everything needed to decide: both statements, their context, the prices valid then, the history."""
    require(call.actor, Permission.READ_CASES)
    return await _detail(call, call.row_id("id", "cas"))


@ROUTES.add("POST", "/cases/{id}/claim", answer=CaseDetail)
async def claim_case(call: Call) -> CaseDetail:
    """Take a case."""
    return await _detail(call, (await cases.claim_case(call.hub, call.actor, call.row_id("id", "cas"))).id)


@ROUTES.add("POST", "/cases/{id}/release", answer=CaseDetail)
async def release_case(call: Call) -> CaseDetail:
    """Give a case back."""
    return await _detail(call, (await cases.release_case(call.hub, call.actor, call.row_id("id", "cas"))).id)


@ROUTES.add("POST", "/cases/{id}/verdict", body=VerdictNew, answer=CaseDetail)
async def record_verdict(call: Call, body: VerdictNew) -> CaseDetail:
    """Judge a case. 409 when it has changed since it was looked at."""
    verdict = Verdict(kind=VerdictKind(body.verdict), reason=body.reason, note=body.note, version=body.version)
    case = await cases.record_verdict(call.hub, call.actor, call.row_id("id", "cas"), verdict)
    return await _detail(call, case.id)


async def _detail(call: Call, case_id: int) -> CaseDetail:
    async with call.hub.db.reading() as tx:
        case = await tx.cases.get(case_id)
        presenting = await Presenting.within(call.hub, tx, call.language)
        (row,) = await presenting.cases(tx, [case])
        findings = (await tx.cases.findings([case.id])).get(case.id, [])
        entries = await tx.timeline.load(
            entry_id for f in findings for entry_id in (f.entry_id, f.against_id) if entry_id is not None
        )
        return CaseDetail(
            **row.model_dump(),
            evidence=[await _evidence(presenting, tx, finding, entries) for finding in findings],
            history=[
                CaseEventOut(
                    at=one.at,
                    actor=presenting.names.get(one.actor, one.actor),
                    action=one.action.partition(":")[0],
                    note=one.note,
                )
                for one in await tx.cases.history(case.id)
            ],
            price_book=await _prices(presenting, tx, case.product, [entries[f.entry_id] for f in findings]),
        )


async def _evidence(
    presenting: Presenting, tx: Transaction, stored: StoredFinding, entries: dict[int, Entry]
) -> CaseFindingOut:
    finding = as_finding(stored)
    said = entries[stored.entry_id]
    against = entries.get(stored.against_id) if stored.against_id is not None else None
    acknowledged = (said.origin or {}).get("acknowledged_reason")
    return CaseFindingOut(
        id=str(stored.id),
        rule=stored.rule,
        severity=stored.severity,
        reason=presenting.stored_finding(stored, entries).reason,
        said=presenting.evidence(said, moved(finding.span, part_start(finding.entry_id))),
        against=presenting.earlier_evidence(finding, against),
        acknowledged_reason=str(acknowledged) if acknowledged else None,
        context_said=await _context(presenting, tx, said),
        context_against=await _context(presenting, tx, against) if against else [],
    )


async def _context(presenting: Presenting, tx: Transaction, entry: Entry) -> list[EntryOut]:
    return await presenting.entries(tx, await tx.timeline.around(entry))


async def _prices(presenting: Presenting, tx: Transaction, sku: str | None, said: list[Entry]) -> list[PriceOut]:
    book = await current_book(presenting.hub, tx)
    found: list[Product] = []
    for entry in said:
        product = book.product(sku, entry.at) if sku else None
        if product is not None and product not in found:
            found.append(product)
    return [presenting.price(product) for product in found]
