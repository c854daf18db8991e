"""One visitor's socket: what it says is taken before it is acknowledged, what happens on the thread is told to it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import WSCloseCode, WSMsgType, web

from connectors.shared.telephony import NotAPhone, read_phone
from connectors.web_im.frames import BadFrame, Frame, Hello, LeaveContact, Page, Ping, Say, Typing, read_frame
from connectors.web_im.limits import LONGEST_MESSAGE, Allowance
from connectors.web_im.normalise import contact_event, message_event, own_key, visit_event
from connectors.web_im.visitors import Visitor, Visitors
from scrm.connector import ConnectorContext, Direction, Json, RawEvent, ThreadMessage, ThreadSignal
from scrm.core.errors import NotFound

HELLO_WITHIN_S = 10.0
LARGEST_FRAME = 65_536
FRAMES_PER_10_S = 200
TYPING_EVERY_S = 2.0
PAGE = 200
REREAD = 20
"""Ids grow with time, but may be seen out of order by so many messages: two processes write to one thread."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Desk:
    """What all conversations of a channel share."""

    context: ConnectorContext
    visitors: Visitors
    allowance: Allowance


class Refused(Exception):
    """Something the visitor sent is not taken. `code` is for the widget, the text for whoever reads the frames."""

    def __init__(self, code: str, reason: str, **more: Json) -> None:
        super().__init__(reason)
        self.code = code
        self.more = more


async def serve(desk: Desk, socket: web.WebSocketResponse) -> None:
    """Talk to a widget until either side leaves. The socket is closed at the end."""
    try:
        hello = await asyncio.wait_for(_hello(socket), HELLO_WITHIN_S)
        visitor = await _welcome(desk, socket, hello)
        await _Conversation(desk, socket, visitor, hello.page, desk.context.now()).run(hello.last)
    except Refused as refused:
        await socket.send_json({"type": "refused", "id": "", "code": refused.code, "reason": str(refused)})
        await socket.close(code=WSCloseCode.POLICY_VIOLATION)
    except (BadFrame, TimeoutError) as error:
        await socket.close(code=WSCloseCode.POLICY_VIOLATION, message=str(error).encode()[:100])
    except ConnectionError:
        pass  # the visitor has left in the middle of a word
    except Exception:
        # Nothing was acknowledged: the widget connects again and sends again.
        _log.exception("A conversation of the web chat was interrupted")
        await socket.close(code=WSCloseCode.TRY_AGAIN_LATER)


async def _hello(socket: web.WebSocketResponse) -> Hello:
    async for frame in _frames(socket):
        if isinstance(frame, Hello):
            return frame
        break
    raise BadFrame("say hello first")


async def _welcome(desk: Desk, socket: web.WebSocketResponse, hello: Hello) -> Visitor:
    if hello.visitor:
        visitor = desk.visitors.recognise(hello.visitor, hello.proof)
        if visitor is None:
            raise Refused("wrong_visitor", "访客身份无法核实，请重新开始对话")
    else:
        visitor = desk.visitors.issue()
    await socket.send_json({"type": "welcome", "visitor": visitor.id, "proof": visitor.proof})
    return visitor


async def _frames(socket: web.WebSocketResponse) -> AsyncIterator[Frame]:
    loop = asyncio.get_running_loop()
    window, count = loop.time(), 0
    async for message in socket:
        if message.type is not WSMsgType.TEXT:
            raise BadFrame("text frames only")
        if loop.time() - window > 10:
            window, count = loop.time(), 0
        count += 1
        if count > FRAMES_PER_10_S:
            raise Refused("flood", "发送过于频繁，连接已断开")
        yield read_frame(message.data)


