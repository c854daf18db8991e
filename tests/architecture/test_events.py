"""Every event that integrators can subscribe to has a sample, and the samples are what is really published."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text as sql

from scrm.connector import SendRejected
from scrm.core.access import Actor, Role
from scrm.core.cases import Remedy, RemedyKind, Verdict, VerdictKind
from scrm.core.events import CATALOGUE, EventType
from scrm.core.timeline import Json
from scrm.hub import Hub
from scrm.services.accounts import add_user
from scrm.services.audit import make_checkpoint, verify_part
from scrm.services.cases import claim_case, record_remedy, record_verdict, reopen_case
from scrm.services.customers import mark_read, merge_customers, undo_merge
from scrm.services.dry_runs import DryRunPlan, start_dry_run
from scrm.services.households import Joining, join_household
from scrm.services.housekeeping import promise_reports
from scrm.services.imports import start_import
from scrm.services.outbound import Draft, send_message
from scrm.services.prices import Wish, current_book, propose
from scrm.services.webhooks import add_endpoint
from scrm.services.webhooks import test_endpoint as try_endpoint
from scrm.store.case_queue import Wanted
from tests.architecture.conftest import ROOT
from tests.conftest import run_workers
from tests.services.conftest import School

SAMPLES = ROOT / "tests" / "core" / "events"
CALLS = "通话时间,客户号码,通话时长,方向\n2026-09-01 10:00:00,13900001111,65,呼出\n"


def sample(event: EventType) -> Path:
    return SAMPLES / f"{event.name}.v{event.version}.json"


def shape(value: Json) -> object:
    """The names and kinds of values in a JSON value; of a list, those of its first item."""
    if isinstance(value, Mapping):
        return {name: shape(item) for name, item in value.items()}
    if isinstance(value, str):
        return "text"
    if isinstance(value, list | tuple):
        return [shape(item) for item in value[:1]]
    return type(value).__name__


def fits(published: object, sampled: object) -> bool:
    """Equal shapes, where null stands for a value that may be missing and an empty list for any list."""
    if isinstance(published, dict) and isinstance(sampled, dict):
        return published.keys() == sampled.keys() and all(fits(published[name], sampled[name]) for name in sampled)
    if isinstance(published, list) and isinstance(sampled, list):
        return not published or not sampled or fits(published[0], sampled[0])
    return published == sampled or "NoneType" in (published, sampled)


@pytest.mark.parametrize("event", CATALOGUE, ids=lambda event: event.name)
def test_an_event_has_a_sample_and_a_row_in_the_reference(event: EventType) -> None:
    page = (ROOT / "docs" / "reference" / "events.md").read_text("utf-8")

    assert sample(event).is_file(), f"write {sample(event).relative_to(ROOT)}"
    assert f"`{event.name}`" in page


def test_every_sample_belongs_to_an_event_of_the_catalogue() -> None:
    known = {sample(event) for event in CATALOGUE}
    older = {SAMPLES / f"{event.name}.v{n}.json" for event in CATALOGUE for n in range(1, event.version)}

    assert set(SAMPLES.glob("*.json")) <= known | older


@pytest.mark.parametrize("event", CATALOGUE, ids=lambda event: event.name)
def test_a_sample_names_its_event_and_version(event: EventType) -> None:
    read = json.loads(sample(event).read_text("utf-8"))

    assert list(read) == ["id", "type", "version", "at", "customer_id", "payload"]
    assert (read["type"], read["version"]) == (event.name, event.version)


async def test_what_is_published_has_the_shape_of_its_sample(school: School, rep: Actor, auditor: Actor) -> None:
    await everything_happens(school, rep, auditor)

    async with school.hub.db.reading() as tx:
        published = [event.as_json() for event in await tx.events.since(0)]
    assert {event["type"] for event in published} == {event.name for event in CATALOGUE}
    samples = {event.name: shape(json.loads(sample(event).read_text("utf-8"))) for event in CATALOGUE}
    wrong = [event for event in published if not fits(shape(event), samples[str(event["type"])])]
    assert wrong == []


async def everything_happens(school: School, rep: Actor, auditor: Actor) -> None:
    """A story in which every event of the catalogue occurs."""
    hub, chat = school.hub, school.chat
    admin = await add_user(hub, None, login="root", name="管理员", role=Role.ADMIN, password="a-long-password")
    await school.says(chat, "年课一年多少钱?", customer="mother", name="王女士", key="question")
    await school.says(chat, "年课活动价4980元", customer="mother", direction="outbound", speaker="agent", key="answer")
    (mother,) = await school.customers()
    await school.says(chat, kind="edit", customer="mother", target="question", text="年课两年多少钱?")
    await school.says(chat, "在吗", customer="mother", name="王女士(小雨妈妈)")
    await mark_read(hub, rep, mother)
    for text in ("年课5980元", "年课现在是6280元"):
        await send_message(hub, rep, Draft(customer_id=mother, text=text, acknowledged_reason="校长批准"))
        await run_workers(hub)
    chat.fail_with(SendRejected("the visitor has blocked this chat"))
    await send_message(hub, rep, Draft(customer_id=mother, text="您好"))
    await run_workers(hub)
    await judge(school, auditor, admin)

    await school.says(school.service, "我是孩子爸爸", customer="father", name="李先生")
    (father,) = [customer for customer in await school.customers() if customer != mother]
    merge = await merge_customers(hub, rep, mother, father, "同一个家庭")
    await undo_merge(hub, rep, merge.id)
    await join_household(hub, rep, Joining(customer_id=mother, other_id=father))
    now = school.clock()
    await start_dry_run(hub, auditor, DryRunPlan(changes={}, since=now - timedelta(days=1), until=now))
    await start_import(hub, admin, "calls", "calls.csv", CALLS.encode())
    await run_workers(hub)
    async with hub.db.reading() as tx:
        product = next((await current_book(hub, tx)).at(now))
    await propose(hub, admin, Wish([replace(product, list_price=product.list_price + 100)], "涨价一百"))
    endpoint = await add_endpoint(hub, admin, url="http://127.0.0.1:9/", description="", event_types=["case.opened"])
    await try_endpoint(hub, admin, endpoint.id)
    await tamper(hub)


async def tamper(hub: Hub) -> None:
    """The log is signed; then somebody with all rights in the database changes an entry."""
    await make_checkpoint(hub)
    async with hub.db.transaction() as tx:
        trigger = "audit_log_no_update" if hub.db.is_sqlite else "audit_log_kept ON audit_log"
        await tx.run(sql(f"DROP TRIGGER {trigger}"))
        await tx.run(sql("UPDATE audit_log SET actor = 'somebody else' WHERE seq = 1"))
    await verify_part(hub)


async def judge(school: School, auditor: Actor, admin: Actor) -> None:
    """Too late, then by two auditors, made up for, and judged again."""
    hub = school.hub
    async with hub.db.reading() as tx:
        case = (await tx.case_queue.page(Wanted(), limit=1))[0]
    await promise_reports(hub)
    school.clock.advance(hours=1)
    await run_workers(hub)
    case = await claim_case(hub, auditor, case.id)
    for judge in (auditor, admin):
        verdict = Verdict(kind=VerdictKind.VIOLATION, note="先报低价后报高价", version=case.version)
        case = await record_verdict(hub, judge, case.id, verdict)
    made = Remedy(kind=RemedyKind.HONOUR_PRICE, note="按4980履约", version=case.version)
    case = await record_remedy(hub, auditor, case.id, made)
    await reopen_case(hub, auditor, case.id, "客户又来投诉", case.version)
