"""The price book in use: loaded once, again when a version is recorded; changed by proposal and approval."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from scrm.core.access import Actor, Permission, require
from scrm.core.audit_chain import Deed, canonical
from scrm.core.errors import BadInput, Conflict
from scrm.core.events import Event
from scrm.core.ids import public
from scrm.core.price_book import PriceBook, Product, read_price_book
from scrm.core.price_book import proposals as rules
from scrm.core.price_book.changes import changes
from scrm.core.price_book.faults import faults_of
from scrm.core.price_book.listing import flat_sheet_of, sheets_of
from scrm.core.price_book.proposals import Proposal, ProposalState
from scrm.core.price_book.rows import write_rows
from scrm.core.price_book.table import Line, Reading, RowsRefused, read_sheets
from scrm.core.timeline import Json
from scrm.hub import Hub
from scrm.price_files import Format, read_file, write_csv, write_workbook
from scrm.store.database import Transaction
from scrm.store.prices import NewVersion, PriceVersion, stored

OPERATOR = "operator"
"""Who changes prices on the installation itself, without an account."""


async def current_book(hub: Hub, tx: Transaction) -> PriceBook:
    """Every version of every product, as the database has it now."""
    stamp = await tx.prices.stamp()
    if stamp != hub.shelf.stamp:
        hub.shelf.book = PriceBook.from_rows(version.row() for version in await tx.prices.versions())
        hub.shelf.stamp = stamp
    return hub.shelf.book


# --- the file of the settings ------------------------------------------------------------------------------------


async def load_price_book(hub: Hub, path: Path, *, by: str) -> int:
    """Record the products of a TOML file that differ from what `by` recorded last; says how many.

    What was approved in between stays until the file says something new. A changed product without a `valid_from`
    counts from now on. `RowsRefused` names everything that cannot be in a price book.
    """
    try:
        text = await asyncio.to_thread(path.read_text, encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"The price book {path} cannot be read: {error}") from error
    wanted = read_price_book(text).products
    _refuse_faults(wanted)
    async with hub.db.transaction() as tx:
        # Two processes that start at once must not both find the file new.
        await tx.prices.hold()
        on_file = await tx.prices.versions({product.sku for product in wanted})
        known = {version.sku for version in on_file}
        mine = PriceBook.from_rows(version.row() for version in on_file if version.recorded_by == by)
        new = [
            replace(product, valid_from=tx.now) if product.sku in known and _is_open(product, tx.now) else product
            for product in wanted
            if not _said_already(product, mine)
        ]
        await _record(tx, None, [_version(product, by=by) for product in new], on_file)
    return len(new)


def _is_open(product: Product, now: datetime) -> bool:
    """Whether the file leaves open since when this counts, and it still does."""
    return product.valid_from is None and (product.valid_to is None or product.valid_to > now)


def _said_already(product: Product, mine: PriceBook) -> bool:
    """Whether the file said just this when it was last loaded. What it left open was filled in with that time."""
    same_time = [
        version
        for version in mine.history(product.sku)
        if version.valid_to == product.valid_to
        and (version.valid_from == product.valid_from or (product.valid_from is None and _from_loading(version)))
    ]
    return bool(same_time) and not changes(same_time[-1], product) and same_time[-1].withdrawn == product.withdrawn


def _from_loading(version: Product) -> bool:
    return version.valid_from is None or version.valid_from == version.recorded_at


# --- proposals ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wish:
    """Products as somebody wants them to be, and why. `source` is the name of the file they come from, if any."""

    products: Sequence[Product]
    reason: str
    source: str = ""


async def propose(hub: Hub, actor: Actor | None, wish: Wish) -> list[Proposal]:
    """Propose changes. `RowsRefused` tells everything that cannot be; `BadInput` when nothing would change."""
    if actor is not None:
        require(actor, Permission.EDIT_PRICES)
    _refuse_faults(wish.products)
    async with hub.db.transaction() as tx:
        book = await current_book(hub, tx)
        if not wish.products or not all(_differs(product, book, tx.now) for product in wish.products):
            raise BadInput("nothing would change: the price book says this already")
        proposed = await tx.prices.propose(
            [
                Proposal(
                    id=0,
                    product=product,
                    reason=wish.reason.strip(),
                    state=ProposalState.PROPOSED,
                    proposed_by=actor.login if actor else OPERATOR,
                    proposed_at=tx.now,
                    source=wish.source[:300],
                )
                for product in wish.products
            ]
        )
        tx.audit.record(*(_deed(actor, "proposed", proposal) for proposal in proposed))
        await tx.publish([_waiting("proposed", proposed)])
    return proposed


async def approve_proposal(
    hub: Hub, actor: Actor, proposal_id: int, *, note: str = "", together: bool = False
) -> list[Proposal]:
    """Put a proposal (`together`: all of its file) into the book. `Conflict` when the product changed meanwhile."""
    require(actor, Permission.APPROVE_PRICES)
    one_person = hub.settings.price_approval == "one_person"
    async with hub.db.transaction() as tx:
        found = await _held(tx, proposal_id, together=together)
        decided = [rules.approve(p, actor.login, tx.now, one_person=one_person, note=note) for p in found]
        on_file = await tx.prices.versions({proposal.product.sku for proposal in found})
        book = PriceBook.from_rows(version.row() for version in on_file)
        outdated = [p.product.name for p in found if rules.is_outdated(p, book.history(p.product.sku))]
        if outdated:
            raise Conflict(f"{outdated[0]} has changed since this was proposed: reject it and propose anew")
        new = [
            _version(rules.in_force(p, book, tx.now), by=p.proposed_by, approved_by=actor.login, reason=p.reason)
            for p in decided
        ]
        await tx.prices.decide(decided)
        tx.audit.record(*(_deed(actor, "approved", proposal) for proposal in decided))
        await _record(tx, actor, new, on_file)
    return decided


async def reject_proposal(
    hub: Hub, actor: Actor, proposal_id: int, *, note: str, together: bool = False
) -> list[Proposal]:
    """Turn a proposal down, with a note for its author."""
    require(actor, Permission.APPROVE_PRICES)
    async with hub.db.transaction() as tx:
        found = await _held(tx, proposal_id, together=together)
        decided = [rules.reject(proposal, actor.login, tx.now, note=note) for proposal in found]
        await tx.prices.decide(decided)
        tx.audit.record(*(_deed(actor, "rejected", proposal) for proposal in decided))
        await tx.publish([_waiting("rejected", decided)])
    return decided


async def withdraw_proposal(hub: Hub, actor: Actor, proposal_id: int, *, together: bool = False) -> list[Proposal]:
    """Take one's own proposal back."""
    require(actor, Permission.EDIT_PRICES)
    async with hub.db.transaction() as tx:
        found = await _held(tx, proposal_id, together=together)
        decided = [rules.withdraw(proposal, actor.login, tx.now) for proposal in found]
        await tx.prices.decide(decided)
        tx.audit.record(*(_deed(actor, "withdrawn", proposal) for proposal in decided))
        await tx.publish([_waiting("withdrawn", decided)])
    return decided


