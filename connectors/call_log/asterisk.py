"""Asterisk's Master.csv: recognising its rows, and folding the rows of one call into the call they tell of. Pure.

Columns: https://docs.asterisk.org/Configuration/Reporting/Call-Detail-Records-CDR/CDR-Specification/
One call is several rows with one linkedid; only rows with a destination channel are attempts to reach somebody, and the
outcome in a row after those may contradict them (FAILED after NO ANSWER).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from connectors.call_log.settings import CallLogSettings
from connectors.shared.telephony import NotAPhone, read_phone
from scrm.connector import Direction

_AMA_FLAGS = ("DOCUMENTATION", "BILLING", "OMIT", "IGNORE", "3", "2", "1", "0")
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_PEER = re.compile(r"[A-Za-z0-9]+/([^@;]+?)(?:-[0-9a-f]{6,})?(?:[@;].*)?")
_UNIQUE_ID = re.compile(r"(?:.+-)?(\d{9,10})\.\d+")
_DIAL_TIMEOUT = re.compile(r"[^,|]+[,|](\d+)")
_SOUND = re.compile(r".+\.(wav|mp3|gsm|ogg|WAV)")


def is_cdr_row(cells: Sequence[str]) -> bool:
    """Whether a row has the shape of Master.csv: 16 columns, up to 21 with the optional ones."""
    return 16 <= len(cells) <= 21 and cells[15] in _AMA_FLAGS and _TIME.fullmatch(cells[9]) is not None


def call_key(cells: Sequence[str]) -> str:
    """What the rows of one call share: linkedid, else uniqueid, else nothing (the row is a call of its own)."""
    if len(cells) >= 20 and cells[19]:
        return cells[19]
    return next((cell for cell in cells[16:18] if _UNIQUE_ID.fullmatch(cell)), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class FoldedCall:
    """One call as its rows tell it. `phone` is empty inside the company and when the number is withheld."""

    start: datetime
    direction: Direction
    phone: str
    extension: str
    disposition: str
    talk_s: int
    ring_s: int | None
    recording: str


def fold(settings: CallLogSettings, rows: Sequence[Sequence[str]]) -> FoldedCall:
    """The call behind the rows. ValueError when a time or a number of seconds cannot be read."""
    legs = sorted((_leg(cells) for cells in rows), key=lambda leg: (leg.start, leg.sequence))
    first = legs[0]
    offset = _offset(first, settings.zone)
    attempts = [leg for leg in legs if leg.to_peer]
    answered = [leg for leg in attempts if leg.disposition == "ANSWERED"]
    direction = _direction(settings, first, attempts)
    outbound = direction is Direction.OUTBOUND
    told = answered[-1] if answered else (attempts or legs)[-1]
    return FoldedCall(
        start=(first.start - offset).replace(tzinfo=UTC),
        direction=direction,
        phone=_customer(settings, first, direction),
        extension=_peer_number(first.from_peer) if outbound else _peer_number(told.to_peer),
        disposition=_disposition(legs, attempts, answered),
        talk_s=_talk_seconds(answered),
        ring_s=_ring_seconds(answered[0]) if answered else None,
        recording=next((leg.userfield for leg in legs if _SOUND.fullmatch(leg.userfield)), ""),
    )


@dataclass(frozen=True, slots=True)
class _Leg:
    src: str
    dst: str
    from_peer: str
    to_peer: str
    app: str
    app_arguments: str
    start: datetime
    answer: datetime | None
    end: datetime
    duration: int
    billsec: int
    disposition: str
    unique_id: str
    userfield: str
    sequence: int


def _leg(cells: Sequence[str]) -> _Leg:
    answer = cells[10]
    ids = [cell for cell in cells[16:18] if _UNIQUE_ID.fullmatch(cell)]
    return _Leg(
        src=cells[1],
        dst=cells[2],
        from_peer=_peer(cells[5]),
        to_peer=_peer(cells[6]),
        app=cells[7].casefold(),
        app_arguments=cells[8],
        start=_local(cells[9]),
        answer=_local(answer) if answer else None,
        end=_local(cells[11]),
        duration=int(cells[12]),
        billsec=int(cells[13]),
        disposition=cells[14].upper(),
        unique_id=ids[0] if ids else "",
        userfield=cells[17] if len(cells) > 17 and cells[17] not in ids else "",
        sequence=int(cells[20]) if len(cells) > 20 else 0,
    )


def _local(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - the file does not say which zone


def _peer(channel: str) -> str:
    found = _PEER.fullmatch(channel)
    return found[1] if found else ""


def _peer_number(peer: str) -> str:
    return peer.split("-", maxsplit=1)[0]


def _offset(first: _Leg, zone: tzinfo) -> timedelta:
    """How far the file's clock is ahead of UTC. A uniqueid holds the second of its creation, which beats settings."""
    found = _UNIQUE_ID.fullmatch(first.unique_id)
    if found:
        created = datetime.fromtimestamp(int(found[1]), UTC).replace(tzinfo=None)
        quarters = round((first.start - created) / timedelta(minutes=15))
        if abs(quarters) <= 14 * 4:
            return quarters * timedelta(minutes=15)
    return first.start.replace(tzinfo=zone).utcoffset() or timedelta()