@dataclass(slots=True)
class _Conversation:
    desk: Desk
    socket: web.WebSocketResponse
    visitor: Visitor
    page: Page
    began: datetime
    told: set[str] = field(default_factory=set)
    newest: list[str] = field(default_factory=list)
    signals: asyncio.Queue[ThreadSignal] = field(default_factory=asyncio.Queue)
    introduced: bool = False
    last_typing: float = -TYPING_EVERY_S

    async def run(self, last: str) -> None:
        # The listener is started first, so that nothing is said between the reading of the history and the listening.
        tasks = [asyncio.create_task(each) for each in (self._listen(), self._tell(last), self._hear())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _hear(self) -> None:
        async for frame in _frames(self.socket):
            try:
                await self._take(frame)
            except Refused as refused:
                id_ = frame.id if isinstance(frame, Say | LeaveContact) else ""
                answer = {"type": "refused", "id": id_, "code": refused.code, "reason": str(refused), **refused.more}
                await self.socket.send_json(answer)

    async def _take(self, frame: Frame) -> None:
        match frame:
            case Say():
                self._check_message(frame)
                await self._take_in(frame.id, message_event(self.visitor.id, frame, self.page, self._now()))
            case LeaveContact():
                self._check_contact(frame)
                await self._take_in(frame.id, contact_event(self.visitor.id, frame, self._now()))
            case Typing():
                await self._signal_typing()
            case Ping():
                await self.socket.send_json({"type": "pong"})
            case Hello():
                raise BadFrame("one hello is enough")

    async def _take_in(self, client_id: str, event: RawEvent) -> None:
        before = [] if self.introduced else [visit_event(self.visitor.id, self.page, self.began)]
        await self.desk.context.intake([*before, event])
        self.introduced = True
        await self.socket.send_json({"type": "ack", "id": client_id})

    def _check_message(self, said: Say) -> None:
        if not said.text:
            raise Refused("empty", "不能发送空白消息")
        if len(said.text) > LONGEST_MESSAGE:
            raise Refused("too_long", f"一条消息最多 {LONGEST_MESSAGE} 个字，这条有 {len(said.text)} 个字")
        self._check_pace()

    def _check_contact(self, left: LeaveContact) -> None:
        try:
            read_phone(left.phone)
        except NotAPhone as error:
            raise Refused("bad_phone", f"手机号 {error}") from error
        self._check_pace()

    def _check_pace(self) -> None:
        if wait_s := self.desk.allowance.wait_s(self.visitor.id):
            raise Refused("too_fast", f"发得太快了，请 {wait_s} 秒后再发", retry_after_s=wait_s)

    async def _signal_typing(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self.last_typing >= TYPING_EVERY_S:
            self.last_typing = now
            signal = ThreadSignal(what="typing", direction=Direction.INBOUND)
            await self.desk.context.history.signal(self.visitor.id, signal)

    async def _listen(self) -> None:
        while True:
            async for signal in self.desk.context.history.signals(self.visitor.id):
                self.signals.put_nowait(signal)
            await asyncio.sleep(1)  # signals may end; the conversation does not
            self.signals.put_nowait(ThreadSignal(what="changed", direction=Direction.OUTBOUND))

    async def _tell(self, last: str) -> None:
        last = await self._tell_news(last)
        while True:
            signal = await self.signals.get()
            if signal.what == "changed":
                last = await self._tell_news(last)
            elif signal.direction is Direction.OUTBOUND:
                await self.socket.send_json({"type": signal.what})

    async def _tell_news(self, last: str) -> str:
        """Tell what was said after `last`; return the id from which to read the next time."""
        while True:
            read = await self._after(last)
            if fresh := [message for message in read if message.id not in self.told]:
                await self.socket.send_json({"type": "messages", "messages": [self._shown(each) for each in fresh]})
            self.told.update(message.id for message in fresh)
            self.newest = sorted([*self.newest, *(message.id for message in fresh)])[-REREAD:]
            last = self.newest[0] if len(self.newest) == REREAD else last
            if not fresh or len(read) < PAGE:
                return last

    async def _after(self, last: str) -> list[ThreadMessage]:
        try:
            return list(await self.desk.context.history.after(self.visitor.id, last, limit=PAGE))
        except NotFound:  # an id that is none of ours
            return list(await self.desk.context.history.after(self.visitor.id, "", limit=PAGE))

    def _shown(self, message: ThreadMessage) -> Json:
        inbound = message.direction is Direction.INBOUND
        return {
            "id": message.id,
            "at": message.at.isoformat(),
            "from": "visitor" if inbound else "company",
            "text": message.text,
            "own": message.own_id.removeprefix(own_key(self.visitor.id, "")) if inbound else "",
        }

    def _now(self) -> datetime:
        return self.desk.context.now()
