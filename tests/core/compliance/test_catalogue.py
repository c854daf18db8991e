"""Putting rules in force: packs, options, versions."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scrm.core.compliance import PACKS, RULES, check, rules_of
from scrm.core.compliance.catalogue import PriceHigherLater
from scrm.core.errors import BadInput
from scrm.core.texts import LANGUAGES, ground_text, rule_name, translation


def _of(plan, rule):
    return next(one for one in rules_of(plan) if one.id == rule)


def test_every_rule_of_every_pack_is_in_force_unless_packs_are_named():
    assert {rule.id for rule in rules_of({})} == {rule for rules in PACKS.values() for rule in rules}
    assert {rule.id for rule in rules_of({"packs": ["education"]})} == {"promise-education"}


def test_a_rule_can_be_switched_off_or_brought_in_by_itself():
    plan = {"packs": ["education"], "rules": {"promise-education": {"enabled": False}, "kickback": {"enabled": True}}}

    assert [rule.id for rule in rules_of(plan)] == ["kickback"]


def test_parameters_are_read_by_their_type():
    rule = _of(
        {"rules": {"price-higher-later": {"stands_for": "10 days", "effective_from": "2026-07-01"}}},
        "price-higher-later",
    )

    assert isinstance(rule.rule, PriceHigherLater)
    assert rule.rule.stands_for == timedelta(days=10)
    assert rule.effective_from.isoformat() == "2026-07-01"


def test_severity_is_replaced_or_only_raised(talk):
    talk.rep("06-12 10:00", "我们班包过的,不走公司账也行")
    plan = {"rules": {"promise-education": {"at_least": "S4"}, "private-payment": {"severity": "S1"}}}

    found = {one.rule: one.severity.value for one in check(talk.statements, talk.book, rules_of(plan))}

    assert found == {"promise-education": "S4", "private-payment": "S1"}


def test_a_trade_adds_words_and_takes_some_out(talk):
    talk.rep("06-12 10:00", "包教包会,我倒贴")
    words = {"include": ["倒贴"], "exclude": ["包教包会"]}

    rules = rules_of({"packs": [], "rules": {"promise-education": {"enabled": True, **words}}})

    (finding,) = check(talk.statements, talk.book, rules)
    assert finding.facts["words"] == "倒贴"


@pytest.mark.parametrize(
    "options",
    [{"in_private": "S3"}, {"severity": "S4"}, {"include": ["倒贴"]}, {"effective_from": "2030-01-01"}],
)
def test_whatever_changes_a_rule_changes_its_version(options):
    changed = _of({"rules": {"promise-education": options}}, "promise-education")

    assert changed.version != _of({}, "promise-education").version
    assert changed.version == _of({"rules": {"promise-education": options}}, "promise-education").version


def test_a_finding_says_which_version_found_it(talk):
    talk.rep("06-12 10:00", "X3 4299")
    (finding,) = talk.check()

    assert finding.version == _of({}, "price-above-list").version


@pytest.mark.parametrize(
    ("plan", "named"),
    [
        ({"packs": ["fishing"]}, "packs"),
        ({"rules": {"price-lower": {}}}, "price-lower"),
        ({"rules": {"price-denied": {"looks_forward": "1 day"}}}, "looks_forward"),
        ({"rules": {"price-denied": {"looks_back": "soon"}}}, "price-denied.looks_back"),
        ({"rules": {"price-denied": {"severity": "S9"}}}, "price-denied.severity"),
        ({"rules": {"price-denied": {"include": ["没有"]}}}, "price-denied"),
        ({"rules": {"kickback": {"include": "回扣"}}}, "kickback.include"),
        ({"rules": {"kickback": {"enabled": "no"}}}, "kickback"),
    ],
)
def test_what_cannot_be_read_is_named(plan, named):
    with pytest.raises(BadInput, match=named):
        rules_of(plan)


def test_a_rule_says_nothing_about_what_was_said_before_it_came_into_force(talk):
    talk.rep("06-12 10:00", "我们班包过的")
    rules = rules_of({"rules": {"promise-education": {"effective_from": "2026-06-13"}}})

    assert check(talk.statements, talk.book, rules) == ()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_has_every_text_in_every_language(language):
    words = translation(language)

    for rule in RULES:
        assert rule_name(rule.id, language) != rule.id
        assert words.texts[rule.id]
        assert words.details[rule.id]
        assert ground_text(rule.ground, language) != rule.ground


def test_the_languages_have_the_same_texts():
    chinese, english = (translation(language) for language in ("zh-CN", "en"))

    for table in ("speakers", "words", "rules", "texts", "details", "grounds"):
        assert getattr(chinese, table).keys() == getattr(english, table).keys(), table
