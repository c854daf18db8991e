"""Texts of findings for people, in Chinese and English: facts only, never a verdict."""

from __future__ import annotations

import pkgutil
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from scrm.core.compliance import Finding
from scrm.core.price_book import CHINA
from scrm.core.timeline import Json

LANGUAGES = ("zh-CN", "en")


@dataclass(frozen=True, slots=True)
class Translation:
    """One language's words about findings, as its file holds them. `texts` and `details` go by rule, or by
    `rule.variant` where a rule objects to several things.
    """

    speakers: Mapping[str, str]
    words: Mapping[str, str]
    rules: Mapping[str, str]
    texts: Mapping[str, str]
    details: Mapping[str, str]
    grounds: Mapping[str, str]
    remedies: Mapping[str, str]


@lru_cache(maxsize=len(LANGUAGES))
def translation(language: str) -> Translation:
    """The words of a language; Chinese for one there is no file of."""
    known = language if language in LANGUAGES else LANGUAGES[0]
    content = pkgutil.get_data(__name__, f"{known}.toml")
    assert content is not None
    return Translation(**tomllib.loads(content.decode()))


def rule_name(rule: str, language: str = "zh-CN") -> str:
    """What a rule is called, without a verdict; its id when it has no name."""
    return translation(language).rules.get(rule, rule)


def ground_text(ground: str, language: str = "zh-CN") -> str:
    """The law's article or the house rule behind a rule's `ground`; the id when there is no text."""
    return translation(language).grounds.get(ground, ground)


def render(finding: Finding, language: str = "zh-CN", names: Mapping[str, str] | None = None) -> str:
    """The finding in one sentence, for the rep. `names` gives channels and actors the names people know them by."""
    told = translation(language)
    return _filled(told.texts, told, finding, language, names or {})


def explain(finding: Finding, language: str = "zh-CN", names: Mapping[str, str] | None = None) -> str:
    """The finding for the auditor: what was compared with what."""
    told = translation(language)
    return _filled(told.details, told, finding, language, names or {})


def suggest_remedy(finding: Finding, language: str = "zh-CN", names: Mapping[str, str] | None = None) -> str:
    """What could be done about the finding if it holds: texts go by rule, or by the rule's first word."""
    told, rule = translation(language), finding.rule
    text = told.remedies.get(rule) or told.remedies.get(rule.partition("-")[0]) or told.remedies["other"]
    return _filled({rule: text}, told, finding, language, names or {})


def _filled(
    templates: Mapping[str, str], told: Translation, finding: Finding, language: str, names: Mapping[str, str]
) -> str:
    facts = finding.facts
    template = templates.get(f"{finding.rule}.{facts.get('variant')}") or templates[finding.rule]
    return template.format(
        who=_who(facts, told, language, names),
        when=_local(facts.get("earlier_at"), "%m-%d %H:%M") + _told_to(facts, told.words),
        recalled_when=_local(facts.get("recalled_at"), "%m-%d %H:%M"),
        earlier=_money(facts.get("earlier_price"), facts.get("unit"), told.words),
        until=_until(facts.get("earlier_until"), told.words),
        price=_money(facts.get("price"), facts.get("unit"), told.words),
        day=_local(facts.get("ends_at") or facts.get("ended_at"), "%m-%d"),
        promotion=facts.get("promotion") or told.words["promotion"],
        what=told.words.get(str(facts.get("what")), ""),
        **{name: facts.get(name, "") for name in _PLAIN},
        **{name: _money(facts.get(name), None, told.words) for name in _MONEY},
    )


_PLAIN = ("condition", "words", "other", "share", "masked", "agreed")
_MONEY = ("list_price", "floor", "promotion_price", "expected", "total")


def _who(facts: Mapping[str, Json], told: Translation, language: str, names: Mapping[str, str]) -> str:
    """网页客服 张敏; 微信客服 张敏 rather than 微信客服客服 张敏; 微信客服·销售 林晓雨."""
    words = told.speakers
    channel, actor = str(facts.get("earlier_channel", "")), str(facts.get("earlier_actor", ""))
    where, speaker = names.get(channel, channel), words.get(str(facts.get("earlier_speaker")), "")
    if language == "en":
        speaker = f" {speaker}"
    elif where.endswith(speaker):
        speaker = ""
    elif where.endswith(tuple(words.values())):
        speaker = f"·{speaker}"
    return f"{where}{speaker} {names.get(actor, actor)}".strip()


def _told_to(facts: Mapping[str, Json], words: Mapping[str, str]) -> str:
    """The member of the household who was told the earlier word, where it was another one."""
    return words["told_to"].format(member=facts["told_to"]) if facts.get("told_to") else ""


def _local(value: Json, pattern: str) -> str:
    return datetime.fromisoformat(value).astimezone(CHINA).strftime(pattern) if isinstance(value, str) else ""


def _until(value: Json, templates: Mapping[str, str]) -> str:
    return templates["until"].format(day=_local(value, "%m-%d")) if value else ""


def _money(value: Json, unit: Json, templates: Mapping[str, str]) -> str:
    if isinstance(value, str):
        amount = _grouped(value)
    elif isinstance(value, list | tuple) and len(value) == 2:
        low, high = _grouped(str(value[0])), _grouped(str(value[1]))
        amount = templates["range" if high else "at_least"].format(low=low, high=high)
    else:
        amount = "?"
    return templates["per" if unit else "money"].format(amount=amount, unit=unit)


def _grouped(value: str) -> str:
    return f"{Decimal(value).normalize():,f}" if value else ""
