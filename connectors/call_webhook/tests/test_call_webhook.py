"""Pushes as senders make them: signed, batched, in two phases, and wrong in every way."""

from __future__ import annotations

import json
import string
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.call_webhook import CallWebhook, create
from connectors.call_webhook.callback import sign
from scrm.connector import (
    BadCallback,
    BadSettings,
    Call,
    CallbackRequest,
    ChannelEvent,
    Identity,
    Json,
    RawEvent,
    UnreadableCallback,
    Unsupported,
)
from scrm.testing.context import NOON, connector_context

SECRET = "a secret for tests only"
CALL = {
    "call_id": "c1",
    "direction": "inbound",
    "customer_number": "13800138000",
    "t_start": "2026-11-23T11:57:46+08:00",
    "t_answer": "2026-11-23T11:57:50+08:00",
    "t_end": "2026-11-23T11:58:50+08:00",
}


def channel(**settings: Json) -> CallWebhook:
    made = create("calls-push", {"secret": SECRET, **settings}, connector_context())
    assert isinstance(made, CallWebhook)
    return made


def push(body: bytes | Json, *, secret: str = SECRET, at: float | None = None) -> CallbackRequest:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    timestamp = str(int(NOON.timestamp() if at is None else at))
    headers = {"x-signature": sign(secret.encode(), timestamp, raw), "x-timestamp": timestamp}
    return CallbackRequest(method="POST", query={}, query_string="", headers=headers, body=raw)


def read(body: Json) -> list[ChannelEvent]:
    connector = channel()
    return [event for raw in connector.open_callback(push(body)).events for event in connector.normalise(raw)]


def test_one_call_becomes_one_event_of_the_customer_with_that_number() -> None:
    [event] = read(CALL)

    assert event.id == "c1"
    assert event.customer == Identity("phone", "+8613800138000")
    assert event.at == datetime(2026, 11, 23, 3, 57, 46, tzinfo=UTC)
    assert isinstance(event.body, Call)
    assert (event.body.disposition, event.body.talk_s) == ("answered", 60)


def test_a_batch_is_split_and_the_answer_tells_how_many_were_taken() -> None:
    opened = channel().open_callback(push({"calls": [CALL, CALL | {"call_id": "c2"}]}))

    assert [raw.thread for raw in opened.events] == ["c1", "c2"]
    assert json.loads(opened.reply) == {"accepted": 2}
    assert opened.content_type == "application/json"


def test_a_call_keeps_its_key_whether_pushed_alone_or_in_a_batch_or_with_its_fields_in_another_order() -> None:
    alone, batch = channel().open_callback(push(CALL)), channel().open_callback(push([CALL]))
    reordered = channel().open_callback(push(dict(reversed(CALL.items()))))

    assert alone.events[0].dedup_key == batch.events[0].dedup_key == reordered.events[0].dedup_key


def test_the_recording_that_arrives_later_is_a_new_delivery_of_the_same_event() -> None:
    later = CALL | {"recordings": [{"url": "https://pbx.example.cn/c1.wav"}]}
    first, second = (channel().open_callback(push(body)).events[0] for body in (CALL, later))
    [before], [after] = channel().normalise(first), channel().normalise(second)

    assert first.dedup_key != second.dedup_key
    assert first.thread == second.thread
    assert before.id == after.id
    assert isinstance(after.body, Call)
    assert after.body.recording == "https://pbx.example.cn/c1.wav"


def test_the_previous_secret_is_accepted_while_it_is_being_replaced() -> None:
    rotating = channel(secret="the new secret of the channel", previous_secret=SECRET)

    assert rotating.open_callback(push(CALL)).events
    with pytest.raises(BadCallback, match="签名不符"):
        channel(secret="the new secret of the channel").open_callback(push(CALL))


def test_a_push_that_is_too_old_or_from_the_future_is_refused() -> None:
    for at in (NOON.timestamp() - 301, NOON.timestamp() + 301):
        with pytest.raises(BadCallback, match="300 秒"):
            channel().open_callback(push(CALL, at=at))
    assert channel(tolerance_s=600).open_callback(push(CALL, at=NOON.timestamp() - 301)).events


