"""Outbound: the one way out. Drafts are checked while typed and again, under a lock, when they are sent."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from scrm.connector import HandsOver, OutboundMessage, Sends, ThreadSignal
from scrm.core.access import Actor, Permission, require
from scrm.core.audit_chain import Deed
from scrm.core.compliance import Finding
from scrm.core.errors import BadInput, ChannelMisconfigured, ChannelUnavailable, Conflict, ScrmError, SendRejected
from scrm.core.events import Event
from scrm.core.ids import public
from scrm.core.price_book import PriceBook
from scrm.core.proofreading import is_blocking
from scrm.core.routing import Carriage, Conversation, Route, best_first, choose
from scrm.core.timeline import Direction, Entry, EntryState, Json, Message, Speaker, shown
from scrm.hub import Hub
from scrm.services.annotate import annotate, entry_of, findings_of_draft
from scrm.services.threads import thread_hint
from scrm.services.timeline import entry_added, entry_changed
from scrm.store.customers import Activity, KnownIdentity
from scrm.store.database import Transaction
from scrm.store.tasks import NewTask, Task
from scrm.store.timeline import Passed

_log = structlog.get_logger()
DELIVER_MESSAGE = "deliver_message"
_LAST_ATTEMPT = 8
_AT_ONCE = 20
_UNCERTAIN = "发送过程中断,无法确认客户是否已收到,请核实后再决定是否重发"
_CHANGED = ThreadSignal(what="changed", direction=Direction.OUTBOUND)
_TYPING = ThreadSignal(what="typing", direction=Direction.OUTBOUND)


class DraftBlocked(ScrmError):
    """A draft contradicts what the customer was told. `findings` say what, where and when."""

    def __init__(self, findings: Sequence[Finding], book: PriceBook) -> None:
        super().__init__("this contradicts what the customer was told: change it, or give a reason to send it anyway")
        self.findings = tuple(findings)
        self.book = book


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A reply as the rep means it. `key` is the request's Idempotency-Key, empty for none.

    `shown` are the rules whose findings the rep saw while writing. An `automatic` reply is one that no person has read:
    a bot's word, for which nobody can give a reason.
    """

    customer_id: int
    text: str
    channel: str | None = None
    script_id: str | None = None
    acknowledged_reason: str | None = None
    key: str = ""
    shown: tuple[str, ...] = ()
    automatic: bool = False

    def speaker(self, actor: Actor) -> Speaker:
        return Speaker.BOT if self.automatic else actor.speaks_as

    @property
    def reason(self) -> str:
        """Why it goes out in spite of what was found; empty where nobody has said so."""
        return "" if self.automatic else (self.acknowledged_reason or "").strip()


@dataclass(frozen=True, slots=True)
class Checked:
    """What would be objected to in a draft, and the price book it was checked with."""

    findings: tuple[Finding, ...]
    book: PriceBook


async def check_draft(hub: Hub, actor: Actor, draft: Draft) -> Checked:
    """What the customer was told that this draft contradicts. Reads only."""
    require(actor, Permission.REPLY)
    async with hub.db.reading() as tx:
        customer = await tx.customers.get(draft.customer_id)
        routes = await routes_to(hub, tx, customer.id)
        conversation = _conversation(routes, draft.channel)
        findings, book = await findings_of_draft(
            hub,
            tx,
            customer.id,
            text=draft.text,
            channel=conversation.channel if conversation else "",
            thread=conversation.thread if conversation else "",
            speaker=draft.speaker(actor),
            actor=actor.login,
            now=hub.now(),
        )
    return Checked(findings, book)


