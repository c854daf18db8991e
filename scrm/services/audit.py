"""The audit log at work: checked, signed at intervals, its checkpoints kept elsewhere, an alarm when it is broken."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Literal, Protocol, TextIO

import structlog

from scrm.core.access import Actor
from scrm.core.audit_chain import Deed, Link, line, read_line
from scrm.core.audit_check import (
    ChainCheck,
    Kind,
    Trouble,
    Verdict,
    commitments,
    judged,
    wording_trouble,
)
from scrm.core.audit_notes import Checkpoint, Note, PublicKey, decoded, encoded
from scrm.core.audit_tree import Tree
from scrm.core.errors import BadInput, BadSettings, NotFound
from scrm.core.events import Event
from scrm.core.ids import public, row
from scrm.core.timeline import Json
from scrm.hub import Hub
from scrm.services.audit_keys import KeyFile, SigningKey, is_signed, verifies
from scrm.settings import Settings
from scrm.store.audit_log import StoredCheckpoint
from scrm.store.database import Database, Transaction
from scrm.store.tasks import NewTask, Task

_log = structlog.get_logger()
CHECKPOINT, VERIFY = "audit_checkpoint", "audit_verify"
CHECKPOINT_EVERY = timedelta(hours=1)
VERIFY_EVERY = timedelta(days=1)
STALE_AFTER = timedelta(hours=26)
"""A log in use is signed every hour; when nothing was signed for so long, something keeps it from being signed."""
_FIRST_AFTER = timedelta(minutes=5)
_BATCH = 2000
_NIGHTLY = 250_000
"""Entries that are read again every night: a log of that size daily, a larger one in turns."""
_FORGET_RUNS_AFTER = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class SignedNote:
    """A checkpoint and whether a key that we know signed it."""

    note: Note
    genuine: bool

    @property
    def checkpoint(self) -> Checkpoint:
        return self.note.checkpoint


@dataclass(frozen=True, slots=True)
class Standing:
    """How the log stands: what was found when it was last checked, and what is signed."""

    size: int
    checkpoint: StoredCheckpoint | None
    verified: Link | None

    @property
    def trouble(self) -> Trouble | None:
        """What the last check found."""
        told = json.loads(self.verified.payload).get("trouble") if self.verified and self.verified.payload else None
        return Trouble(told["seq"], Kind(told["kind"]), told["about"]) if told else None

    def status(self, now: datetime) -> Literal["intact", "tampered", "unsigned"]:
        """`unsigned`: nothing was signed for longer than a day, or ever."""
        if self.trouble is not None:
            return "tampered"
        fresh = self.checkpoint is not None and now - self.checkpoint.at <= STALE_AFTER
        return "intact" if fresh else "unsigned"


class Source(Protocol):
    """Whose log is checked: a hub, or a database with settings and nothing running."""

    @property
    def settings(self) -> Settings: ...

    @property
    def db(self) -> Database: ...


# --- periodic work -----------------------------------------------------------------------------------------------


async def promise_auditing(hub: Hub) -> None:
    """At a process's start: note with which rules it reads, and promise the first checkpoint and the first check."""
    await record_rules(hub)
    async with hub.db.transaction() as tx:
        await tx.tasks.add([_again(CHECKPOINT, tx, _FIRST_AFTER), _again(VERIFY, tx, _FIRST_AFTER)])


async def make_checkpoints(hub: Hub, tasks: Sequence[Task]) -> None:
    """The hourly checkpoint."""
    try:
        await make_checkpoint(hub)
    finally:
        await _next_time(hub, tasks, CHECKPOINT_EVERY)


async def verify_nightly(hub: Hub, tasks: Sequence[Task]) -> None:
    """The daily check, and a checkpoint that covers its result."""
    try:
        await verify_part(hub)
        await make_checkpoint(hub)
    finally:
        await _next_time(hub, tasks, VERIFY_EVERY)


async def _next_time(hub: Hub, tasks: Sequence[Task], every: timedelta) -> None:
    async with hub.db.transaction() as tx:
        await tx.tasks.finish(tasks)
        await tx.tasks.add([_again(task.kind, tx, every) for task in tasks[:1]])


def _again(kind: str, tx: Transaction, after: timedelta) -> NewTask:
    return NewTask(kind=kind, key="audit", due_at=tx.now + after, once=kind)


