"""The audit log in use: many writers, two databases, wordings of messages, keys, the periodic work."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scrm.bootstrap import open_hub
from scrm.core.audit_chain import Deed, Link
from scrm.core.errors import BadSettings
from scrm.core.ids import public
from scrm.hub import Hub
from scrm.services import audit
from scrm.services.audit import kept_elsewhere, make_checkpoint, promise_auditing, rotate_key, verify_part
from scrm.services.audit_keys import KeyFile
from scrm.services.housekeeping import write_down_health
from scrm.settings import load_settings
from tests.architecture.conftest import ROOT
from tests.audit.conftest import SQL, School, act, trouble, verdict_on
from tests.conftest import Clock, run_workers

FIXED = datetime(2026, 9, 1, 3, tzinfo=UTC)

# --- appending ---------------------------------------------------------------------------------------------------


@pytest.mark.timeout(240)
async def test_two_processes_append_without_a_fork_or_a_gap(hub: Hub) -> None:
    async def process(name: str) -> int:
        arguments = ["-m", "tests.audit.appending", hub.db.url, name, "1000"]
        running = await asyncio.create_subprocess_exec(sys.executable, *arguments, cwd=ROOT)
        return await running.wait()

    assert await asyncio.gather(process("one"), process("two")) == [0, 0]

    found = await verdict_on(hub)
    async with hub.db.reading() as tx:
        links = await tx.audit.links(after=0, limit=5000)
    assert (found.intact, found.size) == (True, 2000)
    assert Counter(link.actor for link in links) == {"one": 1000, "two": 1000}
    assert {link.actor for link in links[:1500]} == {"one", "two"}, "they did append side by side"


async def test_what_is_rolled_back_was_never_in_the_log(hub: Hub) -> None:
    await act(hub, 1)
    async with hub.db.reading() as tx:
        tx.audit.record(Deed.by(None, "tried", "thing", "x"))
        await tx.audit.seal()
    await act(hub, 2)

    found = await verdict_on(hub)
    assert (found.intact, found.size) == (True, 2)


async def test_both_databases_give_the_same_hashes_for_the_same_deeds(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The hash is written down here: one for both databases, and for every version to come."""
    hub.now.at = FIXED  # type: ignore[attr-defined]  # the tests' clock
    monkeypatch.setattr(os, "urandom", lambda number: b"s" * number)
    await act(hub, 1, 2)
    async with hub.db.reading() as tx:
        links = await tx.audit.links(after=0, limit=10)

    assert [link.at for link in links] == [links[0].at] * 2
    assert links[0].at.microsecond == 1
    assert [link.entry.hex()[:16] for link in links] == ["88e72e022e50327a", "2976a50c0cc54264"]


# --- wordings ----------------------------------------------------------------------------------------------------


async def test_a_message_changed_in_the_database_is_found(school: School, attack: SQL) -> None:
    await _story(school)
    before = await trouble(school.hub, contents=True)
    await attack("UPDATE entries SET text = '年课4980元' WHERE external_id = 'b'")
    found = await verdict_on(school.hub, contents=True)

    assert before is None
    assert found.trouble is not None
    assert found.trouble.kind == "wording_mismatch"
    assert found.trouble.about == await _id_of(school, "b")
    assert await trouble(school.hub) is None, "the chain itself is whole"


async def test_an_earlier_wording_changed_in_the_database_is_found(school: School, attack: SQL) -> None:
    await _story(school)
    await attack("UPDATE entry_versions SET text = '年课3980元' WHERE change = 'edited'")
    found = await verdict_on(school.hub, contents=True)

    assert found.trouble is not None
    assert found.trouble.kind == "wording_mismatch"
    assert found.trouble.about == await _id_of(school, "a")


async def test_the_new_wording_put_back_to_the_old_one_is_found(school: School, attack: SQL) -> None:
    await _story(school)
    await attack(
        "UPDATE entries SET text = v.text, salt = v.salt FROM entry_versions v "
        "WHERE v.entry_id = entries.id AND v.change = 'edited'"
    )

    found = await trouble(school.hub, contents=True)
    assert found is not None
    assert found[1] == "wording_mismatch"


async def test_a_message_deleted_from_the_database_is_found(school: School, attack: SQL) -> None:
    await _story(school)
    await attack("DELETE FROM entries WHERE external_id = 'b'")

    found = await trouble(school.hub, contents=True)
    assert found is not None
    assert found[1] == "wording_missing"


async def test_a_message_written_past_the_hub_is_found(school: School, attack: SQL) -> None:
    await _story(school)
    columns = (
        "customer_id, identity_id, channel, thread, kind, direction, speaker, actor, at, received_at, text, body, state"
    )
    await attack(
        f"INSERT INTO entries (id, external_id, {columns}) SELECT id + 1, 'forged', {columns} FROM entries "
        "WHERE external_id = 'b'"
    )
    found = await verdict_on(school.hub, contents=True)

    assert found.trouble is not None
    assert found.trouble.kind == "wording_unlogged"
    assert found.trouble.about == await _id_of(school, "forged")