async def send_message(hub: Hub, actor: Actor, draft: Draft) -> Entry:
    """Queue a reply, or hand it to the rep's client. `DraftBlocked` when it contradicts what the customer was told and
    no reason was given: always, when it is automatic. The customer's row is locked, so that two drafts cannot both pass
    the check. Every reply passes here, whoever or whatever wrote it.
    """
    require(actor, Permission.REPLY)
    request = hashlib.sha256(f"{draft.customer_id}\n{draft.channel}\n{draft.text}".encode()).hexdigest()
    async with hub.db.transaction() as tx:
        customer = await tx.customers.get(draft.customer_id)
        await tx.customers.lock([customer.id])
        if draft.key and (done := await tx.accounts.entry_of_key(actor.id, draft.key, request)):
            return await tx.timeline.get(done)
        route = choose(await routes_to(hub, tx, customer.id), draft.channel)
        findings, book = await findings_of_draft(
            hub,
            tx,
            customer.id,
            text=draft.text,
            channel=route.conversation.channel,
            thread=route.conversation.thread,
            speaker=draft.speaker(actor),
            actor=actor.login,
            now=tx.now,
        )
        blocking = [finding for finding in findings if is_blocking(finding)]
        if blocking and not draft.reason:
            raise DraftBlocked(findings, book)
        entry = await _store_reply(hub, tx, actor, draft, route, acknowledged=bool(blocking))
        if findings or draft.shown:
            tx.audit.record(_heeded(actor, entry, draft, findings))
        if draft.key:
            await tx.accounts.keep_key(actor.id, draft.key, request, entry.id)
    await hub.stream.send(
        [thread_hint(entry.channel, entry.thread, ThreadSignal(what="changed", direction=Direction.OUTBOUND))]
    )
    return entry


async def routes_to(hub: Hub, tx: Transaction, customer_id: int) -> list[Route]:
    """The conversations that could carry a reply to a customer, best first."""
    conversations = []
    for passed in await tx.timeline.passed(customer_id):
        channel = hub.channels.get(passed.channel)
        if channel is None:
            continue
        if isinstance(channel.connector, Sends):
            conversations.append(_sending(passed, channel.connector))
        elif isinstance(channel.connector, HandsOver):
            conversations.append(_handing_over(passed))
    return best_first(conversations, tx.now)


async def confirm_hand_over(hub: Hub, actor: Actor, entry_id: int) -> Entry:
    """The rep has handed the message to the provider's client; its archived copy will confirm it."""
    require(actor, Permission.REPLY)
    async with hub.db.transaction() as tx:
        entry = await tx.timeline.get(entry_id)
        if entry.state is not EntryState.QUEUED:
            raise Conflict("this message is not waiting to be handed over")
        await tx.timeline.set_state([entry_id], EntryState.HANDED_OVER)
        handed = replace(entry, state=EntryState.HANDED_OVER)
        await tx.publish([entry_changed(handed, "handed_over")])
    return handed


async def retry_message(hub: Hub, actor: Actor, entry_id: int) -> Entry:
    """Try a reply again that failed or whose fate is not known."""
    require(actor, Permission.REPLY)
    async with hub.db.transaction() as tx:
        entry = await tx.timeline.get(entry_id)
        if entry.state not in {EntryState.FAILED, EntryState.UNCERTAIN} or entry.direction is not Direction.OUTBOUND:
            raise Conflict("only a reply that failed, or whose fate is not known, can be sent again")
        await tx.timeline.set_state([entry_id], EntryState.QUEUED)
        await tx.tasks.add([_delivery(entry)])
        queued = replace(entry, state=EntryState.QUEUED, state_reason="")
        await tx.publish([entry_changed(queued, "queued")])
    return queued


async def deliver_messages(hub: Hub, tasks: Sequence[Task]) -> None:
    """Carry queued replies to their providers: in order on a conversation, side by side otherwise."""
    conversations: dict[str, list[Task]] = {}
    for task in tasks:
        conversations.setdefault(task.key, []).append(task)
    limit = asyncio.Semaphore(_AT_ONCE)

    async def carry(run: Sequence[Task]) -> None:
        async with limit:
            for place, task in enumerate(run):
                if not await _deliver(hub, task):
                    async with hub.db.transaction() as tx:
                        await tx.tasks.release(run[place + 1 :])
                    return

    await asyncio.gather(*map(carry, conversations.values()))


