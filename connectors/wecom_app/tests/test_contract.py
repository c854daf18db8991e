"""The contract every connector keeps."""

from __future__ import annotations

from pathlib import Path

from connectors.wecom_app import create
from connectors.wecom_platform.tests.sealing import CALLBACK_SETTINGS, posted
from scrm.connector import CallbackRequest, Connector
from scrm.testing.context import connector_context
from scrm.testing.contract import ConnectorContract

SETTINGS = {**CALLBACK_SETTINGS, "secret": "test-secret", "api_url": "http://127.0.0.1:9"}
NOTICE = (
    "<xml><FromUserName>liwei</FromUserName><CreateTime>1795406400</CreateTime>"
    "<MsgType>text</MsgType><Content>在吗</Content></xml>"
)


class TestContract(ConnectorContract):
    fixtures = Path(__file__).parent.parent / "fixtures"

    def create(self) -> Connector:
        return create("wecom", SETTINGS, connector_context())

    def signed_request(self) -> CallbackRequest:
        return posted(NOTICE)
