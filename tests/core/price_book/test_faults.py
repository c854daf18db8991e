"""What cannot be in a price book, and what is worth a second look."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from scrm.core.price_book import CHINA, PriceBook, Product, Promotion
from scrm.core.price_book.faults import doubts_about, faults_of
from scrm.core.price_book.words import fault_text, field_name

NOW = datetime(2026, 6, 12, 12, tzinfo=CHINA)


def promotion(start: int, end: int, **more: object) -> Promotion:
    fields = {"name": f"{start}号", "price": Decimal(80), **more}
    return Promotion(
        starts_at=datetime(2026, 6, start, tzinfo=CHINA), ends_at=datetime(2026, 6, end, 23, tzinfo=CHINA), **fields
    )


def product(**fields: object) -> Product:
    return Product(**{"sku": "A", "name": "甲", "list_price": Decimal(100), **fields})


@pytest.mark.parametrize(
    ("wrong", "field", "reason"),
    [
        ({"list_price": Decimal(-1)}, "标价", "负数"),
        ({"list_price": Decimal(10) ** 10}, "标价", "超过 999,999,999"),
        ({"list_price": Decimal("0.00001")}, "标价", "小数超过 4 位"),
        ({"sku": " "}, "商品编码", "必须填写"),
        ({"name": "甲" * 201}, "名称", "最多 200 个字"),
        ({"name": "甲\x00"}, "名称", "控制字符"),
        ({"aliases": ("甲、乙",)}, "别名", "分隔别名"),
        ({"floors": {"rep": Decimal(101)}}, "底价（销售）", "底价 101 高于标价 100"),
        ({"floors": {"rep": Decimal(-5)}}, "底价（销售）", "负数"),
        ({"promotions": (promotion(1, 5, price=Decimal(120)),)}, "活动价", "活动价 120 高于标价 100"),
        ({"promotions": (promotion(5, 1),)}, "结束时间", "不晚于开始"),
        ({"promotions": (promotion(1, 5, price=None),)}, "活动价", "只填一个"),
        ({"promotions": (promotion(1, 5, ratio=Decimal("0.8")),)}, "活动价", "只填一个"),
        ({"promotions": (promotion(1, 5, price=None, ratio=Decimal("8.5")),)}, "折扣", "不是 0 到 1 之间"),
        ({"promotions": (promotion(1, 5), promotion(5, 9))}, "开始时间", "与活动“1号”"),
        ({"valid_from": NOW, "valid_to": NOW}, "有效至", "不晚于开始"),
    ],
)
def test_what_cannot_be_recorded_is_told_with_its_field_and_reason(wrong, field, reason):
    (fault,) = faults_of(product(**wrong))

    assert field_name(fault.field, "zh-CN") == field
    assert reason in fault_text(fault, "zh-CN")
    assert fault_text(fault, "en") != fault_text(fault, "zh-CN")


def test_all_faults_are_told_at_once():
    found = faults_of(product(name="", list_price=Decimal(-1), promotions=(promotion(5, 1, price=Decimal(-2)),)))

    assert [fault.code for fault in found] == ["missing", "negative", "negative", "ends_before_start"]


def test_promotions_for_other_people_may_overlap():
    members = promotion(1, 9, price=Decimal(70), condition="会员")

    assert faults_of(product(promotions=(promotion(1, 9), members))) == ()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"aliases": ("小白",)}, "shared_alias"),
        ({"aliases": ("x3洗衣机",)}, "shared_alias"),
        ({"valid_from": NOW - timedelta(days=3)}, "corrects_past"),
        ({"valid_to": NOW + timedelta(days=20)}, "covers_later"),
        ({"floors": {"boss": Decimal(1)}}, "unknown_role"),
        ({"floors": {"rep": Decimal(90)}, "promotions": (promotion(1, 20),)}, "promotion_below_floor"),
    ],
)
def test_what_may_be_right_but_is_worth_a_look_is_told(change, code):
    other = Product(sku="B", name="X3洗衣机", aliases=("小白",), list_price=Decimal(1))
    planned = product(valid_from=NOW + timedelta(days=5))
    book = PriceBook((product(), other, planned))

    assert [fault.code for fault in doubts_about(product(**change), book, NOW)] == [code]
    assert faults_of(product(**change)) == ()
