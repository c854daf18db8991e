"""The examples of the reference page are true."""

from __future__ import annotations

import doctest
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "claims.md"


def test_the_examples_of_the_page_give_what_it_shows():
    outcome = doctest.testfile(str(PAGE), module_relative=False, encoding="utf-8")

    assert outcome.attempted >= 10
    assert outcome.failed == 0
