"""The evidence of a case: readable offline, verifiable by anybody, itself on record; and the log as auditors see it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from pathlib import Path

import aiohttp
import pytest
from aiohttp import ClientSession

from scrm.core.access import Role
from scrm.core.ids import public
from scrm.services.accounts import add_user
from scrm.services.audit import make_checkpoint, verify_part
from scrm.services.cases import claim_case
from scrm.store.case_queue import Wanted
from scrm.web.evidence import export_case
from tests.audit.conftest import SQL, School
from tests.audit.test_commands import changed, scrm, verified_by_node
from tests.web.conftest import PASSWORD, Browser, address, browser, stranger

__all__ = ["address", "browser", "stranger"]
SAID = "年课6280元 <b>现在报名</b>"


@pytest.fixture
async def case_id(school: School) -> int:
    """A case: an earlier price, then a higher one."""
    await school.says(school.chat, "年课一年多少钱?", customer="mother", name="王女士", key="question")
    await school.says(
        school.chat, "年课活动价4980元", customer="mother", direction="outbound", speaker="agent", key="a"
    )
    school.clock.advance(hours=1)
    await school.says(school.chat, SAID, customer="mother", direction="outbound", speaker="agent", key="b")
    async with school.hub.db.reading() as tx:
        (case, *_) = await tx.case_queue.page(Wanted(rule="price-higher-later"), limit=1)
    return case.id


def unpacked(content: bytes, folder: Path) -> Path:
    target = folder / "evidence"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(target)
    return target


class Page(HTMLParser):
    """What a browser would show of a page, and fetch for it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.fetched: list[str] = []
        self.text = ""
        self.marked: list[str] = []
        self._in_mark = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.fetched += [value or "" for name, value in attrs if name in {"src", "href"}]
        self._in_mark = tag == "mark"

    def handle_endtag(self, tag: str) -> None:
        self._in_mark = False

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._in_mark:
            self.marked.append(data)


async def test_the_page_shows_both_statements_marked_and_fetches_nothing(school: School, case_id: int) -> None:
    content = await export_case(school.hub, None, case_id)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        html = archive.read("index.html").decode()
        document = json.loads(archive.read("case.json"))
    page = Page(html)

    assert names == [
        "README.txt",
        "index.html",
        "case.json",
        "audit.jsonl",
        "audit.pub",
        "checkpoint.txt",
        "messages.jsonl",
        "proofs.json",
        "verify.mjs",
    ]
    assert page.fetched == []
    assert "b" not in page.tags, "what was said is text, never markup"
    assert SAID in page.text
    assert {mark.strip("元") for mark in page.marked} >= {"4980", "6280"}
    assert "年课一年多少钱?" in page.text, "the context is there"
    assert "当时有效的价目" in page.text
    assert "+08:00" in page.text
    assert document["format"] == "scrm-case-evidence"
    assert document["case"]["id"] == public("cas", case_id)
    assert {"can", "assignable"}.isdisjoint(document["case"])
    assert document["price_versions"][0]["recorded_by"] == "test"


async def test_the_evidence_is_verified_by_the_program_in_it(school: School, case_id: int, tmp_path: Path) -> None:
    folder = unpacked(await export_case(school.hub, None, case_id), tmp_path)
    whole = await verified_by_node(folder)
    messages = [json.loads(line) for line in (folder / "messages.jsonl").read_text("utf-8").splitlines()]

    assert whole[0] == 0, whole
    assert SAID in {message["text"] for message in messages}
    place = next(n for n, message in enumerate(messages, 1) if message["text"] == SAID)
    changed(folder / "messages.jsonl", place, text="年课4980元")
    assert (await verified_by_node(folder))[1].startswith("tampered: entry 0 wording_mismatch msg_")


async def test_the_command_writes_the_same_evidence(school: School, case_id: int, tmp_path: Path) -> None:
    out = tmp_path / "case.zip"
    done = await scrm(school.hub, "prove", "--case", public("cas", case_id), "--out", str(out))
    none = await scrm(school.hub, "prove", "--case", "cas_0000000000000")

    assert done.exit_code == 0, done.output
    assert (await verified_by_node(unpacked(out.read_bytes(), tmp_path)))[0] == 0
    assert none.exit_code == 1
    assert "there is no such case" in none.output


