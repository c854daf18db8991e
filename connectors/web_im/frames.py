"""What a widget may say on its socket, read strictly. One JSON object per frame; `type` names it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from connectors.shared.storable import read_json
from scrm.connector import Json

_CLIENT_ID = re.compile(r"[0-9A-Za-z_-]{8,64}")


class BadFrame(ValueError):
    """A frame no widget of ours would send."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Where the visitor is."""

    url: str = ""
    title: str = ""
    referrer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """The first frame. `last` is the id of a message the widget has: it wants what came after."""

    visitor: str
    proof: str
    last: str
    page: Page


@dataclass(frozen=True, slots=True)
class Say:
    """A message, sent again under the same `id` until it is acknowledged."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class LeaveContact:
    """The form with name and telephone."""

    id: str
    name: str
    phone: str


@dataclass(frozen=True, slots=True)
class Typing:
    """The visitor is writing."""


@dataclass(frozen=True, slots=True)
class Ping:
    """Is anybody there? Browsers cannot send the protocol's own ping."""


Frame: TypeAlias = Hello | Say | LeaveContact | Typing | Ping


def read_frame(text: str) -> Frame:
    """`BadFrame` when it is none of the frames above."""
    try:
        fields = read_json(text)
    except ValueError as error:
        raise BadFrame(str(error)) from error
    if not isinstance(fields, Mapping):
        raise BadFrame("not an object")
    match fields.get("type"):
        case "hello":
            return _hello(fields)
        case "message":
            return Say(_client_id(fields), _text(fields, "text").strip())
        case "contact":
            return LeaveContact(
                _client_id(fields), _text(fields, "name").strip()[:50], _text(fields, "phone").strip()[:40]
            )
        case "typing":
            return Typing()
        case "ping":
            return Ping()
    raise BadFrame("unknown type")


def _hello(fields: Mapping[str, Json]) -> Hello:
    written = fields.get("page")
    page = written if isinstance(written, Mapping) else {}
    return Hello(
        visitor=_text(fields, "visitor"),
        proof=_text(fields, "proof"),
        last=_text(fields, "last")[:64],
        page=Page(url=_address(page, "url"), title=_text(page, "title")[:300], referrer=_address(page, "referrer")),
    )


def _client_id(fields: Mapping[str, Json]) -> str:
    id_ = _text(fields, "id")
    if not _CLIENT_ID.fullmatch(id_):
        raise BadFrame("id must be 8 to 64 letters, digits, '-' or '_'")
    return id_


def _text(fields: Mapping[str, Json], name: str) -> str:
    value = fields.get(name, "")
    if not isinstance(value, str):
        raise BadFrame(f"{name} must be text")
    return value


def _address(fields: Mapping[str, Json], name: str) -> str:
    text = _text(fields, name)[:2000]
    return text if text.startswith(("http://", "https://")) else ""
