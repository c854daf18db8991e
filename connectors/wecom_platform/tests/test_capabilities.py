"""What each WeCom channel can do, as the hub finds out."""

from __future__ import annotations

import pytest

from connectors.wecom_app import create as create_app
from connectors.wecom_archive import create as create_archive
from connectors.wecom_kf import create as create_kf
from connectors.wecom_platform.tests.sealing import CALLBACK_SETTINGS
from scrm.connector import Connector, HandsOver, Opens, Pulls, ReceivesCallbacks, Sends
from scrm.simulate.crypto import new_private_key, private_pem
from scrm.testing.context import connector_context

API = {**CALLBACK_SETTINGS, "secret": "test-secret"}
CAPABILITIES = (ReceivesCallbacks, Pulls, Opens, Sends, HandsOver)


def app() -> Connector:
    return create_app("wecom-sales", API, connector_context())


def kf() -> Connector:
    return create_kf("wecom-kf", {**API, "open_kfids": ["wk1", "wk2"]}, connector_context())


def archive() -> Connector:
    keys = {"1": private_pem(new_private_key())}
    settings = {**CALLBACK_SETTINGS, "sdk_url": "http://127.0.0.1:9", "private_keys": keys}
    return create_archive("wecom-archive", settings, connector_context())


@pytest.mark.parametrize(
    ("created", "able", "sources"),
    [
        (app, {ReceivesCallbacks, Pulls}, ()),
        (kf, {ReceivesCallbacks, Pulls, Sends}, ("wk1", "wk2")),
        (archive, {ReceivesCallbacks, Pulls, Opens, HandsOver}, ("chat",)),
    ],
)
def test_a_channel_can_do_what_the_platform_lets_it(
    created: type[Connector], able: set[type], sources: tuple[str, ...]
) -> None:
    connector = created()

    assert {capability for capability in CAPABILITIES if isinstance(connector, capability)} == able
    assert isinstance(connector, Pulls)
    assert connector.sources == sources
    assert connector.channel.startswith("wecom-")
    assert connector.label


def test_the_archive_tells_the_rep_what_to_do() -> None:
    connector = archive()

    assert isinstance(connector, HandsOver)
    assert "本人" in connector.handover_hint
