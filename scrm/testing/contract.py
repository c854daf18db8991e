"""The contract every connector keeps, as a pytest class to subclass.

    class TestContract(ConnectorContract):
        fixtures = Path(__file__).parent.parent / "fixtures"

        def create(self) -> Connector:
            return create("calls", {...}, connector_context())

Fixtures are replayed and compared with their expected files, which
`python -m scrm.testing.record connectors/<name>` writes.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote_plus

import pytest

from scrm.connector import (
    BadCallback,
    Call,
    CallbackRequest,
    ChannelEvent,
    Connector,
    Parked,
    RawEvent,
    ReceivesCallbacks,
    Unsupported,
)
from scrm.testing.quality import level_reached, read_quality
from scrm.testing.replay import as_text, expected_file, fixture_files, read_fixture, replay


class ConnectorContract:
    """Subclass it with a name that starts with `Test`, set `fixtures`, write `create`.

    `signature_fields` names the query and header fields that carry the signature, in lower case.
    """

    fixtures: ClassVar[Path]
    signature_fields: ClassVar[tuple[str, ...]] = ("msg_signature", "signature", "sign", "x-signature")

    def create(self) -> Connector:
        """A new connector, configured as the fixtures need it."""
        raise NotImplementedError

    def signed_request(self) -> CallbackRequest | None:
        """An authentic callback with a body. Channels that receive callbacks must give one."""
        return None

    def corpus(self) -> Iterable[RawEvent]:
        """Further raw events that have no expected file (captures, generated ones): they must read without error."""
        return ()

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "fixture" in metafunc.fixturenames:
            files = fixture_files(self.fixtures)
            metafunc.parametrize("fixture", files, ids=[path.stem for path in files])

    def test_a_fixture_becomes_the_events_it_is_expected_to_become(self, fixture: Path) -> None:
        expected = expected_file(fixture)
        result = as_text(replay(self.create(), read_fixture(fixture)))

        assert expected.exists(), f"no {expected.name}: run python -m scrm.testing.record on the connector's folder"
        assert json.loads(result) == json.loads(expected.read_text("utf-8"))

    def test_the_same_raw_event_always_gives_the_same_events(self) -> None:
        first, second = self.create(), self.create()
        for raw in self._raw_events():
            assert replay(first, raw) == replay(first, raw) == replay(second, raw)

    def test_two_happenings_never_share_an_id(self) -> None:
        seen: dict[str, list[tuple[str, ChannelEvent]]] = defaultdict(list)
        for raw, event in self._events():
            seen[event.id].append((raw.dedup_key, event))

        for id_, sharing in seen.items():
            # A call may come again under its id, to bring the recording or the transcript that was not ready.
            same_call = all(isinstance(event.body, Call) for _, event in sharing)
            assert len(sharing) == 1 or (same_call and len({key for key, _ in sharing}) == len(sharing)), id_

    def test_fixtures_have_keys_of_their_own(self) -> None:
        keys = [raw.dedup_key for raw in self._raw_events()]

        assert all(keys)
        assert len(keys) == len(set(keys))

    def test_times_are_utc(self) -> None:
        for _, event in self._events():
            assert event.at.utcoffset() == timedelta(0), event.id

    def test_what_is_not_understood_is_kept(self) -> None:
        unknown = [path for path in fixture_files(self.fixtures) if path.name.startswith("unknown__")]
        connector = self.create()

        assert unknown, "a fixture unknown__<case>.json shows what happens to a kind the connector does not know"
        for path in unknown:
            bodies = [event.body for event in connector.normalise(read_fixture(path))]
            assert bodies, path.name
            assert all(isinstance(body, Unsupported) for body in bodies), path.name

    def test_an_authentic_callback_opens_to_the_same_keys_each_time(self) -> None:
        connector, request = self._callback()
        first, again = connector.open_callback(request), connector.open_callback(request)

        assert first.events or first.notices
        assert [raw.dedup_key for raw in first.events] == [raw.dedup_key for raw in again.events]
        assert all(raw.dedup_key and raw.thread for raw in first.events)

    def test_a_callback_with_a_flipped_bit_in_its_signature_is_refused(self) -> None:
        connector, request = self._callback()
        carried = list(self._signatures(request))

        assert carried, f"none of {self.signature_fields} in the query or the headers of signed_request()"
        for name, value in carried:
            for wrong in _flipped(value):
                self._assert_refused(connector, _with_field(request, name, wrong))

    def test_a_callback_with_a_flipped_bit_in_its_body_is_refused(self) -> None:
        connector, request = self._callback()
        middle = len(request.body) // 2
        body = bytearray(request.body)
        body[middle] ^= 1

        self._assert_refused(connector, dataclasses.replace(request, body=bytes(body)))

    def test_a_callback_without_its_signature_is_refused(self) -> None:
        connector, request = self._callback()
        for name, _ in self._signatures(request):
            self._assert_refused(connector, _without_field(request, name))

    def test_the_folder_has_a_readme_and_says_where_it_stands_on_the_quality_scale(self) -> None:
        folder = self.fixtures.parent
        states = read_quality(folder / "quality.toml")

        assert (folder / "README.md").read_text("utf-8").startswith("# ")
        assert level_reached(states), f"bronze is the least: {states}"

    def _raw_events(self) -> Sequence[RawEvent]:
        """Fixtures and corpus; a delivery that stands in both counts once."""
        return list(dict.fromkeys([*map(read_fixture, fixture_files(self.fixtures)), *self.corpus()]))

    def _events(self) -> Iterator[tuple[RawEvent, ChannelEvent]]:
        connector = self.create()
        for raw in self._raw_events():
            try:
                yield from ((raw, event) for event in connector.normalise(raw))
            except Parked:
                continue

    def _callback(self) -> tuple[ReceivesCallbacks, CallbackRequest]:
        connector, request = self.create(), self.signed_request()
        if not isinstance(connector, ReceivesCallbacks):
            pytest.skip("the channel receives no callbacks")
        assert request is not None, "a channel that receives callbacks needs signed_request()"
        assert request.body, "signed_request() needs a body"
        return connector, request

    def _signatures(self, request: CallbackRequest) -> Iterator[tuple[str, str]]:
        for name, value in (*request.query.items(), *request.headers.items()):
            if name.lower() in self.signature_fields:
                yield name, value

    def _assert_refused(self, connector: ReceivesCallbacks, request: CallbackRequest) -> None:
        with pytest.raises(BadCallback):
            connector.open_callback(request)


def _flipped(value: str) -> Iterator[str]:
    for place, char in enumerate(value):
        for bit in range(8):
            yield value[:place] + chr(ord(char) ^ (1 << bit)) + value[place + 1 :]


def _with_field(request: CallbackRequest, name: str, value: str) -> CallbackRequest:
    return dataclasses.replace(
        request,
        query=_replaced(request.query, name, value),
        headers=_replaced(request.headers, name, value),
        query_string=_query_pair(name).sub(lambda found: found[1] + quote_plus(value), request.query_string),
    )


def _without_field(request: CallbackRequest, name: str) -> CallbackRequest:
    return dataclasses.replace(
        request,
        query={key: value for key, value in request.query.items() if key != name},
        headers={key: value for key, value in request.headers.items() if key != name},
        query_string=_query_pair(name).sub("", request.query_string),
    )


def _replaced(fields: Mapping[str, str], name: str, value: str) -> Mapping[str, str]:
    return {key: value if key == name else old for key, old in fields.items()}


def _query_pair(name: str) -> re.Pattern[str]:
    return re.compile(rf"((?:^|(?<=&)){re.escape(name)}=)[^&]*")
