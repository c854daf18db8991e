"""The contract every connector keeps."""

from __future__ import annotations

from pathlib import Path

from connectors.wecom_archive import create
from connectors.wecom_platform.tests.sealing import CALLBACK_SETTINGS, posted
from scrm.connector import CallbackRequest, Connector
from scrm.simulate.crypto import new_private_key, private_pem
from scrm.testing.context import connector_context
from scrm.testing.contract import ConnectorContract

SETTINGS = {**CALLBACK_SETTINGS, "sdk_url": "http://127.0.0.1:9", "private_keys": {"1": private_pem(new_private_key())}}
NOTICE = (
    "<xml><FromUserName>sys</FromUserName><CreateTime>1795406400</CreateTime>"
    "<MsgType>event</MsgType><Event>msgaudit_notify</Event></xml>"
)


class TestContract(ConnectorContract):
    fixtures = Path(__file__).parent.parent / "fixtures"

    def create(self) -> Connector:
        return create("wecom", SETTINGS, connector_context())

    def signed_request(self) -> CallbackRequest:
        return posted(NOTICE)