async def record_rules(hub: Hub) -> None:
    """Record with which rules, lexicon and scripts messages are read, when that differs from what is on record."""
    found = hub.understanding
    now: dict[str, Json] = {
        "lexicon": found.lexicon.fingerprint,
        "intents": [model.fingerprint for model in found.intents],
        "rules": {rule.id: rule.version for rule in found.rules},
        "scripts": {pack.id: pack.version for pack in found.packs},
    }
    async with hub.db.transaction() as tx:
        before = await tx.audit.last("audit", "rules")
        if before is None or before.payload is None or json.loads(before.payload).get("now") != now:
            earlier = before.entry.hex() if before else None
            tx.audit.record(Deed.by_hub("rules.changed", "audit", "rules", now=now, before=earlier))


# --- checkpoints -------------------------------------------------------------------------------------------------


async def make_checkpoint(hub: Hub) -> Note | None:
    """Check what was added since the last checkpoint, sign the log as it is, and write that down elsewhere. None when
    nothing was added, or the log was tampered with: then it is not signed, and the alarm is raised.
    """
    key = await _known_key(hub)
    await _record_rule_runs(hub)
    async with hub.db.reading() as tx:
        size, _ = await tx.audit.head()
        last = await tx.audit.checkpoint()
    if last is not None and last.size == size:
        await _keep_elsewhere(hub, last.note, last.size)
        return None
    check, verdict = await _check(hub, last, until=size)
    if not verdict.intact:
        await _alarm(hub, verdict)
        return None
    checkpoint = Checkpoint(origin=key.public.name, size=check.size, root=check.tree.root(), at=hub.now())
    note = key.note(checkpoint)
    async with hub.db.transaction() as tx:
        stored = StoredCheckpoint(
            size=check.size, at=checkpoint.at, root=checkpoint.root, peaks=check.tree.pack(), note=note.text
        )
        if await tx.audit.add_checkpoint(stored):
            await tx.publish([_checkpoint_event(note)])
    await _keep_elsewhere(hub, note.text, check.size)
    return note


async def rotate_key(hub: Hub, actor: Actor | None) -> tuple[PublicKey, PublicKey]:
    """Sign once more with the key, enter its successor into the log, and sign with that from now on: (old, new)."""
    await make_checkpoint(hub)
    files = KeyFile.of(hub.settings)
    old, new = await asyncio.to_thread(files.open), await asyncio.to_thread(files.open_next)
    async with hub.db.transaction() as tx:
        signature = encoded(old.sign(new.public.text))
        tx.audit.record(
            Deed.by(
                actor,
                "audit.key_changed",
                "audit",
                "key",
                public_key=new.public.text,
                previous=old.public.text,
                signature=signature,
            )
        )
    await asyncio.to_thread(files.move_on)
    await make_checkpoint(hub)
    return old.public, new.public


def followed_keys(trusted: Sequence[PublicKey], links: Sequence[Link]) -> tuple[PublicKey, ...]:
    """The keys that can be trusted when these can: each key signed the one that follows it. `links` are the log's
    entries about its key, oldest first.
    """
    found = list(trusted)
    for link in links:
        if link.payload is None or link.action != "audit.key_changed":
            continue
        try:
            change = json.loads(link.payload)
            previous, new = PublicKey.read(change["previous"]), PublicKey.read(change["public_key"])
            follows = verifies(previous, decoded(change["signature"]), new.text)
        except (BadInput, KeyError, ValueError):
            continue  # Somebody has been at it: the chain will say so.
        if previous in found and follows:
            found.append(new)
    return tuple(found)


def checkpoint_folder(hub: Source) -> Path:
    """Where checkpoints are kept outside of the database."""
    path = KeyFile.of(hub.settings).path
    return hub.settings.audit_checkpoints or path.with_name(f"{path.stem}-checkpoints")


def kept_elsewhere(folder: Path) -> list[Note]:
    """The checkpoints in the folder, smallest first. `BadInput` names a file that is none."""
    notes = []
    for path in sorted(folder.glob("*.txt")) if folder.is_dir() else ():
        try:
            notes.append(Note.read(path.read_text("utf-8")))
        except (BadInput, OSError, UnicodeDecodeError) as error:
            raise BadInput(f"{path}: {error}") from error
    return sorted(notes, key=lambda note: note.checkpoint.size)


