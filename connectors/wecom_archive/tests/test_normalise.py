"""Whose timeline an archived message belongs to, and what becomes of records of any shape."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.wecom_archive.normalise import normalise
from connectors.wecom_archive.parties import is_outside, parties_of
from scrm.connector import BadInput, Direction, Parked, RawEvent, Speaker
from scrm.testing.replay import event_as_json

LIN, XU, PARTNER = (f"{prefix}{'Test':X<30}" for prefix in ("wm", "wmX"[:2], "wo"))
ROBOT = f"wb{'Test':X<30}"

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("userid", ["wong", "wmli", "wolfgang.amadeus", "wo", "wm01", "liwei", "", "wangmin"])
def test_a_member_may_be_called_like_a_customer(userid: str) -> None:
    assert not is_outside(userid)


@pytest.mark.parametrize(
    ("sender", "receivers", "customer", "thread", "direction", "speaker"),
    [
        ("liwei", [LIN], LIN, f"liwei:{LIN}", Direction.OUTBOUND, Speaker.REP),
        (LIN, ["liwei"], LIN, f"liwei:{LIN}", Direction.INBOUND, Speaker.CUSTOMER),
        (PARTNER, ["liwei"], PARTNER, f"liwei:{PARTNER}", Direction.INBOUND, Speaker.CUSTOMER),
        (LIN, ["liwei", PARTNER], LIN, "", Direction.INBOUND, Speaker.CUSTOMER),
        ("liwei", [LIN, PARTNER], "", "", Direction.OUTBOUND, Speaker.REP),
        ("liwei", ["sunmei"], "", "liwei:sunmei", Direction.INTERNAL, Speaker.REP),
        ("sunmei", ["liwei"], "", "liwei:sunmei", Direction.INTERNAL, Speaker.REP),
        (ROBOT, [LIN], LIN, f"{ROBOT}:{LIN}", Direction.OUTBOUND, Speaker.BOT),
        ("", [], "", "", Direction.INTERNAL, Speaker.SYSTEM),
    ],
)
def test_the_customer_is_who_speaks_or_who_alone_is_spoken_to(
    sender: str, receivers: Sequence[str], customer: str, thread: str, direction: Direction, speaker: Speaker
) -> None:
    parties = parties_of(sender, receivers)

    assert (parties.customer, parties.thread) == (customer, thread)
    assert (parties.direction, parties.speaker) == (direction, speaker)


def test_a_record_that_is_still_encrypted_waits() -> None:
    with pytest.raises(Parked):
        normalise("ww1", RawEvent(dedup_key="k", thread="chat", payload='{"seq": 1, "encrypt_chat_msg": "x"}'))


def test_a_record_without_a_time_cannot_be_placed() -> None:
    with pytest.raises(BadInput, match="msgtime"):
        normalise("ww1", RawEvent(dedup_key="k", thread="chat", payload='{"action": "send", "msgid": "1"}'))


@given(
    st.fixed_dictionaries(
        {"action": _json, "msgtime": st.integers(0, 4_000_000_000_000)},
        optional={
            "msgid": _json, "from": _json, "tolist": _json | st.lists(st.sampled_from([LIN, PARTNER, "liwei"])),
            "roomid": _json, "msgtype": st.sampled_from(["text", "image", "revoke", "voice"]) | _json,
            "text": _json, "image": _json, "revoke": _json,
        },
    )
)  # fmt: skip
def test_any_record_with_a_time_becomes_an_event_that_can_be_stored(record: dict[str, object]) -> None:
    [event] = normalise("ww1", RawEvent(dedup_key="k", thread="chat", payload=json.dumps(record)))

    json.dumps(event_as_json(event), ensure_ascii=False, default=dict).encode()
