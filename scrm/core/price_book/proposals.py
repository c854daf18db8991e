"""How a change gets into the price book: one person proposes it, another approves it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from scrm.core.errors import BadInput, Conflict, NotAllowed
from scrm.core.price_book.book import PriceBook
from scrm.core.price_book.model import Product


class ProposalState(StrEnum):
    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A product as somebody wants it to be. Without `valid_from` it counts from its approval on, without `valid_to`
    until the next change that is on file already. `source` is the file it came in with, if any.
    """

    id: int
    product: Product
    reason: str
    state: ProposalState
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    decision_note: str = ""
    source: str = ""


def may_approve(proposal: Proposal, by: str, *, one_person: bool) -> bool:
    """Whether this person may be the one who approves: another than its author, unless one person may do both."""
    return proposal.state is ProposalState.PROPOSED and (one_person or proposal.proposed_by != by)


def is_outdated(proposal: Proposal, versions: Iterable[Product]) -> bool:
    """Whether the product changed after this was proposed: it was made from what no longer is."""
    return proposal.state is ProposalState.PROPOSED and any(
        version.recorded_at is not None and version.recorded_at > proposal.proposed_at for version in versions
    )


def approve(proposal: Proposal, by: str, now: datetime, *, one_person: bool, note: str = "") -> Proposal:
    """`Conflict` when it is decided already, `NotAllowed` for the author's own where two people are needed."""
    _still_open(proposal)
    if not may_approve(proposal, by, one_person=one_person):
        raise NotAllowed("a price is approved by somebody else than who proposed it")
    return _decided(proposal, ProposalState.APPROVED, by, now, note)


def reject(proposal: Proposal, by: str, now: datetime, *, note: str) -> Proposal:
    """`BadInput` without a note: the author is to know why."""
    _still_open(proposal)
    if not note.strip():
        raise BadInput("say why it is rejected: the author reads the note")
    return _decided(proposal, ProposalState.REJECTED, by, now, note)


def withdraw(proposal: Proposal, by: str, now: datetime) -> Proposal:
    """Only the author takes a proposal back."""
    _still_open(proposal)
    if proposal.proposed_by != by:
        raise NotAllowed("only who proposed a price can withdraw the proposal")
    return _decided(proposal, ProposalState.WITHDRAWN, by, now, "")


def in_force(proposal: Proposal, book: PriceBook, now: datetime) -> Product:
    """The version that an approval at `now` records.

    A start that was in the future when it was proposed and has passed since becomes `now`: what was said meanwhile was
    said under the price that counted then. A start that was in the past already is a correction, and stays.
    """
    wanted = proposal.product.valid_from
    start = now if wanted is None or proposal.proposed_at <= wanted < now else wanted
    end = proposal.product.valid_to or book.until(proposal.product.sku, start)
    if end is not None and end <= start:
        raise Conflict("the time for which this price was proposed is over: propose it anew")
    return replace(
        proposal.product,
        valid_from=start,
        valid_to=end,
        recorded_at=now,
        recorded_by=proposal.proposed_by,
        approved_by=proposal.decided_by or "",
    )


def _still_open(proposal: Proposal) -> None:
    if proposal.state is not ProposalState.PROPOSED:
        raise Conflict(f"this proposal is {proposal.state.value} already")


def _decided(proposal: Proposal, state: ProposalState, by: str, now: datetime, note: str) -> Proposal:
    return replace(proposal, state=state, decided_by=by, decided_at=now, decision_note=note.strip())