async def signal_typing(hub: Hub, actor: Actor, customer_id: int) -> None:
    """Show the customer that somebody is writing, where the channel can."""
    require(actor, Permission.REPLY)
    async with hub.db.reading() as tx:
        routes = await routes_to(hub, tx, customer_id)
    await hub.stream.send(
        thread_hint(
            r.conversation.channel, r.conversation.thread, ThreadSignal(what="typing", direction=Direction.OUTBOUND)
        )
        for r in routes
        if r.closed is None
    )


# --- storing -----------------------------------------------------------------------------------------------------


async def _store_reply(
    hub: Hub, tx: Transaction, actor: Actor, draft: Draft, route: Route, *, acknowledged: bool
) -> Entry:
    conversation = route.conversation
    look = shown(Message(text=draft.text))
    entry_id = tx.ids.next()
    identity = await _identity(tx, draft.customer_id, conversation)
    entry = Entry(
        id=entry_id,
        customer_id=identity.customer_id,
        identity_id=identity.id,
        channel=conversation.channel,
        external_id=f"out:{public('msg', entry_id)}",
        thread=conversation.thread,
        kind=look.kind,
        direction=Direction.OUTBOUND,
        speaker=draft.speaker(actor),
        actor=actor.login,
        at=tx.now,
        received_at=tx.now,
        text=look.text,
        body=look.body,
        state=EntryState.QUEUED,
        origin=_origin(actor, draft, acknowledged=acknowledged),
    )
    await tx.timeline.append([entry])
    await tx.search.add([(entry.id, entry.text)])
    annotated = await annotate(hub, tx, [entry])
    await tx.customers.touch([Activity(identity.customer_id, entry.id, entry.at, 0)])
    if conversation.carriage is Carriage.SEND:
        await tx.tasks.add([_delivery(entry)])
    queued: dict[str, Json] = {"entry_id": public("msg", entry.id), "channel": entry.channel}
    await tx.publish(
        [
            entry_added(hub, entry, annotated.tags.get(entry.id, ())),
            Event(type="message.queued", customer_id=entry.customer_id, payload=queued),
            *annotated.events,
        ]
    )
    return entry


def _origin(actor: Actor, draft: Draft, *, acknowledged: bool) -> dict[str, Json]:
    origin: dict[str, Json] = {"by": actor.login, "script_id": draft.script_id}
    if acknowledged:
        origin["acknowledged_reason"] = draft.reason
    return origin


def _heeded(actor: Actor, entry: Entry, draft: Draft, findings: Sequence[Finding]) -> Deed:
    """What came of the findings that were shown: ignored ones are still in what was sent, obeyed ones no more."""
    ignored: list[Json] = [
        {
            "rule": finding.rule,
            "severity": finding.severity.value,
            "against": public("msg", entry_of(finding.against)) if finding.against else None,
        }
        for finding in findings
    ]
    obeyed: list[Json] = [*sorted(set(draft.shown) - {finding.rule for finding in findings})]
    return Deed.by(
        actor,
        "draft.warned",
        "entry",
        public("msg", entry.id),
        ignored=ignored,
        obeyed=obeyed,
        reason=draft.reason,
        automatic=draft.automatic,
    )


async def _identity(tx: Transaction, customer_id: int, conversation: Conversation) -> KnownIdentity:
    customer = await tx.customers.get(customer_id)
    if conversation.identity_id is not None:
        return replace(await tx.customers.identity(conversation.identity_id), customer_id=customer.id)
    raise BadInput("this conversation has no identity to answer to")


def _delivery(entry: Entry) -> NewTask:
    return NewTask(kind=DELIVER_MESSAGE, key=f"{entry.channel}:{entry.thread}", ref=entry.id)


def _sending(passed: Passed, connector: Sends) -> Conversation:
    return replace(
        _handing_over(passed),
        carriage=Carriage.SEND,
        open_for=connector.reply_window.open_for,
        messages=connector.reply_window.messages,
    )


