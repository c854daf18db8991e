"""Run every benchmark, one after the other, and keep what they printed in benchmarks/results/<day>.txt.

python benchmarks/run_all.py [p1 p2 …] [--json]
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

FOLDER = Path(__file__).parent


def main() -> None:
    wanted = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    options = [argument for argument in sys.argv[1:] if argument.startswith("-")]
    scripts = sorted(FOLDER.glob("p[0-9]*_*.py"), key=lambda script: int(script.stem.partition("_")[0][1:]))
    chosen = [script for script in scripts if not wanted or script.stem.partition("_")[0] in wanted]
    now = datetime.now(UTC)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    results = FOLDER / "results"
    results.mkdir(exist_ok=True)
    failed = []
    with (results / f"{now:%Y-%m-%d}.txt").open("a", encoding="utf-8") as kept:
        for line in (f"# {now:%Y-%m-%d %H:%M} UTC, {machine}", *(f"# {option}" for option in options)):
            print(line, file=kept)
        for script in chosen:
            print(f"--- {script.stem}", flush=True)
            if not _run(script, _known(script, options), kept):
                failed.append(script.stem)
    if failed:
        sys.exit(f"these benchmarks failed: {', '.join(failed)}")


def _known(script: Path, options: list[str]) -> list[str]:
    """Options that the script has: not every one prints JSON."""
    text = script.read_text(encoding="utf-8")
    return [option for option in options if option in text or "figures import" in text]


def _run(script: Path, options: list[str], kept: TextIO) -> bool:
    command = [sys.executable, str(script), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8") as running:
        assert running.stdout is not None
        for line in running.stdout:
            print(line, end="", flush=True)
            kept.write(line)
    return running.returncode == 0


if __name__ == "__main__":
    main()
