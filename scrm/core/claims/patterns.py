"""Word tables as regular expressions: pieces separated by blanks, so that a table can be read and added to."""

from __future__ import annotations

import re


def one_of(table: str) -> str:
    """A pattern, in a group of its own, that matches any piece of `table`; at one place the earlier piece wins."""
    return f"(?:{'|'.join(table.split())})"


def any_of(table: str) -> re.Pattern[str]:
    """`one_of`, compiled."""
    return re.compile(one_of(table))
