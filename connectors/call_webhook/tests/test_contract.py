"""The call webhook keeps the contract of connectors."""

from __future__ import annotations

import json
from pathlib import Path

from connectors.call_webhook import create
from connectors.call_webhook.callback import sign
from scrm.connector import CallbackRequest, Connector
from scrm.testing.context import NOON, connector_context
from scrm.testing.contract import ConnectorContract

SECRET = "a secret for tests only"


class TestContract(ConnectorContract):
    fixtures = Path(__file__).parent.parent / "fixtures"

    def create(self) -> Connector:
        return create("calls-push", {"secret": SECRET}, connector_context())

    def signed_request(self) -> CallbackRequest:
        call = {"call_id": "c1", "direction": "inbound", "customer_number": "13800138000", "t_start": 1795406266}
        body, timestamp = json.dumps(call).encode(), str(int(NOON.timestamp()))
        headers = {"X-Signature": sign(SECRET.encode(), timestamp, body), "X-Timestamp": timestamp}
        return CallbackRequest(method="POST", query={}, query_string="", headers=headers, body=body)
