"""The web chat keeps the contract of connectors."""

from __future__ import annotations

from pathlib import Path

from connectors.web_im import create
from scrm.connector import Connector
from scrm.testing.context import connector_context
from scrm.testing.contract import ConnectorContract


class TestContract(ConnectorContract):
    fixtures = Path(__file__).parent.parent / "fixtures"

    def create(self) -> Connector:
        return create("web", {"secret": "a secret for tests only"}, connector_context())
