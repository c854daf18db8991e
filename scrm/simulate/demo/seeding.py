"""Filling the hub with the history, through the doors that real history would take."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from scrm.simulate.demo import school
from scrm.simulate.demo.desk import Desk
from scrm.simulate.demo.history import History, WebVisitor, call_log, live_through
from scrm.simulate.demo.receiver import Receiver
from scrm.simulate.demo.visitor import visiting
from scrm.simulate.wecom import SimulatedWeCom

_LOOK_EVERY_S = 0.1
_PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What the demo plays on: the hub, the simulator, and the people at their desks."""

    hub_url: str
    sim: SimulatedWeCom
    sim_url: str
    history: History
    admin: Desk
    agent: Desk
    receiver: Receiver
    dialer_secret: str


async def fill(stage: Stage, user_ids: Mapping[str, str]) -> None:
    """Returns when all of it is on the timelines, read and assigned."""
    now = datetime.now(UTC)
    live_through(stage.sim, stage.history, now, tell_contacts=True)
    rows = call_log(stage.history, now)
    await stage.admin.upload("imports", channel=school.CALLS, name="通话记录.csv", content=rows)
    await asyncio.gather(*(_visit(stage, visitor) for visitor in stage.history.visitor))
    await stage.sim.pusher.settled()
    try:
        async with asyncio.timeout(_PATIENCE_S):
            await _all_read(stage)
    except TimeoutError as error:
        raise RuntimeError(f"示例数据 {_PATIENCE_S:.0f} 秒内没有全部到达，原因见上面的日志") from error
    await _assign(stage, user_ids)


async def find_customer(desk: Desk, words: str) -> str:
    """The id of the customer found by a name or by words said; waits until there is one."""
    while True:
        if found := await desk.items("customers", query=words, limit="1"):
            return str(found[0]["id"])
        await asyncio.sleep(_LOOK_EVERY_S)


async def _visit(stage: Stage, visitor: WebVisitor) -> None:
    async with visiting(stage.hub_url, school.WEB, page=visitor.page) as visit:
        await visit.say(visitor.text)
        if visitor.answer:
            customer_id = await find_customer(stage.agent, visitor.text[:12])
            await stage.agent.reply(customer_id, visitor.answer, channel=school.WEB)
            await visit.hear(visitor.answer)
            await stage.agent.post(f"customers/{customer_id}/read")


async def _all_read(stage: Stage) -> None:
    """Wait until no task is due and every customer of the history is known by name."""
    wanted = {person.name for person in stage.history.customer}
    while True:
        known = {str(row["name"]) for row in await stage.admin.items("customers", limit="100")}
        imports = await stage.admin.items("imports")
        figures = await stage.admin.get("figures")
        finished = all(one["state"] == "finished" for one in imports)
        if wanted <= known and finished and figures["waiting_tasks"] == 0:
            return
        await asyncio.sleep(_LOOK_EVERY_S)


async def _assign(stage: Stage, user_ids: Mapping[str, str]) -> None:
    ids = {str(row["name"]): str(row["id"]) for row in await stage.admin.items("customers", limit="100")}
    for person in stage.history.customer:
        customer_id = ids[person.name]
        if person.contact is not None:
            await stage.admin.patch(f"customers/{customer_id}", {"owner_id": user_ids[person.contact.rep]})
        if not person.unread:
            await stage.admin.post(f"customers/{customer_id}/read")