async def test_an_erased_message_leaves_the_log_intact_when_that_is_on_record(school: School, attack: SQL) -> None:
    await _story(school)
    erased = await _id_of(school, "b")
    await attack("UPDATE entries SET text = '', salt = NULL WHERE external_id = 'b'")
    silently = await trouble(school.hub, contents=True)
    async with school.hub.db.transaction() as tx:
        tx.audit.record(Deed.by(None, "entry.erased", "entry", erased, reason="客户要求删除"))

    assert silently is not None
    assert silently[1] == "wording_mismatch"
    assert await trouble(school.hub, contents=True) is None


async def test_a_call_told_in_pieces_keeps_each_wording(school: School) -> None:
    for piece, transcript in enumerate(("", "坐席：年课4980元", "坐席：年课4980元\n客户：好")):
        told = school.chat.happening(
            kind="call", key="call", customer="mother", transcript=transcript, talk_s=60, at=FIXED.isoformat()
        )
        await school.hears(school.chat, replace(told, dedup_key=f"piece {piece}"))
    (call,) = await school.timeline()
    async with school.hub.db.reading() as tx:
        wordings = (await tx.audit.wordings([call.id]))[call.id]
        links = await tx.audit.about("entries", [public("msg", call.id)])

    assert [text for text, _ in wordings] == ["", "坐席：年课4980元", "坐席：年课4980元\n客户：好"]
    assert [json.loads(link.payload or "")["entries"][0][1] for link in links] == [1, 2, 3]
    assert await trouble(school.hub, contents=True) is None


async def test_a_recall_is_on_record_and_keeps_the_wording(school: School) -> None:
    await _story(school)
    await school.says(school.chat, kind="recall", customer="mother", target="b")
    async with school.hub.db.reading() as tx:
        (recall,) = [link for link in await tx.audit.newest(limit=10) if link.action == "entry.recalled"]

    assert recall.object_id == await _id_of(school, "b")
    assert await trouble(school.hub, contents=True) is None


async def test_every_message_of_a_batch_is_found_by_the_entry_it_came_in_with(school: School) -> None:
    happened = [
        school.chat.happening(f"消息 {n}", customer="mother", key=str(n), at=school.clock().isoformat())
        for n in range(40)
    ]
    await school.hears(school.chat, *happened)
    entries = await school.timeline()
    async with school.hub.db.reading() as tx:
        arrivals = [await tx.audit.arrival_of(entry.id) for entry in entries]

    assert len(entries) == 40
    assert all(
        a is not None and public("msg", e.id) in (a.payload or "") for a, e in zip(arrivals, entries, strict=True)
    )


# --- keys --------------------------------------------------------------------------------------------------------


async def test_the_key_is_made_once_for_its_owner_alone(hub: Hub) -> None:
    await act(hub, 1)
    await make_checkpoint(hub)
    files = KeyFile.of(hub.settings)
    made = files.path.read_text("utf-8")
    await act(hub, 2)
    await make_checkpoint(hub)

    assert stat.S_IMODE(files.path.stat().st_mode) == 0o600
    assert files.path.read_text("utf-8") == made
    assert len(files.public_keys()) == 1


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite:////var/lib/scrm/scrm.db", "/var/lib/scrm/scrm-audit.key"),
        ("sqlite:///scrm.db", "scrm-audit.key"),
        ("postgresql://scrm@localhost/scrm", "scrm-audit.key"),
    ],
)
def test_the_key_is_beside_the_data_unless_the_settings_say_otherwise(url: str, expected: str) -> None:
    assert KeyFile.of(load_settings(database_url=url)).path == Path(expected)
    assert KeyFile.of(load_settings(database_url=url, audit_key="/keys/k")).path == Path("/keys/k")


async def test_another_key_file_is_refused_until_it_is_adopted_on_record(hub: Hub) -> None:
    await act(hub, 1)
    await make_checkpoint(hub)
    files = KeyFile.of(hub.settings)
    files.path.unlink()
    await act(hub, 2)

    with pytest.raises(BadSettings, match="scrm audit key adopt"):
        await make_checkpoint(hub)
    await audit.adopt_key(hub, None)
    assert await make_checkpoint(hub) is not None
    assert await trouble(hub) is None
    first = files.public_keys()[:1]
    assert await trouble(hub, trusted=first) is not None, "nothing vouches for the new key to those who trust the old"


async def test_a_key_that_was_rotated_is_vouched_for_by_the_one_before(hub: Hub) -> None:
    await act(hub, 1)
    old, new = await rotate_key(hub, None)
    newest, _ = await rotate_key(hub, None)
    await act(hub, 2)
    await make_checkpoint(hub)

    assert newest == new
    assert await trouble(hub, trusted=[old]) is None
    assert await trouble(hub) is None


