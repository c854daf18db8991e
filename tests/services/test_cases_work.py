"""Working the queue: second looks, assignments, remedies, evidence that joins, deadlines, races."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from scrm.core.access import Actor, Role
from scrm.core.cases import Case, CaseState, Origin, Remedy, RemedyKind, Verdict, VerdictKind
from scrm.core.errors import BadInput, Conflict, NotAllowed, NotFound
from scrm.core.ids import public
from scrm.core.price_book import CHINA
from scrm.services.accounts import add_user
from scrm.services.cases import (
    assign_case,
    claim_case,
    claim_cases,
    close_case,
    conversation,
    escalate_case,
    note_view,
    record_false_positives,
    record_remedy,
    record_verdict,
    refer_conversation,
    release_case,
    reopen_case,
)
from scrm.services.customers import merge_customers
from scrm.services.housekeeping import promise_reports
from scrm.services.sampling import draw, promise_samples, sample_size
from scrm.settings import CaseSettings
from scrm.store.audit_log import Wanted as Logged
from scrm.store.case_queue import Reader, Wanted
from tests.conftest import run_workers
from tests.seeding import seed_queue
from tests.services.conftest import School
from tests.services.test_cases import PHONE, contradiction, findings

MONDAY = datetime(2026, 9, 7, 10, tzinfo=CHINA)


@pytest.fixture
def clock_on_monday(clock: object) -> None:
    clock.at = MONDAY  # type: ignore[attr-defined]


@pytest.fixture
async def other(hub: object) -> Actor:
    return await add_user(hub, None, login="wu", name="吴越", role=Role.AUDITOR, password="a-long-password")  # type: ignore[arg-type]


@pytest.fixture
async def third(hub: object) -> Actor:
    return await add_user(hub, None, login="qian", name="钱进", role=Role.AUDITOR, password="a-long-password")  # type: ignore[arg-type]


@pytest.fixture
async def lead(hub: object) -> Actor:
    return await add_user(hub, None, login="sun", name="孙经理", role=Role.MANAGER, password="a-long-password")  # type: ignore[arg-type]


def always_twice(school: School) -> None:
    settings = school.hub.settings.model_copy(update={"cases": CaseSettings(second_look_share=1)})
    school.hub = replace(school.hub, settings=settings)


async def get(school: School, case_id: int) -> Case:
    async with school.hub.db.reading() as tx:
        return await tx.cases.get(case_id)


async def history(school: School, case_id: int) -> list[str]:
    async with school.hub.db.reading() as tx:
        return [event.action for event in await tx.cases.history(case_id)]


async def judge(
    school: School, actor: Actor, case_id: int, kind: VerdictKind = VerdictKind.VIOLATION, reason: str = ""
) -> Case:
    case = await get(school, case_id)
    return await record_verdict(
        school.hub, actor, case_id, Verdict(kind=kind, reason=reason, note="看过了", version=case.version)
    )


async def queue(school: School, **wanted: object) -> list[int]:
    async with school.hub.db.reading() as tx:
        return [case.id for case in await tx.case_queue.page(Wanted(**wanted), limit=100)]  # type: ignore[arg-type]


# --- looks ---------------------------------------------------------------------------------------------------------


async def test_a_second_look_waits_for_somebody_else_and_decides_when_both_agree(
    school: School, auditor: Actor, other: Actor
) -> None:
    always_twice(school)
    case_id = await contradiction(school)

    assert (await judge(school, auditor, case_id)).state is CaseState.SECOND_LOOK
    with pytest.raises(NotAllowed, match="already"):
        await judge(school, auditor, case_id)
    decided = await judge(school, other, case_id)

    assert (decided.state, decided.verdict) == (CaseState.DECIDED, VerdictKind.VIOLATION)
    async with school.hub.db.reading() as tx:
        looks = (await tx.cases.looks([case_id]))[case_id]
    assert [(look.look, look.decided_by) for look in looks] == [(1, auditor.id), (2, other.id)]
    assert len(await school.events("case.decided")) == 1


async def test_what_is_published_of_a_first_look_tells_nothing(school: School, auditor: Actor, other: Actor) -> None:
    always_twice(school)
    case_id = await contradiction(school)
    await judge(school, auditor, case_id)

    last = (await school.events("case.changed"))[-1]
    assert (last.payload["state"], last.payload["verdict"]) == ("new", None)


async def test_a_second_look_is_in_everybody_elses_queue_as_a_new_case(
    school: School, auditor: Actor, other: Actor, lead: Actor
) -> None:
    always_twice(school)
    case_id = await contradiction(school)
    await judge(school, auditor, case_id)

    assert await queue(school, reader=Reader(other.id, True), state="new") == [case_id]
    assert await queue(school, reader=Reader(other.id, True), state="second_look") == []
    assert await queue(school, reader=Reader(auditor.id, True), state="new") == []
    assert await queue(school, reader=Reader(auditor.id, True), state="second_look") == [case_id]
    assert await queue(school, reader=Reader(lead.id, False), state="second_look") == [case_id]
    await claim_case(school.hub, other, case_id)
    assert await queue(school, reader=Reader(other.id, True), state="claimed") == [case_id]
    async with school.hub.db.reading() as tx:
        facets = {
            name: [
                (one.value, one.number)
                for one in await tx.case_queue.facets(Wanted(reader=reader, state="all"), "state")
            ]
            for name, reader in (("other", Reader(other.id, True)), ("auditor", Reader(auditor.id, True)))
        }
    assert facets == {"other": [("claimed", 1)], "auditor": [("second_look", 1)]}


async def test_looks_that_differ_are_settled_by_a_third(
    school: School, auditor: Actor, other: Actor, third: Actor
) -> None:
    always_twice(school)
    case_id = await contradiction(school)
    await judge(school, auditor, case_id)
    split = await judge(school, other, case_id, VerdictKind.FALSE_POSITIVE, "superseded")
    assert split.state is CaseState.ESCALATED
    for one in (auditor, other):
        with pytest.raises(NotAllowed):
            await judge(school, one, case_id)

    settled = await judge(school, third, case_id, VerdictKind.POLICY_BREACH, "no_intent")

    assert (settled.state, settled.verdict) == (CaseState.DECIDED, VerdictKind.POLICY_BREACH)
    assert await history(school, case_id) == [
        "opened",
        "judged",
        "judged",
        "decided:policy_breach",
    ]


async def test_the_gravest_always_get_a_second_look(school: School, auditor: Actor) -> None:
    case_id = await contradiction(school)
    await school.says(school.service, "刚才客服明明说4980,怎么又变5980了?", customer="mother-wx")

    assert (await judge(school, auditor, case_id)).state is CaseState.SECOND_LOOK


async def test_a_team_of_one_is_not_held_up_by_drawn_second_looks(school: School, auditor: Actor) -> None:
    always_twice(school)
    case_id = await contradiction(school)

    assert (await judge(school, auditor, case_id)).state is CaseState.DECIDED


async def test_an_escalated_case_is_settled_by_somebody_else(school: School, auditor: Actor, other: Actor) -> None:
    always_twice(school)
    case_id = await contradiction(school)
    claimed = await claim_case(school.hub, auditor, case_id)
    await escalate_case(school.hub, auditor, case_id, "要看合同", claimed.version)

    with pytest.raises(NotAllowed):
        await judge(school, auditor, case_id)
    assert (await judge(school, other, case_id)).state is CaseState.DECIDED


# --- people --------------------------------------------------------------------------------------------------------


async def test_a_lead_assigns_a_case_and_takes_it_back(
    school: School, auditor: Actor, other: Actor, lead: Actor, rep: Actor
) -> None:
    case_id = await contradiction(school)
    version = (await get(school, case_id)).version
    with pytest.raises(NotAllowed):
        await assign_case(school.hub, lead, case_id, rep.id, version)
    with pytest.raises(NotFound):
        await assign_case(school.hub, lead, case_id, 1, version)

    assigned = await assign_case(school.hub, lead, case_id, auditor.id, version)
    with pytest.raises(Conflict):
        await assign_case(school.hub, other, case_id, other.id, assigned.version)
    assert (assigned.state, assigned.assignee_id) == (CaseState.CLAIMED, auditor.id)
    assert (await release_case(school.hub, lead, case_id)).state is CaseState.NEW
    with pytest.raises(NotAllowed):
        await claim_case(school.hub, lead, case_id)


async def test_a_case_is_not_assigned_to_those_whose_words_it_is_about(
    school: School, lead: Actor, auditor: Actor
) -> None:
    case_id = await contradiction(school)
    chen = await add_user(
        school.hub, None, login="chen", name="陈昊", role=Role.ADMIN, password="long-enough", provider_ids=("ChenHao",)
    )

    with pytest.raises(NotAllowed):
        await assign_case(school.hub, lead, case_id, chen.id, (await get(school, case_id)).version)
    decided = await judge(school, auditor, case_id)
    with pytest.raises(NotAllowed, match="own words"):
        await reopen_case(school.hub, chen, case_id, "不同意", decided.version)


async def test_several_cases_are_claimed_at_once_and_those_taken_say_so(
    school: School, auditor: Actor, other: Actor
) -> None:
    await seed_queue(school)
    first, second, last = (await queue(school))[:3]
    await claim_case(school.hub, other, second)

    done = await claim_cases(school.hub, auditor, [first, second, last, 7])

    assert [(one.case is not None, one.problem) for one in done] == [
        (True, None),
        (False, "somebody else has claimed this case"),
        (True, None),
        (False, "there is no such case"),
    ]
    assert await queue(school, assignee_id=auditor.id) == [first, last]


async def test_false_positives_are_closed_together_each_with_its_reason(school: School, auditor: Actor) -> None:
    await seed_queue(school)
    cases = [await get(school, case_id) for case_id in await queue(school, severity="S2")][:3]
    reasons = ("extraction", "", "wrong_product")
    verdicts = {
        case.id: Verdict(kind=VerdictKind.FALSE_POSITIVE, reason=reason, version=case.version)
        for case, reason in zip(cases, reasons, strict=True)
    }

    done = await record_false_positives(school.hub, auditor, verdicts)

    assert [one.case is not None and one.case.state for one in done] == [CaseState.CLOSED, False, CaseState.CLOSED]
    assert await history(school, cases[0].id) == ["opened", "decided:false_positive", "closed"]
    with pytest.raises(BadInput):
        await record_false_positives(school.hub, auditor, {cases[1].id: Verdict(kind=VerdictKind.VIOLATION, version=1)})


# --- afterwards ----------------------------------------------------------------------------------------------------


async def test_a_remedy_names_a_message_that_came_after(school: School, auditor: Actor) -> None:
    case_id = await contradiction(school)
    before = (await school.timeline())[-1]
    school.clock.advance(minutes=5)
    await school.says(
        school.service, "按4980元给您办理", customer="mother-wx", direction="outbound", speaker="rep", actor="ChenHao"
    )
    await school.says(school.service, "好的", customer="mother-wx")
    *_, sent, answer = await school.timeline()
    decided = await judge(school, auditor, case_id)

    for wrong in (before.id, answer.id, 12345):
        made = Remedy(kind=RemedyKind.HONOUR_PRICE, entry_id=wrong, version=decided.version)
        with pytest.raises(BadInput):
            await record_remedy(school.hub, auditor, case_id, made)
    made = Remedy(kind=RemedyKind.HONOUR_PRICE, note="按4980履约", entry_id=sent.id, version=decided.version)
    remedied = await record_remedy(school.hub, auditor, case_id, made)
    closed = await close_case(school.hub, auditor, case_id, "", remedied.version)

    assert (closed.state, closed.remedy_entry_id) == (CaseState.CLOSED, sent.id)
    assert (await school.events("case.remedied"))[-1].payload["remedy"] == "honour_price"


async def test_a_reopened_case_keeps_what_was_found_before(school: School, auditor: Actor) -> None:
    case_id = await contradiction(school)
    decided = await judge(school, auditor, case_id)

    reopened = await reopen_case(school.hub, auditor, case_id, "客户补充了截图", decided.version)
    again = await judge(school, auditor, case_id, VerdictKind.INSUFFICIENT_EVIDENCE)

    assert (reopened.state, again.verdict) == (CaseState.NEW, VerdictKind.INSUFFICIENT_EVIDENCE)
    async with school.hub.db.reading() as tx:
        looks = (await tx.cases.looks([case_id]))[case_id]
    assert [(look.round, look.kind) for look in looks] == [
        (1, VerdictKind.VIOLATION),
        (2, VerdictKind.INSUFFICIENT_EVIDENCE),
    ]
    assert len(await school.events("case.reopened")) == 1


async def test_a_view_is_logged_once_for_each_version(school: School, auditor: Actor, other: Actor) -> None:
    case_id = await contradiction(school)
    case = await get(school, case_id)
    for actor in (auditor, auditor, other):
        await note_view(school.hub, actor, case)
    await note_view(school.hub, auditor, await claim_case(school.hub, auditor, case_id))

    async with school.hub.db.reading() as tx:
        views = await tx.audit.page(Logged(action="case.viewed", object_id=public("cas", case_id)), limit=10)
    assert [(view.actor, view.object_version) for view in reversed(views)] == [("shen", 1), ("wu", 1), ("shen", 2)]


async def test_every_act_is_in_the_audit_log(school: School, auditor: Actor, lead: Actor) -> None:
    case_id = await contradiction(school)
    version = (await get(school, case_id)).version
    await assign_case(school.hub, lead, case_id, auditor.id, version)
    decided = await judge(school, auditor, case_id)
    made = Remedy(kind=RemedyKind.APOLOGY, version=decided.version)
    remedied = await record_remedy(school.hub, lead, case_id, made)
    await close_case(school.hub, lead, case_id, "", remedied.version)

    async with school.hub.db.reading() as tx:
        log = await tx.audit.about("case", [public("cas", case_id)])
    acts = [(link.actor, link.action) for link in log if link.actor != "hub"]
    assert acts == [
        ("sun", "case.assigned"),
        ("shen", "case.decided"),
        ("sun", "case.remedied"),
        ("sun", "case.closed"),
    ]


# --- evidence that comes later -------------------------------------------------------------------------------------


async def say_again(school: School, text: str = "真的是5980元,年课没有更低的了", actor: str = "ChenHao") -> None:
    school.clock.advance(minutes=20)
    await school.says(school.service, text, customer="mother-wx", direction="outbound", speaker="rep", actor=actor)


async def test_the_same_said_again_joins_a_violation_that_is_decided(school: School, auditor: Actor) -> None:
    case_id = await contradiction(school)
    decided = await judge(school, auditor, case_id)

    await say_again(school)

    case = await get(school, case_id)
    assert (len(await findings(school, case_id)), case.state) == (2, CaseState.DECIDED)
    assert case.version == decided.version + 1
    assert await queue(school, state="all") == [case_id]


@pytest.mark.parametrize("reason", ["other speaker", "not a violation", "remedied"])
async def test_what_is_new_after_a_verdict_opens_a_case_of_its_own(school: School, auditor: Actor, reason: str) -> None:
    case_id = await contradiction(school)
    kind = VerdictKind.NOTHING_FOUND if reason == "not a violation" else VerdictKind.VIOLATION
    decided = await judge(school, auditor, case_id, kind)
    if reason == "remedied":
        made = Remedy(kind=RemedyKind.TRAINING, version=decided.version)
        await record_remedy(school.hub, auditor, case_id, made)

    await say_again(school, actor="LinXiaoYu" if reason == "other speaker" else "ChenHao")

    assert len(await findings(school, case_id)) == 1
    assert len(await queue(school)) == 1
    assert len(await school.events("case.opened")) == 2


async def test_after_a_week_the_same_is_a_case_of_its_own(school: School) -> None:
    case_id = await contradiction(school)
    school.clock.advance(days=7, minutes=1)

    await say_again(school)

    assert len(await queue(school)) == 2
    assert len(await findings(school, case_id)) == 1


async def test_a_denial_of_the_same_price_is_the_same_case(school: School) -> None:
    case_id = await contradiction(school)
    await say_again(school, "我们没说过年课4980元")

    rules = {finding.rule for finding in await findings(school, case_id)}
    assert rules == {"price-higher-later", "price-denied"}
    assert await queue(school) == [case_id]


async def test_a_quick_correction_is_on_file_but_in_nobodys_queue(school: School) -> None:
    for text in ("年课4980元", "不好意思看错了,年课是5980元"):
        await school.says(
            school.service, text, customer="w", evidence=PHONE, direction="outbound", speaker="rep", actor="ChenHao"
        )
        school.clock.advance(minutes=2)

    (customer_id,) = await school.customers()
    async with school.hub.db.reading() as tx:
        found = await tx.cases.findings_of([entry.id for entry in await school.timeline(customer_id)])
        assert await tx.cases.count_open() == {}
    assert [finding.severity for of_entry in found.values() for finding in of_entry] == ["S1"]
    assert await school.events("case.opened") == []

    school.clock.advance(hours=1)
    await school.says(school.service, "年课6280元", customer="w", direction="outbound", speaker="rep", actor="ChenHao")
    assert len(await school.events("case.opened")) >= 1


# --- time ----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("clock_on_monday")
async def test_a_case_that_waits_too_long_is_reported_once(school: School, auditor: Actor) -> None:
    case_id = await contradiction(school)
    opened = await get(school, case_id)
    assert opened.due_at == opened.opened_at + timedelta(hours=1)
    await promise_reports(school.hub)
    await run_workers(school.hub)
    assert await school.events("case.overdue") == []

    for _ in range(3):
        school.clock.advance(minutes=61)
        await run_workers(school.hub)

    (told,) = await school.events("case.overdue")
    assert told.payload["tell"] == ["team_lead", "compliance_head"]
    assert await history(school, case_id) == ["opened", "overdue"]
    assert await queue(school, late_at=school.clock()) == [case_id]
    await judge(school, auditor, case_id)
    assert await queue(school, late_at=school.clock()) == []


@pytest.mark.usefixtures("clock_on_monday")
async def test_a_graver_case_is_due_sooner(school: School) -> None:
    case_id = await contradiction(school)
    school.clock.advance(minutes=5)
    await school.says(school.service, "刚才客服明明说4980,怎么又变5980了?", customer="mother-wx")

    case = await get(school, case_id)
    assert (case.severity, case.due_at) == ("S4", case.updated_at + timedelta(minutes=15))


# --- the order of the queue ----------------------------------------------------------------------------------------


async def test_the_queue_is_ordered_by_severity_exposure_and_age(school: School) -> None:
    await seed_queue(school)
    async with school.hub.db.reading() as tx:
        cases = await tx.case_queue.page(Wanted(), limit=100)

    keys = [(-int(case.severity[1]), -case.exposure_fen, case.id) for case in cases]
    assert keys == sorted(keys)
    assert len(cases) >= 20
    assert len({case.rule for case in cases}) >= 6
    assert {case.severity for case in cases} == {"S2", "S3", "S4"}


async def test_pages_lose_and_repeat_nothing_while_the_queue_changes(school: School, auditor: Actor) -> None:
    await seed_queue(school)
    everything = await queue(school)
    seen: list[int] = []
    after = None
    while True:
        async with school.hub.db.reading() as tx:
            page = await tx.case_queue.page(Wanted(), after=after, limit=4)
        if not page:
            break
        seen += [case.id for case in page]
        after = (page[-1].severity, page[-1].exposure_fen, page[-1].id)
        # What was seen is judged and leaves; a new case comes in among those that were seen.
        if page[0].severity != "S4":
            await judge(school, auditor, page[0].id, VerdictKind.INSUFFICIENT_EVIDENCE)
    assert seen == everything


async def test_the_neighbours_of_a_case_are_those_in_the_queue(school: School) -> None:
    await seed_queue(school)
    order = await queue(school)
    async with school.hub.db.reading() as tx:
        cases = await tx.cases.load(order)
        found = [
            await tx.case_queue.beside(Wanted(), (cases[one].severity, cases[one].exposure_fen, one)) for one in order
        ]

    assert found == list(zip([None, *order[:-1]], [*order[1:], None], strict=True))


async def test_filters_and_their_counts_agree(school: School, auditor: Actor) -> None:
    await seed_queue(school)
    await claim_case(school.hub, auditor, (await queue(school))[0])
    async with school.hub.db.reading() as tx:
        for facet, field in (
            ("rule", "rule"),
            ("severity", "severity"),
            ("rep", "rep"),
            ("channel", "channel"),
            ("product", "product"),
            ("state", "state"),
        ):
            for one in await tx.case_queue.facets(Wanted(reader=Reader(auditor.id, True)), facet):
                wanted = Wanted(reader=Reader(auditor.id, True), **{field: one.value})
                assert (facet, one.value, await tx.case_queue.count(wanted)) == (facet, one.value, one.number)
        assignees = {one.value: one.number for one in await tx.case_queue.facets(Wanted(), "assignee")}
        assert assignees == {auditor.id: 1, None: await tx.case_queue.count(Wanted()) - 1}
        assert await tx.case_queue.count(Wanted(rep="ChenHao")) >= 5


# --- conversations -------------------------------------------------------------------------------------------------


@pytest.fixture
async def talked(school: School) -> list[int]:
    """Twelve customers who were answered on Monday, one of them with a contradiction; now it is Tuesday, 3 a.m."""
    school.clock.at = MONDAY
    for number in range(12):
        for direction, text in (("inbound", "周末有课吗?"), ("outbound", "周六上午有")):
            await school.says(
                school.service, text, customer=f"c{number}", direction=direction, speaker="rep", actor="LinXiaoYu"
            )
    await contradiction(school)
    await promise_samples(school.hub)
    school.clock.at = datetime(2026, 9, 8, 3, tzinfo=CHINA)
    return await school.customers()


async def sampled(school: School) -> list[Case]:
    async with school.hub.db.reading() as tx:
        found = await tx.case_queue.page(Wanted(state="all"), limit=100)
    return [case for case in found if case.origin is Origin.SAMPLE]


async def test_every_day_some_conversations_without_a_case_are_drawn(school: School, talked: list[int]) -> None:
    await run_workers(school.hub)

    drawn = await sampled(school)
    assert len({case.customer_id for case in drawn}) == len(drawn) == 5
    assert {case.day for case in drawn} == {"2026-09-07"}
    async with school.hub.db.reading() as tx:
        (own,) = await tx.case_queue.page(Wanted(rule="price-higher-later"), limit=10)
    assert own.customer_id not in {case.customer_id for case in drawn}
    assert len(await school.events("case.opened")) == 6

    school.clock.advance(days=1)
    await run_workers(school.hub)
    assert len(await sampled(school)) == 5


async def test_a_sample_looks_like_a_conversation_somebody_referred(
    school: School, talked: list[int], lead: Actor
) -> None:
    await run_workers(school.hub)
    drawn = (await sampled(school))[0]
    known = {case.customer_id for case in await sampled(school)}
    async with school.hub.db.reading() as tx:
        (own,) = await tx.case_queue.page(Wanted(rule="price-higher-later"), limit=10)
    free = next(one for one in talked if one not in known | {own.customer_id})

    day = MONDAY.date()
    referred = await refer_conversation(school.hub, lead, free, day, "家长打电话来抱怨")
    told = [event.payload for event in await school.events("case.opened")]
    of = {payload["case_id"]: payload for payload in told}
    one, other = (dict(of[public("cas", case.id)]) for case in (drawn, referred))
    assert {**one, "case_id": "", "due_at": ""} == {**other, "case_id": "", "due_at": ""}
    assert (drawn.severity, drawn.exposure_fen) == (referred.severity, referred.exposure_fen)
    for customer_id, wrong in ((free, Conflict), (own.customer_id, Conflict)):
        with pytest.raises(wrong):
            await refer_conversation(school.hub, lead, customer_id, day, "再看一次")
    with pytest.raises(BadInput):
        await refer_conversation(school.hub, lead, free, day - timedelta(days=3), "哪一天")


async def test_who_spoke_in_a_conversation_does_not_judge_it(school: School, talked: list[int]) -> None:
    await run_workers(school.hub)
    drawn = (await sampled(school))[0]
    lin = await add_user(
        school.hub,
        None,
        login="lin",
        name="林晓雨",
        role=Role.ADMIN,
        password="long-enough",
        provider_ids=("LinXiaoYu",),
    )

    with pytest.raises(NotAllowed, match="own words"):
        await judge(school, lin, drawn.id, VerdictKind.NOTHING_FOUND)


async def test_a_conversation_goes_along_when_two_customers_turn_out_to_be_one(
    school: School, lead: Actor, auditor: Actor
) -> None:
    await school.says(school.chat, "周末有课吗?", customer="web", name="王女士")
    (web,) = await school.customers()
    day = school.clock().astimezone(CHINA).date()
    referred = await refer_conversation(school.hub, lead, web, day, "看看接待")
    await school.says(school.service, "在吗", customer="wx", name="小王")
    (wx,) = [one for one in await school.customers() if one != web]

    await merge_customers(school.hub, lead, wx, web, "同一个人")

    case = await get(school, referred.id)
    (kept,) = await school.customers()
    assert case.customer_id == kept
    async with school.hub.db.reading() as tx:
        said = [entry.text for entry in await conversation(tx, kept, day)]
    assert said == ["周末有课吗?", "在吗"]
    with pytest.raises(Conflict):
        await refer_conversation(school.hub, lead, kept, day, "再看一次")


def test_the_size_of_a_sample() -> None:
    settings = CaseSettings()

    assert [sample_size(number, settings) for number in (0, 300, 501, 2_000, 100_000)] == [5, 5, 6, 20, 50]


def test_a_draw_is_the_same_every_time_and_another_every_day() -> None:
    people = range(1000)
    first, again = (draw(b"secret", MONDAY.date(), people, 10) for _ in range(2))

    assert first == again
    assert first != draw(b"secret", MONDAY.date() + timedelta(days=1), people, 10)
    assert first != draw(b"another", MONDAY.date(), people, 10)


# --- races ---------------------------------------------------------------------------------------------------------


async def test_of_two_who_claim_at_once_one_has_the_case(school: School, auditor: Actor, other: Actor) -> None:
    case_id = await contradiction(school)

    got = await asyncio.gather(
        *(claim_case(school.hub, actor, case_id) for actor in (auditor, other)), return_exceptions=True
    )

    (winner,) = [one for one in got if isinstance(one, Case)]
    assert [type(one) for one in got if not isinstance(one, Case)] == [Conflict]
    assert (await get(school, case_id)).assignee_id == winner.assignee_id
    assert await history(school, case_id) == ["opened", "claimed"]


async def test_a_verdict_and_new_evidence_at_once_lose_neither(school: School, auditor: Actor) -> None:
    case_id = await contradiction(school)
    school.clock.advance(minutes=20)
    version = (await get(school, case_id)).version
    verdict = Verdict(kind=VerdictKind.VIOLATION, version=version)

    outcome, _ = await asyncio.gather(
        record_verdict(school.hub, auditor, case_id, verdict),
        say_again(school),
        return_exceptions=True,
    )

    case = await get(school, case_id)
    assert len(await findings(school, case_id)) == 2
    if isinstance(outcome, Case):
        assert (case.state, case.version) == (CaseState.DECIDED, outcome.version + 1)
    else:
        assert isinstance(outcome, Conflict)
        assert case.state is CaseState.NEW
