"""The price book: look-ups at any time, history, proposals, price lists as files."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from aiohttp import web

from scrm.core.access import Permission, can, require
from scrm.core.errors import NotFound
from scrm.core.ids import public, row
from scrm.core.price_book import CHINA
from scrm.core.price_book.proposals import Proposal
from scrm.price_files import CONTENT_TYPES, LARGEST_FILE, Format
from scrm.services import prices
from scrm.services.prices import current_book
from scrm.web.openapi import Call, Routes
from scrm.web.present import Presenting, cursor_of, place_of
from scrm.web.price_views import line_out, product_of, proposal_out, version_outs
from scrm.web.schemas.prices import (
    PriceDetail,
    PriceExportQuery,
    PriceFileOut,
    PriceFileQuery,
    PriceMoment,
    PriceOut,
    PriceQuery,
    PriceTemplateQuery,
    ProposalDecision,
    ProposalNew,
    ProposalOut,
    ProposalQuery,
)
from scrm.web.schemas.shapes import PageOf
from scrm.web.uploads import read_upload

ROUTES = Routes("prices")
_WORKBOOK = CONTENT_TYPES["xlsx"]


@ROUTES.add("GET", "/prices", query=PriceQuery, answer=PageOf[PriceOut])
async def list_prices(call: Call, query: PriceQuery) -> PageOf[PriceOut]:
    """The products and prices valid now, or at another time, as known now or then; in the order of their skus."""
    require(call.actor, Permission.READ_PRICES)
    place = place_of(query.cursor, str)
    wanted = query.query.strip().casefold()
    async with call.hub.db.reading() as tx:
        book = await current_book(call.hub, tx)
        presenting = await Presenting.within(call.hub, tx, call.language)
        found = [
            product
            for product in book.at(query.at or tx.now, known_at=query.known_at)
            if wanted in "\n".join([product.sku, product.name, *product.aliases]).casefold()
            and (place is None or product.sku > place[0])
        ]
    found.sort(key=lambda product: product.sku)
    page = found[: query.limit]
    return PageOf[PriceOut](
        items=[presenting.price(product) for product in page],
        next=cursor_of(page[-1].sku, 0) if len(found) > query.limit else None,
    )


@ROUTES.add("GET", "/prices/export", query=PriceExportQuery, gives=_WORKBOOK)
async def export_prices(call: Call, query: PriceExportQuery) -> web.Response:
    """The price book as a workbook or a CSV file, which the import reads."""
    require(call.actor, Permission.READ_PRICES)
    content = await prices.export_file(call.hub, query.format, at=query.at, known_at=query.known_at)
    day = (query.at or call.hub.now()).astimezone(CHINA).date().isoformat()
    return _download(content, query.format, f"价格库-{day}")


@ROUTES.add("GET", "/prices/template", query=PriceTemplateQuery, gives=_WORKBOOK)
async def get_price_template(call: Call, query: PriceTemplateQuery) -> web.Response:
    """An empty price list with all columns, and notes on how to fill it in."""
    require(call.actor, Permission.READ_PRICES)
    return _download(prices.as_file([], query.format), query.format, "价格表模板")


@ROUTES.add("POST", "/prices/import", query=PriceFileQuery, answer=PriceFileOut, upload=("file",))
async def import_prices(call: Call, query: PriceFileQuery) -> PriceFileOut:
    """Propose what a price list changes; `preview`: only say it, row by row. One bad row refuses the whole file.

    A field `reason` beside `file` says why.
    """
    require(call.actor, Permission.EDIT_PRICES)
    name, content, fields = await read_upload(call, largest=LARGEST_FILE)
    proposed: Sequence[Proposal] = ()
    if query.preview:
        reading = await prices.preview_file(call.hub, call.actor, content)
    else:
        reading, proposed = await prices.import_file(
            call.hub, call.actor, name, content, reason=fields.get("reason", "")
        )
    return PriceFileOut(
        lines=[line_out(line, call.language) for line in reading.lines],
        products=len(reading.products),
        refused=len(reading.refused),
        proposals=await _proposals(call, proposed),
    )


@ROUTES.add("GET", "/prices/{sku}", query=PriceMoment, answer=PriceDetail)
async def get_price(call: Call, query: PriceMoment) -> PriceDetail:
    """A product with its versions and proposals, newest first."""
    require(call.actor, Permission.READ_PRICES)
    sku = call.part("sku")
    with_history = can(call.actor, Permission.READ_PRICE_HISTORY)
    async with call.hub.db.reading() as tx:
        book = await current_book(call.hub, tx)
        presenting = await Presenting.within(call.hub, tx, call.language)
        at = query.at or tx.now
        current = book.product(sku, at, known_at=query.known_at)
        versions = await tx.prices.versions([sku]) if with_history else []
        found = await tx.prices.proposals(sku=sku, limit=50) if with_history else []
        if not book.history(sku) and not found:
            raise NotFound(f"the price book has no product {sku!r}")
        return PriceDetail(
            sku=sku,
            current=presenting.price(current) if current else None,
            running=[presenting.promotion(promotion) for promotion in current.running(at)] if current else [],
            versions=version_outs(presenting, versions),
            proposals=[proposal_out(presenting, one, book, tx.now, call.actor) for one in found],
        )


@ROUTES.add("GET", "/price-proposals", query=ProposalQuery, answer=PageOf[ProposalOut])
async def list_proposals(call: Call, query: ProposalQuery) -> PageOf[ProposalOut]:
    """Proposed changes, newest first."""
    require(call.actor, Permission.READ_PRICE_HISTORY)
    async with call.hub.db.reading() as tx:
        found = await tx.prices.proposals(
            state=None if query.state == "all" else query.state,
            sku=query.sku,
            before=row("ppr", query.cursor) if query.cursor else None,
            limit=query.limit + 1,
        )
    page = found[: query.limit]
    return PageOf[ProposalOut](
        items=await _proposals(call, page),
        next=public("ppr", page[-1].id) if len(found) > query.limit else None,
    )


@ROUTES.add("POST", "/price-proposals", body=ProposalNew, answer=ProposalOut, status=201)
async def propose_price(call: Call, body: ProposalNew) -> ProposalOut:
    """Propose a product as it should be. 422 with a row for each field that cannot be."""
    wish = prices.Wish([product_of(body.product)], body.reason)
    (shown,) = await _proposals(call, await prices.propose(call.hub, call.actor, wish))
    return shown


@ROUTES.add("POST", "/price-proposals/{id}/approve", body=ProposalDecision, answer=PageOf[ProposalOut])
async def approve_price(call: Call, body: ProposalDecision) -> PageOf[ProposalOut]:
    """Put a proposal into the book. 409 when the product changed since it was proposed."""
    decided = await prices.approve_proposal(
        call.hub, call.actor, call.row_id("id", "ppr"), note=body.note, together=body.together
    )
    return PageOf[ProposalOut](items=await _proposals(call, decided))


@ROUTES.add("POST", "/price-proposals/{id}/reject", body=ProposalDecision, answer=PageOf[ProposalOut])
async def reject_price(call: Call, body: ProposalDecision) -> PageOf[ProposalOut]:
    """Turn a proposal down, with a note."""
    decided = await prices.reject_proposal(
        call.hub, call.actor, call.row_id("id", "ppr"), note=body.note, together=body.together
    )
    return PageOf[ProposalOut](items=await _proposals(call, decided))


@ROUTES.add("POST", "/price-proposals/{id}/withdraw", body=ProposalDecision, answer=PageOf[ProposalOut])
async def withdraw_price(call: Call, body: ProposalDecision) -> PageOf[ProposalOut]:
    """Take one's own proposal back."""
    decided = await prices.withdraw_proposal(call.hub, call.actor, call.row_id("id", "ppr"), together=body.together)
    return PageOf[ProposalOut](items=await _proposals(call, decided))


async def _proposals(call: Call, found: Sequence[Proposal]) -> list[ProposalOut]:
    if not found:
        return []
    async with call.hub.db.reading() as tx:
        book = await current_book(call.hub, tx)
        presenting = await Presenting.within(call.hub, tx, call.language)
        return [proposal_out(presenting, proposal, book, tx.now, call.actor) for proposal in found]


def _download(content: bytes, file_format: Format, name: str) -> web.Response:
    full = quote(f"{name}.{file_format}")
    return web.Response(
        body=content,
        headers={
            "Content-Type": CONTENT_TYPES[file_format],
            "Content-Disposition": f"attachment; filename=\"prices.{file_format}\"; filename*=UTF-8''{full}",
        },
    )
