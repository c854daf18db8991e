"""What app callbacks and contact details become."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.wecom_app.details import profile
from connectors.wecom_app.normalise import normalise
from connectors.wecom_platform.contacts import observation
from scrm.connector import BadInput, ContactChange, RawEvent
from scrm.testing.replay import event_as_json, fixture_files, read_fixture

FIXTURES = Path(__file__).parent.parent / "fixtures"
CHANGES = {
    "added", "half_added", "edited", "deleted_by_rep", "deleted_by_customer", "transfer_failed", "archive_agreed",
    "profile",
}  # fmt: skip
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


def fixture_bodies(name: str) -> list[object]:
    return [event.body for event in normalise("ww1", read_fixture(FIXTURES / f"{name}.json"))]


def test_every_change_of_a_contact_has_a_fixture() -> None:
    raws = map(read_fixture, fixture_files(FIXTURES))
    bodies = [event.body for raw in raws for event in normalise("ww1", raw)]

    assert {body.change for body in bodies if isinstance(body, ContactChange)} == CHANGES


def test_the_same_change_is_the_same_event_in_every_envelope() -> None:
    by_app, by_json, by_suite = (
        fixture_bodies(f"add_external_contact__{case}") for case in ("by_qr_code", "json_envelope", "suite_envelope")
    )

    assert by_app == by_json == by_suite


def test_a_callback_without_a_time_cannot_be_placed() -> None:
    raw = RawEvent(dedup_key="k", thread="t", payload="<xml><MsgType>text</MsgType></xml>")

    with pytest.raises(BadInput, match="CreateTime"):
        normalise("ww1", raw)


@pytest.mark.parametrize("number", ["010-65291234", "400-800-1234", "12345", "", "138****8000", "1.38E+10"])
def test_only_a_mobile_number_proves_a_person(number: str) -> None:
    detail = {"external_contact": {"external_userid": "wm1"}, "follow_user": [{"remark_mobiles": [number]}]}
    raw = RawEvent(dedup_key="k", thread="wm1", payload="")

    assert profile("ww1", raw, detail, NOON).evidence == ()


@given(
    st.dictionaries(
        st.sampled_from(
            ["MsgType", "Event", "ChangeType", "ExternalUserID", "UserID", "FromUserName", "ChatId", "Content"]
        ),
        st.text(max_size=12)
        | st.sampled_from(["text", "event", "change_external_contact", "add_external_contact"])
        | _json,
    )
)
def test_any_callback_with_a_time_becomes_an_event_that_can_be_stored(fields: dict[str, object]) -> None:
    raw = RawEvent(dedup_key="k", thread="t", payload=json.dumps({**fields, "CreateTime": 1_795_406_400}))

    [event] = normalise("ww1", raw)

    json.dumps(event_as_json(event), ensure_ascii=False, default=dict).encode()


@given(
    st.fixed_dictionaries(
        {"external_contact": _json},
        optional={"follow_user": _json | st.lists(st.fixed_dictionaries({"remark_mobiles": _json, "tags": _json}))},
    )
)
def test_any_details_become_a_profile(detail: dict[str, object]) -> None:
    raw = RawEvent(dedup_key="k", thread="wm1", payload=observation(detail, NOON))  # type: ignore[arg-type]  # generated

    [event] = normalise("ww1", raw)

    assert isinstance(event.body, ContactChange)
    assert event.at == NOON
