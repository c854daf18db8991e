"""What people read about a finding."""

from __future__ import annotations

import pytest

from scrm.core.compliance import RULES, Finding, Severity
from scrm.core.texts import LANGUAGES, render

FACTS = {
    "sku": "WM-X3",
    "price": "3999",
    "earlier_price": "3599",
    "earlier_at": "2026-06-12T02:21:00+00:00",
    "earlier_channel": "web",
    "earlier_speaker": "agent",
    "earlier_actor": "kf01",
    "earlier_until": "2026-06-18T15:59:59+00:00",
    "list_price": "3899",
    "floor": "4100",
    "expected": "3599.1",
    "condition": "会员",
    "promotion": "618",
    "promotion_price": "3599",
    "ends_at": "2026-06-18T15:59:59+00:00",
}
NAMES = {"web": "网页", "kf01": "张敏"}
VERDICTS = ("违规", "违法", "欺诈", "虚假", "错误", "fraud", "violation", "illegal", "false")


def _finding(rule: str, **facts: object) -> Finding:
    return Finding(rule=rule, severity=Severity.S3, entry_id="e2", facts=FACTS | facts)


def test_the_earlier_word_is_told_with_who_when_and_how_long():
    text = render(_finding("price-higher-later"), "zh-CN", NAMES)

    assert text == "网页客服 张敏 06-12 10:21 报价 3,599 元(到 06-18 有效)；这里是 3,999 元"


def test_ranges_and_units_are_told():
    finding = _finding(
        "price-higher-later", price=["30000", ""], earlier_price=["15000", "18000"], unit="平", earlier_until=None
    )

    assert render(finding).endswith("报价 15,000–18,000 元/平；这里是 30,000 起 元/平")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("rule", [rule.id for rule in RULES])
def test_every_rule_has_a_factual_text_in_every_language(rule, language):
    text = render(_finding(rule), language, NAMES)

    assert text
    assert "{" not in text
    assert not [word for word in VERDICTS if word in text]
