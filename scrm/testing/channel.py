"""A complete small connector for tests of the hub: the outside world, faked."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime

from scrm.connector import (
    Call,
    ChannelEvent,
    ContactChange,
    DeliveryFailure,
    Direction,
    Edit,
    Identity,
    IdentityEvidence,
    Json,
    Message,
    OutboundMessage,
    Parked,
    RawEvent,
    Recall,
    Receipt,
    ReplyWindow,
    Speaker,
    Unsupported,
)
from scrm.core.timeline import Body
from scrm.testing.context import NOON


class FakeChannel:
    """A channel that speaks JSON and sends into a list.

    `sent` holds the texts that went out, `messages` the whole messages. `fail_with(error, …)` makes the next sends
    raise, one error each. `happening` builds raw events of the kinds message, call, contact, recall, edit,
    delivery_failure, parked (raises `Parked`) and broken (raises ValueError); any other kind is `Unsupported`.
    """

    label = "测试渠道"

    def __init__(
        self, channel: str = "fake", *, reply_window: ReplyWindow | None = None, sends_once: bool = True
    ) -> None:
        self.channel = channel
        self.reply_window = reply_window or ReplyWindow()
        self.sends_once = sends_once
        self.messages: list[OutboundMessage] = []
        self._failures: deque[Exception] = deque()
        self._made = 0

    @property
    def sent(self) -> list[str]:
        return [message.text for message in self.messages]

    def fail_with(self, *errors: Exception) -> None:
        self._failures.extend(errors)

    async def send(self, message: OutboundMessage) -> Receipt:
        if self._failures:
            raise self._failures.popleft()
        if not self.sends_once or message.id not in {earlier.id for earlier in self.messages}:
            self.messages.append(message)
        return Receipt(provider_id=message.id)

    def happening(
        self, text: str = "", *, kind: str = "message", customer: str = "visitor-1", key: str = "", **fields: Json
    ) -> RawEvent:
        """A raw event; without `key` each has a new one. `fields` go into the payload as they are.

        Read from the payload: at (ISO 8601), namespace, thread, direction, speaker, actor, name, form, evidence
        ([[namespace, value, reason]]), target, reason, change, phone, disposition, talk_s, transcript.
        """
        self._made += 1
        key = key or f"{self.channel}-{self._made}"
        thread = str(fields.get("thread") or customer)
        payload = {"kind": kind, "id": key, "customer": customer, "text": text, **fields}
        return RawEvent(dedup_key=key, thread=thread, payload=json.dumps(payload, ensure_ascii=False))

    def normalise(self, raw: RawEvent) -> Sequence[ChannelEvent]:
        said = json.loads(raw.payload)
        if said["kind"] == "parked":
            raise Parked("the key has not arrived")
        if said["kind"] == "broken":
            raise ValueError("this payload cannot be read")
        direction = Direction(said.get("direction", "inbound"))
        speaker = Speaker.CUSTOMER if direction is Direction.INBOUND else Speaker.REP
        return [
            ChannelEvent(
                id=said["id"],
                thread=raw.thread,
                at=datetime.fromisoformat(said["at"]).astimezone(UTC) if "at" in said else NOON,
                customer=Identity(said.get("namespace", f"fake:{self.channel}"), said["customer"]),
                body=_body(said),
                direction=direction,
                speaker=Speaker(said.get("speaker", speaker)),
                actor=said.get("actor", ""),
                name=said.get("name", ""),
                evidence=tuple(
                    IdentityEvidence(Identity(space, value), reason)
                    for space, value, reason in said.get("evidence", ())
                ),
            )
        ]


def _body(said: dict[str, str]) -> Body:  # noqa: PLR0911 - one return per kind of body
    match said["kind"]:
        case "message":
            return Message(text=said["text"], form=said.get("form", "text"))
        case "call":
            return Call(
                phone=said.get("phone", ""),
                disposition=said.get("disposition", "answered"),
                talk_s=int(said.get("talk_s", 0)),
                transcript=said.get("transcript", said["text"]),
            )
        case "contact":
            return ContactChange(change=said.get("change", "added"), text=said["text"])
        case "recall":
            return Recall(target=said["target"])
        case "edit":
            return Edit(target=said["target"], text=said["text"])
        case "delivery_failure":
            return DeliveryFailure(target=said["target"], reason=said.get("reason", said["text"]))
        case other:
            return Unsupported(provider_kind=other)
