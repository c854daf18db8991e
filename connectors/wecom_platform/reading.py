"""Reading what WeCom writes: XML and JSON into plain fields, fields into text, lists and times. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeAlias
from xml.etree import ElementTree as ET

from connectors.shared.storable import read_json
from scrm.connector import BadInput, Json

Fields: TypeAlias = Mapping[str, Json]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def read_fields(text: str) -> Fields:
    """The fields of an XML document or a JSON object. ValueError when it is neither, or has a document type."""
    return read_object(text) if text.lstrip().startswith("{") else _read_xml(text)


def read_object(text: str | bytes) -> Fields:
    """The fields of a JSON object, fit to be stored. ValueError when it is none."""
    fields = read_json(text)
    if not isinstance(fields, Mapping):
        raise ValueError("JSON, but not an object")  # noqa: TRY004 - the caller asks whether the text can be read
    return fields


def text_at(fields: Json, *path: str) -> str:
    """The text or number at `path`, as text. Empty when there is none."""
    value = _at(fields, path)
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def fields_at(fields: Json, *path: str) -> Fields:
    """The object at `path`, empty when there is none."""
    value = _at(fields, path)
    return value if isinstance(value, (dict, Mapping)) else {}


def list_at(fields: Json, *path: str) -> Sequence[Json]:
    """The list at `path`. A single value is a list of one: XML does not tell them apart."""
    value = _at(fields, path)
    if value is None:
        return ()
    return value if isinstance(value, Sequence) and not isinstance(value, str) else (value,)


def filled(**details: Json) -> dict[str, Json]:
    """The details that say something."""
    return {name: value for name, value in details.items() if value not in (None, "", (), [], {})}


def at_second(fields: Fields, *names: str) -> datetime:
    """The time in the first of `names` that is there, written in seconds since 1970. BadInput when it is no time."""
    return _time(fields, names, timedelta(seconds=1))


def at_millisecond(fields: Fields, *names: str) -> datetime:
    """As `at_second`, written in milliseconds."""
    return _time(fields, names, timedelta(milliseconds=1))


def at_moment(fields: Fields, name: str) -> datetime:
    """The time in `name`, written in ISO 8601 with its zone. BadInput when it is no time."""
    written = text_at(fields, name)
    try:
        return datetime.fromisoformat(written).astimezone(UTC)
    except ValueError as error:
        raise BadInput(f"没有可识别的时间（{name}）：{written[:40]!r}") from error


class _WithoutDoctype(ET.TreeBuilder):
    def doctype(self, _name: str, _public_id: str, _system: str) -> None:
        """A document type has no place here, and is how entity bombs start."""
        raise ValueError("XML with a document type")


def _read_xml(text: str) -> Fields:
    parser = ET.XMLParser(target=_WithoutDoctype())  # noqa: S314 - what makes XML dangerous is refused above
    try:
        parser.feed(text)
        fields = _content(parser.close())
    except ET.ParseError as error:
        raise ValueError(f"neither JSON nor XML: {error}") from error
    except RecursionError as error:
        raise ValueError("XML nested too deeply") from error
    if not isinstance(fields, Mapping):
        raise ValueError("XML without fields")  # noqa: TRY004 - the caller asks whether the text can be read
    return fields


def _content(element: ET.Element) -> Json:
    """Text without the space around it, None where there is none; with elements inside, these by name, those that are
    repeated as a list.
    """
    if not len(element):
        return (element.text or "").strip() or None
    fields: dict[str, Json] = {}
    repeated: dict[str, list[Json]] = {}
    for child in element:
        value = _content(child)
        if child.tag in repeated:
            repeated[child.tag].append(value)
        elif child.tag in fields:
            fields[child.tag] = repeated[child.tag] = [fields[child.tag], value]
        else:
            fields[child.tag] = value
    return fields


def _at(value: Json, path: tuple[str, ...]) -> Json:
    # `dict` first: the abstract type takes several times as long to recognise.
    for name in path:
        value = value.get(name) if isinstance(value, (dict, Mapping)) else None
    return value


def _time(fields: Fields, names: tuple[str, ...], unit: timedelta) -> datetime:
    written = next(filter(None, (text_at(fields, name) for name in names)), "")
    try:
        return _EPOCH + int(written) * unit
    except (ValueError, OverflowError) as error:
        raise BadInput(f"没有可识别的时间（{'、'.join(names)}）：{written[:40]!r}") from error
