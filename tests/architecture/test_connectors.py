"""Every connector that ships is complete: described, rated, with fixtures, and tested by the contract."""

from __future__ import annotations

import tomllib
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pytest
from pydantic import BaseModel

from scrm.testing.quality import level_reached, read_quality
from tests.architecture.conftest import ROOT

OWN = [point for point in entry_points(group="scrm.connectors") if point.value.startswith("connectors.")]
FOLDERS = {path.parent.name for path in (ROOT / "connectors").glob("*/quality.toml")}


def folder(point: EntryPoint) -> Path:
    return ROOT / "connectors" / point.module.split(".")[1]


def project() -> dict[str, object]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def test_every_connector_folder_is_an_entry_point_of_its_name() -> None:
    assert {point.name for point in OWN} == FOLDERS
    assert all(folder(point).name == point.name for point in OWN)


@pytest.mark.parametrize("point", OWN, ids=lambda point: point.name)
def test_a_connector_has_a_page_fixtures_and_the_contract_test(point: EntryPoint) -> None:
    readme = (folder(point) / "README.md").read_text("utf-8")
    contract = (folder(point) / "tests" / "test_contract.py").read_text("utf-8")
    fixtures = {path.name for path in (folder(point) / "fixtures").glob("*.json")}
    expected = {name for name in fixtures if name.endswith(".expected.json")}

    assert readme.startswith(f"# {point.name}")
    assert f'kind = "{point.name}"' in readme, "the page shows a table that works"
    assert "ConnectorContract" in contract
    assert {name.replace(".expected.json", ".json") for name in expected} == fixtures - expected
    assert any(name.startswith("unknown__") or "unknown" in name or "unsupported" in name for name in fixtures)


@pytest.mark.parametrize("point", OWN, ids=lambda point: point.name)
def test_a_connector_reaches_at_least_bronze(point: EntryPoint) -> None:
    assert level_reached(read_quality(folder(point) / "quality.toml"))


@pytest.mark.parametrize("point", OWN, ids=lambda point: point.name)
def test_a_connectors_settings_are_described_and_on_its_page(point: EntryPoint) -> None:
    readme = (folder(point) / "README.md").read_text("utf-8")
    module = import_module(f"connectors.{point.name}.settings")
    (model,) = (
        found
        for found in vars(module).values()
        if isinstance(found, type) and issubclass(found, BaseModel) and found.__module__ == module.__name__
    )

    for name, field in model.model_fields.items():
        assert field.description, f"{model.__name__}.{name} has no description"
        assert f"`{name}`" in readme, f"{point.name}/README.md says nothing about {name}"


def test_the_independence_of_connectors_is_checked_for_all_of_them() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    contract = text.partition('name = "Connectors do not know each other"')[2].partition("[[")[0]

    assert all(point.name in contract for point in OWN)


def test_the_ones_that_ship_are_packaged_with_their_files() -> None:
    patterns = project()["tool"]["setuptools"]["package-data"]["*"]  # type: ignore[index]  # read from TOML
    suffixes = {path.suffix for path in (ROOT / "connectors").glob("*/static/*") if path.is_file()}

    assert {f"*{suffix}" for suffix in suffixes} <= set(patterns)
