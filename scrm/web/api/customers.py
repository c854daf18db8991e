"""Customers and their timelines."""

from __future__ import annotations

from datetime import datetime

from scrm.core.access import Permission, require
from scrm.core.ids import public, row
from scrm.services import customers, outbound, suggestions
from scrm.services.outbound import Draft
from scrm.web.openapi import Call, Routes
from scrm.web.present import Presenting, cursor_of, place_of
from scrm.web.schemas import (
    CustomerDetail,
    CustomerEdit,
    CustomerOut,
    CustomerQuery,
    DraftCheck,
    DraftFindings,
    EntryOut,
    MergeNew,
    MergeResult,
    MessageNew,
    PageOf,
    PhoneOut,
    SuggestionOut,
    SuggestionQuery,
    TimelineQuery,
)

ROUTES = Routes("customers")


@ROUTES.add("GET", "/customers", query=CustomerQuery, answer=PageOf[CustomerOut])
async def list_customers(call: Call, query: CustomerQuery) -> PageOf[CustomerOut]:
    """Customers, newest activity first; found by name, phone digits or what was said."""
    require(call.actor, Permission.READ_CUSTOMERS)
    text = query.query.strip()
    async with call.hub.db.reading() as tx:
        found = await tx.customers.recent(
            query=text,
            only=query.filter,
            owner_id=call.actor.id,
            before=place_of(query.cursor, datetime.fromisoformat),
            limit=query.limit + 1,
            found=await tx.search.customers(text) if text else (),
        )
        page = found[: query.limit]
        presenting = await Presenting.within(call.hub, tx, call.language)
        items = await presenting.customers(tx, page)
    more = len(found) > query.limit
    return PageOf[CustomerOut](items=items, next=cursor_of(page[-1].last_at, page[-1].id) if more else None)


@ROUTES.add("GET", "/customers/{id}", answer=CustomerDetail)
async def get_customer(call: Call) -> CustomerDetail:
    """One customer: identities with reasons, merges, ways to answer, prices told."""
    require(call.actor, Permission.READ_CUSTOMERS)
    return await _detail(call, call.row_id("id", "cus"))


@ROUTES.add("PATCH", "/customers/{id}", body=CustomerEdit, answer=CustomerDetail)
async def edit_customer(call: Call, body: CustomerEdit) -> CustomerDetail:
    """Rename or assign a customer."""
    customer_id = call.row_id("id", "cus")
    owner_id = int(body.owner_id) if body.owner_id and body.owner_id.isdigit() else None
    await customers.edit_customer(call.hub, call.actor, customer_id, name=body.name, owner_id=owner_id)
    return await _detail(call, customer_id)


@ROUTES.add("GET", "/customers/{id}/timeline", query=TimelineQuery, answer=PageOf[EntryOut])
async def get_timeline(call: Call, query: TimelineQuery) -> PageOf[EntryOut]:
    """Everything that happened with a customer, on every channel, by source time, newest first."""
    require(call.actor, Permission.READ_CUSTOMERS)
    async with call.hub.db.reading() as tx:
        customer = await tx.customers.get(call.row_id("id", "cus"))
        found = await tx.timeline.page(
            customer.id,
            before=place_of(query.cursor, datetime.fromisoformat),
            limit=query.limit + 1,
            channel=query.channel,
            kind=query.kind,
        )
        page = found[: query.limit]
        presenting = await Presenting.within(call.hub, tx, call.language)
        items = await presenting.entries(tx, page)
    more = len(found) > query.limit
    return PageOf[EntryOut](items=items, next=cursor_of(page[-1].at, page[-1].id) if more else None)


@ROUTES.add("POST", "/customers/{id}/read")
async def mark_read(call: Call) -> None:
    """Everything up to now has been read."""
    await customers.mark_read(call.hub, call.actor, call.row_id("id", "cus"))


@ROUTES.add("GET", "/customers/{id}/suggestions", query=SuggestionQuery, answer=PageOf[SuggestionOut])
async def get_suggestions(call: Call, query: SuggestionQuery) -> PageOf[SuggestionOut]:
    """Scripts that fit what the customer said last, filled in and checked, each with its reason."""
    found = await suggestions.suggest(call.hub, call.actor, call.row_id("id", "cus"), limit=query.limit)
    packs = {pack.id: pack.name for pack in call.hub.understanding.packs}
    items = [
        SuggestionOut(
            script_id=reply.suggestion.script.ref,
            title=reply.suggestion.script.title,
            text=reply.filled.text,
            pack=packs.get(reply.suggestion.script.pack, reply.suggestion.script.pack),
            category=reply.suggestion.script.category,
            score=reply.suggestion.score,
            reason=suggestions.reason_of(reply),
        )
        for reply in found
    ]
    return PageOf[SuggestionOut](items=items)


