"""What somebody with all rights in the database can do to the audit log, and how it shows."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from scrm.core.audit_chain import GENESIS, Deed, Link, hashed, linked
from scrm.core.audit_notes import Note
from scrm.hub import Hub
from scrm.services.audit import checkpoint_folder, erase_payloads, kept_elsewhere, make_checkpoint
from tests.audit.conftest import SQL, act, trouble, verdict_on
from tests.conftest import Clock

pytestmark = pytest.mark.usefixtures("ten")


async def test_an_untouched_log_is_intact_and_its_tail_open_until_it_is_signed(hub: Hub) -> None:
    before = await verdict_on(hub)
    await make_checkpoint(hub)
    signed = await verdict_on(hub)
    await act(hub, 11, 12)
    after = await verdict_on(hub)

    assert (before.intact, before.anchored) == (True, 0)
    assert (signed.intact, signed.unanchored, signed.anchored_at is not None) == (True, 0, True)
    assert (after.intact, after.unanchored, after.open_since is not None) == (True, 2, True)


async def test_a_changed_payload_is_a_content_mismatch(hub: Hub, attack: SQL) -> None:
    await attack("UPDATE audit_log SET payload = replace(payload, '5', '6') WHERE seq = 5")

    assert await trouble(hub) == (5, "content_mismatch")


async def test_a_changed_actor_is_an_entry_mismatch(hub: Hub, attack: SQL) -> None:
    await attack("UPDATE audit_log SET actor = 'operatos' WHERE seq = 5")

    assert await trouble(hub) == (5, "entry_mismatch")


async def test_a_time_moved_by_a_microsecond_is_an_entry_mismatch(hub: Hub, attack: SQL) -> None:
    one = "1" if hub.db.is_sqlite else "interval '1 microsecond'"
    await attack(f"UPDATE audit_log SET at = at + {one} WHERE seq = 5")

    assert await trouble(hub) == (5, "entry_mismatch")


async def test_a_changed_link_to_the_entry_before_is_a_prev_mismatch(hub: Hub, attack: SQL) -> None:
    await attack("UPDATE audit_log SET prev = (SELECT entry FROM audit_log WHERE seq = 2) WHERE seq = 5")

    assert await trouble(hub) == (5, "prev_mismatch")


async def test_a_payload_taken_away_without_its_salt_is_a_content_mismatch(hub: Hub, attack: SQL) -> None:
    await attack("UPDATE audit_log SET payload = NULL WHERE seq = 5")

    assert await trouble(hub) == (5, "content_mismatch")


async def test_a_deleted_first_entry_is_missed(hub: Hub, attack: SQL) -> None:
    await attack("DELETE FROM audit_log WHERE seq = 1")

    assert await trouble(hub) == (1, "missing_first")


async def test_a_deleted_inner_entry_leaves_a_gap(hub: Hub, attack: SQL) -> None:
    await attack("DELETE FROM audit_log WHERE seq = 5")

    assert await trouble(hub) == (5, "gap")


async def test_renumbering_what_follows_a_deleted_entry_does_not_hide_the_gap(hub: Hub, attack: SQL) -> None:
    await attack("DELETE FROM audit_log WHERE seq = 5")
    for seq in range(6, 11):
        await attack("UPDATE audit_log SET seq = seq - 1 WHERE seq = :seq", seq=seq)

    assert await trouble(hub) == (5, "gap")


async def test_deleted_last_entries_show_against_a_checkpoint_alone(hub: Hub, attack: SQL) -> None:
    await make_checkpoint(hub)
    size = (await verdict_on(hub)).size
    await attack("DELETE FROM audit_log WHERE seq > 8")

    assert await trouble(hub) == (9, "truncated")
    await attack("DELETE FROM audit_checkpoints")
    assert await trouble(hub) == (9, "truncated"), "the checkpoint kept elsewhere still tells"
    for path in checkpoint_folder(hub).glob("*.txt"):
        path.unlink()
    bare = await verdict_on(hub)
    assert (bare.intact, bare.size, bare.unanchored) == (True, 8, 8), f"nothing tells of the {size} any more"


async def test_deleting_everything_is_truncation(hub: Hub, attack: SQL) -> None:
    await make_checkpoint(hub)
    await attack("DELETE FROM audit_log")
    await attack("DELETE FROM audit_checkpoints")

    assert await trouble(hub) == (1, "truncated")


async def test_two_swapped_entries_are_reordered(hub: Hub, attack: SQL) -> None:
    await attack("UPDATE audit_log SET seq = -1 WHERE seq = 5")
    await attack("UPDATE audit_log SET seq = 5 WHERE seq = 8")
    await attack("UPDATE audit_log SET seq = 8 WHERE seq = -1")

    assert await trouble(hub) == (5, "reordered")


async def test_an_entry_rewritten_with_its_hashes_is_forged(hub: Hub, attack: SQL) -> None:
    await _replace(hub, attack, 5, actor="somebody else")

    assert await trouble(hub) == (5, "forged")


async def test_an_entry_put_in_between_with_its_hashes_is_forged(hub: Hub, attack: SQL) -> None:
    for seq in range(10, 4, -1):
        await attack("UPDATE audit_log SET seq = seq + 1 WHERE seq = :seq", seq=seq)
    async with hub.db.reading() as tx:
        (before,) = await tx.audit.links(after=3, until=4, limit=1)
    deed = Deed.by(None, "invented", "thing", "x")
    forged = linked(deed, seq=5, at=before.at, salt=os.urandom(16), prev=before.entry)
    await attack("SELECT 1")
    async with hub.db.transaction() as tx:
        from scrm.store.schema import audit_log

        await tx.insert(audit_log, [{name: getattr(forged, name) for name in Link.__dataclass_fields__}])

    assert await trouble(hub) == (5, "forged")


async def test_a_chain_rebuilt_from_its_first_entry_shows_against_a_checkpoint_alone(hub: Hub, attack: SQL) -> None:
    await make_checkpoint(hub)
    await _rebuild(hub, attack)

    assert await trouble(hub) is not None
    found = await verdict_on(hub)
    assert found.trouble is not None
    assert found.trouble.kind == "root_mismatch"
    await attack("DELETE FROM audit_checkpoints")
    for path in checkpoint_folder(hub).glob("*.txt"):
        path.unlink()
    assert await trouble(hub) is None, "without any checkpoint a rebuilt chain is a chain"


async def test_an_old_checkpoint_put_in_the_place_of_a_newer_one_does_not_hide_a_cut(
    hub: Hub, attack: SQL, clock: Clock
) -> None:
    old = await make_checkpoint(hub)
    assert old is not None
    await act(hub, 11, 12, 13)
    clock.advance(hours=1)
    await make_checkpoint(hub)
    await attack("DELETE FROM audit_log WHERE seq > :size", size=old.checkpoint.size)
    await attack("DELETE FROM audit_checkpoints WHERE size > :size", size=old.checkpoint.size)

    assert await trouble(hub) == (old.checkpoint.size + 1, "truncated"), "the newer one is kept elsewhere"
    newest = max(checkpoint_folder(hub).glob("*.txt"))
    newest.unlink()
    replayed = await verdict_on(hub)
    assert replayed.intact, "both gone"
    assert replayed.anchored_at == old.checkpoint.at, "its age is all that tells"


async def test_a_checkpoint_signed_by_another_key_is_none(hub: Hub) -> None:
    from scrm.services.audit_keys import SigningKey

    note = await make_checkpoint(hub)
    assert note is not None
    stranger = SigningKey.make(note.checkpoint.origin)
    forged = stranger.note(note.checkpoint)

    assert await trouble(hub, notes=[forged]) == (note.checkpoint.size, "bad_checkpoint")


async def test_an_erased_payload_leaves_the_log_intact_and_is_counted(hub: Hub) -> None:
    await make_checkpoint(hub)
    await erase_payloads(hub, [3], "客户要求删除")

    found = await verdict_on(hub)
    assert (found.intact, found.erased) == (True, 1)
    async with hub.db.reading() as tx:
        (erased,) = await tx.audit.links(after=2, until=3, limit=1)
        tombstone = await tx.audit.last("audit", "erasure")
    assert (erased.payload, erased.salt) == (None, None)
    assert tombstone is not None
    assert "客户要求删除" in (tombstone.payload or "")


async def test_a_shorter_backup_that_was_restored_is_truncation(hub: Hub, attack: SQL) -> None:
    async with hub.db.reading() as tx:
        backup = await tx.audit.links(after=0, limit=100)
    await make_checkpoint(hub)
    await act(hub, 11)
    await make_checkpoint(hub)
    await attack("DELETE FROM audit_checkpoints")
    await attack("DELETE FROM audit_log WHERE seq > :size", size=len(backup))

    assert await trouble(hub) == (11, "truncated")


async def test_the_application_itself_can_neither_change_nor_delete_entries(hub: Hub) -> None:
    await make_checkpoint(hub)
    statements = (
        "UPDATE audit_log SET actor = 'x' WHERE seq = 5",
        "UPDATE audit_log SET payload = NULL WHERE seq = 5",
        "UPDATE audit_log SET payload = NULL, salt = NULL, action = 'x' WHERE seq = 5",
        "DELETE FROM audit_log WHERE seq = 10",
        "DELETE FROM audit_checkpoints",
        "UPDATE audit_checkpoints SET note = ''",
    )
    for statement in statements:
        with pytest.raises(DBAPIError, match="only ever appended to"):
            async with hub.db.transaction() as tx:
                await tx.run(text(statement))

    assert await trouble(hub) is None


async def test_checkpoints_are_kept_elsewhere_word_for_word(hub: Hub) -> None:
    note = await make_checkpoint(hub)

    assert note is not None
    assert kept_elsewhere(checkpoint_folder(hub)) == [note]
    async with hub.db.reading() as tx:
        stored = await tx.audit.checkpoint()
    assert stored is not None
    assert Note.read(stored.note) == note


async def test_nothing_is_signed_twice_and_nothing_that_was_tampered_with(hub: Hub, attack: SQL) -> None:
    first = await make_checkpoint(hub)
    again = await make_checkpoint(hub)
    await act(hub, 11, 12)
    await attack("UPDATE audit_log SET actor = 'x' WHERE seq = 12")
    after = await make_checkpoint(hub)

    assert (first is not None, again, after) == (True, None, None)


async def _replace(hub: Hub, attack: SQL, seq: int, **fields: object) -> None:
    """Change an entry and make its hash anew."""
    async with hub.db.reading() as tx:
        (link,) = await tx.audit.links(after=seq - 1, until=seq, limit=1)
    forged = replace(link, **fields)  # type: ignore[arg-type]
    await attack(
        "UPDATE audit_log SET actor = :actor, prev = :prev, entry = :entry WHERE seq = :seq",
        actor=forged.actor,
        prev=forged.prev,
        entry=hashed(forged),
        seq=seq,
    )


async def _rebuild(hub: Hub, attack: SQL) -> None:
    """Change entry 5 and chain everything after it anew."""
    async with hub.db.reading() as tx:
        links = await tx.audit.links(after=0, limit=1000)
    prev = GENESIS
    for link in links:
        forged = replace(link, prev=prev, actor="x" if link.seq == 5 else link.actor)
        prev = hashed(forged)
        await _replace(hub, attack, link.seq, prev=forged.prev, actor=forged.actor)
