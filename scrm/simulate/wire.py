"""The provider's wire formats: JSON answers with errcode, and callback messages as XML or JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from pydantic import JsonValue

JsonObject = dict[str, JsonValue]

_TEXTS = {
    -1: "system error",
    40001: "invalid credential",
    40003: "invalid userid",
    40004: "invalid media type",
    40006: "invalid media size",
    40007: "invalid media_id",
    40008: "invalid message type",
    40013: "invalid corpid",
    40014: "invalid access_token",
    40058: "invalid Request Parameter",
    40063: "some parameters are empty",
    40096: "invalid external userid",
    41001: "access_token missing",
    41002: "corpid missing",
    41004: "secret missing",
    42001: "access_token expired",
    44004: "empty content",
    45001: "media size out of limit",
    45002: "content size out of limit",
    45009: "api freq out of limit",
    47001: "data format error",
    48002: "api forbidden for no authority",
    60020: "not allow to access from your ip",
    60111: "userid not found",
    84061: "not external contact",
    95000: "invalid open kfid",
    95001: "send msg count limit",
    95002: "send msg time limit",
    95004: "open kfid not exist",
    95007: "invalid msg token",
    95008: "menu item count out of limit",
    95013: "conversation end",
    95014: "user is not servicer",
    95016: "can not transfer service state",
    95018: "send msg session status invalid",
    95019: "servicer stopped receiving",
}


class ApiError(Exception):
    """The provider's refusal of a call. `detail` is added to the error text, for people only."""

    def __init__(self, code: int, detail: str = "") -> None:
        super().__init__(f"{code} {_TEXTS.get(code, 'error')} {detail}".strip())
        self.code = code
        self.detail = detail


def refusal(code: int, *, detail: str, hint: str, remote: str) -> JsonObject:
    """An answer with an errcode; its text carries the ornaments that clients must not match on."""
    told = _TEXTS.get(code, "error") + (f", {detail}" if detail else "")
    return {
        "errcode": code,
        "errmsg": f"{told}, hint: [{hint}], from ip: {remote}, more info at /devtool/query?e={code}",
    }


def success(fields: JsonObject, *, extra_fields: bool) -> JsonObject:
    """An answer with errcode 0; with `extra_fields` it also holds what no client knows yet."""
    unknown: JsonObject = {"unknown_to_clients": {"since": "later"}} if extra_fields else {}
    return {"errcode": 0, "errmsg": "ok", **fields, **unknown}


def encode_json(value: JsonValue) -> bytes:
    """JSON as the provider writes it: characters as they are."""
    return json.dumps(value, ensure_ascii=False).encode()


def decode_object(body: bytes) -> JsonObject:
    """The JSON object of a request body. `ApiError(47001)` when it is none."""
    if not body.strip():
        return {}
    try:
        value: JsonValue = json.loads(body)
    except ValueError as error:
        raise ApiError(47001, "Warning: wrong json format") from error
    if not isinstance(value, dict):
        raise ApiError(47001, "the body is not an object")
    return value


def text_of(fields: Mapping[str, JsonValue], name: str) -> str:
    """A text field, empty when absent. `ApiError(40058)` when it is something else."""
    value = fields.get(name, "")
    if not isinstance(value, str):
        raise ApiError(40058, f"{name} is not a string")
    return value


def required(fields: Mapping[str, JsonValue], name: str) -> str:
    """A text field that must be there. `ApiError(40063)` when it is absent or empty."""
    value = text_of(fields, name)
    if not value:
        raise ApiError(40063, f"{name} is missing")
    return value


def int_of(fields: Mapping[str, JsonValue], name: str, default: int) -> int:
    value = fields.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ApiError(40058, f"{name} is not an integer")
    return value


def texts_of(fields: Mapping[str, JsonValue], name: str) -> list[str]:
    """A list of texts, empty when absent. `ApiError(40058)` when it is something else."""
    value = fields.get(name, [])
    if not isinstance(value, list):
        raise ApiError(40058, f"{name} is not a list")
    texts = [item for item in value if isinstance(item, str)]
    if len(texts) != len(value):
        raise ApiError(40058, f"{name} holds something that is not a string")
    return texts


def object_of(fields: Mapping[str, JsonValue], name: str) -> JsonObject:
    """A nested object. `ApiError(40063)` when it is absent, `ApiError(40058)` when it is something else."""
    if name not in fields:
        raise ApiError(40063, f"{name} is missing")
    value = fields[name]
    if not isinstance(value, dict):
        raise ApiError(40058, f"{name} is not an object")
    return value


def callback_xml(fields: Mapping[str, JsonValue]) -> str:
    """A callback message as XML: texts in CDATA, numbers bare, a list as repeated elements."""
    return f"<xml>{_elements(fields)}</xml>"


def _elements(fields: Mapping[str, JsonValue]) -> str:
    return "".join(_element(name, value) for name, value in fields.items())


def _element(name: str, value: JsonValue) -> str:
    if isinstance(value, str):
        return f"<{name}>{_cdata(value)}</{name}>"
    if isinstance(value, Sequence):
        return "".join(_element(name, item) for item in value)
    if isinstance(value, dict):
        return f"<{name}>{_elements(value)}</{name}>"
    return f"<{name}>{'' if value is None else value}</{name}>"


def _cdata(value: str) -> str:
    # XML has no way to write most control characters, nor these two.
    legal = "".join(char for char in value if (char >= " " and char not in "\ufffe\uffff") or char in "\t\n\r")
    return "<![CDATA[" + legal.replace("]]>", "]]]]><![CDATA[>") + "]]>"
