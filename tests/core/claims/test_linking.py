"""Which product a quote is about, and how long it is said to hold."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from scrm.core.claims import Link, Stance, Turn, find_claims, find_products
from scrm.core.price_book import CHINA, PriceBook, Product
from scrm.core.timeline import Speaker

AT = datetime(2026, 6, 12, 10, 21, tzinfo=CHINA)
BOOK = PriceBook(
    (
        Product(sku="WM-X3", name="X3洗衣机", aliases=("X3", "洗衣机"), list_price=Decimal(3999)),
        Product(sku="FR-900", name="900对开门冰箱", aliases=("冰箱",), list_price=Decimal(6999)),
        Product(sku="Y-1", name="一年版", list_price=Decimal(998)),
        Product(sku="Y-9", name="终身版", list_price=Decimal(2998)),
        Product(sku="A-1702", name="A栋1702", aliases=("1702",), list_price=Decimal(4300000)),
        Product(sku="S-1", name="标准套餐", aliases=("套餐",), list_price=Decimal(500)),
        Product(sku="S-2", name="豪华套餐", aliases=("套餐",), list_price=Decimal(800)),
    )
)


def _linked(text: str, *context: str) -> list[tuple[Decimal | None, str | None, Link]]:
    turns = [Turn(speaker=Speaker.CUSTOMER, text=turn) for turn in context]
    return [(c.quote.value, c.sku, c.link) for c in find_claims(text, Speaker.REP, AT, BOOK, turns)]


def test_the_nearest_name_on_the_left_wins():
    assert _linked("一年版998，终身版2998") == [(998, "Y-1", Link.NAMED), (2998, "Y-9", Link.NAMED)]


def test_a_name_after_the_price_serves_when_there_is_none_before():
    assert _linked("3599的X3洗衣机") == [(3599, "WM-X3", Link.NAMED)]


def test_without_a_name_the_product_talked_of_just_before_is_meant():
    assert _linked("3599", "冰箱多少钱", "那X3呢") == [(3599, "WM-X3", Link.CONTEXT)]


def test_a_price_that_only_one_product_has_tells_the_product():
    assert _linked("到手价6999") == [(6999, "FR-900", Link.AMOUNT)]


def test_an_unknown_product_is_a_result_too():
    assert _linked("到手价123456") == [(123456, None, Link.UNKNOWN)]


def test_a_shared_alias_is_settled_by_the_price_or_not_at_all():
    assert _linked("套餐800") == [(800, "S-2", Link.NAMED)]
    assert _linked("套餐650") == [(650, None, Link.UNKNOWN)]


def test_a_number_inside_a_products_name_is_no_price():
    assert _linked("1702均价3.6万/平") == [(36000, "A-1702", Link.NAMED)]


def test_a_short_name_is_not_found_inside_a_longer_word():
    assert find_products("X30和21702", BOOK) == ()


def test_products_are_named_or_talked_of():
    assert find_products("X3和冰箱", BOOK) == ("WM-X3", "FR-900")
    assert find_products("这个呢", BOOK, [Turn(speaker=Speaker.CUSTOMER, text="冰箱有货吗")]) == ("FR-900",)


def test_yes_to_a_bid_is_a_claim_of_the_bid():
    bid = Turn(speaker=Speaker.CUSTOMER, text="X3洗衣机3500行不行")

    (claim,) = find_claims("可以的，按这个", Speaker.REP, AT, BOOK, [bid])

    assert (claim.quote.value, claim.sku, claim.quote.stance) == (3500, "WM-X3", Stance.OFFER)


@pytest.mark.parametrize("text", ["可以分期的", "不行", "这个真不可以", "好的我问一下领导再回复您", "您稍等"])
def test_anything_but_a_plain_yes_agrees_to_nothing(text):
    assert find_claims(text, Speaker.REP, AT, BOOK, [Turn(speaker=Speaker.CUSTOMER, text="X3 3500行不行")]) == ()


def test_a_price_for_some_buyers_carries_its_condition():
    claims = find_claims("X3 3999，会员3799", Speaker.REP, AT, BOOK)

    assert [claim.condition for claim in claims] == ["", "会员"]


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("3599元,到18号", "2026-06-18T23:59:59"),
        ("3599，18号截止", "2026-06-18T23:59:59"),
        ("3599，活动到9月10日", "2026-09-10T23:59:59"),
        ("3599，活动到1月5日", "2027-01-05T23:59:59"),
        ("3599，到5号", "2026-07-05T23:59:59"),
        ("3599今天内有效", "2026-06-12T23:59:59"),
        ("3599，仅限今天", "2026-06-12T23:59:59"),
        ("3599，明天截止", "2026-06-13T23:59:59"),
        ("3599，本周内", "2026-06-14T23:59:59"),
        ("3599，月底前", "2026-06-30T23:59:59"),
        ("3599，三天内有效", "2026-06-15T23:59:59"),
        ("3599，48小时内有效", "2026-06-14T10:21:00"),
        ("3599，活动到六月十八号", "2026-06-18T23:59:59"),
        ("3599，周日截止", "2026-06-14T23:59:59"),
        ("3599，下周三之前", "2026-06-17T23:59:59"),
        ("3599，下个月5号前有效", "2026-07-05T23:59:59"),
        ("3599，后天结束", "2026-06-14T23:59:59"),
        ("3599，本周内有效", "2026-06-14T23:59:59"),
        ("3599，到下个月底", "2026-07-31T23:59:59"),
        ("3599，优惠到今晚", "2026-06-12T23:59:59"),
    ],
)
def test_how_long_a_price_is_said_to_hold(text, until):
    claim = find_claims(text, Speaker.REP, AT, BOOK)[0]

    assert claim.valid_until == datetime.fromisoformat(until).replace(tzinfo=CHINA)
    assert claim.valid_until.tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("从下周一起3999", "2026-06-15T00:00:00"),
        ("明天开始恢复3999", "2026-06-13T00:00:00"),
        ("18号之后恢复3999", "2026-06-19T00:00:00"),
        ("18号起涨到3999", "2026-06-18T00:00:00"),
        ("过了18号就3999了", "2026-06-19T00:00:00"),
        ("下个月要涨到3999", "2026-07-01T00:00:00"),
        ("下周就恢复3999", "2026-06-15T00:00:00"),
        ("7月1号开始3999", "2026-07-01T00:00:00"),
        ("今晚8点开始3999", "2026-06-12T20:00:00"),
        ("今晚12点后恢复3999", "2026-06-13T00:00:00"),
        ("周六起3999", "2026-06-13T00:00:00"),
        ("活动到18号，之后3999", "2026-06-19T00:00:00"),
    ],
)
def test_from_when_a_price_is_said_to_hold(text, begins):
    claim = find_claims(text, Speaker.REP, AT, BOOK)[0]

    assert claim.valid_from == datetime.fromisoformat(begins).replace(tzinfo=CHINA)
    assert claim.valid_until is None


def test_each_price_has_its_own_time():
    now, later = find_claims("现在3599，到18号，之后3999", Speaker.REP, AT, BOOK)

    assert (now.valid_from, now.valid_until) == (None, datetime(2026, 6, 18, 23, 59, 59, tzinfo=CHINA))
    assert (later.valid_from, later.valid_until) == (datetime(2026, 6, 19, tzinfo=CHINA), None)


@pytest.mark.parametrize(
    "text", ["3599，明天到货", "3599，周末送货", "18号楼那套3599", "昨天开始3599", "3599，下周来拿"]
)
def test_other_days_are_no_beginning(text):
    assert find_claims(text, Speaker.REP, AT, BOOK)[0].valid_from is None


@pytest.mark.parametrize("text", ["3599，18号恢复原价", "3599，送到18号楼", "3599", "3599，18号开始"])
def test_other_days_are_no_end(text):
    assert find_claims(text, Speaker.REP, AT, BOOK)[0].valid_until is None


@pytest.mark.parametrize(
    ("text", "sku"),
    [
        ("一年版免费", "Y-1"),
        ("一年版是免费的", "Y-1"),
        ("一年版998，安装免费", None),
        ("一年版998元。可以先免费试用一周", None),
        ("一年版免费试用三天", None),
    ],
)
def test_what_is_free_is_a_products_price_only_where_it_says_so(text: str, sku: str | None) -> None:
    free = [found for found in _linked(text) if found[0] == 0]

    assert all(found[1] == sku for found in free)


def test_a_date_may_be_written_with_spaces() -> None:
    (claim,) = find_claims("一年版998，到 6 月 18 日截止", Speaker.REP, AT, BOOK)

    assert claim.valid_until == datetime(2026, 6, 18, 23, 59, 59, tzinfo=CHINA).astimezone(UTC)