def test_the_time_is_covered_by_the_signature() -> None:
    request = push(CALL, at=NOON.timestamp() - 1000)
    moved = {**request.headers, "x-timestamp": str(int(NOON.timestamp()))}

    with pytest.raises(BadCallback, match="签名不符"):
        channel().open_callback(
            CallbackRequest(method="POST", query={}, query_string="", headers=moved, body=request.body)
        )


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b'"text"', b"17", b"null", b'[{"call_id":"c1"}, 3]', b'{"calls": "x"}', b"\xff\xfe", b"[" * 9999],
)
def test_an_authentic_push_that_cannot_be_read_is_kept_whole(body: bytes) -> None:
    with pytest.raises(UnreadableCallback) as caught:
        channel().open_callback(push(body))

    assert caught.value.raw == body


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"customer_number": "abc"}, "customer_number：'abc' 不是电话号码"),
        ({"customer_number": "138****8000"}, "请导出完整号码"),
        ({"direction": "sideways"}, "direction：'sideways' 应为 inbound"),
        ({"t_start": "昨天"}, "t_start：'昨天' 不是 ISO 8601"),
        ({"t_start": None}, "t_start：缺少此字段"),
        ({"t_start": 1e300}, "t_start"),
        ({"t_start": "0001-01-01T00:00:00"}, "t_start"),
        ({"call_id": ""}, "call_id"),
        ({"recordings": [{"url": "javascript:alert(1)"}]}, "recordings.0.url"),
        ({"type": "agent_state"}, "type"),
    ],
)
def test_a_call_that_makes_no_sense_is_kept_with_the_reason(change: dict[str, Json], reason: str) -> None:
    [event] = read(CALL | change)

    assert isinstance(event.body, Unsupported)
    assert reason in event.body.reason


def test_text_that_no_database_takes_is_mended_before_it_is_stored() -> None:
    [raw] = channel().open_callback(push(json.dumps(CALL | {"summary": "a\x00b\ud800c"}).encode())).events

    assert raw.payload.encode()
    [event] = channel().normalise(raw)
    assert isinstance(event.body, Call)
    assert event.body.summary == "a\ufffdb\ufffdc"


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({}, "secret"),
        ({"secret": "short"}, "secret"),
        ({"secret": SECRET, "time_zone": "Mars/Olympus"}, "time_zone.*Asia/Shanghai"),
        ({"secret": SECRET, "area_code": "x"}, "area_code"),
        ({"secret": SECRET, "secrets": 1}, "secrets"),
    ],
)
def test_settings_that_cannot_work_are_refused_by_name(settings: dict[str, Json], reason: str) -> None:
    with pytest.raises(BadSettings, match=f"calls-push.*{reason}") as refused:
        create("calls-push", settings, connector_context())

    assert "short" not in str(refused.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from([*CALL, "type", "agent", "recordings", "transcript", "talk_s", "ring_s"]), JSON))
def test_whatever_an_authentic_sender_pushes_becomes_exactly_one_event(change: dict[str, Json]) -> None:
    [event] = read({**CALL, **change})

    assert event.at.tzinfo is UTC
    assert event.id


@given(st.binary(max_size=60), st.text(string.printable, max_size=80), st.text(string.digits, max_size=14))
def test_nothing_unsigned_is_opened(body: bytes, signature: str, timestamp: str) -> None:
    headers = {"X-Signature": signature, "X-Timestamp": timestamp}

    with pytest.raises(BadCallback):
        channel().open_callback(CallbackRequest(method="POST", query={}, query_string="", headers=headers, body=body))


def test_a_raw_event_is_read_the_same_by_a_channel_with_another_secret() -> None:
    [raw] = channel().open_callback(push(CALL)).events
    other = create("calls-push", {"secret": "another secret altogether"}, connector_context())

    assert other.normalise(RawEvent(dedup_key=raw.dedup_key, thread=raw.thread, payload=raw.payload)) == read(CALL)
