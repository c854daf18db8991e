"""Customers and their identities: who an event belongs to, merges with undo, and what the customer list shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, and_, bindparam, case, exists, func, or_, select, tuple_, union, update

from scrm.core.errors import BadInput, Conflict, NotFound
from scrm.core.timeline import Direction, Identity, Speaker
from scrm.store import columns, schema
from scrm.store.work import Noun

_customers, _identities, _merges = schema.customers, schema.identities, schema.merges
_entries, _maybe = schema.entries, schema.maybe_links
_own, _other = _customers.alias("own"), _customers.alias("other")

MADE_UP, TOLD, BY_HAND = 0, 1, 2
"""Ranks of a customer's name: a name of a higher rank is not replaced by one of a lower."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """Two customers became one. `household_id` is the household that came to the kept one with it, if any."""

    id: int
    kept_id: int
    merged_id: int
    automatic: bool
    reason: str
    actor: str
    at: datetime
    undone_at: datetime | None = None
    household_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    id: int
    name: str
    owner_id: int | None
    created_at: datetime
    merged_into: int | None
    last_at: datetime
    last_entry_id: int | None
    unread: int
    version: int
    household_id: int | None = None
    household_role: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownIdentity:
    """An identity with the customer it is linked to, and why."""

    id: int
    identity: Identity
    customer_id: int
    reason: str
    channel: str
    linked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Customers to speak to: the given ones or all, of these those of an owner, or whose words earned a tag."""

    customer_ids: tuple[int, ...] | None = None
    owner_id: int | None = None
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class Activity:
    """What a batch did to one customer: the newest entry with its time, and unread inbound ones."""

    customer_id: int
    last_entry_id: int
    last_at: datetime
    unread: int


class Customers(Noun):
    async def load(self, ids: Iterable[int]) -> dict[int, Customer]:
        """Customers by id; unknown ids are missing."""
        rows = await self._work.rows(select(*_COLUMNS).where(self._work.among(_customers.c.id, set(ids))))
        return {row.id: Customer(**row._mapping) for row in rows}

    async def get(self, customer_id: int) -> Customer:
        """The customer, or the one it was merged into. `NotFound` when there is none."""
        seen: set[int] = set()
        while customer_id not in seen:
            seen.add(customer_id)
            found = (await self.load([customer_id])).get(customer_id)
            if found is None:
                break
            if found.merged_into is None:
                return found
            customer_id = found.merged_into
        raise NotFound("there is no such customer")

    async def lock(self, customer_ids: Iterable[int]) -> Mapping[int, int]:
        """Nobody else writes about these customers and their households until the transaction ends. Locks are taken in
        id order, all in one statement, so that two transactions never wait for each other.

        Gives the customers among them that were merged, with the one each was merged into. On SQLite, where writers
        queue anyway, there is nothing to lock and nothing is asked.
        """
        wanted = sorted(set(customer_ids))
        if self._work.is_sqlite or not wanted:
            return {}
        c, own, other = _customers.c, _own.c, _other.c
        everybody = union(
            select(own.id).where(self._work.among(own.id, wanted)),
            select(other.id).join(_own, own.household_id == other.household_id).where(self._work.among(own.id, wanted)),
        )
        rows = await self._work.rows(
            select(c.id, c.merged_into).where(c.id.in_(everybody)).order_by(c.id).with_for_update()
        )
        return {row.id: row.merged_into for row in rows if row.merged_into is not None}

    async def touch(self, activities: Sequence[Activity]) -> None:
        """Bring the customer list up to date after a batch."""
        c = _customers.c
        at = bindparam("b_at", type_=columns.UtcTime())
        # What first happened with a new customer happened before we knew of them.
        newer = or_(c.last_entry_id.is_(None), at >= c.last_at)
        if activities:
            await self._work.run(
                update(_customers)
                .where(c.id == bindparam("b_id"))
                .values(
                    unread=c.unread + bindparam("b_unread"),
                    last_entry_id=case((newer, bindparam("b_entry")), else_=c.last_entry_id),
                    last_at=case((newer, at), else_=c.last_at),
                )
                .execution_options(synchronize_session=False),
                [
                    {"b_id": a.customer_id, "b_unread": a.unread, "b_entry": a.last_entry_id, "b_at": a.last_at}
                    for a in activities
                ],
            )

    async def name(self, names: Mapping[int, str], *, rank: int = TOLD) -> frozenset[int]:
        """Set names, unless a better founded one stands. Gives back the customers whose name changed."""
        if not names:
            return frozenset()
        c = _customers.c
        rows = await self._work.rows(select(c.id, c.name).where(c.id.in_(names), c.name_rank <= rank))
        changed = {row.id for row in rows if row.name != names[row.id]}
        if changed:
            await self._work.run(
                update(_customers)
                .where(c.id == bindparam("b_id"))
                .values(name=bindparam("b_name"), name_rank=rank, version=c.version + 1),
                [{"b_id": customer_id, "b_name": names[customer_id][:200]} for customer_id in sorted(changed)],
            )
        return frozenset(changed)

    async def assign(self, customer_id: int, owner_id: int | None) -> None:
        await self._work.run(update(_customers).where(_customers.c.id == customer_id).values(owner_id=owner_id))

    async def put_into(self, customer_id: int, household_id: int | None, role: str) -> None:
        """Put a customer into a household, or out of it (None). The customer must be locked."""
        c = _customers.c
        await self._work.run(
            update(_customers)
            .where(c.id == customer_id)
            .values(household_id=household_id, household_role=role, version=c.version + 1)
        )

    async def mark_read(self, customer_id: int) -> bool:
        """Forget the unread count; says whether there was any."""
        c = _customers.c
        done = await self._work.run(update(_customers).where(c.id == customer_id, c.unread > 0).values(unread=0))
        return done.rowcount > 0

    async def waiting(self, *, since: datetime, until: datetime, limit: int) -> list[int]:
        """Customers whose last word, or a bot's after it, was said in that time: nobody has answered since."""
        c, e = _customers.c, _entries.c
        rows = await self._work.rows(
            select(c.id)
            .join(_entries, e.id == c.last_entry_id)
            .where(c.last_at >= since, c.last_at < until, e.speaker.in_([Speaker.CUSTOMER, Speaker.BOT]))
            .order_by(c.last_at)
            .limit(limit)
        )
        return [row.id for row in rows]

    async def recent(
        self,
        *,
        query: str,
        only: str,
        owner_id: int,
        before: tuple[datetime, int] | None,
        limit: int,
        found: Sequence[int] = (),
    ) -> list[Customer]:
        """The customer list: newest activity first, from the key `before`. `only`: all, unread, mine. `query` matches
        names and phone digits; `found` adds customers found otherwise (by what was said).
        """
        c = _customers.c
        wanted = select(*_COLUMNS).where(c.merged_into.is_(None))
        if only == "unread":
            wanted = wanted.where(c.unread > 0)
        if only == "mine":
            wanted = wanted.where(c.owner_id == owner_id)
        if query:
            wanted = wanted.where(or_(*self._matches(query), c.id.in_(found)))
        if before is not None:
            wanted = wanted.where(tuple_(c.last_at, c.id) < tuple_(*columns.place(before)))
        rows = await self._work.rows(wanted.order_by(c.last_at.desc(), c.id.desc()).limit(limit))
        return [Customer(**row._mapping) for row in rows]

    async def audience(self, audience: Audience, *, after: int, limit: int) -> list[int]:
        """The next customers of an audience, by id."""
        c = _customers.c
        rows = await self._work.rows(
            select(c.id).where(c.id > after, self._of_audience(audience)).order_by(c.id).limit(limit)
        )
        return [row.id for row in rows]

    async def count_audience(self, audience: Audience) -> int:
        row = await self._work.one(
            select(func.count().label("number")).select_from(_customers).where(self._of_audience(audience))
        )
        return row.number if row else 0

    def _of_audience(self, audience: Audience) -> columns.Condition:
        c = _customers.c
        conditions: list[columns.Condition] = [c.merged_into.is_(None)]
        if audience.customer_ids is not None:
            conditions.append(self._work.among(c.id, audience.customer_ids))
        if audience.owner_id is not None:
            conditions.append(c.owner_id == audience.owner_id)
        if audience.tag is not None:
            tagged = select(_entries.c.customer_id).join(schema.tags, schema.tags.c.entry_id == _entries.c.id)
            conditions.append(c.id.in_(tagged.where(schema.tags.c.tag == audience.tag)))
        return and_(*conditions)

    async def identities(self, customer_ids: Iterable[int]) -> list[KnownIdentity]:
        """Every identity of these customers, oldest first."""
        c = _identities.c
        rows = await self._work.rows(select(_identities).where(c.customer_id.in_(set(customer_ids))).order_by(c.id))
        return [_known(row) for row in rows]

    async def identity(self, identity_id: int) -> KnownIdentity:
        row = await self._work.one(select(_identities).where(_identities.c.id == identity_id))
        if row is None:
            raise NotFound("there is no such identity")
        return _known(row)

    async def count(self) -> int:
        row = await self._work.one(
            select(func.count().label("number")).select_from(_customers).where(_customers.c.merged_into.is_(None))
        )
        return row.number if row else 0

    # --- merging -------------------------------------------------------------------------------------------------

    async def merge_by_hand(self, customer_id: int, other_id: int, *, reason: str, actor: str) -> Merge:
        """Make two customers one; the older is kept. `BadInput` when they are one already."""
        one, other = await self.get(customer_id), await self.get(other_id)
        if one.id == other.id:
            raise BadInput("these two are one customer already")
        keep, merged = sorted([one.id, other.id])
        await self.lock([keep, merged])
        return await self.merge(keep, merged, automatic=False, reason=reason, actor=actor)

    async def undo_merge(self, merge_id: int, *, actor: str) -> Merge:
        """Make two customers of one again: the identities that moved go back, with their entries."""
        row = await self._work.one(select(_merges).where(_merges.c.id == merge_id))
        if row is None:
            raise NotFound("there is no such merge")
        if row.undone_at is not None:
            raise Conflict("this merge has been undone already")
        later = await self._work.one(
            select(_merges.c.id).where(
                _merges.c.id > merge_id,
                _merges.c.undone_at.is_(None),
                or_(_merges.c.merged_id == row.kept_id, _merges.c.kept_id == row.merged_id),
            )
        )
        if later is not None:
            raise Conflict("a later merge builds on this one: undo that first")
        await self.lock([row.kept_id, row.merged_id])
        await self._move(row.identities, row.kept_id, row.merged_id)
        await self._give_household_back(_merge(row))
        await self._work.run(update(_customers).where(_customers.c.id == row.merged_id).values(merged_into=None))
        for customer_id in (row.kept_id, row.merged_id):
            await self._recount(customer_id)
        await self._work.run(
            update(_merges).where(_merges.c.id == merge_id).values(undone_at=self._work.now, undone_by=actor)
        )
        return replace(_merge(row), undone_at=self._work.now)

    async def merges(self, customer_id: int) -> list[tuple[Merge, str]]:
        """Merges into this customer with the other's name, newest first."""
        rows = await self._work.rows(
            select(_merges, _customers.c.name.label("other_name"))
            .join(_customers, _customers.c.id == _merges.c.merged_id)
            .where(_merges.c.kept_id == customer_id)
            .order_by(_merges.c.id.desc())
        )
        return [(_merge(row), row.other_name) for row in rows]

    async def maybe_same(self, customer_id: int) -> list[tuple[Customer, str]]:
        """Customers who may be the same person, with the reason."""
        c = _maybe.c
        rows = await self._work.rows(
            select(*_COLUMNS, c.reason)
            .join(
                _maybe,
                or_(
                    and_(c.customer_id == customer_id, c.other_id == _customers.c.id),
                    and_(c.other_id == customer_id, c.customer_id == _customers.c.id),
                ),
            )
            .where(_customers.c.merged_into.is_(None))
        )
        return [
            (Customer(**{key: value for key, value in row._mapping.items() if key != "reason"}), row.reason)
            for row in rows
        ]

    async def merge(self, keep: int, other: int, *, automatic: bool, reason: str, actor: str) -> Merge:
        """Move everything of `other` to `keep`, with a record that undoes it. Both must be locked."""
        rows = await self._work.rows(select(_identities.c.id).where(_identities.c.customer_id == other))
        moved = [row.id for row in rows]
        household_id = await self._take_over_household(keep, other)
        merge = Merge(
            id=self._work.ids.next(),
            kept_id=keep,
            merged_id=other,
            automatic=automatic,
            reason=reason[:500],
            actor=actor,
            at=self._work.now,
            household_id=household_id,
        )
        await self._move(moved, other, keep)
        await self._work.run(update(_customers).where(_customers.c.id == other).values(merged_into=keep))
        await self._name_after_merge(keep, other)
        await self._recount(keep)
        await self._work.insert(
            _merges,
            [
                {
                    "id": merge.id,
                    "kept_id": keep,
                    "merged_id": other,
                    "automatic": automatic,
                    "reason": merge.reason,
                    "actor": actor,
                    "at": merge.at,
                    "identities": moved,
                    "household_id": household_id,
                }
            ],
        )
        return merge

    async def _move(self, identity_ids: Sequence[int], source: int, target: int) -> None:
        """Identities with all that was said under them."""
        await self._work.run(update(_identities).where(_identities.c.id.in_(identity_ids)).values(customer_id=target))
        await self._work.run(
            update(_entries)
            .where(_entries.c.customer_id == source, _entries.c.identity_id.in_(identity_ids))
            .values(customer_id=target)
        )
        for table in (schema.claims, schema.cues):
            await self._work.run(
                update(table)
                .where(
                    table.c.customer_id == source,
                    exists(select(1).where(_entries.c.id == table.c.entry_id, _entries.c.customer_id == target)),
                )
                .values(customer_id=target)
            )
        cases, findings = schema.cases, schema.findings
        about_what_moved = exists(
            select(1)
            .where(findings.c.case_id == cases.c.id)
            .where(_entries.c.id == findings.c.entry_id, _entries.c.customer_id == target)
        )
        # A day's conversation names no statement: it goes along when nothing stays behind.
        nothing_stayed = ~exists(select(1).where(_entries.c.customer_id == source))
        await self._work.run(
            update(cases)
            .where(cases.c.customer_id == source, or_(about_what_moved, and_(cases.c.day.is_not(None), nothing_stayed)))
            .values(customer_id=target)
        )

    async def _take_over_household(self, keep: int, other: int) -> int | None:
        """Who has no household comes into that of the one they turn out to be; an own one is kept."""
        both = await self.load([keep, other])
        if both[keep].household_id is not None or both[other].household_id is None:
            return None
        await self.put_into(keep, both[other].household_id, both[other].household_role)
        return both[other].household_id

    async def _give_household_back(self, merge: Merge) -> None:
        kept = (await self.load([merge.kept_id]))[merge.kept_id]
        if merge.household_id is not None and kept.household_id == merge.household_id:
            await self.put_into(merge.kept_id, None, "")

    async def _name_after_merge(self, keep: int, other: int) -> None:
        c = _customers.c
        rows = {
            r.id: r
            for r in await self._work.rows(select(c.id, c.name, c.name_rank, c.owner_id).where(c.id.in_([keep, other])))
        }
        values: dict[str, object] = {"version": c.version + 1}
        if rows[other].name_rank > rows[keep].name_rank:
            values |= {"name": rows[other].name, "name_rank": rows[other].name_rank}
        if rows[keep].owner_id is None:
            values["owner_id"] = rows[other].owner_id
        await self._work.run(update(_customers).where(c.id == keep).values(**values))

    async def _recount(self, customer_id: int) -> None:
        """The newest entry after a merge or its undoing; unread ones are kept as an upper bound of both sides."""
        e = _entries.c
        bookkeeping = and_(e.kind == "contact", e.direction == Direction.INTERNAL)
        newest = await self._work.one(
            select(e.id, e.at)
            .where(e.customer_id == customer_id)
            .order_by(case((bookkeeping, 1), else_=0), e.at.desc(), e.id.desc())
            .limit(1)
        )
        values: dict[str, object] = {"last_entry_id": newest.id if newest else None}
        if newest:
            values["last_at"] = newest.at
        merged_unread = select(func.coalesce(func.sum(_customers.c.unread), 0)).where(
            or_(_customers.c.id == customer_id, _customers.c.merged_into == customer_id)
        )
        row = await self._work.one(merged_unread)
        values["unread"] = int(row[0]) if row else 0
        await self._work.run(update(_customers).where(_customers.c.id == customer_id).values(**values))
        await self._work.run(update(_customers).where(_customers.c.merged_into == customer_id).values(unread=0))

    def _matches(self, query: str) -> list[columns.Condition]:
        c, i = _customers.c, _identities.c
        conditions: list[columns.Condition] = [c.name.icontains(query, autoescape=True)]
        digits = query.replace(" ", "").replace("-", "").removeprefix("+86")
        if digits.isdigit() and len(digits) >= 3:
            phone = select(i.customer_id).where(i.namespace == "phone", i.value.contains(digits, autoescape=True))
            conditions.append(c.id.in_(phone))
        return conditions


def _known(row: Row[Any]) -> KnownIdentity:
    return KnownIdentity(
        id=row.id,
        identity=Identity(row.namespace, row.value),
        customer_id=row.customer_id,
        reason=row.reason,
        channel=row.channel,
        linked_at=row.linked_at,
    )


def _merge(row: Row[Any]) -> Merge:
    return Merge(
        id=row.id,
        kept_id=row.kept_id,
        merged_id=row.merged_id,
        automatic=row.automatic,
        reason=row.reason,
        actor=row.actor,
        at=row.at,
        undone_at=row.undone_at,
        household_id=row.household_id,
    )


_COLUMNS = [_customers.c[name] for name in Customer.__dataclass_fields__]
