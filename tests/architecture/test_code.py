"""Rules about the code itself that no linter knows."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from scrm.services.tasks import LANES, TASKS
from tests.architecture.conftest import ROOT, tracked

BANNED = {"manager", "helper", "helpers", "util", "utils", "processor", "data", "info", "base"}
"""Words that say nothing about what a thing is."""
TEXT = {".py", ".md", ".toml", ".txt", ".ts", ".vue", ".json", ".yaml", ".yml", ".sh", ".html", ".css", ".service", ""}


def calls(path: Path, name: str) -> list[int]:
    """The lines where something's method `name` is called."""
    tree = ast.parse(path.read_text("utf-8"))
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == name
    ]


def test_nothing_but_the_database_commits(python_sources: list[Path]) -> None:
    committing = {str(path.relative_to(ROOT)) for path in python_sources if calls(path, "commit")}

    assert committing == {"scrm/store/database.py"}


def test_the_core_asks_no_clock(python_sources: list[Path]) -> None:
    asking = [
        f"{path.name}:{line}"
        for path in python_sources
        if path.is_relative_to(ROOT / "scrm" / "core")
        for name in ("now", "utcnow", "today")
        for line in calls(path, name)
    ]

    # The source of ids is given a clock and calls it by that name.
    assert [place for place in asking if not place.startswith("ids.py")] == []


def test_services_and_store_ask_only_the_clock_they_are_given(python_sources: list[Path]) -> None:
    below = [ROOT / "scrm" / "services", ROOT / "scrm" / "store", ROOT / "scrm" / "web"]
    asking = [
        str(path.relative_to(ROOT))
        for path in python_sources
        if any(path.is_relative_to(folder) for folder in below)
        and re.search(r"datetime\.(?:now|utcnow|today)\(|\btime\.time\(", path.read_text("utf-8"))
    ]

    assert asking == []


def test_every_kind_of_task_is_done_in_exactly_one_lane() -> None:
    lanes = Counter(kind for lane in LANES for kind in lane)

    assert lanes == Counter(list(TASKS))


def test_every_module_opens_with_a_sentence(python_sources: list[Path]) -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in python_sources
        if path.read_text("utf-8").strip()
        and "migrations" not in path.parts
        and not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]

    assert silent == []


def test_no_module_or_class_has_a_name_that_says_nothing(python_sources: list[Path]) -> None:
    named = [(place, name) for path in python_sources for place, name in names(path) if words(name) & BANNED]

    assert named == []


def names(path: Path) -> Iterator[tuple[str, str]]:
    """Where names are given to modules and classes, and the names."""
    place = str(path.relative_to(ROOT))
    yield place, path.parent.name if path.stem == "__init__" else path.stem
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ClassDef):
            yield f"{place}:{node.lineno}", node.name


def words(name: str) -> set[str]:
    """`DataFrame` and `data_frame` are data and frame."""
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}


def test_no_module_grows_too_large_to_read(python_sources: list[Path]) -> None:
    large = {
        str(path.relative_to(ROOT)): length
        for path in python_sources
        if "migrations" not in path.parts and (length := len(path.read_text("utf-8").splitlines())) > 600
    }

    assert large == {}


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("work that is left open", r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b"),
        (
            "a path of somebody's machine",
            r"(?<![\w.~/-])/(?:ho" + r"me/\w|Us" + r"ers/\w|ro" + r"ot/|wo" + r"rk/|tm" + r"p/\w)",
        ),
        (
            "a host of a package registry",
            r"(?:py" + r"pi\.org|files\.pythonho" + r"sted|registry\.np" + r"mjs|npm" + r"mirror\.com)",
        ),
        ("a private key", r"-----BEGIN (?:RSA |EC )?PRI" + r"VATE KEY-----\n[A-Za-z0-9+/]{40}"),
    ],
)
def test_nothing_in_the_tree_is(what: str, pattern: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in tracked()
        if path.suffix in TEXT
        for number, line in enumerate(lines(path), start=1)
        if re.search(pattern, line)
    ]

    assert found == [], what


def lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8").splitlines()
    except UnicodeDecodeError:
        return []


def test_modules_import_only_what_lies_below_them() -> None:
    linted = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        check=False,
        text=True,
    )

    assert linted.returncode == 0, linted.stdout
