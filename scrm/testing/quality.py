"""The quality scale of connectors: what each level asks for, and reading a connector's `quality.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

LEVELS = ("bronze", "silver", "gold")

SCALE: Mapping[str, str] = {
    "readme": "bronze",  # README.md: what it does, how to set it up, limits, an error table
    "settings_described": "bronze",  # every setting is a described field; a wrong one is refused by name
    "recorded_fixtures": "bronze",  # each kind of raw event has a fixture with its expected events
    "stable_ids": "bronze",  # the same happening has the same id whenever and however often it arrives
    "zoned_times": "bronze",  # times are the provider's, aware, UTC
    "unknown_kept": "bronze",  # kinds it does not understand become Unsupported, never an error, never nothing
    "authentic": "silver",  # what is not signed by the provider (or the visitor) is refused
    "dedup": "silver",  # delivering again adds nothing, whatever the provider changes between deliveries
    "errors_mapped": "silver",  # each error of the provider becomes the SDK's error with a text that tells what to do
    "limits_kept": "silver",  # the provider's limits on size and rate are known, kept, and told
    "gap_fill": "silver",  # what was missed while we were away is fetched or can be handed in
    "property_tests": "gold",  # its parsers are tested with generated input
    "real_peer": "gold",  # tested against a real server or client of the protocol, or its captured traffic
    "volume": "gold",  # throughput and memory measured at a size a large customer reaches
}
"""Every item of the scale and its level. A `quality.toml` names all of them."""

STATES = ("done", "todo")


def read_quality(path: Path) -> Mapping[str, str]:
    """Item to `done`, `todo` or `exempt: <why>`. ValueError names what is missing, unknown or unexplained.

    The file has one line per item: `item = "done"`, `item = "todo"` or `item = { exempt = "why" }`.
    """
    written = tomllib.loads(path.read_text("utf-8"))
    if unknown := written.keys() - SCALE.keys():
        raise ValueError(f"{path.name} names items that are not on the scale: {sorted(unknown)}")
    if missing := SCALE.keys() - written.keys():
        raise ValueError(f"{path.name} says nothing about: {sorted(missing)}")
    return {item: _state(item, value) for item, value in written.items()}


def level_reached(states: Mapping[str, str]) -> str:
    """The highest level with nothing left to do in it and below, empty when not even bronze."""
    reached = ""
    for level in LEVELS:
        if any(states[item] == "todo" for item, at in SCALE.items() if at == level):
            break
        reached = level
    return reached


def _state(item: str, value: object) -> str:
    if isinstance(value, str) and value in STATES:
        return value
    if isinstance(value, dict) and set(value) == {"exempt"} and str(value["exempt"]).strip():
        return f"exempt: {value['exempt']}"
    raise ValueError(f'{item} must be "done", "todo" or {{ exempt = "why" }}, not {value!r}')