async def _known_key(hub: Hub) -> SigningKey:
    """The key that signs, when it is the one on record; the first one is put there. `BadSettings` when it is not."""
    files = KeyFile.of(hub.settings)
    key = await asyncio.to_thread(files.open)
    async with hub.db.transaction() as tx:
        last = await tx.audit.last("audit", "key")
        known = json.loads(last.payload)["public_key"] if last and last.payload else None
        if known is None:
            tx.audit.record(Deed.by_hub("audit.key_added", "audit", "key", public_key=key.public.text))
    if known is None or known == key.public.text:
        return key
    if files.next_path.exists() and (await asyncio.to_thread(files.open_next)).public.text == known:
        return await asyncio.to_thread(files.move_on)
    raise BadSettings(
        f"audit_key: the audit log is signed with the key {known}, and {files.path} is another one. Put the right file "
        "in its place, or, when it is lost, go on with this one: scrm audit key adopt"
    )


async def adopt_key(hub: Hub, actor: Actor | None) -> PublicKey:
    """Go on with the key file as it is although the log knows another: an act anyone can see who reads the log."""
    key = await asyncio.to_thread(KeyFile.of(hub.settings).open)
    async with hub.db.transaction() as tx:
        tx.audit.record(Deed.by(actor, "audit.key_replaced", "audit", "key", public_key=key.public.text))
    return key.public


async def _record_rule_runs(hub: Hub) -> None:
    """How often each rule ran, as far as it is not on record: what was not found cannot be denied later."""
    async with hub.db.transaction() as tx:
        day = (tx.now - _FORGET_RUNS_AFTER).date().isoformat()
        runs: Json = {
            day: {rule: list(counts) for rule, counts in of_day.items()}
            for day, of_day in (await tx.rule_runs.since(day)).items()
        }
        last = await tx.audit.last("audit", "rule_runs")
        if runs and (last is None or last.payload is None or json.loads(last.payload)["days"] != runs):
            tx.audit.record(Deed.by_hub("rules.ran", "audit", "rule_runs", days=runs))


async def _keep_elsewhere(hub: Hub, note: str, size: int) -> None:
    path = checkpoint_folder(hub) / f"{size:012}.txt"
    try:
        await asyncio.to_thread(_write_once, path, note)
    except OSError as error:
        _log.error("audit checkpoint cannot be kept elsewhere", file=str(path), reason=error.strerror)


