"""Putting what happened on timelines: whose it is, what is new, what it changes, what it means; a batch at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from scrm.core.events import Event
from scrm.core.ids import public
from scrm.core.tagging import Tag
from scrm.core.timeline import (
    Call,
    ChannelEvent,
    DeliveryFailure,
    Direction,
    Edit,
    Entry,
    EntryState,
    Json,
    Recall,
    shown,
)
from scrm.hub import Hub
from scrm.services.annotate import TakenBack, annotate
from scrm.store.customers import Activity, Merge
from scrm.store.database import Transaction
from scrm.store.resolving import Placement, Sighting
from scrm.store.timeline import Change


@dataclass(frozen=True, slots=True)
class Happened:
    """A channel's event on its way to a timeline, with the raw event it came from."""

    channel: str
    event: ChannelEvent
    inbox_id: int
    received_at: datetime


@dataclass(slots=True)
class _Batch:
    """What a batch comes to while it is sorted: entries by (channel, event id), and changes to entries."""

    known: Mapping[tuple[str, str], Entry]
    fresh: dict[tuple[str, str], Entry] = field(default_factory=dict)
    completed: dict[tuple[str, str], Entry] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)

    def find(self, key: tuple[str, str]) -> Entry | None:
        return self.completed.get(key) or self.fresh.get(key) or self.known.get(key)


@dataclass(frozen=True, slots=True)
class _Changed:
    """A change that was applied, with the entry before and after it."""

    before: Entry
    change: Change
    after: Entry


async def put_on_timeline(hub: Hub, tx: Transaction, happened: Sequence[Happened]) -> list[Event]:
    """Store what happened; give back the facts to publish. What is on a timeline already is not put there again."""
    sightings = [_sighting(hub, one) for one in happened if one.event.customer is not None]
    resolved = await tx.resolving.resolve(sightings)
    placements = iter(resolved.placements)
    placed = [(one, next(placements) if one.event.customer is not None else None) for one in happened]
    keys = {key for one in happened for key in ((one.channel, one.event.id), _target(one)) if key}
    batch = _Batch(known=await tx.timeline.find(keys))
    for one, placement in placed:
        _sort_in(tx, batch, one, placement)

    fresh = list(batch.fresh.values())
    await tx.timeline.append(fresh)
    await tx.timeline.complete([(batch.known[key], entry) for key, entry in batch.completed.items()])
    changed = await _apply_changes(tx, batch)
    reread = {entry.id: entry for entry in batch.completed.values()}
    reread |= {one.after.id: one.after for one in changed if one.change.what == "edited"}
    await tx.timeline.clear_reading(list(reread))
    await tx.claims.clear(list(reread))
    await tx.search.add([(entry.id, entry.text) for entry in fresh])
    await tx.search.replace(_rewordings(batch, changed))
    read = {entry.id: entry for entry in fresh} | reread
    annotated = await annotate(
        hub,
        tx,
        list(read.values()),
        united={merge.kept_id for merge in resolved.merged},
        recalled=[TakenBack(one.after, one.change.at) for one in changed if one.change.what == "recalled"],
    )
    await tx.customers.touch(_activities(fresh))
    renamed = await tx.customers.name(_names(placed))
    return [
        *(_customer_added(customer_id) for customer_id in resolved.added),
        *(merged_event(merge) for merge in resolved.merged),
        *(entry_added(hub, entry, annotated.tags.get(entry.id, ())) for entry in fresh),
        *(entry_changed(entry, "completed") for entry in batch.completed.values()),
        *(entry_changed(one.after, one.change.what) for one in changed),
        *(customer_changed(customer_id) for customer_id in sorted(renamed)),
        *annotated.events,
    ]


def entry_added(hub: Hub, entry: Entry, tags: Sequence[Tag]) -> Event:
    """The fact that something happened, with what an integrator needs to act on it."""
    channel = hub.channels.get(entry.channel)
    return Event(
        type="entry.added",
        customer_id=entry.customer_id,
        payload={
            "entry_id": public("msg", entry.id),
            "channel": entry.channel,
            "channel_kind": channel.kind if channel else "",
            "kind": entry.kind,
            "direction": entry.direction,
            "speaker": entry.speaker,
            "actor": entry.actor,
            "at": entry.at.isoformat(),
            "text": entry.text,
            "tags": [{"tag": tag, "kind": kind, "rule": rule} for tag, kind, rule in _once(tags)],
        },
    )


def _once(tags: Sequence[Tag]) -> dict[tuple[str, str, str], None]:
    """Each tag once, however often its words stand in the text."""
    return dict.fromkeys((tag.tag, tag.kind.value, tag.rule) for tag in tags)


def entry_changed(entry: Entry, what: str) -> Event:
    """The fact that an entry was completed, edited, recalled or delivered (`what`)."""
    payload: dict[str, Json] = {"entry_id": public("msg", entry.id), "what": what, "state": entry.state}
    return Event(type="entry.changed", customer_id=entry.customer_id, payload=payload)


def merged_event(merge: Merge) -> Event:
    return Event(
        type="customers.merged",
        customer_id=merge.kept_id,
        payload={
            "merge_id": public("mrg", merge.id),
            "kept_id": public("cus", merge.kept_id),
            "merged_id": public("cus", merge.merged_id),
            "automatic": merge.automatic,
            "reason": merge.reason,
        },
    )


