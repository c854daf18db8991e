"""The call log keeps the contract of connectors."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from connectors.call_log import CallLog, create
from scrm.connector import Connector, RawEvent
from scrm.testing.context import connector_context
from scrm.testing.contract import ConnectorContract

HERE = Path(__file__).parent


class TestContract(ConnectorContract):
    fixtures = HERE.parent / "fixtures"

    def create(self) -> Connector:
        return create("calls", {}, connector_context())

    def corpus(self) -> Iterable[RawEvent]:
        connector = self.create()
        assert isinstance(connector, CallLog)
        with (HERE / "asterisk_master.csv").open("rb") as file:
            return [raw for _, raw in connector.read_file(file, "Master.csv") if isinstance(raw, RawEvent)]