def _handing_over(passed: Passed) -> Conversation:
    return Conversation(
        channel=passed.channel,
        thread=passed.thread,
        identity_id=passed.identity_id,
        carriage=Carriage.HAND_OVER,
        last_inbound_at=passed.last_inbound_at,
        last_at=passed.last_at,
        sent_since=passed.sent_since,
    )


def _conversation(routes: Sequence[Route], wanted: str | None) -> Conversation | None:
    for route in routes:
        if wanted in {None, route.conversation.channel}:
            return route.conversation
    return None


# --- delivering --------------------------------------------------------------------------------------------------


async def _deliver(hub: Hub, task: Task) -> bool:
    """Commit `sending`, call the channel, then commit what came of it with the end of the task.

    False when the reply has to wait, and what follows it on the conversation with it.
    """
    async with hub.db.transaction() as tx:
        entry = (await tx.timeline.load([task.ref])).get(task.ref)
        if entry is None or entry.state not in {EntryState.QUEUED, EntryState.SENDING}:
            await tx.tasks.finish([task])
            return True
        connector = hub.channel(entry.channel).connector
        if not isinstance(connector, Sends):
            await _give_up(tx, task, entry, EntryState.FAILED, "这个渠道不能由系统发送")
            return True
        if entry.state is EntryState.SENDING and not connector.sends_once:
            # A crash came between the call and its commit, and the provider would not notice a repetition.
            await _give_up(tx, task, entry, EntryState.UNCERTAIN, _UNCERTAIN)
            return True
        identity = await tx.customers.identity(entry.identity_id or 0)
        await tx.timeline.set_state([entry.id], EntryState.SENDING)
    message = OutboundMessage(
        id=public("msg", entry.id), thread=entry.thread, customer=identity.identity, text=entry.text, actor=entry.actor
    )
    return await _send(hub, task, entry, connector, message)


async def _send(hub: Hub, task: Task, entry: Entry, connector: Sends, message: OutboundMessage) -> bool:
    try:
        receipt = await connector.send(message)
    except (SendRejected, ChannelMisconfigured) as error:
        hub.health.failed(entry.channel, str(error), hub.now())
        async with hub.db.transaction() as tx:
            await _give_up(tx, task, entry, EntryState.FAILED, str(error))
        return True
    except ChannelUnavailable as error:
        hub.health.failed(entry.channel, str(error), hub.now())
        return await _later(hub, task, entry, error)
    async with hub.db.transaction() as tx:
        await tx.timeline.set_sent([(entry.id, receipt.provider_id)])
        sent = replace(entry, state=EntryState.SENT, external_id=receipt.provider_id)
        payload: dict[str, Json] = {"entry_id": public("msg", entry.id), "channel": entry.channel}
        await tx.publish(
            [
                entry_changed(sent, "sent"),
                Event(type="message.sent", customer_id=entry.customer_id, payload=payload),
            ]
        )
        await tx.tasks.finish([task])
    return True


async def _later(hub: Hub, task: Task, entry: Entry, error: ChannelUnavailable) -> bool:
    """Wait for the provider; after the last attempt, give up. False while it waits."""
    async with hub.db.transaction() as tx:
        if task.attempts >= _LAST_ATTEMPT:
            await _give_up(tx, task, entry, EntryState.FAILED, f"多次尝试仍无法送达:{error}")
            return True
        wait = error.retry_after or timedelta(seconds=min(2**task.attempts, 300))
        await tx.timeline.set_state([entry.id], EntryState.QUEUED, reason=str(error))
        await tx.tasks.retry(task, after=wait, reason=str(error))
    return False


async def _give_up(tx: Transaction, task: Task, entry: Entry, state: EntryState, reason: str) -> None:
    await tx.timeline.set_state([entry.id], state, reason=reason)
    failed = replace(entry, state=state, state_reason=reason)
    payload: dict[str, Json] = {
        "entry_id": public("msg", entry.id),
        "channel": entry.channel,
        "state": state,
        "reason": reason,
    }
    await tx.publish(
        [
            entry_changed(failed, state),
            Event(type="message.failed", customer_id=entry.customer_id, payload=payload),
        ]
    )
    await tx.tasks.finish([task])
