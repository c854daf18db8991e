"""The contract every connector keeps."""

from __future__ import annotations

from pathlib import Path

from connectors.wecom_kf import create
from connectors.wecom_platform.tests.sealing import CALLBACK_SETTINGS, posted
from scrm.connector import CallbackRequest, Connector
from scrm.testing.context import connector_context
from scrm.testing.contract import ConnectorContract

SETTINGS = {
    **CALLBACK_SETTINGS,
    "secret": "test-secret",
    "api_url": "http://127.0.0.1:9",
    "open_kfids": ["wkTestDeskPresalesXXXXXXXXXXXXXX"],
}
NOTICE = (
    "<xml><CreateTime>1795406400</CreateTime><MsgType>event</MsgType>"
    "<Event>kf_msg_or_event</Event><Token>ENCtoken</Token><OpenKfId>wkTestDesk</OpenKfId>"
    "</xml>"
)


class TestContract(ConnectorContract):
    fixtures = Path(__file__).parent.parent / "fixtures"

    def create(self) -> Connector:
        return create("wecom", SETTINGS, connector_context())

    def signed_request(self) -> CallbackRequest:
        return posted(NOTICE)
