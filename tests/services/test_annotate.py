"""Reading entries: what is kept of what claims nothing, what is checked, and what is written down about the rules."""

from __future__ import annotations

from dataclasses import replace

from scrm.core.compliance import RULES, rules_of
from scrm.core.price_book import CHINA
from scrm.services.housekeeping import write_down_health
from scrm.services.waiting import find_waiting
from scrm.store.case_queue import Wanted
from scrm.store.cases import StoredFinding
from tests.services.conftest import School

OURS = {"direction": "outbound", "speaker": "agent"}
REP = {"direction": "outbound", "speaker": "rep", "actor": "ChenHao"}


async def _found(school: School, rule: str) -> list[StoredFinding]:
    async with school.hub.db.reading() as tx:
        cases = await tx.case_queue.page(Wanted(), limit=50)
        findings = await tx.cases.findings([case.id for case in cases])
    return [one for of_case in findings.values() for one in of_case if one.rule == rule]


async def _texts(school: School, finding: StoredFinding) -> tuple[str, str]:
    async with school.hub.db.reading() as tx:
        said = await tx.timeline.load([finding.entry_id, finding.against_id or 0])
    against = said.get(finding.against_id or 0)
    return said[finding.entry_id].text, against.text if against else ""


async def test_a_refusal_without_a_price_is_remembered(school: School) -> None:
    await school.says(school.chat, "别再给我发了", customer="mother")
    school.clock.advance(days=3)
    await school.says(school.chat, "新班开课,限时优惠最后两天", customer="mother", **OURS)

    (finding,) = await _found(school, "marketing-after-refusal")
    assert await _texts(school, finding) == ("新班开课,限时优惠最后两天", "别再给我发了")


async def test_an_answer_to_what_was_asked_after_the_refusal_is_fine(school: School) -> None:
    await school.says(school.chat, "别再给我发了", customer="mother")
    school.clock.advance(days=3)
    await school.says(school.chat, "还有没有周末的班?", customer="mother")
    school.clock.advance(minutes=3)
    await school.says(school.chat, "有的,周末班正在报名,有优惠", customer="mother", **OURS)

    assert await _found(school, "marketing-after-refusal") == []


async def test_a_complaint_on_file_makes_a_later_contradiction_graver(school: School) -> None:
    await school.says(school.chat, "年课活动价4980元", customer="mother", **OURS)
    school.clock.advance(hours=1)
    await school.says(school.chat, "年课5980元", customer="mother", **REP)
    school.clock.advance(hours=1)
    await school.says(school.chat, "怎么一天一个价,我要投诉", customer="mother")

    (finding,) = await _found(school, "price-higher-later")
    assert finding.severity == "S4"


async def test_a_promotion_denied_without_a_number_is_checked(school: School) -> None:
    await school.says(school.chat, "年课的优惠已经结束了", customer="mother", **REP)

    (finding,) = await _found(school, "price-false-expiry")
    assert finding.rule_version == next(rule.version for rule in RULES if rule.id == "price-false-expiry")


async def test_taking_back_a_price_or_a_promise_is_found(school: School) -> None:
    await school.hears(
        school.chat,
        school.chat.happening("我们包过的", customer="mother", key="m1", at=school.clock().isoformat(), **REP),
    )
    school.clock.advance(minutes=1)
    await school.says(school.chat, kind="recall", customer="mother", target="m1")
    await school.says(school.chat, "在吗", customer="mother", key="m2", **REP)
    await school.says(school.chat, kind="recall", customer="mother", target="m2")

    (finding,) = await _found(school, "message-recalled")
    assert await _texts(school, finding) == ("我们包过的", "我们包过的")


async def test_deleting_a_customer_is_found_and_handing_over_is_not(school: School) -> None:
    gone = {"kind": "contact", "change": "deleted_by_rep", "speaker": "system", "actor": "ChenHao"}
    await school.says(school.chat, "成员 ChenHao 删除了客户", customer="mother", **gone)

    (finding,) = await _found(school, "customer-deleted")
    assert finding.severity == "S2"


async def test_what_is_edited_loses_its_old_cues(school: School) -> None:
    await school.hears(
        school.chat, school.chat.happening("别再给我发了", customer="mother", key="m1", at=school.clock().isoformat())
    )
    await school.says(school.chat, "抱歉,发错人了", kind="edit", customer="mother", target="m1")
    school.clock.advance(days=3)
    await school.says(school.chat, "新班开课,限时优惠最后两天", customer="mother", **OURS)

    assert await _found(school, "marketing-after-refusal") == []


async def test_rules_that_are_not_in_force_find_nothing(school: School) -> None:
    understanding = replace(school.hub.understanding, rules=rules_of({"packs": ["general"]}))
    without = replace(school, hub=replace(school.hub, understanding=understanding))
    await without.says(school.chat, "我们包过的", customer="mother", **REP)

    assert await _found(school, "promise-education") == []


async def test_rule_runs_are_counted_by_day_and_add_up(school: School) -> None:
    await school.says(school.chat, "我们包过的", customer="mother", **REP)
    await write_down_health(school.hub)
    await school.says(school.chat, "你好", customer="mother")
    await write_down_health(school.hub)

    day = school.clock().astimezone(CHINA).date().isoformat()
    async with school.hub.db.reading() as tx:
        runs = (await tx.rule_runs.since(day))[day]
    assert runs[""] == (2, 0)
    assert runs["promise-education"] == (2, 1)
    assert runs["price-denied"] == (2, 0)


async def test_a_customer_who_waits_too_long_is_put_on_file_once(school: School) -> None:
    await school.says(school.chat, "请问周末有班吗?", customer="mother")
    school.clock.advance(days=4)
    await find_waiting(school.hub, [])
    await find_waiting(school.hub, [])

    async with school.hub.db.reading() as tx:
        (entry,) = await school.timeline()
        (finding,) = (await tx.cases.findings_of([entry.id]))[entry.id]
    assert (finding.rule, finding.severity) == ("reply-overdue", "S1")


async def test_who_was_answered_does_not_wait(school: School) -> None:
    await school.says(school.chat, "请问周末有班吗?", customer="mother")
    await school.says(school.chat, "有的", customer="mother", **OURS)
    school.clock.advance(days=4)
    await find_waiting(school.hub, [])

    async with school.hub.db.reading() as tx:
        assert await tx.cases.findings_of([entry.id for entry in await school.timeline()]) == {}
