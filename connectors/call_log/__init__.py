"""Call logs handed in as files: CSV, workbooks, and Asterisk's Master.csv."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import BinaryIO

from connectors.call_log import tables
from connectors.call_log.normalise import normalise
from connectors.call_log.reading import read_calls
from connectors.call_log.settings import CallLogSettings
from connectors.shared.settings import read_settings
from scrm.connector import BadRow, ChannelEvent, Connector, ConnectorContext, Json, RawEvent


def create(channel: str, settings: Mapping[str, Json], context: ConnectorContext) -> Connector:
    """`BadSettings` when the table cannot work."""
    return CallLog(channel, read_settings(CallLogSettings, channel, settings), context)


class CallLog:
    """A `ReadsFiles`. Files are recognised by what is in them, not by their names."""

    label = "话单导入"
    file_suffixes = (".csv", ".xlsx", ".txt", ".tsv")

    def __init__(self, channel: str, settings: CallLogSettings, context: ConnectorContext) -> None:
        self.channel = channel
        self._settings = settings
        self._now = context.now

    def count_rows(self, file: BinaryIO, name: str) -> int:  # noqa: ARG002 - part of the ReadsFiles protocol
        return max(0, tables.count_rows(file) - 1)

    def read_file(self, file: BinaryIO, name: str) -> Iterable[tuple[int, RawEvent | BadRow]]:  # noqa: ARG002 - as above
        return read_calls(self._settings, tables.read_rows(file), self._now())

    def normalise(self, raw: RawEvent) -> Sequence[ChannelEvent]:
        return normalise(self._settings, raw)
