"""From the rows of a file to raw events: one per row of a call log, one per call of a Master.csv."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain

from connectors.call_log import asterisk
from connectors.call_log.columns import read_header
from connectors.call_log.normalise import read_asterisk, read_row
from connectors.call_log.settings import CallLogSettings
from connectors.call_log.tables import HEADER_WITHIN, BrokenRow, Row
from connectors.shared.storable import json_text, storable
from scrm.connector import BadInput, BadRow, Call, ChannelEvent, Json, RawEvent

OPEN_CALLS = 5_000
"""Rows of one Asterisk call stand at most so many other calls apart."""
ROWS_OF_A_CALL = 500
SHOWN_CHARACTERS = 300

AnyRow = Row | tuple[int, BrokenRow]
Result = tuple[int, RawEvent | BadRow]


def read_calls(settings: CallLogSettings, rows: Iterator[AnyRow], read_at: datetime) -> Iterator[Result]:
    """Raw events and bad rows, lazily. `BadInput` when the file has neither a header of ours nor Asterisk's shape."""
    head: list[AnyRow] = []
    for row in rows:
        _, cells = row
        if isinstance(cells, BrokenRow):
            head.append(row)
        elif asterisk.is_cdr_row(cells):
            return _asterisk_calls(settings, chain(head, [row], rows), read_at)
        elif columns := read_header(cells):
            return _table_calls(settings, columns, rows, read_at)
        else:
            head.append(row)
        if len(head) >= HEADER_WITHIN:
            break
    raise BadInput(_no_header(head))


def _table_calls(
    settings: CallLogSettings, columns: Mapping[int, str], rows: Iterator[AnyRow], read_at: datetime
) -> Iterator[Result]:
    for number, cells in rows:
        if isinstance(cells, BrokenRow):
            yield number, _bad_row(number, "引号没有配对，或这一格太长", str(cells))
            continue
        named = {columns[place]: cell for place, cell in enumerate(cells) if place in columns}
        if not any(named.values()):
            continue
        try:
            event = read_row(settings, named)
        except ValueError as error:
            yield number, _bad_row(number, str(error), " ".join(filter(None, cells)))
            continue
        others = [cell for place, cell in enumerate(cells) if place not in columns and cell]
        yield number, _raw_event(event, _row_key(event), {"format": "row", "cells": named, "others": others}, read_at)


def _asterisk_calls(settings: CallLogSettings, rows: Iterable[AnyRow], read_at: datetime) -> Iterator[Result]:
    open_calls: OrderedDict[str, list[Row]] = OrderedDict()
    for number, cells in rows:
        if isinstance(cells, BrokenRow) or not asterisk.is_cdr_row(cells):
            yield number, _bad_row(number, "不是 Asterisk 的话单行", str(cells))
            continue
        key = asterisk.call_key(cells) or f"row {number}"
        open_calls.setdefault(key, []).append((number, cells))
        open_calls.move_to_end(key)
        if len(open_calls[key]) >= ROWS_OF_A_CALL:
            yield _folded(settings, open_calls.pop(key), read_at)
        if len(open_calls) > OPEN_CALLS:
            yield _folded(settings, open_calls.popitem(last=False)[1], read_at)
    for call in open_calls.values():
        yield _folded(settings, call, read_at)


def _folded(settings: CallLogSettings, call: Sequence[Row], read_at: datetime) -> Result:
    number = call[-1][0]
    rows = [list(cells) for _, cells in call]
    try:
        event = read_asterisk(settings, rows)
    except ValueError as error:
        return number, _bad_row(number, f"时间或秒数看不懂（{error}）", str(rows[-1]))
    # A file that has grown since holds more rows of the last call, which then is read again.
    return number, _raw_event(event, f"{event.id}/{len(rows)}", {"format": "asterisk", "rows": rows}, read_at)


def _row_key(event: ChannelEvent) -> str:
    # What comes late (a transcript, a recording) makes the call worth reading again; the same once more does not.
    assert isinstance(event.body, Call)
    late = f"{event.body.transcript}\n{event.body.recording}\n{event.body.summary}".strip()
    return f"{event.id}+{hashlib.sha256(late.encode()).hexdigest()[:16]}" if late else event.id


def _raw_event(event: ChannelEvent, key: str, payload: Mapping[str, Json], read_at: datetime) -> RawEvent:
    written = storable({**payload, "read_at": read_at.isoformat()})
    return RawEvent(dedup_key=key, thread=event.thread, payload=json_text(written))


def _bad_row(number: int, reason: str, text: str) -> BadRow:
    return BadRow(row=number, reason=f"第 {number} 行：{reason}", text=text[:SHOWN_CHARACTERS])


def _no_header(head: Sequence[AnyRow]) -> str:
    seen = next((cells for _, cells in head if not isinstance(cells, BrokenRow)), None)
    if seen is None:
        return "文件里没有内容"
    shown = "、".join(filter(None, seen))[:SHOWN_CHARACTERS]
    wanted = "至少需要“通话时间”和“客户号码”两列（Asterisk 的 Master.csv 不需要表头）"
    return f"没有找到表头：{wanted}。文件的第一行是：{shown}"
