"""Settings of the WeCom channels: every field described, every mistake named, no secret repeated."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

from connectors.shared.settings import read_settings
from connectors.wecom_app.settings import WecomAppSettings
from connectors.wecom_archive import create as create_archive
from connectors.wecom_archive.settings import WecomArchiveSettings
from connectors.wecom_kf.settings import WecomKfSettings
from connectors.wecom_platform.tests.sealing import CALLBACK_SETTINGS, KEYS
from scrm.connector import BadSettings, Json
from scrm.testing.context import connector_context

API = {**CALLBACK_SETTINGS, "secret": "test-secret"}


@pytest.mark.parametrize("model", [WecomAppSettings, WecomKfSettings, WecomArchiveSettings])
def test_every_setting_is_described(model: type[BaseModel]) -> None:
    assert all(field.description for field in model.model_fields.values())


def test_the_receiver_is_the_corp_unless_it_is_said() -> None:
    assert read_settings(WecomAppSettings, "c", API).callback_keys == KEYS
    other = read_settings(WecomAppSettings, "c", {**API, "receive_id": "wwsuite1"})
    assert other.callback_keys.receive_id == "wwsuite1"


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("callback_token", "with-hyphens", "英文字母或数字"),
        ("callback_token", "a" * 33, "33 个字符"),
        ("encoding_aes_key", "a" * 42, "42 个字符"),
        ("secret", "", "at least 1"),
        ("api_url", "qyapi.example.com", "qyapi.example.com"),
        ("corp_id", "", "at least 1"),
        ("open_kfids", [], "at least 1"),
        ("pull_every_s", 5, "30"),
        ("agentid", 7, "Extra"),
    ],
)
def test_a_mistake_is_told_by_the_name_of_its_field(field: str, value: Json, told: str) -> None:
    settings: dict[str, Json] = {**API, "open_kfids": ["wk1"], field: value}

    with pytest.raises(BadSettings) as caught:
        read_settings(WecomKfSettings, "wecom-kf", settings)

    assert "wecom-kf" in str(caught.value)
    assert f"{field}：" in str(caught.value)
    assert told in str(caught.value)


def test_secrets_are_neither_shown_nor_repeated_in_errors() -> None:
    with pytest.raises(BadSettings) as caught:
        read_settings(WecomAppSettings, "c", {**API, "callback_token": "not/alphanumeric", "secret": ["top-secret"]})

    assert "not/alphanumeric" not in str(caught.value)
    assert "top-secret" not in str(caught.value)
    assert KEYS.aes_key not in repr(read_settings(WecomAppSettings, "c", API))


@pytest.mark.parametrize(
    "key", ["no such file", "-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----", "\x00", "." * 5000]
)
def test_a_private_key_that_is_none_is_told_by_its_version(key: str) -> None:
    settings = {**CALLBACK_SETTINGS, "sdk_url": "http://127.0.0.1:9", "private_keys": {"7": key}}

    with pytest.raises(BadSettings, match=r"private_keys\.7"):
        create_archive("wecom-archive", settings, connector_context())
