"""Claims: what was read as a price or promise from an entry, kept as documents; cues: what bears on others' claims."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, Select, Table, case, cast, delete, func, null, select, union_all

from scrm.core.claims import Approx, Claim, Kind, Link, Quote, Stance
from scrm.core.timeline import EntryState, Json, Speaker
from scrm.store import columns, schema
from scrm.store.work import Noun

_claims, _cues, _entries = schema.claims, schema.cues, schema.entries


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClaim:
    """A claim in the part `start:end` of an entry's text that `speaker` said. Its own offsets count from the part."""

    entry_id: int
    customer_id: int
    at: datetime
    speaker: Speaker
    start: int
    end: int
    claim: Claim


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCue:
    """Why the part `start:end` of an entry's text is kept for later checks though it may claim nothing."""

    entry_id: int
    customer_id: int
    at: datetime
    speaker: Speaker
    start: int
    end: int
    cue: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one speaker said within an entry, as far as checking needs it: with its claims, or with none where a cue
    keeps it. `text` is the part, not the whole.
    """

    entry_id: int
    customer_id: int
    at: datetime
    channel: str
    speaker: Speaker
    actor: str
    start: int
    text: str
    recalled: bool
    warned: bool
    claims: tuple[Claim, ...]


class Claims(Noun):
    async def add(self, claims: Sequence[NewClaim]) -> None:
        await self._work.insert(
            _claims,
            [
                {
                    "id": self._work.ids.next(),
                    "entry_id": claim.entry_id,
                    "customer_id": claim.customer_id,
                    "at": claim.at,
                    "speaker": claim.speaker,
                    "part_start": claim.start,
                    "part_end": claim.end,
                    "claim": _document(claim.claim),
                }
                for claim in claims
            ],
        )

    async def add_cues(self, cues: Sequence[NewCue]) -> None:
        await self._work.insert(
            _cues,
            [
                {
                    "id": self._work.ids.next(),
                    "entry_id": cue.entry_id,
                    "customer_id": cue.customer_id,
                    "at": cue.at,
                    "speaker": cue.speaker,
                    "part_start": cue.start,
                    "part_end": cue.end,
                    "cue": cue.cue,
                }
                for cue in cues
            ],
        )

    async def with_cue(self, customer_ids: Iterable[int], cue: str) -> set[int]:
        """Those of these customers for whom such a cue is on file."""
        c = _cues.c
        rows = await self._work.rows(
            select(c.customer_id).where(self._work.among(c.customer_id, set(customer_ids)), c.cue == cue).distinct()
        )
        return {row.customer_id for row in rows}

    async def clear(self, entry_ids: Sequence[int]) -> None:
        """Forget the claims and cues of entries that are read again."""
        if entry_ids:
            await self._work.run(delete(_claims).where(_claims.c.entry_id.in_(entry_ids)))
            await self._work.run(delete(_cues).where(_cues.c.entry_id.in_(entry_ids)))

    async def history(self, customer_ids: Iterable[int], *, since: datetime) -> dict[int, list[Said]]:
        """What was claimed to or by each of these customers at or after `since`, and what cues keep, oldest first."""
        wanted = set(customer_ids)
        by_part: dict[tuple[int, int], Said] = {}
        for row in await self._on_file(wanted, since):
            key = (row.entry_id, row.part_start)
            said, claims = by_part.get(key), () if row.claim is None else (_claim(row.claim),)
            if said is None:
                by_part[key] = _said(row, claims)
            elif claims:
                by_part[key] = replace(said, claims=said.claims + claims)
        found: dict[int, list[Said]] = {}
        for said in sorted(by_part.values(), key=lambda said: (said.at, said.entry_id, said.start)):
            found.setdefault(said.customer_id, []).append(said)
        return found

    async def _on_file(self, customer_ids: set[int], since: datetime) -> Sequence[Row[Any]]:
        """Claims and cues (`claim` None) with what their entries say, in the order they were stored."""
        e = _entries.c
        parts = [
            select(
                table.c.id.label("id"),  # what SQLite orders a union by must have been given its name
                *(table.c[name] for name in ("entry_id", "customer_id", "at", "speaker", "part_start", "part_end")),
                claim.label("claim"),
                *(e.channel, e.actor, e.text, e.state, e.origin),
            )
            .join(_entries, e.id == table.c.entry_id)
            .where(self._work.among(table.c.customer_id, customer_ids), table.c.at >= since)
            for table, claim in ((_claims, _claims.c.claim), (_cues, cast(null(), columns.Document)))
        ]
        return await self._work.rows(union_all(*parts).order_by("id"))

    async def stamps(self, customer_ids: Iterable[int]) -> dict[int, tuple[object, ...]]:
        """By customer, something that differs whenever `history` would: tells whether a copy in memory is still right.

        Ids of several processes do not grow in the order of their commits, hence more than the newest of them.
        """
        wanted = set(customer_ids)
        parts = [
            stamps.where(self._work.among(table.c.customer_id, wanted))
            for table, stamps in ((_claims, _STAMPS_OF_CLAIMS), (_cues, _STAMPS_OF_CUES))
        ]
        found: dict[int, tuple[object, ...]] = dict.fromkeys(wanted, ())
        for row in await self._work.rows(union_all(*parts)):
            found[row.customer_id] += (row.number, row.newest, int(row.mixed), int(row.recalled))
        return found

    async def of_entries(self, entry_ids: Iterable[int]) -> dict[int, list[Claim]]:
        """Claims by entry, in the order they were read; offsets count from the entry's text."""
        c = _claims.c
        rows = await self._work.rows(
            select(c.entry_id, c.part_start, c.claim).where(c.entry_id.in_(set(entry_ids))).order_by(c.entry_id, c.id)
        )
        found: dict[int, list[Claim]] = {}
        for row in rows:
            claim = _claim(row.claim)
            quote = replace(claim.quote, start=claim.quote.start + row.part_start, end=claim.quote.end + row.part_start)
            found.setdefault(row.entry_id, []).append(replace(claim, quote=quote))
        return found


