"""`scrm audit` on a database and on an export, and the second verifier, which shares no code with the first."""

from __future__ import annotations

import asyncio
import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from scrm.cli import main
from scrm.hub import Hub
from scrm.services.audit import checkpoint_folder, export_log, make_checkpoint
from scrm.services.audit_keys import KeyFile
from tests.architecture.conftest import ROOT
from tests.audit.conftest import SQL, act
from tests.conftest import Clock

pytestmark = pytest.mark.usefixtures("ten")
VERIFIER = ROOT / "deploy" / "verifier" / "verify.mjs"


async def scrm(hub: Hub, *arguments: str) -> Result:
    """Run the command as another process would: in a thread, with the hub's settings."""
    environment = {
        "SCRM_DATABASE_URL": hub.settings.database_url,
        "SCRM_AUDIT_KEY": str(hub.settings.audit_key),
    }
    return await asyncio.to_thread(CliRunner(env=environment).invoke, main, ["audit", *arguments])


async def verified_by_node(*arguments: str | Path) -> tuple[int, str]:
    done = await asyncio.to_thread(
        subprocess.run, ["node", str(VERIFIER), *map(str, arguments)], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


async def exported(hub: Hub, folder: Path) -> Path:
    """An export with its checkpoint and its key beside it."""
    file = folder / "audit.jsonl"
    with file.open("x", encoding="utf-8") as stream:
        found = await export_log(hub, None, stream)
    assert found.note is not None
    (folder / "audit.checkpoint.txt").write_text(found.note.text, encoding="utf-8")
    (folder / "audit.pub").write_bytes(KeyFile.of(hub.settings).public_path.read_bytes())
    return file


def changed(file: Path, number: int, **fields: object) -> None:
    """Change a line of an export."""
    lines = file.read_text("utf-8").splitlines()
    lines[number - 1] = json.dumps(json.loads(lines[number - 1]) | fields, ensure_ascii=False)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


async def test_verifying_tells_by_its_exit_code(hub: Hub, attack: SQL) -> None:
    unsigned = await scrm(hub, "verify")
    await make_checkpoint(hub)
    signed = await scrm(hub, "verify")
    await act(hub, 11)
    tail = await scrm(hub, "verify", "--json")
    await attack("UPDATE audit_log SET actor = 'x' WHERE seq = 5")
    tampered = await scrm(hub, "verify")

    assert [one.exit_code for one in (unsigned, signed, tail, tampered)] == [2, 0, 2, 1], tampered.output
    assert json.loads(tail.stdout)["unanchored"] == 1
    assert json.loads(tail.stdout)["status"] == "unanchored"
    assert "第 5 条" in tampered.stdout
    assert "[entry_mismatch]" in tampered.stdout


async def test_what_cannot_be_read_is_exit_code_3(hub: Hub, tmp_path: Path) -> None:
    torn = tmp_path / "torn.jsonl"
    torn.write_text('{"seq": 1, "at', encoding="utf-8")
    no_note = tmp_path / "note.txt"
    no_note.write_text("nothing", encoding="utf-8")
    results = [
        await scrm(hub, "verify", "--db", f"sqlite:///{tmp_path / 'nowhere.db'}"),
        await scrm(hub, "verify", "--db", f"sqlite:///{torn}"),
        await scrm(hub, "verify", "--file", str(torn)),
        await scrm(hub, "verify", "--checkpoint", str(no_note)),
    ]

    assert [one.exit_code for one in results] == [3, 3, 3, 3], [one.output for one in results]
    assert "line 1" in results[2].stderr


async def test_a_part_of_the_log_can_be_verified_alone(hub: Hub, attack: SQL) -> None:
    await make_checkpoint(hub)
    await act(hub, 12, 13)
    await attack("UPDATE audit_log SET actor = 'x' WHERE seq = 5")
    before = await scrm(hub, "verify", "--to", "4")
    after = await scrm(hub, "verify", "--from", "12")
    whole = await scrm(hub, "verify")

    assert (before.exit_code, after.exit_code, whole.exit_code) == (2, 2, 1), (before.output, after.output)


async def test_a_log_that_nobody_signed_for_a_day_is_not_vouched_for(hub: Hub, clock: Clock) -> None:
    clock.advance(hours=-27)
    await make_checkpoint(hub)
    found = await scrm(hub, "verify")

    assert found.exit_code == 2, found.output
    assert "最近一次签名" in found.stdout


async def test_an_export_is_verified_by_both_verifiers(hub: Hub, tmp_path: Path) -> None:
    file = await exported(hub, tmp_path)
    options = ["--checkpoint", str(tmp_path / "audit.checkpoint.txt"), "--pubkey", str(tmp_path / "audit.pub")]

    assert (await scrm(hub, "verify", "--file", str(file), *options)).exit_code == 0
    assert (await scrm(hub, "verify", "--file", str(file))).exit_code == 2
    assert (await verified_by_node(file))[0] == 0
    (tmp_path / "audit.checkpoint.txt").unlink()
    assert (await verified_by_node(file))[0] == 2


@pytest.mark.parametrize(
    ("number", "fields", "kind"),
    [
        (5, {"payload": '{"n":6,"备注":"说的话"}'}, "content_mismatch"),
        (5, {"payload": None}, "content_mismatch"),
        (5, {"actor": "operatos"}, "entry_mismatch"),
        (5, {"at": "2020-01-01T00:00:00.000000Z"}, "entry_mismatch"),
        (5, {"seq": 6}, "gap"),
        (1, {"seq": 2}, "missing_first"),
    ],
)
async def test_both_verifiers_see_the_same_trouble_in_an_export(
    hub: Hub, tmp_path: Path, number: int, fields: dict[str, object], kind: str
) -> None:
    file = await exported(hub, tmp_path)
    changed(file, number, **fields)
    if kind in {"gap", "missing_first"}:
        lines = file.read_text("utf-8").splitlines()
        del lines[number]
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    ours = await scrm(hub, "verify", "--file", str(file), "--json")
    theirs = await verified_by_node(file)

    assert ours.exit_code == 1
    assert json.loads(ours.stdout)["trouble"] == {"seq": number, "kind": kind, "about": ""}
    assert theirs == (1, f"tampered: entry {number} {kind}\n")


async def test_both_verifiers_see_a_cut_and_a_foreign_checkpoint(hub: Hub, tmp_path: Path) -> None:
    file = await exported(hub, tmp_path)
    options = ["--checkpoint", str(tmp_path / "audit.checkpoint.txt"), "--pubkey", str(tmp_path / "audit.pub")]
    lines = file.read_text("utf-8").splitlines(keepends=True)
    file.write_text("".join(lines[:-2]), encoding="utf-8")
    cut = await scrm(hub, "verify", "--file", str(file), *options, "--json")

    assert (await verified_by_node(file))[1].endswith("truncated\n")
    assert json.loads(cut.stdout)["trouble"]["kind"] == "truncated"
    file.write_text("".join(lines), encoding="utf-8")
    note = (tmp_path / "audit.checkpoint.txt").read_text("utf-8")
    (tmp_path / "audit.checkpoint.txt").write_text(note.replace("— ", "— ").replace("Z\n", "1Z\n"), encoding="utf-8")
    assert (await verified_by_node(file))[0] == 1


async def test_both_verifiers_follow_the_keys_from_the_first_one(hub: Hub, tmp_path: Path) -> None:
    await make_checkpoint(hub)
    first = KeyFile.of(hub.settings).public_path.read_text("utf-8").splitlines()[0]
    rotated = await scrm(hub, "key", "rotate")
    assert rotated.exit_code == 0, rotated.output
    file = await exported(hub, tmp_path)
    (tmp_path / "audit.pub").write_text(first + "\n", encoding="utf-8")
    options = ["--checkpoint", str(tmp_path / "audit.checkpoint.txt"), "--pubkey", str(tmp_path / "audit.pub")]

    ours = await scrm(hub, "verify", "--file", str(file), *options)
    assert ours.exit_code == 0, ours.output
    assert (await verified_by_node(file))[0] == 0
    assert (await scrm(hub, "verify")).exit_code == 0


async def test_erased_payloads_are_counted_and_the_rest_still_verifies(hub: Hub, tmp_path: Path) -> None:
    erased = await scrm(hub, "erase", "3", "4", "--reason", "客户要求删除")
    file = await exported(hub, tmp_path)
    found = await scrm(hub, "verify")

    assert erased.exit_code == 0, erased.output
    assert "其中 2 条的内容已按记录擦除" in found.stdout
    assert (await verified_by_node(file))[0] == 0


async def test_an_export_is_never_written_over_and_is_itself_on_record(hub: Hub, tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    first = await scrm(hub, "export", str(file))
    second = await scrm(hub, "export", str(file))

    assert first.exit_code == 0, first.output
    assert second.exit_code == 1
    assert "audit.exported" in {json.loads(line)["action"] for line in file.read_text("utf-8").splitlines()}
    assert (await verified_by_node(file))[0] == 0


async def test_a_checkpoint_can_be_made_at_once(hub: Hub) -> None:
    made = await scrm(hub, "checkpoint")
    again = await scrm(hub, "checkpoint")

    assert str(checkpoint_folder(hub)) in made.stdout
    assert "没有新的记录" in again.stdout
