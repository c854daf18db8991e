"""Making what a stranger sent fit to be stored."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence

from scrm.connector import Json

# Neither can be stored as text: half of a surrogate pair has no UTF-8, and PostgreSQL refuses NUL.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(value: Json) -> Json:
    """The value with U+FFFD in the place of every character that a database refuses."""
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, Mapping):
        return {storable_text(key): storable(each) for key, each in value.items()}
    return [storable(each) for each in value] if isinstance(value, Sequence) else value


def storable_text(text: str) -> str:
    return _UNSTORABLE.sub("\ufffd", text)


def read_json(text: str | bytes) -> Json:
    """Any JSON document, fit to be stored. ValueError when it is none, also for NaN, infinity and endless nesting."""
    if isinstance(text, bytes):
        text = text.decode(json.detect_encoding(text), "surrogatepass")
    try:
        value: Json = _DECODER.decode(text)
        # Without an escape nothing comes out that did not go in; walking through every document costs more.
        return storable(value) if "\\u" in text or _UNSTORABLE.search(text) else value
    except RecursionError as error:
        raise ValueError("JSON nested too deeply") from error


def json_text(value: Json) -> str:
    """Compact JSON with sorted keys: the same value is always the same text."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _refuse_constant(name: str) -> Json:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits[:20]} is out of range")
    return number


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite)
