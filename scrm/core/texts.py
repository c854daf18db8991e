"""Texts of findings for people, in Chinese and English: facts only, never a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from scrm.core.compliance import Finding
from scrm.core.price_book import CHINA
from scrm.core.timeline import Json

LANGUAGES = ("zh-CN", "en")

_SPEAKERS = {
    "zh-CN": {"rep": "销售", "agent": "客服", "bot": "机器人", "broadcast": "群发消息", "customer": "客户"},
    "en": {
        "rep": "sales rep",
        "agent": "service agent",
        "bot": "bot",
        "broadcast": "broadcast",
        "customer": "customer",
    },
}
_TEMPLATES = {
    "zh-CN": {
        "price-higher-later": "{who} {when} 报价 {earlier}{until}；这里是 {price}",
        "price-false-expiry": "说活动已结束；价目表里 {promotion} 到 {day} 有效，价格 {promotion_price}",
        "price-expired-promotion": "{promotion} 已于 {day} 结束；这里仍报 {price}",
        "price-above-list": "标价 {list_price}；这里是 {price}",
        "price-below-floor": "该角色最低可报 {floor}；这里是 {price}",
        "price-denied": "{who} {when} 报价 {earlier}",
        "price-reported": "客户提到的 {price} 在记录和价目表里都没有",
        "price-condition-missing": "{price} 是“{condition}”的价格，这里没有说明条件",
        "price-arithmetic": "按所说的折扣应为 {expected}；这里是 {price}",
        "until": "(到 {day} 有效)",
        "told_to": " 对同一家庭的{member}",
        "promotion": "活动",
        "money": "{amount} 元",
        "per": "{amount} 元/{unit}",
        "range": "{low}–{high}",
        "at_least": "{low} 起",
    },
    "en": {
        "price-higher-later": "{who} quoted {earlier} on {when}{until}; here it is {price}",
        "price-false-expiry": "Says the promotion is over; {promotion} runs until {day} at {promotion_price}",
        "price-expired-promotion": "{promotion} ended on {day}; here it is still quoted at {price}",
        "price-above-list": "The list price is {list_price}; here it is {price}",
        "price-below-floor": "The lowest price for this role is {floor}; here it is {price}",
        "price-denied": "{who} quoted {earlier} on {when}",
        "price-reported": "The customer cites {price}, which is neither on file nor in the price book",
        "price-condition-missing": "{price} is the price for “{condition}”; the condition is not named here",
        "price-arithmetic": "The discount named makes {expected}; here it is {price}",
        "until": " (valid until {day})",
        "told_to": " to {member} of the same household",
        "promotion": "the promotion",
        "money": "CNY {amount}",
        "per": "CNY {amount} per {unit}",
        "range": "{low}–{high}",
        "at_least": "from {low}",
    },
}

_RULES = {
    "zh-CN": {
        "price-higher-later": "后报价高于先报价",
        "price-false-expiry": "活动未结束却称已结束",
        "price-expired-promotion": "报了已结束的活动价",
        "price-above-list": "报价高于标价",
        "price-below-floor": "报价低于权限底价",
        "price-denied": "与已报价格的说法不一致",
        "price-reported": "客户提到的报价无记录",
        "price-condition-missing": "未说明价格条件",
        "price-arithmetic": "折扣与价格对不上",
    },
    "en": {
        "price-higher-later": "Later quote above an earlier one",
        "price-false-expiry": "Promotion said to be over while it runs",
        "price-expired-promotion": "Promotion quoted after its end",
        "price-above-list": "Quote above the list price",
        "price-below-floor": "Quote below the role's floor",
        "price-denied": "Denial of a quote on file",
        "price-reported": "Customer cites a quote that is not on file",
        "price-condition-missing": "Price without its condition",
        "price-arithmetic": "Discount and price do not agree",
    },
}


def rule_name(rule: str, language: str = "zh-CN") -> str:
    """What a rule is called, without a verdict; its id when it has no name."""
    return _RULES.get(language, _RULES["zh-CN"]).get(rule, rule)


def render(finding: Finding, language: str = "zh-CN", names: Mapping[str, str] | None = None) -> str:
    """The finding in one sentence. `names` gives channels and actors the names people know them by."""
    templates = _TEMPLATES.get(language, _TEMPLATES["zh-CN"])
    facts = finding.facts
    return templates[finding.rule].format(
        who=_who(facts, language, names or {}),
        when=_local(facts.get("earlier_at"), "%m-%d %H:%M") + _told_to(facts, templates),
        earlier=_money(facts.get("earlier_price"), facts.get("unit"), templates),
        until=_until(facts.get("earlier_until"), templates),
        price=_money(facts.get("price"), facts.get("unit"), templates),
        day=_local(facts.get("ends_at") or facts.get("ended_at"), "%m-%d"),
        condition=facts.get("condition") or "",
        promotion=facts.get("promotion") or templates["promotion"],
        **{
            name: _money(facts.get(name), None, templates)
            for name in ("list_price", "floor", "promotion_price", "expected")
        },
    )


def _who(facts: Mapping[str, Json], language: str, names: Mapping[str, str]) -> str:
    """网页客服 张敏; 微信客服 张敏 rather than 微信客服客服 张敏; 微信客服·销售 林晓雨."""
    words = _SPEAKERS.get(language, _SPEAKERS["zh-CN"])
    channel, actor = str(facts.get("earlier_channel", "")), str(facts.get("earlier_actor", ""))
    where, speaker = names.get(channel, channel), words.get(str(facts.get("earlier_speaker")), "")
    if language == "en":
        speaker = f" {speaker}"
    elif where.endswith(speaker):
        speaker = ""
    elif where.endswith(tuple(words.values())):
        speaker = f"·{speaker}"
    return f"{where}{speaker} {names.get(actor, actor)}".strip()


def _told_to(facts: Mapping[str, Json], templates: Mapping[str, str]) -> str:
    """The member of the household who was told the earlier word, where it was another one."""
    return templates["told_to"].format(member=facts["told_to"]) if facts.get("told_to") else ""


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
