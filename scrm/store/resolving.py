"""Resolving: whose is each event of a batch? Finds or creates customers, links proven identities, merges."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import delete, select, update

from scrm.core.customers import SINGLE_VALUED, decide, made_up_name
from scrm.core.timeline import Identity, IdentityEvidence
from scrm.store import schema
from scrm.store.customers import MADE_UP, TOLD, Customers, Merge
from scrm.store.work import Noun, Work

_customers, _identities, _maybe = schema.customers, schema.identities, schema.maybe_links


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A person seen on a channel: the identity used, what else the event proves, and the name told (or empty)."""

    channel: str
    identity: Identity
    reason: str
    evidence: tuple[IdentityEvidence, ...] = ()
    name: str = ""


@dataclass(frozen=True, slots=True)
class Placement:
    """Whose a sighting is."""

    customer_id: int
    identity_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """The outcome for a batch: a placement per sighting, customers that are new, and merges that were made."""

    placements: tuple[Placement, ...]
    added: tuple[int, ...]
    merged: tuple[Merge, ...]


class Resolving(Noun):
    def __init__(self, work: Work, customers: Customers) -> None:
        super().__init__(work)
        self._store = customers

    async def resolve(self, sightings: Sequence[Sighting]) -> Resolved:
        """The customers of a batch, in order. Their rows are locked, in id order, until the transaction ends."""
        draft = _Draft(self._work, await self._find(_all_identities(sightings)))
        for sighting in sightings:
            if contested := draft.place(sighting):
                draft.settle(sighting, contested, await self._single_valued(contested))
        await self._store_new(draft)
        await self._note_maybe(draft.maybe)
        placements = await self._locked(draft.placements())
        merged = [
            await self._store.merge(keep, other, automatic=True, reason=reason, actor="")
            for keep, other, reason in draft.merges
        ]
        return Resolved(placements=placements, added=tuple(draft.new_customers), merged=tuple(merged))

    async def _find(self, identities: set[Identity]) -> dict[Identity, Placement]:
        if not identities:
            return {}
        c = _identities.c
        rows = await self._work.rows(
            select(c.id, c.namespace, c.value, c.customer_id).where(
                self._work.pairs_among(c.namespace, c.value, [(i.namespace, i.value) for i in identities])
            )
        )
        return {Identity(row.namespace, row.value): Placement(row.customer_id, row.id) for row in rows}

    async def _single_valued(self, customer_ids: Iterable[int]) -> dict[int, list[Identity]]:
        c = _identities.c
        rows = await self._work.rows(
            select(c.customer_id, c.namespace, c.value).where(
                c.customer_id.in_(set(customer_ids)), c.namespace.in_(sorted(SINGLE_VALUED))
            )
        )
        held: dict[int, list[Identity]] = {}
        for row in rows:
            held.setdefault(row.customer_id, []).append(Identity(row.namespace, row.value))
        return held

    async def _store_new(self, draft: _Draft) -> None:
        """Insert what is new. Where another worker has linked an identity meanwhile, its decision stands."""
        work = self._work
        await work.insert(
            _customers,
            [
                {
                    "id": customer_id,
                    "name": (seen.name or made_up_name(seen.identity))[:200],
                    "name_rank": TOLD if seen.name else MADE_UP,
                    "created_at": work.now,
                    "last_at": work.now,
                }
                for customer_id, seen in draft.new_customers.items()
            ],
        )
        if not draft.new_links:
            return
        # In one order everywhere, so that two workers never wait for each other.
        links = sorted(draft.new_links.values(), key=lambda link: (link.identity.namespace, link.identity.value))
        await work.insert_new(
            _identities,
            [
                {
                    "id": link.id,
                    "namespace": link.identity.namespace,
                    "value": link.identity.value,
                    "customer_id": draft.current(link.customer_id),
                    "reason": link.reason[:300],
                    "channel": link.channel,
                    "linked_at": work.now,
                }
                for link in links
            ],
            unique=["namespace", "value"],
        )
        if not work.is_sqlite:
            await self._give_way(draft, await self._find(set(draft.new_links)))

    async def _give_way(self, draft: _Draft, stored: dict[Identity, Placement]) -> None:
        lost = draft.accept(stored)
        for mine, theirs in lost.items():
            await self._work.run(
                update(_identities).where(_identities.c.customer_id == mine).values(customer_id=theirs)
            )
        if lost:
            await self._work.run(delete(_customers).where(_customers.c.id.in_(list(lost))))

    async def _note_maybe(self, pairs: Sequence[tuple[int, int, str]]) -> None:
        await self._work.insert_new(
            _maybe,
            [
                {"customer_id": min(a, b), "other_id": max(a, b), "reason": reason[:300], "at": self._work.now}
                for a, b, reason in pairs
            ],
            unique=["customer_id", "other_id"],
        )

    async def _locked(self, placements: Sequence[Placement]) -> tuple[Placement, ...]:
        """Lock the placements' customers; follow merges that were made while we waited for the lock."""
        merged = await self._store.lock(placement.customer_id for placement in placements)
        moved = {placement.customer_id for placement in placements if placement.customer_id in merged}
        if not moved:
            return tuple(placements)
        kept = {old: (await self._store.get(old)).id for old in moved}
        await self._store.lock(kept.values())
        return tuple(replace(p, customer_id=kept.get(p.customer_id, p.customer_id)) for p in placements)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Link:
    id: int
    identity: Identity
    customer_id: int
    reason: str
    channel: str


