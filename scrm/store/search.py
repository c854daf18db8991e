"""Full-text search over what was said, from one character upwards.

SQLite indexes characters, PostgreSQL one- and two-grams.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Text, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY

from scrm.store import schema
from scrm.store.work import Noun

_entries = schema.entries

SQLITE_TABLE = """
CREATE VIRTUAL TABLE entries_search USING fts5(
  said, content='', columnsize=0, tokenize="unicode61 remove_diacritics 0 categories 'L* M* N* P* S* Co'"
)
"""
POSTGRESQL_FUNCTION = """
CREATE FUNCTION scrm_grams(said text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  letters text[] := string_to_array(lower(said), NULL);
  grams text[] := letters;
  before text := NULL;
  letter text;
BEGIN
  FOREACH letter IN ARRAY letters LOOP
    IF before IS NOT NULL THEN
      grams := grams || (before || letter);
    END IF;
    before := letter;
  END LOOP;
  RETURN array_remove(grams, ' ');
END
$$
"""
POSTGRESQL_INDEX = "CREATE INDEX ix_entries_said ON entries USING gin (scrm_grams(text)) WITH (fastupdate = on)"


_DELETE = "INSERT INTO entries_search(entries_search, rowid, said) VALUES ('delete', :id, :said)"


class Search(Noun):
    async def add(self, entries: Sequence[tuple[int, str]]) -> None:
        """Make entries findable: (id, text). On PostgreSQL the index does it by itself."""
        rows = [{"id": entry_id, "said": _spaced(said)} for entry_id, said in entries if said]
        if self._work.is_sqlite and rows:
            await self._work.run(text("INSERT INTO entries_search(rowid, said) VALUES (:id, :said)"), rows)

    async def replace(self, changed: Sequence[tuple[int, str, str]]) -> None:
        """Entries whose text changed: (id, earlier text, new text)."""
        if not self._work.is_sqlite:
            return
        # Row by row: an entry may be in the list more than once, and the index believes what it is told to delete.
        for entry_id, old, new in changed:
            if old:
                await self._work.run(text(_DELETE), {"id": entry_id, "said": _spaced(old)})
            await self.add([(entry_id, new)])

    async def customers(self, query: str, *, limit: int = 200) -> list[int]:
        """Customers of the newest entries that contain the query, newest first, without repeats."""
        c = _entries.c
        wanted = select(c.customer_id).where(c.customer_id.is_not(None), c.text.icontains(query, autoescape=True))
        if self._work.is_sqlite:
            matching = (
                select(text("rowid")).select_from(text("entries_search")).where(text("entries_search MATCH :said"))
            )
            phrase = '"' + _spaced(query).replace('"', '""') + '"'
            wanted = wanted.where(c.id.in_(matching.params(said=phrase)))
        else:
            grams = bindparam("grams", _grams(query), type_=ARRAY(Text))
            wanted = wanted.where(func.scrm_grams(c.text).op("@>")(grams))
        rows = await self._work.rows(wanted.order_by(c.id.desc()).limit(limit))
        return list(dict.fromkeys(row.customer_id for row in rows))


def _spaced(said: str) -> str:
    return " ".join(said.lower())


def _grams(query: str) -> list[str]:
    letters = query.lower()
    pairs = [letters[i : i + 2] for i in range(len(letters) - 1) if " " not in letters[i : i + 2]]
    return pairs or [letter for letter in letters if letter != " "]