async def test_an_entry_that_was_not_in_the_log_fails_its_proof(school: School, case_id: int, tmp_path: Path) -> None:
    folder = unpacked(await export_case(school.hub, None, case_id), tmp_path)
    proofs = json.loads((folder / "proofs.json").read_text("utf-8"))
    first, second = list(proofs)[:2]
    proofs[first] = proofs[second]
    (folder / "proofs.json").write_text(json.dumps(proofs), encoding="utf-8")

    assert (await verified_by_node(folder))[1] == f"tampered: entry {first} root_mismatch\n"
    (folder / "checkpoint.txt").unlink()
    assert (await verified_by_node(folder))[0] == 2


async def test_an_export_is_on_record_and_an_edit_shows_its_earlier_wording(school: School, case_id: int) -> None:
    await school.says(school.chat, kind="edit", customer="mother", target="b", text="年课6380元")
    content = await export_case(school.hub, None, case_id)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        messages = [json.loads(line) for line in archive.read("messages.jsonl").decode().splitlines()]
        page = Page(archive.read("index.html").decode())
    async with school.hub.db.reading() as tx:
        last = await tx.audit.last("case", public("cas", case_id))

    assert last is not None
    assert (last.action, last.actor) == ("case.exported", "operator")
    assert [(one["version"], one["text"]) for one in messages if "6" in one["text"]] == [(1, SAID), (2, "年课6380元")]
    assert f"原文：{SAID}" in page.text


@pytest.fixture
async def as_auditor(school: School, address: str) -> AsyncIterator[Browser]:
    await add_user(school.hub, None, login="shen", name="沈静", role=Role.AUDITOR, password=PASSWORD)
    async with ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        signed_in = Browser(session, address)
        assert await signed_in.sign_in("shen") == 200
        yield signed_in


async def test_auditors_take_evidence_out_and_reps_do_not(
    school: School, as_auditor: Browser, stranger: Browser, case_id: int
) -> None:
    path = f"/api/v1/cases/{public('cas', case_id)}/export"
    answer = await as_auditor.raw("GET", path)
    await add_user(school.hub, None, login="lin", name="林晓雨", role=Role.REP, password=PASSWORD)
    await stranger.sign_in("lin")

    assert (answer.status, answer.content_type) == (200, "application/zip")
    assert zipfile.is_zipfile(io.BytesIO(await answer.read()))
    assert (await stranger.raw("GET", path)).status == 403
    assert (await stranger.raw("GET", "/api/v1/audit")).status == 403


async def test_the_log_is_listed_newest_first_with_filters_and_pages(as_auditor: Browser, stranger: Browser) -> None:
    await stranger.sign_in("nobody", "a wrong password")
    await stranger.sign_in("shen", "a wrong password")
    status, first = await as_auditor.ask("GET", "/api/v1/audit?limit=2")
    _, second = await as_auditor.ask("GET", f"/api/v1/audit?limit=2&cursor={first['next']}")
    _, refused = await as_auditor.ask("GET", "/api/v1/audit?action=sign_in.refused")

    assert status == 200
    seqs = [one["seq"] for one in (*first["items"], *second["items"])]
    assert seqs == sorted(seqs, reverse=True)
    assert len(set(seqs)) == 4
    assert [(one["actor"], one["payload"]) for one in refused["items"]] == [("shen", {}), ("", {"typed": "nobody"})]


async def test_what_others_did_in_an_open_case_is_not_told_to_auditors(
    school: School, as_auditor: Browser, case_id: int
) -> None:
    other = await add_user(school.hub, None, login="he", name="何衡", role=Role.AUDITOR, password=PASSWORD)
    await claim_case(school.hub, other, case_id)
    _, found = await as_auditor.ask("GET", f"/api/v1/audit?object_type=case&object_id={public('cas', case_id)}")

    assert [one["action"] for one in found["items"]] == ["case.opened"]


async def test_the_state_of_the_log_is_told_and_an_alarm_shows(school: School, browser: Browser, attack: SQL) -> None:
    _, before = await browser.ask("GET", "/api/v1/audit/state")
    await verify_part(school.hub)
    await make_checkpoint(school.hub)
    _, signed = await browser.ask("GET", "/api/v1/audit/state")
    await attack("UPDATE audit_log SET actor = 'x' WHERE seq = 1")
    await verify_part(school.hub)
    await verify_part(school.hub)
    _, after = await browser.ask("GET", "/api/v1/audit/state")
    _, health = await browser.ask("GET", "/health/ready")

    assert (before["status"], signed["status"], after["status"]) == ("unsigned", "intact", "tampered")
    assert signed["unsigned"] == 0
    assert (after["verification"]["seq"], after["verification"]["kind"]) == (1, "entry_mismatch")
    assert health["audit"] == "tampered"
    assert [event.payload["how"] for event in await school.events("audit.tampered")] == ["entry_mismatch"], "once"
