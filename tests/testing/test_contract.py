"""The contract finds the connectors that break it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from scrm.connector import (
    BadCallback,
    Callback,
    CallbackRequest,
    ChannelEvent,
    ChannelUnavailable,
    Connector,
    Json,
    OutboundMessage,
    Parked,
    RawEvent,
    Sends,
)
from scrm.testing.channel import FakeChannel
from scrm.testing.contract import ConnectorContract
from scrm.testing.quality import SCALE, read_quality
from scrm.testing.record import contracts_in, record


class Careless(FakeChannel):
    """A channel whose events can be spoilt, and that looks at half of a signature only."""

    def __init__(
        self, spoil: Callable[[ChannelEvent], ChannelEvent] = lambda event: event, *, checked: int = 99
    ) -> None:
        super().__init__("careless")
        self.spoil = spoil
        self.checked = checked

    def normalise(self, raw: RawEvent) -> Sequence[ChannelEvent]:
        return [self.spoil(event) for event in super().normalise(raw)]

    def open_callback(self, request: CallbackRequest) -> Callback:
        if request.query.get("sign", "")[: self.checked] != "abcd"[: self.checked] or request.body != b"body":
            raise BadCallback("no")
        return Callback(events=(RawEvent(dedup_key="1", thread="1", payload="{}"),))


def contract(folder: Path, connector: Connector) -> ConnectorContract:
    class Held(ConnectorContract):
        fixtures = folder / "fixtures"
        signature_fields = ("sign",)

        def create(self) -> Connector:
            return connector

        def signed_request(self) -> CallbackRequest:
            query = {"sign": "abcd", "t": "1"}
            return CallbackRequest(method="POST", query=query, query_string="sign=abcd&t=1", headers={}, body=b"body")

    return Held()


def fixture(folder: Path, name: str, **payload: Json) -> Path:
    path = folder / "fixtures" / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    written = {"id": name, "customer": "c1", "text": "在吗", **payload}
    path.write_text(json.dumps({"dedup_key": name, "thread": "c1", "payload": written}), "utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    fixture(tmp_path, "message__one", kind="message")
    fixture(tmp_path, "unknown__rating", kind="rating")
    fixture(tmp_path, "sealed__one", kind="parked")
    (tmp_path / "README.md").write_text("# x\n", "utf-8")
    (tmp_path / "quality.toml").write_text("".join(f'{item} = "done"\n' for item in SCALE), "utf-8")
    return tmp_path


def test_a_careful_connector_keeps_it(folder: Path) -> None:
    held = contract(folder, Careless())
    assert len(list(record(held))) == 3
    assert list(record(held)) == []

    for path in sorted((folder / "fixtures").glob("*__*.json")):
        if not path.name.endswith(".expected.json"):
            held.test_a_fixture_becomes_the_events_it_is_expected_to_become(path)
    for name in dir(held):
        if name.startswith("test_") and "fixture_becomes" not in name:
            getattr(held, name)()
    assert json.loads((folder / "fixtures" / "sealed__one.expected.json").read_text())["parked"]


def test_a_changed_understanding_is_noticed(folder: Path) -> None:
    list(record(contract(folder, Careless())))
    changed = contract(folder, Careless(lambda event: dataclasses.replace(event, name="张女士")))

    with pytest.raises(AssertionError):
        changed.test_a_fixture_becomes_the_events_it_is_expected_to_become(folder / "fixtures" / "message__one.json")


def test_shared_ids_are_noticed(folder: Path) -> None:
    with pytest.raises(AssertionError, match="same"):
        contract(
            folder, Careless(lambda event: dataclasses.replace(event, id="same"))
        ).test_two_happenings_never_share_an_id()


def test_events_that_change_from_reading_to_reading_are_noticed(folder: Path) -> None:
    readings = iter(range(99))
    moving = Careless(lambda event: dataclasses.replace(event, actor=str(next(readings))))

    with pytest.raises(AssertionError):
        contract(folder, moving).test_the_same_raw_event_always_gives_the_same_events()


def test_a_missing_fixture_of_the_unknown_is_noticed(folder: Path) -> None:
    (folder / "fixtures" / "unknown__rating.json").unlink()

    with pytest.raises(AssertionError, match="unknown__"):
        contract(folder, Careless()).test_what_is_not_understood_is_kept()


def test_a_signature_of_which_only_the_beginning_counts_is_noticed(folder: Path) -> None:
    with pytest.raises(pytest.fail.Exception):
        contract(folder, Careless(checked=3)).test_a_callback_with_a_flipped_bit_in_its_signature_is_refused()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "says nothing about"),
        ('speed = "done"', "not on the scale"),
        ("".join(f'{item} = "later"\n' for item in SCALE), '"done", "todo" or'),
        ("".join(f'{item} = {{ exempt = " " }}\n' for item in SCALE), "exempt"),
    ],
)
def test_a_quality_file_that_hides_something_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "quality.toml").write_text(text, "utf-8")

    with pytest.raises(ValueError, match=reason):
        read_quality(tmp_path / "quality.toml")


def test_the_recorder_finds_the_contract_of_a_connector() -> None:
    root = Path(__file__).parents[2]

    assert [type(each).__name__ for each in contracts_in(root / "connectors" / "call_webhook")] == ["TestContract"]


async def test_the_fake_channel_sends_once_and_fails_when_told() -> None:
    channel = FakeChannel()
    assert isinstance(channel, Sends)
    [event] = channel.normalise(channel.happening("在吗"))
    assert event.customer
    message = OutboundMessage(id="m1", thread="visitor-1", customer=event.customer, text="在的")
    channel.fail_with(ChannelUnavailable("away"))

    with pytest.raises(ChannelUnavailable):
        await channel.send(message)
    await channel.send(message)
    await channel.send(message)

    assert channel.sent == ["在的"]
    with pytest.raises(Parked):
        channel.normalise(channel.happening(kind="parked"))
