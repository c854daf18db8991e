"""Who speaks to whom in an archived message: member, customer or robot, and whose timeline it belongs to. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from scrm.connector import Direction, Speaker

# A member may be called wmli or wong: ids that WeCom gives to people outside are long, those of members seldom are.
_OUTSIDE = re.compile(r"w[mo][A-Za-z0-9_-]{18,}")
_ROBOT = re.compile(r"wb[A-Za-z0-9_-]{18,}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parties:
    """`customer` is empty when the message is for nobody outside, or for several; `thread` when there are several."""

    customer: str
    thread: str
    direction: Direction
    speaker: Speaker
    actor: str


def parties_of(sender: str, receivers: Sequence[str]) -> Parties:
    """The parties of a message from `sender` to `receivers`, by the kinds of their ids."""
    outside = [each for each in dict.fromkeys(receivers) if is_outside(each)]
    if is_outside(sender):
        return Parties(
            customer=sender,
            thread=_thread(receivers, sender),
            direction=Direction.INBOUND,
            speaker=Speaker.CUSTOMER,
            actor="",
        )
    return Parties(
        customer=outside[0] if len(outside) == 1 else "",
        thread=_thread([sender], outside[0]) if len(outside) == 1 else _inside_thread(sender, receivers),
        direction=Direction.OUTBOUND if outside else Direction.INTERNAL,
        speaker=_company_speaker(sender),
        actor=sender,
    )


def is_outside(person: str) -> bool:
    """Whether the id is that of a WeChat user or of another corp's member, rather than of one of ours."""
    return _OUTSIDE.fullmatch(person) is not None


def _company_speaker(sender: str) -> Speaker:
    if not sender:
        return Speaker.SYSTEM
    return Speaker.BOT if _ROBOT.fullmatch(sender) else Speaker.REP


def _thread(members: Sequence[str], customer: str) -> str:
    return f"{members[0]}:{customer}" if len(members) == 1 else ""


def _inside_thread(sender: str, receivers: Sequence[str]) -> str:
    return ":".join(sorted([sender, *receivers])) if len(receivers) == 1 else ""
