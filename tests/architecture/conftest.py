"""What guards need: the project's own files, and the school of the service tests for things that have to happen."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.services.conftest import school

__all__ = ["school"]

ROOT = Path(__file__).parents[2]


def tracked(*patterns: str) -> list[Path]:
    """The files of the project that match, without what is built or fetched. Works in an unpacked archive too."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT,
        capture_output=True,
        check=False,
        text=True,
    )
    if listed.returncode == 0:
        found = [ROOT / name for name in listed.stdout.split("\0") if name]
    else:
        found = [path for pattern in patterns or ("**/*",) for path in ROOT.glob(pattern)]
    return sorted(
        path for path in found if path.is_file() and not {".venv", "node_modules", "dist", ".git"} & set(path.parts)
    )


@pytest.fixture(scope="session")
def python_sources() -> list[Path]:
    """The code that ships, without its tests."""
    return [
        path
        for path in [*(ROOT / "scrm").rglob("*.py"), *(ROOT / "connectors").rglob("*.py")]
        if not {"tests", "node_modules", "versions"} & set(path.relative_to(ROOT).parts)
    ]
