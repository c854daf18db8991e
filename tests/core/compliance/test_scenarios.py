"""Dialogues of many trades, each with the findings that are wanted, through `scrm check` as a shop would run it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from scrm.cli.quotes import check
from scrm.core.timeline import Json

SCENARIOS = [json.loads(line) for line in Path(__file__).with_name("scenarios.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: f"{scenario['id']}: {scenario['note']}")
def test_a_dialogue_gives_the_findings_that_are_wanted(scenario: dict[str, Json]) -> None:
    wanted = scenario["expect"]
    assert isinstance(wanted, list)

    assert sorted(_found(scenario)) == sorted(map(_shown, wanted))


def test_customers_of_one_file_are_not_held_against_each_other_unless_they_share_a_household() -> None:
    apart = next(scenario for scenario in SCENARIOS if scenario["note"] == "two customers")

    assert _found(apart) == []
    assert [one[:3] for one in _found(apart | {"households": [["a", "b"]]})] == [("price-higher-later", "e2", "e1")]


def _found(scenario: dict[str, Json]) -> list[tuple[str, str, str, str]]:
    result = CliRunner().invoke(check, ["-", "--jsonl"], input=json.dumps(scenario, ensure_ascii=False))
    assert result.exit_code == 0, result.output
    findings = map(_shown, json.loads(result.output)["findings"])
    return [finding for finding in findings if finding[3] > "S1"]


def _shown(finding: Json) -> tuple[str, str, str, str]:
    assert isinstance(finding, dict)
    rule, event, against, severity = (finding.get(name) for name in ("rule", "event", "against", "severity"))
    return str(rule), str(event), str(against or ""), str(severity)
