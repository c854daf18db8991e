"""P2: the whole pipeline, raw event → timeline, tags, claims, checks, search, events; one process on one core.

    python benchmarks/p2_pipeline.py [--events 20000] [--rounds 3] [--json]

The bare limit writes the very rows that the pipeline wrote, in batches of 256 by the driver alone, and reads each
batch's raw events and identities; all it knows of understanding is to parse the payload.
"""

from __future__ import annotations

import asyncio
import statistics
import time

from figures import Figure, arguments, show, stay_on
from limits import Written, replay_rows, written_rows
from places import KINDS, fresh, fresh_hub
from talk import Said, events

from scrm.bootstrap import spare_the_collector
from scrm.hub import Arrival, Hub
from scrm.services.intake import READ_INBOX, accept
from scrm.worker import run_due

BATCH = 256
TARGETS = {"SQLite": "5,000", "PostgreSQL": "3,000"}


def main() -> None:
    given = arguments(__doc__, events=20_000, rounds=3)
    stay_on(0)
    said = list(events(given.events))
    for kind in KINDS:
        show([asyncio.run(_measure(kind, said, given.rounds))], as_json=given.json)


async def _measure(kind: str, said: list[Said], rounds: int) -> Figure:
    ours, bare = [], []
    for _ in range(rounds):
        took, rows = await _pipeline(kind, said)
        ours.append(len(said) / took)
        async with fresh(kind) as url:
            bare.append(len(said) / await replay_rows(url, rows, BATCH))
    return Figure(
        name=f"P2 pipeline on {kind}",
        value=statistics.median(ours),
        unit="events/s",
        limit=statistics.median(bare),
        target=TARGETS[kind],
    )


async def _pipeline(kind: str, said: list[Said]) -> tuple[float, Written]:
    """Seconds that reading the inbox took, and the rows it wrote."""
    async with fresh_hub(kind) as hub:
        await fill_inbox(hub, said)
        spare_the_collector()
        started = time.perf_counter()
        while await run_due(hub, [READ_INBOX]):
            pass
        took = time.perf_counter() - started
        return took, await written_rows(hub.db.url)


async def fill_inbox(hub: Hub, said: list[Said]) -> None:
    """Take raw events as the channels would, a thousand at a time."""
    for start in range(0, len(said), 1000):
        part = said[start : start + 1000]
        for channel in sorted({one.channel for one in part}):
            raws = tuple(one.raw for one in part if one.channel == channel)
            await accept(hub, Arrival(channel=channel, events=raws))


if __name__ == "__main__":
    main()