@ROUTES.add("POST", "/customers/{id}/draft-checks", body=DraftCheck, answer=DraftFindings)
async def check_draft(call: Call, body: DraftCheck) -> DraftFindings:
    """What the customer was told that a draft contradicts. Changes nothing; meant to be called while typing."""
    draft = Draft(customer_id=call.row_id("id", "cus"), text=body.text, channel=body.channel)
    checked = await outbound.check_draft(call.hub, call.actor, draft)
    if not checked.findings:
        return DraftFindings(findings=[])
    presenting = await Presenting.open(call.hub, call.language)
    return DraftFindings(findings=await presenting.draft_findings(checked.findings))


@ROUTES.add(
    "POST",
    "/customers/{id}/messages",
    body=MessageNew,
    answer=EntryOut,
    status=201,
    headers={"Idempotency-Key": "Any text of your own; a request repeated with it sends nothing twice."},
)
async def send_message(call: Call, body: MessageNew) -> EntryOut:
    """Reply to a customer. 409 with findings when it contradicts what the customer was told."""
    entry = await outbound.send_message(
        call.hub,
        call.actor,
        Draft(
            customer_id=call.row_id("id", "cus"),
            text=body.text,
            channel=body.channel,
            script_id=body.script_id,
            acknowledged_reason=body.acknowledged_reason,
            key=call.request.headers.get("Idempotency-Key", "")[:200],
            shown=tuple(body.shown_rules),
            automatic=body.automatic,
        ),
    )
    return await _entry(call, entry.id)


@ROUTES.add("POST", "/customers/{id}/typing")
async def signal_typing(call: Call) -> None:
    """Show the customer, where the channel can, that somebody is writing."""
    await outbound.signal_typing(call.hub, call.actor, call.row_id("id", "cus"))


@ROUTES.add("POST", "/customers/{id}/merges", body=MergeNew, answer=MergeResult, status=201)
async def merge_customers(call: Call, body: MergeNew) -> MergeResult:
    """Two customers are one person. Can be undone."""
    merge = await customers.merge_customers(
        call.hub, call.actor, call.row_id("id", "cus"), row("cus", body.other_id), body.reason
    )
    return MergeResult(customer_id=public("cus", merge.kept_id), merge_id=public("mrg", merge.id))


@ROUTES.add("DELETE", "/merges/{id}")
async def undo_merge(call: Call) -> None:
    """Take a merge back: each gets back what was theirs."""
    await customers.undo_merge(call.hub, call.actor, call.row_id("id", "mrg"))


@ROUTES.add("GET", "/customers/{id}/phones/{identity_id}", answer=PhoneOut)
async def reveal_phone(call: Call) -> PhoneOut:
    """A phone number in full; who looked is logged."""
    value = await customers.reveal_phone(
        call.hub, call.actor, call.row_id("id", "cus"), call.row_id("identity_id", "idn")
    )
    return PhoneOut(value=value)


@ROUTES.add("GET", "/entries/{id}", answer=EntryOut)
async def get_entry(call: Call) -> EntryOut:
    """One entry of a timeline."""
    require(call.actor, Permission.READ_CUSTOMERS)
    return await _entry(call, call.row_id("id", "msg"))


@ROUTES.add("POST", "/entries/{id}/handed-over", answer=EntryOut)
async def confirm_hand_over(call: Call) -> EntryOut:
    """The rep has handed the message to the provider's client."""
    entry = await outbound.confirm_hand_over(call.hub, call.actor, call.row_id("id", "msg"))
    return await _entry(call, entry.id)


@ROUTES.add("POST", "/entries/{id}/retry", answer=EntryOut)
async def retry_message(call: Call) -> EntryOut:
    """Send a reply again that failed."""
    entry = await outbound.retry_message(call.hub, call.actor, call.row_id("id", "msg"))
    return await _entry(call, entry.id)


async def _detail(call: Call, customer_id: int) -> CustomerDetail:
    async with call.hub.db.reading() as tx:
        presenting = await Presenting.within(call.hub, tx, call.language)
        return await presenting.customer(tx, await tx.customers.get(customer_id))


async def _entry(call: Call, entry_id: int) -> EntryOut:
    async with call.hub.db.reading() as tx:
        presenting = await Presenting.within(call.hub, tx, call.language)
        (shown,) = await presenting.entries(tx, [await tx.timeline.get(entry_id)])
    return shown
