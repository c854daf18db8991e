"""Cases: opened by contradictions on any channel, in any order of arrival; judged once, by somebody else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scrm.core.access import Actor, Role
from scrm.core.cases import CaseState, Verdict, VerdictKind
from scrm.core.errors import BadInput, Conflict, NotAllowed
from scrm.services.accounts import add_user
from scrm.services.cases import claim_case, record_verdict, release_case
from scrm.store.case_queue import Wanted
from scrm.store.cases import StoredFinding
from tests.services.conftest import School

PHONE = [["phone", "+8613812345678", "留下的手机号"]]


async def contradiction(school: School) -> int:
    """Web chat says 4,980; a rep's archived message says 5,980 an hour later. The case's id."""
    await school.says(
        school.chat, "年课活动价4980元", customer="mother", evidence=PHONE, direction="outbound", speaker="agent"
    )
    school.clock.advance(hours=1)
    await school.says(
        school.service,
        "年课5980元,今天可以报名",
        customer="mother-wx",
        evidence=PHONE,
        direction="outbound",
        speaker="rep",
        actor="ChenHao",
    )
    async with school.hub.db.reading() as tx:
        (case,) = await tx.case_queue.page(Wanted(), limit=10)
    return case.id


async def findings(school: School, case_id: int) -> list[StoredFinding]:
    async with school.hub.db.reading() as tx:
        return (await tx.cases.findings([case_id]))[case_id]


async def test_a_higher_price_on_another_channel_opens_a_case_with_both_messages(school: School) -> None:
    case_id = await contradiction(school)

    (finding,) = await findings(school, case_id)
    async with school.hub.db.reading() as tx:
        said = await tx.timeline.load([finding.entry_id, finding.against_id or 0])
    assert said[finding.entry_id].text == "年课5980元,今天可以报名"
    assert said[finding.against_id or 0].text == "年课活动价4980元"
    assert len(await school.events("case.opened")) == 1


async def test_an_earlier_message_that_arrives_late_rechecks_what_followed_it(school: School) -> None:
    start = school.clock()
    await school.says(
        school.service, "年课5980元", customer="mother-wx", evidence=PHONE, direction="outbound", speaker="rep"
    )
    assert await school.events("case.opened") == []

    await school.says(
        school.chat,
        "年课活动价4980元",
        customer="mother",
        evidence=PHONE,
        direction="outbound",
        speaker="agent",
        at=(start - timedelta(hours=2)).isoformat(),
    )

    assert len(await school.events("case.opened")) == 1


async def test_a_customer_linked_later_is_checked_with_both_histories(school: School) -> None:
    await school.says(school.chat, "年课活动价4980元", customer="mother", direction="outbound", speaker="agent")
    school.clock.advance(hours=1)
    await school.says(
        school.service, "年课5980元", customer="mother-wx", evidence=PHONE, direction="outbound", speaker="rep"
    )
    assert await school.events("case.opened") == []

    await school.says(school.chat, "我的电话留给您了", customer="mother", evidence=PHONE)

    assert len(await school.events("case.opened")) == 1


async def test_more_evidence_joins_the_open_case(school: School) -> None:
    case_id = await contradiction(school)
    school.clock.advance(minutes=20)
    await school.says(
        school.service,
        "真的是5980元,年课没有更低的了",
        customer="mother-wx",
        direction="outbound",
        speaker="rep",
        actor="ChenHao",
    )

    assert len(await findings(school, case_id)) == 2
    assert len(await school.events("case.opened")) == 1
    assert len(await school.events("case.changed")) == 1


async def test_a_complaining_customer_makes_the_case_graver(school: School) -> None:
    case_id = await contradiction(school)
    await school.says(school.service, "刚才客服明明说4980,怎么又变5980了?", customer="mother-wx")

    async with school.hub.db.reading() as tx:
        assert (await tx.cases.get(case_id)).severity == "S4"


async def test_reading_the_same_event_again_opens_no_second_case(school: School) -> None:
    case_id = await contradiction(school)
    await school.says(school.service, "好的我考虑一下", customer="mother-wx")

    assert len(await findings(school, case_id)) == 1


async def test_a_verdict_closes_the_case_and_is_on_file(school: School, auditor: Actor) -> None:
    case_id = await contradiction(school)
    claimed = await claim_case(school.hub, auditor, case_id)

    decided = await record_verdict(
        school.hub, auditor, case_id, Verdict(kind=VerdictKind.VIOLATION, note="按4980履约", version=claimed.version)
    )

    assert decided.state is CaseState.DECIDED
    async with school.hub.db.reading() as tx:
        actions = [one.action for one in await tx.cases.history(case_id)]
    assert actions == ["opened", "claimed", "decided:violation"]
    assert len(await school.events("case.decided")) == 1


async def test_a_verdict_on_what_has_changed_meanwhile_is_refused(school: School, auditor: Actor) -> None:
    case_id = await contradiction(school)
    await claim_case(school.hub, auditor, case_id)

    with pytest.raises(Conflict, match="changed"):
        await record_verdict(school.hub, auditor, case_id, Verdict(kind=VerdictKind.VIOLATION, version=1))


async def test_a_false_positive_needs_its_reason(school: School, auditor: Actor) -> None:
    case_id = await contradiction(school)

    with pytest.raises(BadInput, match="reason"):
        await record_verdict(school.hub, auditor, case_id, Verdict(kind=VerdictKind.FALSE_POSITIVE, version=1))


async def test_nobody_judges_their_own_words(school: School) -> None:
    case_id = await contradiction(school)
    chen = await add_user(
        school.hub, None, login="chen", name="陈昊", role=Role.ADMIN, password="long-enough", provider_ids=("ChenHao",)
    )

    with pytest.raises(NotAllowed, match="own words"):
        await record_verdict(school.hub, chen, case_id, Verdict(kind=VerdictKind.FALSE_POSITIVE, version=1))


async def test_a_rep_cannot_judge(school: School, rep: Actor) -> None:
    case_id = await contradiction(school)

    with pytest.raises(NotAllowed):
        await record_verdict(school.hub, rep, case_id, Verdict(kind=VerdictKind.VIOLATION, version=1))


async def test_a_claimed_case_is_nobody_elses_until_it_is_released(school: School, auditor: Actor) -> None:
    case_id = await contradiction(school)
    other = await add_user(school.hub, None, login="other", name="另一位", role=Role.AUDITOR, password="long-enough")
    await claim_case(school.hub, auditor, case_id)

    with pytest.raises(Conflict):
        await claim_case(school.hub, other, case_id)
    await release_case(school.hub, auditor, case_id)
    assert (await claim_case(school.hub, other, case_id)).assignee_id == other.id
