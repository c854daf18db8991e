"""The first reply to a customer came later than agreed, in hours of work."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import ClassVar

from scrm.core.compliance.model import Finding, History, Severity, Statement
from scrm.core.compliance.noticing import refusal
from scrm.core.timeline import Speaker
from scrm.core.working_time import WorkingHours

_NEEDS_NONE = re.compile(
    r"(?:好+的?[呢吧啦哒嘞咧]?|嗯+|恩+|哦+|噢+|喔+|行[吧啊呀]?|成|中|妥了?|可以|谢+谢?(?:您|你|啦|了|哈)?|多谢|感谢|收到|知道了?|明白了?|懂了|了解了?|OK|ok|Ok|[Ss]ure"
    r"|辛苦了?|麻烦了?|再见|拜拜|晚安|哈+|不用了?|不需要了?|算了|没事了?|那?我?(?:先|再|回去|回头)?(?:想想|看看|考虑(?:一下|下|考虑)?|商量(?:一下|下|商量)?)(?:吧|再说)?"
    r"|那?我?(?:再)?(?:等等|等一等)(?:吧|再说)?|\[[^\]]*\]|[啊呀呢哈了吧的]|[，,。.!！~～、\s\U0001f300-\U0001faff])*"
)
_ASKED = re.compile("[?？]|吗|怎么|多少")
_PEOPLE = frozenset({Speaker.REP, Speaker.AGENT})


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyOverdue:
    """S1. A house rule. Counted from the customer's first message that waits for a person; bots and broadcasts are no
    reply, 好的 and 谢谢 need none.
    """

    ground: ClassVar[str] = "house-service"
    pattern: ClassVar[str] = ""
    rechecks: ClassVar[bool] = False
    needs_everything: ClassVar[bool] = True

    id: str = "reply-overdue"
    effective_from: date = date.min
    within: timedelta = timedelta(minutes=30)
    hours: WorkingHours = field(default_factory=WorkingHours)

    def check(self, said: Statement, history: History) -> Iterator[Finding]:
        """One finding for a reply that came too late to the message it answers."""
        if said.speaker not in _PEOPLE or said.kind != "message":
            return
        waiting = self.waiting([s for s in history.before(said) if s.channel == said.channel])
        if waiting is not None and said.at > self.due(waiting.at):
            yield self.finding(waiting, said)

    def waiting(self, statements: Sequence[Statement]) -> Statement | None:
        """The customer's first message that nobody has answered yet, of one conversation's statements in order."""
        first = None
        for said in reversed(statements):
            if said.speaker in _PEOPLE:
                return first
            if said.speaker is Speaker.CUSTOMER and said.kind == "message" and needs_reply(said.text):
                first = said
        return first

    def due(self, asked_at: datetime) -> datetime:
        """By when a message is to be answered."""
        return self.hours.after(asked_at, self.within)

    def finding(self, waiting: Statement, reply: Statement | None) -> Finding:
        """The finding about a message that waited too long; `reply` is None while it still waits."""
        return Finding(
            rule=self.id,
            severity=Severity.S1,
            entry_id=reply.entry_id if reply else waiting.entry_id,
            against=waiting.entry_id if reply else None,
            facts={
                "earlier_at": waiting.at.isoformat(),
                "recalled_at": reply.at.isoformat() if reply else None,
                "agreed": int(self.within / timedelta(minutes=1)),
                "variant": "" if reply else "waiting",
            },
        )


def needs_reply(text: str) -> bool:
    """Whether a customer's words wait for an answer; thanks, agreement and a wish to be left alone do not."""
    return _NEEDS_NONE.fullmatch(text) is None and not (refusal(text) and _ASKED.search(text) is None)
