"""The arithmetic of the audit log, without a database."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrm.core.audit_chain import GENESIS, Deed, Link, canonical, committed, hashed, line, linked, read_line, stamp
from scrm.core.audit_check import ChainCheck, Committed, Kind, commitments, judged, wording_trouble
from scrm.core.audit_notes import Checkpoint, Note, PublicKey, Signature
from scrm.core.audit_tree import Tree, consistency, includes, inclusion, is_beginning
from scrm.core.errors import BadInput

AT = datetime(2026, 9, 1, 3, 0, 0, 120000, tzinfo=UTC)
SIZES = st.integers(1, 70)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def chain(size: int) -> list[Link]:
    links: list[Link] = []
    for seq in range(1, size + 1):
        deed = Deed(actor="shen", action="case.claimed", object_type="case", object_id=f"cas_{seq}", payload={"n": seq})
        prev = links[-1].entry if links else GENESIS
        links.append(linked(deed, seq=seq, at=AT + timedelta(seconds=seq), salt=bytes([seq]) * 16, prev=prev))
    return links


def leaves(size: int) -> list[bytes]:
    return [hashlib.sha256(str(number).encode()).digest() for number in range(size)]


def grown(found: list[bytes], **keep: object) -> Tree:
    tree = Tree(**keep)  # type: ignore[arg-type]
    for leaf in found:
        tree.add(leaf)
    return tree


def root_of(found: list[bytes]) -> bytes:
    """RFC 9162 §2.1.1, word for word."""
    if not found:
        return hashlib.sha256(b"").digest()
    if len(found) == 1:
        return hashlib.sha256(b"\x00" + found[0]).digest()
    middle = 1
    while middle * 2 < len(found):
        middle *= 2
    return hashlib.sha256(b"\x01" + root_of(found[:middle]) + root_of(found[middle:])).digest()


def test_an_entry_is_hashed_as_the_reference_says() -> None:
    """Computed here by hand: any change of the format breaks the logs there are."""
    deed = Deed(
        actor="shen",
        actor_role="auditor",
        action="case.decided",
        object_type="case",
        object_id="cas_1",
        object_version=3,
        payload={"note": "先报低价\n后报高价", "b": [1, None, True]},
    )
    link = linked(deed, seq=7, at=AT, salt=b"s" * 16, prev=b"p" * 32)
    payload = '{"b":[1,null,true],"note":"先报低价\\n后报高价"}'
    commitment = hashlib.sha256(b"s" * 16 + payload.encode()).hexdigest()
    text = (
        '{"action":"case.decided","actor":"shen","actor_role":"auditor","at":"2026-09-01T03:00:00.120000Z",'
        f'"commitment":"{commitment}","object_id":"cas_1","object_type":"case","object_version":3,'
        f'"prev":"{(b"p" * 32).hex()}","seq":7,"v":1}}'
    )

    assert link.payload == payload
    assert link.entry == hashlib.sha256(b"\x00" + text.encode()).digest()


@given(st.dictionaries(TEXTS, st.one_of(TEXTS, st.integers(-(2**53), 2**53), st.booleans(), st.none()), max_size=5))
def test_equal_documents_have_one_text_and_different_ones_never_the_same(document: dict[str, object]) -> None:
    text = canonical(document)  # type: ignore[arg-type]

    assert json.loads(text) == document
    assert canonical(dict(reversed(document.items()))) == text  # type: ignore[arg-type]


@given(TEXTS, TEXTS.filter(bool))
def test_fields_cannot_bleed_into_each_other(one: str, other: str) -> None:
    def entry(actor: str, object_id: str) -> bytes:
        deed = Deed(actor=actor, action="a", object_type="t", object_id=object_id)
        return linked(deed, seq=1, at=AT, salt=b"s" * 16, prev=GENESIS).entry

    assert entry(one + other, "") != entry(one, other)


@given(st.datetimes(timezones=st.just(UTC)), st.integers(-12, 14))
def test_a_time_has_one_form_whatever_its_zone(at: datetime, hours: int) -> None:
    try:
        elsewhere = at.astimezone(timezone(timedelta(hours=hours)))
    except OverflowError:
        return

    assert stamp(elsewhere) == stamp(at)
    assert datetime.fromisoformat(stamp(at)) == at
    assert len(stamp(at)) == len("2026-09-01T03:00:00.120000Z")


@given(TEXTS, TEXTS, st.one_of(st.none(), st.integers(0, 2**31)))
def test_an_exported_entry_reads_back(actor: str, said: str, version: int | None) -> None:
    deed = Deed(actor=actor, action="a", object_type="t", object_id="o", object_version=version, payload={"said": said})
    link = linked(deed, seq=1, at=AT, salt=b"s" * 16, prev=GENESIS)

    assert "\n" not in line(link)
    assert read_line(line(link)) == link


@given(SIZES)
def test_the_root_is_that_of_rfc_9162_at_every_size(size: int) -> None:
    found = leaves(size)
    tree = Tree()
    for number, leaf in enumerate(found):
        tree.add(leaf)
        assert tree.root() == root_of(found[: number + 1])
    again = Tree.packed(tree.size, tree.pack())
    again.add(b"x" * 32)
    assert again.root() == root_of([*found, b"x" * 32])


def test_an_empty_tree_has_the_root_of_nothing() -> None:
    assert Tree().root() == root_of([])


@given(SIZES.flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1))))
def test_a_leaf_is_proven_and_no_other_leaf_is(case: tuple[int, int]) -> None:
    size, index = case
    found = leaves(size)
    ranges = inclusion(index, size)
    tree = grown(found, keep=ranges)
    proof = tree.hashes(ranges)

    assert includes(tree.root(), size, index, found[index], proof)
    assert not includes(tree.root(), size, index, b"x" * 32, proof)
    assert not includes(tree.root(), size, index, found[index], [*proof, b"x" * 32])
    assert not proof or not includes(tree.root(), size, index, found[index], proof[:-1])
    assert not includes(tree.root(), size, size, found[index], proof)


@given(SIZES.flatmap(lambda size: st.tuples(st.just(size), st.integers(1, size))))
def test_a_smaller_tree_is_proven_to_be_the_beginning_of_a_larger_one(case: tuple[int, int]) -> None:
    size, earlier = case
    found = leaves(size)
    ranges = consistency(earlier, size)
    tree = grown(found, keep=ranges)
    proof = tree.hashes(ranges)
    before = root_of(found[:earlier])

    assert is_beginning(earlier, before, size, tree.root(), proof)
    assert earlier == size or not is_beginning(earlier, b"x" * 32, size, tree.root(), proof)
    assert not is_beginning(earlier, before, size, b"x" * 32, proof)


def test_a_checkpoint_reads_back_and_a_changed_one_is_none() -> None:
    checkpoint = Checkpoint(origin="scrm-hub/5f3a9c1e", size=4211, root=b"r" * 32, at=AT)
    note = Note(checkpoint, (Signature("scrm-hub/5f3a9c1e", b"1234", b"s" * 64),))

    assert Note.read(note.text) == note
    assert checkpoint.text.splitlines()[:2] == ["scrm-hub/5f3a9c1e", "4211"]
    for broken in ("", "one line", note.text.replace("4211", "0x10"), note.text.replace("120000Z", "120000+08:00")):
        with pytest.raises(BadInput):
            Note.read(broken)


def test_a_public_key_reads_back_and_a_changed_one_is_none() -> None:
    """The id is that of https://github.com/C2SP/C2SP/blob/main/signed-note.md."""
    key = PublicKey("scrm-hub/5f3a9c1e", b"k" * 32)

    assert key.id == hashlib.sha256(b"scrm-hub/5f3a9c1e\n\x01" + b"k" * 32).digest()[:4]
    assert PublicKey.read(key.text) == key
    with pytest.raises(BadInput):
        PublicKey.read(key.text.replace("5f3a", "5f3b"))


