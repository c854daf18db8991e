"""Prices as the API shows them: versions with what they changed, proposals, rows of a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from scrm.core.access import Actor, Permission, can
from scrm.core.ids import public
from scrm.core.price_book import PriceBook, Product, Promotion
from scrm.core.price_book.changes import Change, changes
from scrm.core.price_book.faults import Fault, doubts_about, moment
from scrm.core.price_book.proposals import Proposal, ProposalState, is_outdated, may_approve
from scrm.core.price_book.table import Line
from scrm.core.price_book.words import change_text, fault_text, field_name
from scrm.store.prices import PriceVersion
from scrm.web.present import Presenting
from scrm.web.schemas.checks import ProblemRow
from scrm.web.schemas.prices import (
    PriceChangeOut,
    PriceDoubtOut,
    PriceDraft,
    PriceLineOut,
    PriceVersionOut,
    ProposalOut,
)


def product_of(draft: PriceDraft) -> Product:
    """The product as it was sent, blanks around texts taken away."""
    return Product(
        sku=draft.sku.strip(),
        name=draft.name.strip(),
        list_price=draft.list_price,
        aliases=tuple(dict.fromkeys(alias.strip() for alias in draft.aliases if alias.strip())),
        unit=(draft.unit or "").strip() or None,
        promotions=tuple(
            Promotion(
                name=promotion.name.strip(),
                price=promotion.price,
                ratio=promotion.ratio,
                starts_at=promotion.starts_at,
                ends_at=promotion.ends_at,
                condition=(promotion.condition or "").strip(),
            )
            for promotion in draft.promotions
        ),
        floors=draft.floors,
        valid_from=draft.valid_from,
        valid_to=draft.valid_to,
        withdrawn=draft.withdrawn,
    )


def version_outs(presenting: Presenting, versions: Sequence[PriceVersion]) -> list[PriceVersionOut]:
    """All versions of one product, newest first, each with what it changed."""
    recorded = PriceBook.from_rows(version.row() for version in versions).products
    shown = []
    for number, (stored, product) in enumerate(zip(versions, recorded, strict=True)):
        start = product.valid_from or stored.recorded_at
        before = PriceBook(recorded[:number]).version(stored.sku, start)
        shown.append(
            PriceVersionOut(
                id=public("prv", stored.id),
                product=presenting.price(product),
                changes=_changes(changes(before, product), presenting.language),
                reason=stored.reason,
                corrects_past=bool(number) and start < stored.recorded_at,
            )
        )
    return shown[::-1]


def proposal_out(
    presenting: Presenting, proposal: Proposal, book: PriceBook, now: datetime, actor: Actor
) -> ProposalOut:
    """A proposal, held against the book: as it is while it is open, as it was once it is decided."""
    product = proposal.product
    is_open = proposal.state is ProposalState.PROPOSED
    seen_at = now if is_open else proposal.proposed_at
    before = book.version(product.sku, product.valid_from or seen_at, known_at=seen_at)
    made = list(changes(before, product))
    for kind, at in (("valid_from", product.valid_from), ("valid_to", product.valid_to)):
        if at is not None:
            made.append(Change(kind=kind, after=moment(at)))
    outdated = is_outdated(proposal, book.history(product.sku))
    return ProposalOut.model_validate(
        {
            "id": public("ppr", proposal.id),
            "product": presenting.price(product),
            "state": proposal.state.value,
            "reason": proposal.reason,
            "source": proposal.source,
            "proposed_by": presenting.recorder(proposal.proposed_by),
            "proposed_at": proposal.proposed_at,
            "decided_by": presenting.recorder(proposal.decided_by) if proposal.decided_by else None,
            "decided_at": proposal.decided_at,
            "decision_note": proposal.decision_note,
            "changes": _changes(made, presenting.language),
            "doubts": _doubts(doubts_about(product, book, now), presenting.language) if is_open else [],
            "outdated": outdated,
            "may": list(_acts(presenting, proposal, actor, outdated=outdated)) if is_open else [],
        }
    )


def _acts(presenting: Presenting, proposal: Proposal, actor: Actor, *, outdated: bool) -> Iterator[str]:
    one_person = presenting.hub.settings.price_approval == "one_person"
    if can(actor, Permission.APPROVE_PRICES):
        if not outdated and may_approve(proposal, actor.login, one_person=one_person):
            yield "approve"
        if proposal.proposed_by != actor.login:
            yield "reject"
    if proposal.proposed_by == actor.login:
        yield "withdraw"


def line_out(line: Line, language: str) -> PriceLineOut:
    colon = "：" if language == "zh-CN" else ": "
    return PriceLineOut.model_validate(
        {
            "sheet": line.sheet,
            "row": line.row,
            "kind": line.kind,
            "sku": line.sku,
            "name": line.name,
            "state": line.state,
            "changes": _changes(line.changes, language),
            "reasons": [
                colon.join(part for part in (field_name(fault.field, language), fault_text(fault, language)) if part)
                for fault in line.faults
            ],
            "doubts": _doubts(line.doubts, language),
        }
    )


def refused_rows(lines: Iterable[Line], language: str) -> list[ProblemRow]:
    """Every reason why a price list or a product was refused."""
    return [
        ProblemRow(
            sheet=line.sheet,
            row=line.row,
            sku=line.sku,
            field=fault.field,
            label=field_name(fault.field, language),
            promotion=fault.promotion,
            reason=fault_text(fault, language),
        )
        for line in lines
        for fault in line.faults
    ]


def _changes(made: Iterable[Change], language: str) -> list[PriceChangeOut]:
    return [
        PriceChangeOut(
            kind=change.kind,
            subject=change.subject,
            before=change.before,
            after=change.after,
            text=change_text(change, language),
        )
        for change in made
    ]


def _doubts(doubts: Iterable[Fault], language: str) -> list[PriceDoubtOut]:
    return [PriceDoubtOut(code=doubt.code, field=doubt.field, text=fault_text(doubt, language)) for doubt in doubts]
