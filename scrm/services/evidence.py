"""Evidence from the audit log: entries with the proofs that they are in it, and the wordings they committed to."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files

import structlog

from scrm.core.audit_chain import Link, line
from scrm.core.audit_notes import Note, encoded
from scrm.core.audit_tree import Range, Tree, inclusion
from scrm.core.errors import BadSettings
from scrm.core.ids import public
from scrm.core.timeline import Json
from scrm.hub import Hub
from scrm.services.audit import make_checkpoint
from scrm.services.audit_keys import KeyFile
from scrm.store.database import Transaction

_log = structlog.get_logger()
_BATCH = 20_000


@dataclass(frozen=True, slots=True)
class Proven:
    """Files of an evidence ZIP that the verifier reads, by name; `note` is the checkpoint they are proven against."""

    files: Mapping[str, bytes]
    note: Note | None
    links: tuple[Link, ...]


async def prove(hub: Hub, message_ids: Collection[int], objects: Iterable[tuple[str, str]]) -> Proven:
    """What the log says of these messages and (object type, public id), signed now where the key is at hand."""
    try:
        await make_checkpoint(hub)
    except BadSettings as error:
        _log.error("evidence is not signed anew", reason=str(error))
    async with hub.db.reading() as tx:
        stored = await tx.audit.checkpoint()
        links = await _links(tx, message_ids, objects)
        wordings = await tx.audit.wordings(message_ids)
    note = Note.read(stored.note) if stored else None
    size = stored.size if stored else 0
    proofs = await _proofs(hub, [link.seq for link in links if link.seq <= size], size)
    keys = "".join(f"{one.text}\n" for one in KeyFile.of(hub.settings).public_keys())
    found = {
        "audit.jsonl": _lines(line(link) for link in links),
        "proofs.json": _json({str(seq): [encoded(one) for one in path] for seq, path in proofs.items()}),
        "messages.jsonl": _lines(_messages(wordings)),
        "verify.mjs": files("scrm.services").joinpath("verify.mjs").read_bytes(),
        "audit.pub": keys.encode(),
    }
    if note is not None:
        found["checkpoint.txt"] = note.text.encode()
    return Proven(found, note, tuple(links))


def zipped(contents: Mapping[str, bytes], *, at: datetime, first: Sequence[str] = ()) -> bytes:
    """A ZIP with its files in a fixed order: `first`, then by name."""
    order = [*(name for name in first if name in contents), *sorted(contents.keys() - set(first))]
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in order:
            member = zipfile.ZipInfo(name, at.timetuple()[:6])
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = 0o644 << 16
            archive.writestr(member, contents[name])
    return stream.getvalue()


async def _links(tx: Transaction, message_ids: Collection[int], objects: Iterable[tuple[str, str]]) -> list[Link]:
    found = {link.seq: link for link in await tx.audit.about("audit", ["key"])}
    ids = [public("msg", one) for one in message_ids]
    for one in message_ids:
        arrival = await tx.audit.arrival_of(one)
        if arrival is not None:
            found[arrival.seq] = arrival
    of_messages = [await tx.audit.about("entries", ids), await tx.audit.about("entry", ids)]
    of_objects = [await tx.audit.about(object_type, [object_id]) for object_type, object_id in objects]
    for link in (link for links in (*of_messages, *of_objects) for link in links):
        found[link.seq] = link
    return [found[seq] for seq in sorted(found)]


async def _proofs(hub: Hub, seqs: Sequence[int], size: int) -> dict[int, list[bytes]]:
    """The inclusion proof of each entry in the tree of `size`: one reading of the log's hashes for all."""
    wanted: dict[int, list[Range]] = {seq: inclusion(seq - 1, size) for seq in seqs}
    tree = Tree(keep={one for ranges in wanted.values() for one in ranges})
    while wanted and tree.size < size:
        async with hub.db.reading() as tx:
            hashes = await tx.audit.hashes(after=tree.size, until=size, limit=_BATCH)
        if not hashes:
            return {}
        await asyncio.to_thread(_grow, tree, hashes)
    return {seq: tree.hashes(ranges) for seq, ranges in wanted.items()}


def _grow(tree: Tree, hashes: Iterable[bytes]) -> None:
    for one in hashes:
        tree.add(one)


def _messages(wordings: Mapping[int, Sequence[tuple[str, bytes | None]]]) -> Iterable[str]:
    """A line per wording, in the order they were said and reworded."""
    for entry_id in sorted(wordings):
        for number, (text, salt) in enumerate(wordings[entry_id], 1):
            told: dict[str, Json] = {
                "id": public("msg", entry_id),
                "version": number,
                "text": text,
                "salt": salt.hex() if salt is not None else None,
            }
            yield json.dumps(told, ensure_ascii=False)


def _lines(texts: Iterable[str]) -> bytes:
    return "".join(f"{text}\n" for text in texts).encode()


def _json(value: Json) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()
