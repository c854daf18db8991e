"""What the documents say is what the code does."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path
from urllib.parse import unquote

import pytest
from openapi_spec_validator import validate

from scrm.core.compliance import RULES, Rule
from scrm.core.texts import rule_name
from scrm.settings import ChannelSettings, Settings, load_settings
from scrm.web.app import GROUPS
from scrm.web.openapi import document
from tests.architecture.conftest import ROOT, tracked

PAGES = [path for path in tracked("*.md") if "scripts_library" not in path.parts]
NAMED = re.compile(r"\[`([A-Za-z_.]+)`\]\(([^)#\s]+\.py)\)")
LINK = re.compile(r"\[[^\]\n]*\]\((?!https?:|mailto:)([^)#\s]*)(#[^)\s]*)?\)")


def test_the_generated_pages_are_current() -> None:
    checked = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "generate.py"), "--check"],
        cwd=ROOT,
        capture_output=True,
        check=False,
        text=True,
    )

    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("model", [Settings, ChannelSettings])
def test_every_setting_is_described_and_documented(model: type[Settings | ChannelSettings]) -> None:
    page = (ROOT / "docs" / "configuration.md").read_text("utf-8")

    for name, field in model.model_fields.items():
        assert field.description, f"{model.__name__}.{name} has no description"
        assert f"| `{name}` |" in page or f"| `{name}." in page  # a table's settings have a row each


def test_the_example_file_is_understood() -> None:
    settings = load_settings(ROOT / "deploy" / "example.toml")

    assert settings.channels.keys() == {"web", "calls"}


def test_what_the_example_file_leaves_commented_out_is_understood_too(tmp_path: Path) -> None:
    text = (ROOT / "deploy" / "example.toml").read_text("utf-8")
    uncommented = re.sub(r"^# (?=\[|\w+ = )", "", text, flags=re.MULTILINE)
    uncommented = uncommented.replace('database_url = "sqlite:///scrm.db"\n', "", 1)
    path = tmp_path / "scrm.toml"
    path.write_text(uncommented, encoding="utf-8")

    settings = load_settings(path)

    assert {channel.kind for channel in settings.channels.values()} <= {
        point.name for point in entry_points(group="scrm.connectors")
    }


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_has_a_page_and_a_test(rule: Rule) -> None:
    page = ROOT / "docs" / "reference" / "rules" / f"{rule.id}.md"
    tests = [path for path in tracked("tests/core/*.py") if rule.id in path.read_text("utf-8")]

    assert page.is_file(), f"write {page.relative_to(ROOT)}"
    assert rule.id in page.read_text("utf-8")
    assert tests, f"no test under tests/core names {rule.id}"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_has_a_chinese_page_under_the_name_that_auditors_see(rule: Rule) -> None:
    page = ROOT / "docs" / "reference" / "rules" / "zh" / f"{rule.id}.md"

    assert page.is_file(), f"write {page.relative_to(ROOT)}"
    assert page.read_text("utf-8").splitlines()[0] == f"# {rule_name(rule.id, 'zh-CN')}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_files_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    broken = [
        target
        for target, _ in LINK.findall(text)
        if target and not (page.parent / unquote(target)).exists() and not target.startswith(("mailto:", "/"))
    ]

    assert broken == []


def test_functions_named_in_documents_are_where_the_link_leads() -> None:
    wrong = [
        f"{page.relative_to(ROOT)}: {name} is not in {target}"
        for page in PAGES
        for name, target in NAMED.findall(page.read_text("utf-8"))
        if name.partition(".")[0] not in defined(page.parent / target)
        or (name.partition(".")[2] and name.partition(".")[2] not in defined(page.parent / target))
    ]

    assert wrong == []


def defined(path: Path) -> set[str]:
    """Names of functions, classes, methods and constants of a module."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
    return found


def test_the_two_readmes_have_the_same_sections_and_commands() -> None:
    english, chinese = (ROOT / "README.md").read_text("utf-8"), (ROOT / "README.zh-CN.md").read_text("utf-8")
    headings, code = re.compile(r"^(#+) ", re.MULTILINE), re.compile(r"^```(\w*)$", re.MULTILINE)

    assert headings.findall(english) == headings.findall(chinese)
    assert code.findall(english) == code.findall(chinese)


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_settings_shown_in_a_readme_are_understood(name: str, tmp_path: Path) -> None:
    shown = re.findall(r"```toml\n(.*?)```", (ROOT / name).read_text("utf-8"), flags=re.DOTALL)
    assert shown

    for number, text in enumerate(shown):
        path = tmp_path / f"{number}.toml"
        path.write_text(text, encoding="utf-8")
        load_settings(path)


def test_every_make_target_named_in_the_documents_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), flags=re.MULTILINE))

    for page in PAGES:
        named = set(re.findall(r"`make ([a-z]+)`", page.read_text("utf-8")))
        assert named <= targets, page


def test_decisions_are_numbered_without_gaps_and_say_what_enforces_them() -> None:
    records = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))

    assert [int(path.name[:4]) for path in records] == list(range(len(records)))
    for path in records[1:]:
        text = path.read_text("utf-8")
        assert "Enforced by" in text, path.name
        assert len(text.splitlines()) <= 40, f"{path.name}: a record is short"


def test_the_openapi_document_is_valid_and_every_operation_says_what_it_does() -> None:
    described = json.loads(json.dumps(document(GROUPS)))

    validate(described)
    silent = [
        f"{method} {path}"
        for path, operations in described["paths"].items()
        for method, operation in operations.items()
        if not operation["summary"]
    ]
    assert silent == []


def test_operation_ids_are_unique() -> None:
    operations = [route.handler.__name__ for group in GROUPS for route in group.routes]

    assert len(operations) == len(set(operations))


def test_versions_are_pinned_in_one_way() -> None:
    pins = dict(
        line.lower().split("==", 1) for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines() if line
    )
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *(name for extra in project["optional-dependencies"].values() for name in extra),
    ]

    for requirement in wanted:
        name, version = re.sub(r"\[.*?\]", "", requirement).lower().split("==")
        assert pins.get(name, pins.get(name.replace("-", "_"))) == version, requirement