def _direction(settings: CallLogSettings, first: _Leg, attempts: Sequence[_Leg]) -> Direction:
    inside = re.compile(settings.extension_pattern)
    if not inside.fullmatch(_peer_number(first.from_peer)):
        return Direction.INBOUND
    reached = {_peer_number(leg.to_peer) for leg in attempts}
    if inside.fullmatch(first.dst) or (reached and all(map(inside.fullmatch, reached))):
        return Direction.INTERNAL
    return Direction.OUTBOUND


def _customer(settings: CallLogSettings, first: _Leg, direction: Direction) -> str:
    if direction is Direction.INTERNAL:
        return ""
    dialled = re.match(r"[^/]*/(\d+)@", first.app_arguments)
    written = [first.src] if direction is Direction.INBOUND else [first.dst, dialled[1] if dialled else ""]
    for text in written:
        try:
            return read_phone(text, area_code=settings.area_code, dial_prefixes=settings.dial_prefixes)
        except NotAPhone:
            continue
    return ""


def _disposition(legs: Sequence[_Leg], attempts: Sequence[_Leg], answered: Sequence[_Leg]) -> str:
    if answered:
        return "answered"
    if not attempts:
        return _outcome_without_attempt(legs)
    last = attempts[-1]
    if last.disposition == "NO ANSWER" and last is legs[-1] and _hung_up_early(last):
        return "cancelled"
    return _OUTCOMES.get(last.disposition, "unknown")


def _outcome_without_attempt(legs: Sequence[_Leg]) -> str:
    apps = {leg.app for leg in legs}
    if "queue" in apps:
        return "abandoned_queue"
    if "voicemail" in apps:
        return "voicemail"
    if any(leg.disposition == "ANSWERED" for leg in legs):
        return "abandoned_ivr"
    return _OUTCOMES.get(legs[-1].disposition, "unknown")


def _hung_up_early(leg: _Leg) -> bool:
    # Had the time to ring run out, the dialplan would have gone on and left another row, or rung to the end.
    allowed = _DIAL_TIMEOUT.match(leg.app_arguments)
    return leg.app == "dial" and (allowed is None or leg.duration < int(allowed[1]))


def _talk_seconds(answered: Sequence[_Leg]) -> int:
    """Seconds with an agent on the line. Rows of one call overlap: their billsec must not be summed."""
    talked, until = 0, datetime.min  # noqa: DTZ901 - compared with times of the same file only
    for leg in answered:
        # In a queue billsec counts from the first answer of the channel, before this agent was rung.
        begin = max(until, leg.end - timedelta(seconds=min(leg.duration, leg.billsec)))
        talked += max(0, round((leg.end - begin).total_seconds()))
        until = max(until, leg.end)
    return talked


def _ring_seconds(leg: _Leg) -> int | None:
    if leg.app != "dial" or leg.answer is None:
        return None
    return max(0, round((leg.answer - leg.start).total_seconds()))


_OUTCOMES = {
    "ANSWERED": "answered",
    "NO ANSWER": "no_answer",
    "BUSY": "busy",
    "FAILED": "carrier_error",
    "CONGESTION": "carrier_error",
}
