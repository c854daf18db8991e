"""Figures of a benchmark, shown beside the bare limit that was measured in the same run."""

from __future__ import annotations

import argparse
import json
import os
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A measured value; `limit` is what the bare limit reached, in the same unit, where there is one."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    target: str = ""


def arguments(doc: str | None, **numbers: int) -> argparse.Namespace:
    """The options of a benchmark: whole numbers with their defaults, and --json."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in numbers.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--json", action="store_true", help="one JSON object per figure")
    return parser.parse_args()


def show(figures: Sequence[Figure], *, as_json: bool) -> None:
    """Print figures, one per line."""
    for figure in figures:
        print(json.dumps(asdict(figure), ensure_ascii=False) if as_json else _line(figure), flush=True)


def percentile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def stay_on(core: int) -> None:
    """Keep this process, and those it starts, on one core; where the system cannot, say so."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > core:
        os.sched_setaffinity(0, {core})
    else:
        print(f"# not pinned to core {core}: server and load share all cores")


def _line(figure: Figure) -> str:
    text = f"{figure.name:52} {figure.value:>10,.{0 if figure.value >= 100 else 2}f} {figure.unit:10}"
    if figure.limit:
        text += f"  {figure.value / figure.limit:5.2f} of the limit ({figure.limit:,.0f})"
    return text + (f"  target {figure.target}" if figure.target else "")