async def test_a_rotation_that_broke_off_is_finished(hub: Hub) -> None:
    await act(hub, 1)
    await make_checkpoint(hub)
    files = KeyFile.of(hub.settings)
    old = files.path.read_text("utf-8")
    _, new = await rotate_key(hub, None)
    files.path.rename(files.next_path)
    files.path.write_text(old, encoding="utf-8")
    await act(hub, 2)

    assert await make_checkpoint(hub) is not None
    assert files.open().public == new
    assert not files.next_path.exists()


# --- periodic work -----------------------------------------------------------------------------------------------


async def test_checkpoints_are_made_hourly_when_something_was_added_and_after_every_night(
    hub: Hub, clock: Clock
) -> None:
    await promise_auditing(hub)
    await promise_auditing(hub)
    made = []
    for _ in range(27):
        clock.advance(hours=1)
        await run_workers(hub)
        made.append(len(kept_elsewhere(audit.checkpoint_folder(hub))))

    assert made[0] >= 1
    assert made[20] == made[2], "nothing was added"
    assert made[-1] == made[20] + 1, "the night's check was"
    assert await trouble(hub) is None
    async with hub.db.reading() as tx:
        events = [event for event in await tx.events.since(0) if event.type == "audit.checkpoint"]
    assert len(events) == made[-1]


async def test_a_long_log_is_checked_in_turns(hub: Hub, attack: SQL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "_NIGHTLY", 12)
    for _ in range(4):
        await act(hub, *range(8))
        await make_checkpoint(hub)
    parts = []
    for _ in range(6):
        await verify_part(hub)
        async with hub.db.reading() as tx:
            last = await tx.audit.last("audit", "verification")
        assert last is not None
        parts.append((json.loads(last.payload or "")["start"], json.loads(last.payload or "")["through"]))
    starts = {start for start, _ in parts}

    assert len(starts) >= 3
    assert 1 in starts
    await attack("UPDATE audit_log SET actor = 'x' WHERE seq = 15")
    assert any([not (await verify_part(hub)).intact for _ in range(8)]), "whatever its turn, within a round"


async def test_a_stretch_between_two_checkpoints_is_checked_alone(hub: Hub, attack: SQL) -> None:
    for _ in range(3):
        await act(hub, *range(5))
        await make_checkpoint(hub)
    async with hub.db.reading() as tx:
        first, second, third = await tx.audit.checkpoints()
    whole = await trouble(hub)
    await _rewrite(hub, attack, second.size)

    assert whole is None
    assert await trouble(hub, start=second.size + 1, until=third.size) is not None
    assert await trouble(hub, until=first.size) is None


async def test_rules_are_on_record_once_until_they_change(hub: Hub) -> None:
    await audit.record_rules(hub)
    await audit.record_rules(hub)
    async with hub.db.reading() as tx:
        found = await tx.audit.about("audit", ["rules"])

    assert len(found) == 1
    told = json.loads(found[0].payload or "")["now"]
    assert set(told["rules"]) == {rule.id for rule in hub.understanding.rules}


async def test_rule_runs_are_on_record_with_their_counts(school: School) -> None:
    await _story(school)
    await write_down_health(school.hub)
    await make_checkpoint(school.hub)
    async with school.hub.db.reading() as tx:
        last = await tx.audit.last("audit", "rule_runs")
        days = await tx.rule_runs.since("2000-01-01")

    assert days
    assert last is not None
    assert json.loads(last.payload or "")["days"] == json.loads(json.dumps(days))


async def test_a_checkpoint_that_cannot_be_kept_elsewhere_is_still_made(
    hub: Hub, place: object, tmp_path: Path
) -> None:
    blocked = tmp_path / "a file"
    blocked.write_text("", encoding="utf-8")
    settings = load_settings(
        database_url=hub.settings.database_url,
        audit_key=str(hub.settings.audit_key),
        audit_checkpoints=str(blocked),
    )
    async with open_hub(settings, now=hub.now) as other:
        await act(other, 1)
        assert await make_checkpoint(other) is not None


async def _story(school: School) -> None:
    """Two statements, the first one edited."""
    await school.says(school.chat, "年课一年多少钱?", customer="mother", key="question")
    await school.says(
        school.chat, "年课活动价4980元", customer="mother", direction="outbound", speaker="agent", key="a"
    )
    await school.says(school.chat, "年课6280元", customer="mother", direction="outbound", speaker="agent", key="b")
    await school.says(school.chat, kind="edit", customer="mother", target="a", text="年课活动价4880元")


async def _id_of(school: School, key: str) -> str:
    (found,) = [entry for entry in await school.timeline() if entry.external_id == key]
    return public("msg", found.id)


async def _rewrite(hub: Hub, attack: SQL, seq: int) -> Link:
    async with hub.db.reading() as tx:
        (link,) = await tx.audit.links(after=seq - 1, until=seq, limit=1)
    await attack("UPDATE audit_log SET entry = :entry WHERE seq = :seq", entry=b"x" * 32, seq=seq)
    return link