# --- files -------------------------------------------------------------------------------------------------------


async def preview_file(hub: Hub, actor: Actor | None, content: bytes) -> Reading:
    """What a price list would change, row by row. Nothing is stored."""
    if actor is not None:
        require(actor, Permission.EDIT_PRICES)
    sheets = await asyncio.to_thread(read_file, content)
    async with hub.db.reading() as tx:
        book = await current_book(hub, tx)
        return await asyncio.to_thread(read_sheets, sheets, book, tx.now)


async def import_file(
    hub: Hub, actor: Actor | None, name: str, content: bytes, *, reason: str = ""
) -> tuple[Reading, list[Proposal]]:
    """Propose what a price list changes. With one row that cannot be taken, nothing is: `RowsRefused` has them all."""
    reading = await preview_file(hub, actor, content)
    if reading.refused:
        raise RowsRefused(reading.refused)
    if not reading.products:
        return reading, []
    return reading, await propose(hub, actor, Wish(reading.products, reason or f"导入 {name}", name))


async def export_file(
    hub: Hub, file_format: Format, *, at: datetime | None = None, known_at: datetime | None = None
) -> bytes:
    """The products valid at `at` (None: now) as a file that `import_file` reads."""
    async with hub.db.reading() as tx:
        book = await current_book(hub, tx)
        products = sorted(book.at(at or tx.now, known_at=known_at), key=lambda product: product.sku)
    return await asyncio.to_thread(as_file, products, file_format)


