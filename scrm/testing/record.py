"""Writing the expected files of a connector's fixtures: `python -m scrm.testing.record connectors/<name>`.

Read the difference before you commit it: an expected file is a promise.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

from scrm.testing.contract import ConnectorContract
from scrm.testing.replay import as_text, expected_file, fixture_files, read_fixture, replay


def record(contract: ConnectorContract) -> Iterator[Path]:
    """Write the expected file of every fixture; yield those that changed."""
    connector = contract.create()
    for fixture in fixture_files(contract.fixtures):
        text = as_text(replay(connector, read_fixture(fixture)))
        expected = expected_file(fixture)
        if not expected.exists() or expected.read_text("utf-8") != text:
            expected.write_text(text, "utf-8")
            yield expected


def contracts_in(folder: Path) -> list[ConnectorContract]:
    """The contract classes of `<folder>/tests/test_contract.py`."""
    path = folder / "tests" / "test_contract.py"
    spec = importlib.util.spec_from_file_location("recorded_contract", path)
    if spec is None or spec.loader is None or not path.exists():
        raise SystemExit(f"there is no {path}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = [each for each in vars(module).values() if isinstance(each, type) and issubclass(each, ConnectorContract)]
    return [each() for each in found if each is not ConnectorContract]


def main() -> None:
    if len(sys.argv) < 2:
        raise SystemExit("usage: python -m scrm.testing.record connectors/<name> …")
    for folder in map(Path, sys.argv[1:]):
        for contract in contracts_in(folder.resolve()):
            for changed in record(contract):
                sys.stdout.write(f"{changed}\n")


if __name__ == "__main__":
    main()
