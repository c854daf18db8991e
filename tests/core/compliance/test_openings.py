"""The quick look before the search: it may only ever say no where the search finds nothing."""

from __future__ import annotations

import re

import pytest

from scrm.core.compliance import RULES
from scrm.core.compliance.openings import Openings
from tests.core.compliance.test_wording import HARMLESS, PROMISES

TEXTS = [*HARMLESS, *(text for texts in PROMISES.values() for text in texts), "", "好", "X3 3599", "别再发了"]


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.pattern], ids=lambda rule: rule.id)
def test_it_says_what_the_whole_search_says(rule):
    quick, whole = Openings(rule.pattern), re.compile(rule.pattern)

    assert [text for text in TEXTS if quick.match(text) != bool(whole.search(text))] == []


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("(?:包|保)(?:你|您)?过", "保您过"),
        ("a(?!b)c+d{2}", "accdd"),
        (r"一[0-9]{2,3}元", "一12元"),
        ("x|yz", "yz"),
        (r"价\.低", "价.低"),
        ("(?:甲|乙(?:丙|丁))+戊", "甲乙丙戊"),
        ("[甲乙]丙", "乙丙"),
    ],
)
def test_groups_classes_quantifiers_and_escapes_are_read(pattern, text):
    assert Openings(pattern).match(text)
    assert re.search(pattern, text)


def test_nothing_to_look_for_is_never_found():
    assert not Openings("").match("包过")