def _stamps_of(table: Table) -> Select[tuple[Any, ...]]:
    e = _entries.c
    return (
        select(
            table.c.customer_id,
            func.count().label("number"),
            func.max(table.c.id).label("newest"),
            func.sum(table.c.id % 1_000_003).label("mixed"),
            func.sum(case((e.state == EntryState.RECALLED, 1), else_=0)).label("recalled"),
        )
        .join(_entries, e.id == table.c.entry_id)
        .group_by(table.c.customer_id)
    )


# Made once: with every word that is typed they are asked again.
_STAMPS_OF_CLAIMS, _STAMPS_OF_CUES = _stamps_of(_claims), _stamps_of(_cues)


def _said(row: Row[Any], claims: tuple[Claim, ...]) -> Said:
    return Said(
        entry_id=row.entry_id,
        customer_id=row.customer_id,
        at=row.at,
        channel=row.channel,
        speaker=Speaker(row.speaker),
        actor=row.actor,
        start=row.part_start,
        text=row.text[row.part_start : row.part_end],
        recalled=row.state == EntryState.RECALLED,
        warned=bool((row.origin or {}).get("acknowledged_reason")),
        claims=claims,
    )


def _document(claim: Claim) -> dict[str, Json]:
    quote = claim.quote
    return {
        "kind": quote.kind,
        "value": _text(quote.value),
        "value_max": _text(quote.value_max),
        "unit": quote.unit,
        "threshold": _text(quote.threshold),
        "approx": quote.approx,
        "stance": quote.stance,
        "start": quote.start,
        "end": quote.end,
        "confidence": quote.confidence,
        "cue": quote.cue,
        "sku": claim.sku,
        "link": claim.link,
        "link_confidence": claim.link_confidence,
        "valid_from": claim.valid_from.isoformat() if claim.valid_from else None,
        "valid_until": claim.valid_until.isoformat() if claim.valid_until else None,
        "condition": claim.condition,
    }


def _claim(document: Mapping[str, Any]) -> Claim:
    quote = Quote(
        kind=Kind(document["kind"]),
        value=_decimal(document["value"]),
        value_max=_decimal(document["value_max"]),
        unit=document["unit"],
        threshold=_decimal(document["threshold"]),
        approx=Approx(document["approx"]),
        stance=Stance(document["stance"]),
        start=document["start"],
        end=document["end"],
        confidence=document["confidence"],
        cue=document["cue"],
    )
    return Claim(
        quote=quote,
        sku=document["sku"],
        link=Link(document["link"]),
        link_confidence=document["link_confidence"],
        valid_from=_time(document["valid_from"]),
        valid_until=_time(document["valid_until"]),
        condition=document["condition"],
    )


def _text(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")


def _decimal(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def _time(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)
