"""Who speaks where in an entry's text."""

from __future__ import annotations

from datetime import UTC, datetime

from scrm.core.timeline import Direction, Entry, Speaker, speaker_at

NOON = datetime(2026, 6, 12, 12, tzinfo=UTC)
TEXT = "坐席：您好\n客户：多少钱\n坐席：4980元"


def an_entry(kind: str) -> Entry:
    return Entry(
        id=1,
        customer_id=1,
        identity_id=1,
        channel="phone",
        external_id="c1",
        thread="t",
        kind=kind,
        direction=Direction.INBOUND,
        speaker=Speaker.CUSTOMER,
        actor="8001",
        at=NOON,
        received_at=NOON,
        text=TEXT,
        body={},
    )


def test_on_a_call_each_place_belongs_to_whoever_of_the_two_spoke() -> None:
    places = [TEXT.index(words) for words in ("您好", "多少钱", "4980")]

    assert [speaker_at(an_entry("call"), at) for at in places] == [Speaker.AGENT, Speaker.CUSTOMER, Speaker.AGENT]


def test_a_message_is_its_senders_whatever_it_says() -> None:
    assert speaker_at(an_entry("message"), TEXT.index("4980")) is Speaker.CUSTOMER