class _Draft:
    """A batch's customers while they are being decided: nothing is stored before all are known."""

    def __init__(self, work: Work, known: dict[Identity, Placement]) -> None:
        self._ids = work.ids
        self._known = known
        self._placed: list[Identity] = []
        self._same: dict[int, int] = {}
        self.new_customers: dict[int, Sighting] = {}
        self.new_links: dict[Identity, _Link] = {}
        self.merges: list[tuple[int, int, str]] = []
        self.maybe: list[tuple[int, int, str]] = []

    def place(self, sighting: Sighting) -> frozenset[int]:
        """Place a sighting whose identities agree. The customers it points at, when they are several."""
        candidates = {self._customer_of(identity) for identity in _all_identities([sighting])} - {None}
        if len(candidates) > 1:
            return frozenset(customer for customer in candidates if customer is not None)
        self._link_all(sighting, next(iter(candidates), None) or self._add(sighting))
        return frozenset()

    def settle(self, sighting: Sighting, candidates: Iterable[int], held: dict[int, list[Identity]]) -> None:
        """Place a sighting that points at several customers: merge them, or note that they may be one."""
        reasons = {self._customer_of(e.identity): e.reason for e in sighting.evidence}
        own = self._customer_of(sighting.identity)
        proven = [customer for customer in candidates if customer != own]
        match = decide(own, proven, held, [e.identity for e in sighting.evidence])
        keep = match.keep if match.keep is not None else self._add(sighting)
        for other in match.merge:
            self._unite(keep, other, reasons.get(other) or next(iter(reasons.values()), sighting.reason))
        self.maybe += [(keep, other, reasons.get(other) or sighting.reason) for other in match.maybe]
        self._link_all(sighting, keep)

    def placements(self) -> list[Placement]:
        return [replace(self._known[i], customer_id=self.current(self._known[i].customer_id)) for i in self._placed]

    def accept(self, stored: dict[Identity, Placement]) -> dict[int, int]:
        """Take over links that another worker was quicker to make: new customer of ours → theirs."""
        lost = {}
        for identity, link in self.new_links.items():
            mine, placement = self.current(link.customer_id), stored[identity]
            self._known[identity] = placement
            if placement.customer_id != mine and mine in self.new_customers:
                lost[mine] = placement.customer_id
                self._same[mine] = placement.customer_id
                del self.new_customers[mine]
        return lost

    def current(self, customer_id: int) -> int:
        """The customer this one has become."""
        while customer_id in self._same:
            customer_id = self._same[customer_id]
        return customer_id

    def _customer_of(self, identity: Identity) -> int | None:
        placement = self._known.get(identity)
        return self.current(placement.customer_id) if placement else None

    def _add(self, sighting: Sighting) -> int:
        customer_id = self._ids.next()
        self.new_customers[customer_id] = sighting
        return customer_id

    def _unite(self, keep: int, other: int, reason: str) -> None:
        self._same[other] = keep
        if self.new_customers.pop(other, None) is None:
            self.merges.append((keep, other, reason))

    def _link_all(self, sighting: Sighting, customer_id: int) -> None:
        self._placed.append(sighting.identity)
        self._link(sighting.identity, customer_id, sighting.reason, sighting.channel)
        for evidence in sighting.evidence:
            self._link(evidence.identity, customer_id, evidence.reason, sighting.channel)

    def _link(self, identity: Identity, customer_id: int, reason: str, channel: str) -> None:
        if identity in self._known:
            return
        link = _Link(id=self._ids.next(), identity=identity, customer_id=customer_id, reason=reason, channel=channel)
        self.new_links[identity] = link
        self._known[identity] = Placement(customer_id, link.id)


def _all_identities(sightings: Iterable[Sighting]) -> set[Identity]:
    return {identity for s in sightings for identity in (s.identity, *(e.identity for e in s.evidence))}
