"""What KF's items become: every documented kind has a fixture, and nothing a provider writes makes it stumble."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors.wecom_kf.events import happening
from connectors.wecom_kf.messages import message
from connectors.wecom_kf.normalise import normalise
from scrm.connector import Message, RawEvent, Unsupported
from scrm.testing.replay import event_as_json, fixture_files, read_fixture

FIXTURES = Path(__file__).parent.parent / "fixtures"
KINDS = {
    "text", "image", "voice", "video", "file", "location", "link", "business_card", "miniprogram", "msgmenu",
    "channels", "channels_shop_product", "channels_shop_order", "merged_msg",
}  # fmt: skip
# Their bodies are not published: they are kept as they are.
UNPUBLISHED = {"meeting", "schedule", "note"}
EVENTS = {
    "enter_session", "msg_send_fail", "servicer_status_change", "session_status_change", "user_recall_msg",
    "servicer_recall_msg", "reject_customer_msg_switch_change",
}  # fmt: skip

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
_names = st.sampled_from(
    ["content", "title", "list", "item", "type", "click", "msg_content", "msgtype", "sub_type", "media_id", "url"]
)


def test_every_documented_kind_has_a_fixture() -> None:
    items = [json.loads(read_fixture(path).payload) for path in fixture_files(FIXTURES) if "callback" not in path.stem]

    assert {item["msgtype"] for item in items if "msgtype" in item} >= KINDS | {"event"}
    assert {item["event"]["event_type"] for item in items if "event" in item} >= EVENTS


@pytest.mark.parametrize("kind", sorted(UNPUBLISHED))
def test_kinds_without_published_bodies_are_kept(kind: str) -> None:
    assert message({"msgtype": kind, kind: {"anything": 1}}) == Unsupported(provider_kind=kind)


@given(st.sampled_from(sorted(KINDS)), st.dictionaries(_names | st.text(max_size=12), _json, max_size=6))
@example("merged_msg", {"item": [{"msgtype": "merged_msg", "msg_content": '{"merged_msg": {"item": [1]}}'}]})
def test_any_body_of_a_known_kind_is_a_message(kind: str, body: dict[str, object]) -> None:
    assert isinstance(message({"msgtype": kind, kind: body}), Message)


@given(st.sampled_from(sorted(EVENTS)), st.dictionaries(st.text(max_size=12), _json, max_size=6))
def test_any_body_of_a_known_event_is_told(kind: str, event: dict[str, object]) -> None:
    happening("wk1", {**event, "event_type": kind})


@given(
    st.fixed_dictionaries(
        {"send_time": st.integers(0, 4_000_000_000)},
        optional={
            "msgid": _json, "origin": _json, "msgtype": st.sampled_from([*sorted(KINDS), "event", "note"]) | _json,
            "external_userid": _json, "event": _json, "text": _json, "seen": _json,
        },
    )
)  # fmt: skip
def test_any_item_with_a_time_becomes_something_that_can_be_stored(item: dict[str, object]) -> None:
    raw = RawEvent(dedup_key="k", thread="t", payload=json.dumps(item))
    if isinstance(item.get("seen"), dict) and item["seen"]:
        return

    [event] = normalise("ww1", raw) if "msgtype" in item else normalise("ww1", _with_time(raw, item))

    json.dumps(event_as_json(event), ensure_ascii=False, default=dict).encode()


def _with_time(raw: RawEvent, item: dict[str, object]) -> RawEvent:
    return RawEvent(dedup_key=raw.dedup_key, thread=raw.thread, payload=json.dumps({**item, "CreateTime": 1}))
