"""The price book as stored: every version of every product, and what is proposed. Nothing is overwritten."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, text, update

from scrm.core.errors import NotFound
from scrm.core.price_book.proposals import Proposal, ProposalState
from scrm.core.price_book.rows import read_rows, write_rows
from scrm.core.timeline import Json
from scrm.store import schema
from scrm.store.work import Noun

_versions, _proposals = schema.price_versions, schema.price_proposals
_RECORDED = select(func.count(_versions.c.sku).label("recorded"))
_STORED_APART = frozenset({"recorded_at", "recorded_by", "approved_by"})


@dataclass(frozen=True, slots=True, kw_only=True)
class NewVersion:
    """A version of a product, as `scrm.core.price_book` writes it, without who recorded it when."""

    sku: str
    product: Mapping[str, Json]
    recorded_by: str
    approved_by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceVersion(NewVersion):
    """A version on file. `id` grows with every version that is recorded."""

    id: int
    recorded_at: datetime

    def row(self) -> dict[str, Json]:
        """The product with who recorded it when, as the price book reads it."""
        return {
            **self.product,
            "recorded_at": self.recorded_at.isoformat(),
            "recorded_by": self.recorded_by,
            "approved_by": self.approved_by,
        }


class Prices(Noun):
    async def record(self, versions: Sequence[NewVersion]) -> list[int]:
        """Record versions now; their ids."""
        rows = [
            {
                "id": self._work.ids.next(),
                "sku": version.sku,
                "product": version.product,
                "recorded_at": self._work.now,
                "recorded_by": version.recorded_by,
                "approved_by": version.approved_by,
                "reason": version.reason,
            }
            for version in versions
        ]
        await self._work.insert(_versions, rows)
        if rows:
            self._work.wakes.add("prices")
        return [int(str(row["id"])) for row in rows]

    async def versions(self, skus: Iterable[str] | None = None) -> list[PriceVersion]:
        """Every version (of these products), in the order they were recorded."""
        wanted = select(_versions).order_by(_versions.c.recorded_at, _versions.c.id)
        if skus is not None:
            wanted = wanted.where(self._work.among(_versions.c.sku, skus))
        return [PriceVersion(**row._mapping) for row in await self._work.rows(wanted)]

    async def hold(self) -> None:
        """Be alone in comparing a file with the book until the transaction ends; on SQLite writers queue anyway."""
        if not self._work.is_sqlite:
            await self._work.run(text("SELECT pg_advisory_xact_lock(hashtext('scrm:prices'))"))

    async def stamp(self) -> int:
        """Grows whenever a version is recorded: tells whether a copy in memory is still right."""
        row = await self._work.one(_RECORDED)
        return int(row.recorded) if row else 0

    # --- proposals -----------------------------------------------------------------------------------------------

    async def propose(self, proposals: Sequence[Proposal]) -> list[Proposal]:
        """Store proposals; they come back with their ids."""
        rows = [
            {
                "id": self._work.ids.next(),
                "sku": proposal.product.sku,
                "product": stored(write_rows([proposal.product])[0]),
                "reason": proposal.reason,
                "state": proposal.state.value,
                "proposed_by": proposal.proposed_by,
                "proposed_at": proposal.proposed_at,
                "source": proposal.source,
            }
            for proposal in proposals
        ]
        await self._work.insert(_proposals, rows)
        return await self.proposals_of(int(str(row["id"])) for row in rows)

    async def proposal(self, proposal_id: int) -> Proposal:
        """`NotFound` when there is none."""
        found = await self.proposals_of([proposal_id])
        if not found:
            raise NotFound("there is no such price proposal")
        return found[0]

    async def proposals_of(self, ids: Iterable[int]) -> list[Proposal]:
        wanted = select(_proposals).where(self._work.among(_proposals.c.id, ids)).order_by(_proposals.c.id)
        return [_proposal(row) for row in await self._work.rows(wanted)]

    async def lock_open(self, skus: Collection[str]) -> None:
        """Hold all open proposals for these products until the transaction ends: whoever decides next waits."""
        p = _proposals.c
        await self._work.rows(
            select(p.id)
            .where(self._work.among(p.sku, skus), p.state == ProposalState.PROPOSED.value)
            .order_by(p.id)
            .with_for_update()
        )

    async def proposals(
        self, *, state: str | None = None, sku: str | None = None, before: int | None = None, limit: int
    ) -> list[Proposal]:
        """The newest first; `before` is the id of the last one seen."""
        p = _proposals.c
        wanted = select(_proposals).order_by(p.id.desc()).limit(limit)
        if state is not None:
            wanted = wanted.where(p.state == state)
        if sku is not None:
            wanted = wanted.where(p.sku == sku)
        if before is not None:
            wanted = wanted.where(p.id < before)
        return [_proposal(row) for row in await self._work.rows(wanted)]

    async def came_together(self, proposal: Proposal) -> list[Proposal]:
        """The open proposals that came in with the same file, this one among them."""
        p = _proposals.c
        wanted = select(_proposals).where(
            p.source == proposal.source,
            p.proposed_by == proposal.proposed_by,
            p.proposed_at == proposal.proposed_at,
            p.state == ProposalState.PROPOSED.value,
        )
        return [_proposal(row) for row in await self._work.rows(wanted.order_by(p.id))]

    async def count_open(self) -> int:
        """How many proposals wait for a decision."""
        wanted = select(func.count(_proposals.c.id).label("open")).where(
            _proposals.c.state == ProposalState.PROPOSED.value
        )
        row = await self._work.one(wanted)
        return int(row.open) if row else 0

    async def decide(self, decided: Sequence[Proposal]) -> None:
        """Keep one decision for all of these: same state, same person, same note."""
        first = decided[0]
        await self._work.run(
            update(_proposals)
            .where(self._work.among(_proposals.c.id, [proposal.id for proposal in decided]))
            .values(
                state=first.state.value,
                decided_by=first.decided_by,
                decided_at=first.decided_at,
                decision_note=first.decision_note,
            )
        )


def stored(row: Mapping[str, Json]) -> dict[str, Json]:
    """A product's row without what has columns of its own."""
    return {name: value for name, value in row.items() if name not in _STORED_APART}


def _proposal(row: Row[Any]) -> Proposal:
    fields = dict(row._mapping)
    fields.pop("sku")
    (product,) = read_rows([fields.pop("product")])
    return Proposal(**(fields | {"product": product, "state": ProposalState(row.state)}))