def as_file(products: Sequence[Product], file_format: Format) -> bytes:
    """Products as a price list; none: a template."""
    return write_workbook(sheets_of(products)) if file_format == "xlsx" else write_csv(flat_sheet_of(products))


# --- what they have in common ------------------------------------------------------------------------------------


def _refuse_faults(products: Sequence[Product]) -> None:
    refused = [
        Line(sheet="", row=0, sku=product.sku, name=product.name, faults=faults)
        for product in products
        if (faults := faults_of(product))
    ]
    if refused:
        raise RowsRefused(refused)


def _differs(product: Product, book: PriceBook, now: datetime) -> bool:
    before = book.version(product.sku, product.valid_from or now)
    other_end = product.valid_to is not None and (before is None or before.valid_to != product.valid_to)
    return bool(changes(before, product)) or other_end


async def _held(tx: Transaction, proposal_id: int, *, together: bool) -> list[Proposal]:
    """The proposal, or all that came with it, as they are once nobody else is deciding."""
    first = await tx.prices.proposal(proposal_id)
    found = await tx.prices.came_together(first) if together and first.source else [first]
    await tx.prices.lock_open({proposal.product.sku for proposal in found})
    return await tx.prices.proposals_of([proposal.id for proposal in found] or [first.id])


def _version(product: Product, *, by: str, approved_by: str = "", reason: str = "") -> NewVersion:
    return NewVersion(
        sku=product.sku,
        product=stored(write_rows([product])[0]),
        recorded_by=by,
        approved_by=approved_by,
        reason=reason,
    )


async def _record(
    tx: Transaction, actor: Actor | None, new: Sequence[NewVersion], on_file: Sequence[PriceVersion]
) -> None:
    """Record versions, with a deed for each and one event for all."""
    if not new:
        return
    newest = {version.sku: version for version in on_file}
    ids = await tx.prices.record(new)
    for version, version_id in zip(new, ids, strict=True):
        before = newest.get(version.sku)
        tx.audit.record(
            Deed.by(
                actor,
                "price.recorded",
                "price",
                version.sku,
                version_id=public("prv", version_id),
                recorded_by=version.recorded_by,
                approved_by=version.approved_by,
                reason=version.reason,
                before=digest(before.product) if before else None,
                after=digest(version.product),
            )
        )
    payload: dict[str, Json] = {
        "skus": sorted({version.sku for version in new}),
        "recorded_by": new[0].recorded_by,
        "approved_by": new[0].approved_by or None,
    }
    await tx.publish([Event(type="prices.changed", customer_id=None, payload=payload)])


def _waiting(what: str, proposals: Sequence[Proposal]) -> Event:
    """What waits for approval is no longer what it was. An approval is told by the prices that it changes."""
    payload: dict[str, Json] = {
        "what": what,
        "proposal_ids": [public("ppr", proposal.id) for proposal in proposals],
        "skus": sorted({proposal.product.sku for proposal in proposals}),
    }
    return Event(type="prices.proposed", customer_id=None, payload=payload)


def digest(product: Mapping[str, Json]) -> str:
    """SHA-256 of a version's canonical JSON, in hexadecimal."""
    return hashlib.sha256(canonical(product).encode()).hexdigest()


def _deed(actor: Actor | None, action: str, proposal: Proposal) -> Deed:
    row = stored(write_rows([proposal.product])[0])
    return Deed.by(
        actor,
        f"price.{action}",
        "price_proposal",
        public("ppr", proposal.id),
        sku=proposal.product.sku,
        reason=proposal.reason,
        note=proposal.decision_note,
        source=proposal.source,
        product=digest(row),
    )
