"""Bare limits: the rows that the pipeline wrote, written again by the database's driver alone."""

from __future__ import annotations

import json
import sqlite3
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import asyncpg

Row: TypeAlias = Sequence[object]

# Table → the column that says which entry a row belongs to; None: rows are spread evenly over the batches.
_TABLES: Mapping[str, str | None] = {
    "customers": None,
    "identities": None,
    "entries": "id",
    "tags": "entry_id",
    "claims": "entry_id",
    "cases": None,
    "findings": "entry_id",
    "case_events": None,
    "events": None,
}


@dataclass(frozen=True, slots=True)
class Written:
    """What the pipeline wrote: column names and rows by table; the inbox it read and the ids of the finished tasks."""

    columns: Mapping[str, Sequence[str]]
    rows: Mapping[str, Sequence[Row]]


async def written_rows(url: str) -> Written:
    """All rows of the tables that the pipeline fills, and the inbox."""
    read = _read_sqlite if url.startswith("sqlite") else _read_postgresql
    found = {table: await read(url, table) for table in ["inbox", *_TABLES]}
    return Written({t: columns for t, (columns, _) in found.items()}, {t: rows for t, (_, rows) in found.items()})


async def replay_rows(url: str, written: Written, batch: int) -> float:
    """Write the same rows in batches, each in one transaction with its reads; the seconds it took."""
    batches = _in_batches(written, batch)
    return (
        _replay_sqlite(url, written, batches)
        if url.startswith("sqlite")
        else await _replay_postgresql(url, written, batches)
    )


def _in_batches(written: Written, size: int) -> list[dict[str, list[Row]]]:
    """The rows of each batch by table; `inbox` holds the raw events the batch reads."""
    ids = sorted(int(str(_column(written, "entries", "id", row))) for row in written.rows["entries"])
    number: dict[object, int] = {entry_id: place // size for place, entry_id in enumerate(ids)}
    batches: list[dict[str, list[Row]]] = [defaultdict(list) for _ in range(-(-len(ids) // size))]
    for table, by in _TABLES.items():
        for place, row in enumerate(written.rows[table]):
            own = number[_column(written, table, by, row)] if by else place * len(batches) // len(written.rows[table])
            batches[own][table].append(row)
    for place, row in enumerate(written.rows["inbox"]):
        batches[min(place // size, len(batches) - 1)]["inbox"].append(row)
    return batches


def _column(written: Written, table: str, name: str, row: Row) -> object:
    return row[written.columns[table].index(name)]


# --- SQLite ----------------------------------------------------------------------------------------------------------


async def _read_sqlite(url: str, table: str) -> tuple[list[str], list[Row]]:
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        found = connection.execute(f'SELECT * FROM "{table}"')
        return [column[0] for column in found.description], found.fetchall()


def _replay_sqlite(url: str, written: Written, batches: Sequence[Mapping[str, Sequence[Row]]]) -> float:
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "cache_size=-32000", "temp_store=MEMORY"):
        connection.execute(f"PRAGMA {pragma}")
    insert = {
        table: f'INSERT INTO "{table}" VALUES ({",".join("?" * len(names))})'
        for table, names in written.columns.items()
    }
    connection.execute("BEGIN")
    connection.executemany(insert["inbox"], written.rows["inbox"])
    tasks = [(row[0], "read_inbox", "k", row[0]) for row in written.rows["inbox"]]
    connection.executemany(_TASK.format("?, ?, ?, ?, '{}', 0, 0"), tasks)
    connection.execute("COMMIT")
    started = time.perf_counter()
    for rows in batches:
        ids = [row[0] for row in rows["inbox"]]
        places = ",".join("?" * len(ids))
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(f"UPDATE tasks SET lease = 'limit' WHERE id IN ({places})", ids)
        payloads = connection.execute(f"SELECT payload FROM inbox WHERE id IN ({places})", ids).fetchall()
        known = [row[1:3] for row in rows["identities"]]
        for (payload,) in payloads:
            _parse(str(payload))
        if known:
            among = ",".join("(?,?)" for _ in known)
            flat = [value for pair in known for value in pair]
            connection.execute(
                f"SELECT customer_id FROM identities WHERE (namespace, value) IN (VALUES {among})", flat
            ).fetchall()
        for table in _TABLES:
            connection.executemany(insert[table], rows[table])
        text = list(written.columns["entries"]).index("text")
        said = [(row[0], " ".join(str(row[text]))) for row in rows["entries"]]
        connection.executemany("INSERT INTO entries_search(rowid, said) VALUES (?, ?)", said)
        customer = list(written.columns["entries"]).index("customer_id")
        touched = {(row[0], row[customer]) for row in rows["entries"]}
        connection.executemany("UPDATE customers SET last_entry_id = ?, unread = unread + 1 WHERE id = ?", touched)
        connection.execute(f"DELETE FROM tasks WHERE id IN ({places})", ids)
        connection.execute("COMMIT")
    took = time.perf_counter() - started
    connection.close()
    return took


# --- PostgreSQL ------------------------------------------------------------------------------------------------------


async def _read_postgresql(url: str, table: str) -> tuple[list[str], list[Row]]:
    connection = await asyncpg.connect(url)
    found = await connection.fetch(f'SELECT * FROM "{table}"')
    await connection.close()
    return (list(found[0].keys()) if found else []), [tuple(row.values()) for row in found]


async def _replay_postgresql(url: str, written: Written, batches: Sequence[Mapping[str, Sequence[Row]]]) -> float:
    connection = await asyncpg.connect(url)
    await connection.copy_records_to_table("inbox", records=written.rows["inbox"])
    tasks = [(row[0], "read_inbox", "k", row[0]) for row in written.rows["inbox"]]
    await connection.executemany(_TASK.format("$1, $2, $3, $4, '{}', now(), now()"), tasks)
    started = time.perf_counter()
    for rows in batches:
        ids = [row[0] for row in rows["inbox"]]
        async with connection.transaction():
            await connection.execute("UPDATE tasks SET lease = 'limit' WHERE id = ANY($1)", ids)
            payloads = await connection.fetch("SELECT payload FROM inbox WHERE id = ANY($1)", ids)
            for (payload,) in payloads:
                _parse(payload)
            values = [row[2] for row in rows["identities"]]
            await connection.fetch("SELECT customer_id FROM identities WHERE value = ANY($1)", values)
            for table in _TABLES:
                if rows[table]:
                    await connection.copy_records_to_table(table, records=rows[table])
            customer = list(written.columns["entries"]).index("customer_id")
            touched = sorted({row[customer]: row[0] for row in rows["entries"] if row[customer] is not None}.items())
            await connection.execute(
                "UPDATE customers SET last_entry_id = t.e, unread = unread + 1"
                " FROM unnest($1::bigint[], $2::bigint[]) AS t(c, e) WHERE id = t.c",
                [one for one, _ in touched],
                [entry for _, entry in touched],
            )
            await connection.execute("DELETE FROM tasks WHERE id = ANY($1)", ids)
    took = time.perf_counter() - started
    await connection.close()
    return took


_TASK = "INSERT INTO tasks (id, kind, key, ref, payload, due_at, created_at) VALUES ({})"


def _parse(payload: str) -> object:
    return json.loads(payload) if payload.startswith("{") else payload.count("<")
