"""Replaying fixtures: a raw event in a file, and what a connector makes of it, as JSON a person can review."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC
from pathlib import Path

from scrm.connector import ChannelEvent, Connector, Json, Parked, RawEvent

EXPECTED = ".expected.json"


def fixture_files(folder: Path) -> Sequence[Path]:
    """The raw events `<kind>__<case>.json` of a fixtures folder, in order of their names."""
    return [path for path in sorted(folder.glob("*__*.json")) if not path.name.endswith(EXPECTED)]


def expected_file(fixture: Path) -> Path:
    return fixture.with_name(fixture.stem + EXPECTED)


def read_fixture(path: Path) -> RawEvent:
    """A fixture is `{"dedup_key", "thread", "payload"}`; a payload that is not text is written as compact JSON."""
    written = json.loads(path.read_text("utf-8"))
    payload = written["payload"]
    return RawEvent(
        dedup_key=written["dedup_key"],
        thread=written["thread"],
        payload=payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False, separators=(",", ":")),
    )


def replay(connector: Connector, raw: RawEvent) -> Json:
    """What the connector makes of a raw event: a list of events, or `{"parked": reason}`."""
    try:
        return [event_as_json(event) for event in connector.normalise(raw)]
    except Parked as parked:
        return {"parked": str(parked)}


def event_as_json(event: ChannelEvent) -> dict[str, Json]:
    """Every field of an event. Times are ISO 8601 in UTC; `body.type` is the class of the body in lower case."""
    return {
        "id": event.id,
        "thread": event.thread,
        "at": event.at.astimezone(UTC).isoformat(),
        "customer": None if event.customer is None else _fields(event.customer),
        "direction": str(event.direction),
        "speaker": str(event.speaker),
        "actor": event.actor,
        "name": event.name,
        "evidence": [{**_fields(proof.identity), "reason": proof.reason} for proof in event.evidence],
        "body": {"type": type(event.body).__name__.lower(), **_fields(event.body)},
    }


def as_text(result: Json) -> str:
    """How an expected file is written."""
    return json.dumps(result, ensure_ascii=False, indent=2, default=dict) + "\n"


def _fields(thing: object) -> dict[str, Json]:
    return {field.name: _plain(getattr(thing, field.name)) for field in fields(thing)}  # type: ignore[arg-type]  # bodies are dataclasses


def _plain(value: Json) -> Json:
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(each) for each in value]
    return value
