"""The story, step by step: a price asked on the web, a call, a chat in WeChat, a wrong price, a case, a verdict."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from scrm.simulate import archive, contacts, kf
from scrm.simulate.commands import AddContact, ArchiveMessage, EnterKfSession, SayInKf
from scrm.simulate.demo import dialer, school
from scrm.simulate.demo.history import Person
from scrm.simulate.demo.receiver import Fact
from scrm.simulate.demo.seeding import Stage, find_customer
from scrm.simulate.demo.visitor import visiting
from scrm.simulate.wecom import SimulatedWeCom
from scrm.simulate.world import KfSent

MOTHER = "SuQing"
QUESTION = "您好，想给二年级的孩子报英语，年课一年多少钱？"
KF_QUESTION = "林老师您好，我是朵朵妈妈。年课现在多少钱一年？活动到什么时候？"
WRONG_QUOTE = "您好，年课是5980元一年，名额不多，想报的话要尽快定哦。"
WAIT_FOR_REPLY_S = 600.0
_LOOK_EVERY_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """How the story is told: seconds between its steps, and whether a person plays the mother on the web page."""

    tell: Callable[[str], None]
    pace_s: float
    visitor_is_person: bool


async def play(stage: Stage, telling: Telling) -> None:
    """All six steps. The rep's reply and the verdict are the viewer's."""
    mother = stage.history.person(MOTHER)
    customer_id = await _asks_on_the_web(stage, telling, mother)
    await _is_called(stage, telling, mother)
    await _writes_in_wechat(stage, telling, mother)
    await _rep_replies(stage, telling, mother)
    await _is_quoted_more(stage, telling, mother, customer_id)
    await _is_judged(stage, telling, customer_id)


def join_again(sim: SimulatedWeCom, mother: Person) -> None:
    """Let the simulator know her WeChat conversation of an earlier demo; the hub has it already."""
    kf.customer_says(sim, _kf_question(mother, notify=False))


def agents_answer(now: datetime) -> str:
    """What the service agent says on the web page: the price, and until when."""
    until = school.in_words(school.promotion_end(now))
    return f"您好，年课原价5,980元一年，现在是报名季优惠价4,980元，优惠到{until}截止。您可以先带孩子来听一节课。"


async def _asks_on_the_web(stage: Stage, telling: Telling, mother: Person) -> str:
    telling.tell("\n【1】一位妈妈打开学校网页上的聊天窗口，问年课多少钱。客服张敏回答。")
    if telling.visitor_is_person:
        return await _person_asks(stage, telling, mother)
    answer = agents_answer(_now())
    async with visiting(stage.hub_url, school.WEB, page="课程与学费 · 启明英语") as visitor:
        await visitor.say(QUESTION)
        telling.tell(f"    妈妈：{QUESTION}")
        asked = await stage.receiver.first(_is_entry(school.WEB, "inbound", "message"))
        await asyncio.sleep(telling.pace_s)
        await stage.agent.reply(str(asked.customer_id), answer, channel=school.WEB)
        await visitor.hear(answer)
        telling.tell(f"    张敏：{answer}")
        await asyncio.sleep(telling.pace_s)
        await visitor.leave_contact(mother.name, mother.mobile)
        telling.tell(f"    她留下手机号 {mother.mobile}：正是林晓雨企业微信里备注的号码，两份资料合成一位客户。")
        return await _merged(stage, mother)


async def _person_asks(stage: Stage, telling: Telling, mother: Person) -> str:
    telling.tell(f"    请您当一回这位妈妈：打开 {stage.hub_url}/channels/{school.WEB}/demo，点右下角，问“年课多少钱”。")
    asked = await stage.receiver.first(_is_entry(school.WEB, "inbound", "message"))
    await asyncio.sleep(telling.pace_s)
    answer = agents_answer(_now())
    await stage.agent.reply(str(asked.customer_id), answer, channel=school.WEB)
    telling.tell(f"    张敏：{answer}")
    telling.tell(f"    请在聊天窗口里留下手机号 {mother.mobile}。")
    return await _merged(stage, mother)


async def _merged(stage: Stage, mother: Person) -> str:
    await stage.receiver.first(lambda fact: fact.type == "customers.merged")
    return await find_customer(stage.agent, mother.mobile)


async def _is_called(stage: Stage, telling: Telling, mother: Person) -> None:
    await asyncio.sleep(telling.pace_s)
    telling.tell("\n【2】林晓雨给她打电话；挂断后，话单和转写从呼叫平台推送过来。")
    started = _now()
    await asyncio.sleep(telling.pace_s)
    answered = _now()
    await asyncio.sleep(4 * telling.pace_s)
    call = dialer.FinishedCall(
        id=f"dialer-{int(started.timestamp())}",
        number=mother.mobile,
        extension="8006",
        started_at=started,
        answered_at=answered,
        ended_at=_now(),
    )
    await dialer.push(stage.hub_url, school.DIALER, stage.dialer_secret, call, now=_now())
    telling.tell("    话单到了，转写稍后。")
    await asyncio.sleep(telling.pace_s)
    told = dialer.FinishedCall(
        id=call.id,
        number=call.number,
        extension=call.extension,
        started_at=call.started_at,
        answered_at=call.answered_at,
        ended_at=call.ended_at,
        transcript=_SPOKEN,
        summary="二年级，想周六上课；已约周六上午试听，费用她再看看。",
    )
    await dialer.push(stage.hub_url, school.DIALER, stage.dialer_secret, told, now=_now())
    await stage.receiver.first(_is_entry(school.DIALER, "outbound", "call"))
    telling.tell("    转写到了，和网页聊天在同一条时间线上。")


_SPOKEN = (
    dialer.Spoken(side="agent", begin_ms=400, text="朵朵妈妈您好，我是启明英语的林晓雨，开放日见过面的。"),
    dialer.Spoken(side="customer", begin_ms=4200, text="林老师好，我刚在网页上问了一下年课。"),
    dialer.Spoken(side="agent", begin_ms=7600, text="看到了。朵朵上二年级，周六上午的班正合适，先来试听一节好吗？"),
    dialer.Spoken(side="customer", begin_ms=12800, text="好的，周六上午可以，费用我回头微信上再问您。"),
)


async def _writes_in_wechat(stage: Stage, telling: Telling, mother: Person) -> None:
    await asyncio.sleep(telling.pace_s)
    telling.tell("\n【3】她从微信客服发来消息，立刻出现在同一条时间线上。")
    opened = EnterKfSession(external_userid=mother.external_userid, scene="website", scene_param="课程与学费")
    kf.enter_session(stage.sim, opened)
    await asyncio.sleep(telling.pace_s / 2)
    kf.customer_says(stage.sim, _kf_question(mother, notify=True))
    await stage.receiver.first(_is_entry(school.KF, "inbound", "message"))
    telling.tell(f"    妈妈：{KF_QUESTION}")


def _kf_question(mother: Person, *, notify: bool) -> SayInKf:
    return SayInKf(external_userid=mother.external_userid, text=KF_QUESTION, msgid="storyKfQuestion", notify=notify)


async def _rep_replies(stage: Stage, telling: Telling, mother: Person) -> None:
    telling.tell("\n【4】轮到您了：用 lin 登录，打开“苏晴”。")
    telling.tell("    先在回复框里打“年课5980”，看看会提醒什么；再用一条推荐回复，发出去。")
    with suppress(TimeoutError):
        async with asyncio.timeout(WAIT_FOR_REPLY_S):
            sent = await _sent_to(stage.sim, mother)
            telling.tell(f"    她在微信里收到了：{_one_line(str(sent.body.get('content', '')))}")
            return
    telling.tell("    等了十分钟没有等到回复，故事接着往下讲；您随时可以再回复她。")


async def _sent_to(sim: SimulatedWeCom, mother: Person) -> KfSent:
    while True:
        for account in sim.corp().kf_accounts.values():
            for sent in account.sent.values():
                if sent.external_userid == mother.external_userid and sent.msgtype == "text":
                    return sent
        await asyncio.sleep(_LOOK_EVERY_S)


async def _is_quoted_more(stage: Stage, telling: Telling, mother: Person, customer_id: str) -> None:
    await asyncio.sleep(telling.pace_s)
    telling.tell("\n【5】另一位顾问陈昊也加了她的企业微信，却报了 5,980。会话存档把这条消息带回来。")
    contacts.add(
        stage.sim,
        AddContact(userid="ChenHao", external_userid=mother.external_userid, remark="苏晴", add_way=1),
    )
    await asyncio.sleep(telling.pace_s)
    customer, rep = mother.external_userid, "ChenHao"
    _archive(stage.sim, customer, rep, "老师好，朋友推荐来的，请问年课多少钱？", "storyAsked_external")
    await asyncio.sleep(telling.pace_s)
    _archive(stage.sim, rep, customer, WRONG_QUOTE, "storyWrongQuote_external")
    telling.tell(f"    陈昊：{WRONG_QUOTE}")
    await stage.receiver.first(lambda fact: fact.type == "case.opened" and fact.customer_id == customer_id)
    telling.tell("    案件已立。用 shen 登录，到“审计”里看两条原文，给出结论。")


def _archive(sim: SimulatedWeCom, sender: str, to: str, text: str, msgid: str) -> None:
    archive.add_message(sim, ArchiveMessage(sender=sender, to=[to], text=text, msgid=msgid))


async def _is_judged(stage: Stage, telling: Telling, customer_id: str) -> None:
    decided = await stage.receiver.first(lambda fact: fact.type == "case.decided" and fact.customer_id == customer_id)
    verdict = _VERDICTS.get(str(decided.payload.get("verdict")), "已结案")
    telling.tell(f"\n【6】审计结论：{verdict}。以上每件事都已作为签名的 Webhook 送到集成方，")
    telling.tell(
        f"    收到并验签 {len(stage.receiver.facts)} 条，拒收 {stage.receiver.refused} 条：{stage.receiver.url}"
    )
    telling.tell("    故事讲完了。中台继续运行，随便看看；按 Ctrl+C 结束。")


_VERDICTS = {
    "violation": "违规",
    "policy_breach": "违反内部规定",
    "false_positive": "误报",
    "insufficient_evidence": "证据不足",
    "nothing_found": "未发现问题",
}


def _is_entry(channel: str, direction: str, kind: str) -> Callable[[Fact], bool]:
    wanted = {"channel": channel, "direction": direction, "kind": kind}
    return lambda fact: (
        fact.type == "entry.added" and all(fact.payload.get(name) == value for name, value in wanted.items())
    )


def _one_line(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 60 else f"{flat[:60]}……"


def _now() -> datetime:
    return datetime.now(UTC)