def test_a_chain_can_be_checked_in_pieces_from_where_an_earlier_check_ended() -> None:
    links = chain(20)
    first = ChainCheck()
    assert first.take(links[:12])
    second = ChainCheck(tree=Tree.packed(first.size, first.tree.pack()), head=first.head)
    assert second.take(links[12:])

    assert (second.size, second.tree.root()) == (20, root_of([link.entry for link in links]))
    assert not ChainCheck(tree=Tree.packed(12, first.tree.pack()), head=first.head).take(links[13:])


@given(st.integers(0, 9), st.sampled_from(["actor", "action", "object_id", "payload", "salt", "commitment", "entry"]))
def test_any_changed_field_is_found_where_it_is(place: int, name: str) -> None:
    links = chain(10)
    value = getattr(links[place], name)
    links[place] = replace(links[place], **{name: value[:-1] + (b"\x00" if isinstance(value, bytes) else "~")})
    check = ChainCheck()

    assert not check.take(links)
    assert check.trouble is not None
    assert check.trouble.seq == place + 1


def test_a_checkpoint_of_another_log_of_the_same_length_does_not_fit() -> None:
    links = chain(5)
    check = ChainCheck()
    check.watch({5})
    check.take(links)

    class Anchor:
        def __init__(self, root: bytes) -> None:
            self.checkpoint = Checkpoint(origin="o", size=5, root=root, at=AT)
            self.genuine = True

    assert judged(check, [Anchor(check.tree.root())]).intact
    trouble = judged(check, [Anchor(b"x" * 32)]).trouble
    assert trouble is not None
    assert trouble.kind is Kind.ROOT_MISMATCH


def test_what_an_entry_committed_to_is_compared_with_each_wording() -> None:
    deed = Deed.by_hub(
        "entries.stored", "entries", "msg_1", entries=[["msg_1", 1, committed(b"s" * 16, "三千九").hex()]]
    )
    link = linked(deed, seq=4, at=AT, salt=b"x" * 16, prev=GENESIS)
    (one,) = commitments(link)

    assert one == Committed(4, "msg_1", 1, committed(b"s" * 16, "三千九"))
    assert wording_trouble(one, [("三千九", b"s" * 16), ("四千", b"t" * 16)], erased=False) is None
    for wordings, kind in (
        ([("四千九", b"s" * 16)], Kind.WORDING_MISMATCH),
        ([("三千九", b"t" * 16)], Kind.WORDING_MISMATCH),
        ([], Kind.WORDING_MISSING),
        ([("", None)], Kind.WORDING_MISMATCH),
    ):
        trouble = wording_trouble(one, wordings, erased=False)  # type: ignore[arg-type]
        assert trouble is not None
        assert (trouble.kind, trouble.about) == (kind, "msg_1")
    assert wording_trouble(one, [("", None)], erased=True) is None


def test_the_hash_of_an_entry_is_that_of_its_fields() -> None:
    (link,) = chain(1)

    assert hashed(link) == link.entry