def customer_changed(customer_id: int) -> Event:
    """The fact that a customer's name, owner or reading state changed."""
    return Event(type="customer.changed", customer_id=customer_id, payload={"id": public("cus", customer_id)})


def _customer_added(customer_id: int) -> Event:
    return Event(type="customer.added", customer_id=customer_id, payload={"id": public("cus", customer_id)})


def _sighting(hub: Hub, one: Happened) -> Sighting:
    event = one.event
    assert event.customer is not None
    channel = hub.channels.get(one.channel)
    return Sighting(
        channel=one.channel,
        identity=event.customer,
        reason=f"{channel.connector.label if channel else one.channel}中的身份",
        evidence=event.evidence,
        name=event.name,
    )


def _target(one: Happened) -> tuple[str, str] | None:
    body = one.event.body
    return (one.channel, body.target) if isinstance(body, Recall | Edit | DeliveryFailure) else None


def _sort_in(tx: Transaction, batch: _Batch, one: Happened, placement: Placement | None) -> None:
    event, key = one.event, (one.channel, one.event.id)
    if isinstance(event.body, Recall | Edit | DeliveryFailure):
        batch.changes.append(_change(one, event.body))
        return
    before = batch.find(key)
    look = shown(event.body)
    if before is None:
        batch.fresh[key] = Entry(
            id=tx.ids.next(),
            customer_id=placement.customer_id if placement else None,
            identity_id=placement.identity_id if placement else None,
            channel=one.channel,
            external_id=event.id,
            thread=event.thread,
            kind=look.kind,
            direction=event.direction,
            speaker=event.speaker,
            actor=event.actor,
            at=event.at,
            received_at=one.received_at,
            text=look.text,
            body=look.body,
            inbox_id=one.inbox_id,
        )
    elif isinstance(event.body, Call):
        fuller = replace(before, text=look.text or before.text, body=_fuller(before.body, look.body))
        if fuller != before:
            (batch.fresh if key in batch.fresh else batch.completed)[key] = fuller


def _fuller(before: Mapping[str, Json], now: Mapping[str, Json]) -> dict[str, Json]:
    """A call told in several pieces: what a later one says wins, what it leaves out stays."""
    return {**before, **{name: value for name, value in now.items() if value not in {None, "", 0}}}


def _change(one: Happened, body: Recall | Edit | DeliveryFailure) -> Change:
    match body:
        case Recall():
            what, text = "recalled", ""
        case Edit():
            what, text = "edited", body.text
        case DeliveryFailure():
            what, text = "failed", body.reason
    return Change(channel=one.channel, target=body.target, what=what, at=one.event.at, text=text)


async def _apply_changes(tx: Transaction, batch: _Batch) -> list[_Changed]:
    """Apply changes to entries that are there, those that waited for this batch's entries first; keep the rest."""
    waited = await tx.timeline.take_awaited(list(batch.fresh))
    applied: list[_Changed] = []
    latest: dict[tuple[str, str], Entry] = {}
    missing: list[Change] = []
    for change in [*waited, *batch.changes]:
        key = (change.channel, change.target)
        before = latest.get(key) or batch.find(key)
        if before is None:
            missing.append(change)
        elif not (change.what == "recalled" and before.state is EntryState.RECALLED):
            latest[key] = _after(before, change)
            applied.append(_Changed(before, change, latest[key]))
    await tx.timeline.change([(one.before, one.change) for one in applied])
    await tx.timeline.await_target(missing)
    return applied


def _after(entry: Entry, change: Change) -> Entry:
    match change.what:
        case "recalled":
            return replace(entry, state=EntryState.RECALLED)
        case "edited":
            return replace(entry, text=change.text)
        case _:
            return replace(entry, state=EntryState.FAILED, state_reason=change.text)


def _rewordings(batch: _Batch, changed: Sequence[_Changed]) -> list[tuple[int, str, str]]:
    """(entry id, earlier text, new text) for the search index, in order."""
    completed = [
        (entry.id, batch.known[key].text, entry.text)
        for key, entry in batch.completed.items()
        if batch.known[key].text != entry.text
    ]
    return completed + [
        (one.after.id, one.before.text, one.after.text) for one in changed if one.change.what == "edited"
    ]


def _activities(entries: Iterable[Entry]) -> list[Activity]:
    """What the batch did to each customer, in id order. A profile we looked up is nothing that happened with them."""
    found: dict[int, Activity] = {}
    for entry in entries:
        if entry.customer_id is None or entry.body.get("change") == "profile":
            continue
        unread = int(entry.direction is Direction.INBOUND and entry.kind != "contact")
        before = found.get(entry.customer_id, Activity(entry.customer_id, entry.id, entry.at, 0))
        newest = (entry.id, entry.at) if entry.at >= before.last_at else (before.last_entry_id, before.last_at)
        found[entry.customer_id] = Activity(entry.customer_id, *newest, before.unread + unread)
    return [found[customer_id] for customer_id in sorted(found)]


def _names(placed: Sequence[tuple[Happened, Placement | None]]) -> dict[int, str]:
    """The latest name each customer was told by."""
    return {
        placement.customer_id: one.event.name for one, placement in placed if placement is not None and one.event.name
    }