def _write_once(path: Path, text: str) -> None:
    """What is there stays: a checkpoint that was kept is never written over."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)


def _checkpoint_event(note: Note) -> Event:
    signed = note.checkpoint
    payload: dict[str, Json] = {
        "origin": signed.origin,
        "size": signed.size,
        "root": encoded(signed.root),
        "signed_at": signed.at.isoformat(),
        "note": note.text,
    }
    return Event(type="audit.checkpoint", customer_id=None, payload=payload)


# --- checking ----------------------------------------------------------------------------------------------------


async def verify_log(
    hub: Source,
    *,
    notes: Sequence[Note] = (),
    trusted: Sequence[PublicKey] | None = None,
    start: int = 1,
    until: int | None = None,
    contents: bool = False,
) -> Verdict:
    """Check the log from its first entry, or from the last checkpoint before `start`, to its end or `until`: against
    the checkpoints in the database, those kept elsewhere, and `notes`. `trusted`: whose signatures count, the
    installation's own keys if not given. With `contents`, messages are compared with what was committed to.
    """
    async with hub.db.reading() as tx:
        size, _ = await tx.audit.head()
        base = await tx.audit.checkpoint(at_most=start - 1) if start > 1 else None
        of_key = await tx.audit.about("audit", ["key"])
    keys = followed_keys(trusted or KeyFile.of(hub.settings).public_keys(), of_key)
    elsewhere = await asyncio.to_thread(kept_elsewhere, checkpoint_folder(hub))
    end = size if until is None else until
    _, verdict = await _check(hub, base, until=end, notes=[*elsewhere, *notes], keys=keys, contents=contents)
    whole = until is None and base is None
    if whole and contents and verdict.intact:
        unlogged = await _unlogged(hub)
        verdict = verdict if unlogged is None else replace_trouble(verdict, unlogged)
    return verdict


async def verify_part(hub: Hub) -> Verdict:
    """Check the next part of the log with the messages it tells of, beginning where the last time ended, and record
    what was found. After the end it begins again with the first entry.
    """
    async with hub.db.reading() as tx:
        size, _ = await tx.audit.head()
        last = await tx.audit.last("audit", "verification")
        through = int(json.loads(last.payload).get("through", 0)) if last and last.payload else 0
        base = await tx.audit.checkpoint(at_most=through) if through < size else None
        start = base.size if base else 0
        ahead = await tx.audit.checkpoint(at_most=start + _NIGHTLY)
    until = size if size <= start + _NIGHTLY or ahead is None or ahead.size <= start else ahead.size
    check, verdict = await _check(hub, base, until=until, contents=True)
    if not verdict.intact:
        await _alarm(hub, verdict)
        return verdict
    async with hub.db.transaction() as tx:
        tx.audit.record(
            Deed.by_hub(
                "audit.verified",
                "audit",
                "verification",
                intact=True,
                start=start + 1,
                through=check.size if until < size else 0,
                size=check.size,
                erased=check.erased,
            )
        )
    return verdict


async def standing(hub: Hub) -> Standing:
    """How the log stands, from what is on record."""
    async with hub.db.reading() as tx:
        size, _ = await tx.audit.head()
        return Standing(size, await tx.audit.checkpoint(), await tx.audit.last("audit", "verification"))


async def _check(
    hub: Source,
    base: StoredCheckpoint | None,
    *,
    until: int,
    notes: Sequence[Note] = (),
    keys: Sequence[PublicKey] | None = None,
    contents: bool = False,
) -> tuple[ChainCheck, Verdict]:
    """Check entries after `base` up to `until`."""
    async with hub.db.reading() as tx:
        begun = base.size if base else 0
        stored = await tx.audit.checkpoints(after=begun - 1)
        size, _ = await tx.audit.head()
        head = await tx.audit.hash_at(begun)
        known = keys if keys is not None else followed_keys(_own_keys(hub), await tx.audit.about("audit", ["key"]))
    try:
        signed = [Note.read(one.note) for one in stored]
        check = ChainCheck(tree=Tree.packed(begun, base.peaks) if base else Tree(), head=head)
    except (BadInput, ValueError):
        return ChainCheck(), _tampered(size, Trouble(begun, Kind.BAD_CHECKPOINT))
    if keys is None:
        newest = (await asyncio.to_thread(kept_elsewhere, checkpoint_folder(hub)))[-1:]
        notes = [*newest, *notes]
    anchors = [
        SignedNote(note, is_signed(note, known))
        for note in {one.text: one for one in (*signed, *notes)}.values()
        if begun <= note.checkpoint.size and (note.checkpoint.size <= until or until >= size)
    ]
    check.watch({0, *(one.checkpoint.size for one in anchors)})
    wording = await _feed(hub, check, until=until, contents=contents)
    verdict = judged(check, anchors)
    if verdict.intact and check.size < until:
        verdict = replace_trouble(verdict, Trouble(check.size + 1, Kind.TRUNCATED))
    if verdict.intact and wording is not None:
        verdict = replace_trouble(verdict, wording)
    return check, verdict


async def _feed(hub: Source, check: ChainCheck, *, until: int, contents: bool) -> Trouble | None:
    """Read the log into the check, off the event loop; the first trouble with the messages it tells of."""
    wording: Trouble | None = None
    while check.size < until:
        async with hub.db.reading() as tx:
            links = await tx.audit.links(after=check.size, until=until, limit=_BATCH)
            if contents and wording is None:
                wording = await _wording_trouble(tx, links)
        if not links or not await asyncio.to_thread(check.take, links):
            break
    return wording


async def _wording_trouble(tx: Transaction, links: Sequence[Link]) -> Trouble | None:
    """The first message that is not on file as it was committed to."""
    stored = [one for link in links for one in commitments(link)]
    if not stored:
        return None
    wordings = await tx.audit.wordings({row("msg", one.entry_id) for one in stored})
    found = []
    for one in stored:
        on_file = wordings.get(row("msg", one.entry_id), [])
        trouble = wording_trouble(one, on_file, erased=True)
        if trouble is not None or (len(on_file) >= one.number and on_file[one.number - 1][1] is None):
            found.append((one, trouble))
    erased = await tx.audit.erased_among([one.entry_id for one, trouble in found if trouble is None])
    return next(
        (
            trouble or Trouble(one.seq, Kind.WORDING_MISMATCH, one.entry_id)
            for one, trouble in found
            if trouble is not None or one.entry_id not in erased
        ),
        None,
    )


async def _unlogged(hub: Source) -> Trouble | None:
    """A message on file that was never committed to."""
    after = 0
    while True:
        async with hub.db.reading() as tx:
            ids = await tx.audit.messages(after=after, limit=_BATCH)
            if not ids:
                return None
            logged = await tx.audit.logged_among(ids)
        for entry_id in ids:
            if public("msg", entry_id) not in logged:
                return Trouble(0, Kind.WORDING_UNLOGGED, public("msg", entry_id))
        after = ids[-1]


def replace_trouble(verdict: Verdict, trouble: Trouble) -> Verdict:
    return Verdict(size=verdict.size, head=verdict.head, erased=verdict.erased, trouble=trouble)


def _tampered(size: int, trouble: Trouble) -> Verdict:
    return Verdict(size=size, head=b"", erased=0, trouble=trouble)


def _own_keys(hub: Source) -> tuple[PublicKey, ...]:
    return KeyFile.of(hub.settings).public_keys()


async def _alarm(hub: Hub, verdict: Verdict) -> None:
    """Say it in the log, to whoever listens, and in the log itself; once for each trouble."""
    trouble = verdict.trouble
    assert trouble is not None
    _log.error("the audit log was tampered with", seq=trouble.seq, kind=trouble.kind.value, about=trouble.about)
    told: dict[str, Json] = {"seq": trouble.seq, "kind": trouble.kind.value, "about": trouble.about}
    async with hub.db.transaction() as tx:
        last = await tx.audit.last("audit", "verification")
        before = json.loads(last.payload) if last and last.payload else {}
        if before.get("trouble") == told:
            return
        tx.audit.record(Deed.by_hub("audit.tampered", "audit", "verification", intact=False, trouble=told))
        payload = {"seq": trouble.seq, "how": trouble.kind.value, "about": trouble.about, "size": verdict.size}
        await tx.publish([Event(type="audit.tampered", customer_id=None, payload=payload)])


# --- exporting ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Exported:
    """How many entries were written, and the checkpoint that covers them."""

    size: int
    note: Note | None


async def export_log(hub: Hub, actor: Actor | None, stream: TextIO) -> Exported:
    """Write the whole log, an entry a line. The export is its last entry, and is signed."""
    async with hub.db.transaction() as tx:
        tx.audit.record(Deed.by(actor, "audit.exported", "audit", "export"))
    await make_checkpoint(hub)
    async with hub.db.reading() as tx:
        stored = await tx.audit.checkpoint()
        size, _ = await tx.audit.head()
        until = stored.size if stored else size
    done = 0
    while done < until:
        async with hub.db.reading() as tx:
            links = await tx.audit.links(after=done, until=until, limit=_BATCH)
        if not links:
            break
        await asyncio.to_thread(stream.writelines, [line(link) + "\n" for link in links])
        done = links[-1].seq
    return Exported(until, Note.read(stored.note) if stored else None)


def verify_export(
    lines: Iterable[str], *, notes: Sequence[Note], trusted: Sequence[PublicKey], until: int | None = None
) -> Verdict:
    """Check an export alone, against these checkpoints. `BadInput` names a line that cannot be read."""
    check, of_key = ChainCheck(), list[Link]()
    check.watch({0, *(note.checkpoint.size for note in notes)})
    links = (_numbered(text, number) for number, text in enumerate(lines, 1) if text.strip())
    while batch := list(islice(links, _BATCH)):
        of_key += [one for one in batch if (one.object_type, one.object_id) == ("audit", "key")]
        if not check.take([one for one in batch if until is None or one.seq <= until]):
            break
    keys = followed_keys(trusted, of_key)
    anchors = [SignedNote(note, is_signed(note, keys)) for note in notes]
    return judged(check, [one for one in anchors if until is None or one.checkpoint.size <= until])


def _numbered(text: str, number: int) -> Link:
    try:
        return read_line(text)
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(f"line {number} is no entry of an audit log: {error}") from error


# --- erasing -----------------------------------------------------------------------------------------------------


async def erase_payloads(hub: Hub, seqs: Sequence[int], reason: str) -> int:
    """Forget what entries of the log say in particular; that they were there, and of whom, stays. The erasure is an
    entry of its own. Says how many had something to forget. The operator does this, on the installation itself.
    """
    if not reason.strip():
        raise BadInput("an erasure needs a reason: it stays in the log in place of what is erased")
    async with hub.db.transaction() as tx:
        number = await tx.audit.erase(seqs)
        if not number:
            raise NotFound("none of these entries has anything left to erase")
        tx.audit.record(Deed.by(None, "audit.erased", "audit", "erasure", seqs=sorted(set(seqs)), reason=reason))
    return number
