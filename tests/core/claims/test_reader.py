"""Quotes in whole sentences: the project's own list of utterances, and numbers that are no prices."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrm.core.claims import Approx, Kind, Quote, Stance, read_quotes
from scrm.core.timeline import Speaker

HERE = Path(__file__).parent


def _utterances(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (HERE / f"{name}_quotes.jsonl").read_text("utf-8").splitlines()]


LISTS = {name: _utterances(name) for name in ("own", "independent")}
ROWS = [row for rows in LISTS.values() for row in rows]
TRADES = {
    "家电",
    "汽车",
    "房产",
    "教育",
    "装修",
    "健身",
    "美容",
    "保险",
    "金融",
    "SaaS",
    "旅游",
    "酒店",
    "生鲜",
    "餐饮",
    "物流",
}


def _agrees(wanted: Mapping[str, object], found: Quote) -> bool:
    return (
        found.start < int(str(wanted["end"]))
        and int(str(wanted["start"])) < found.end
        and found.kind == wanted["kind"]
        and found.value == _decimal(wanted["value"])
        and found.value_max == _decimal(wanted.get("value_max"))
    )


def _decimal(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def test_the_lists_are_large_and_mixed_enough_to_mean_something():
    own = LISTS["own"]
    assert len(own) >= 1500
    for rows in LISTS.values():
        assert len(rows) >= 1000
        assert sum(row["hard_negative"] for row in rows) / len(rows) >= 0.37
        assert {row["style"] for row in rows} == {"typed", "spoken"}
        assert sum(row["style"] == "spoken" for row in rows) >= 150
    assert sum(row["hard_negative"] for row in own) / len(own) >= 0.4
    assert {row["domain"] for row in own} >= TRADES
    assert {quote["kind"] for row in own for quote in row["quotes"]} == {str(kind) for kind in Kind}
    assert len({row["text"] for row in ROWS}) == len(ROWS)


def test_every_label_of_the_lists_stands_in_its_text():
    for row in ROWS:
        assert row["hard_negative"] == (not row["quotes"]), row["id"]
        for quote in row["quotes"]:
            assert row["text"][quote["start"] : quote["end"]] == quote["span_text"], row["id"]
            assert quote["kind"] in set(Kind), row["id"]
            assert quote["stance"] in set(Stance), row["id"]


@pytest.mark.parametrize("name", LISTS)
def test_precision_and_recall_on_the_lists_of_utterances(name):
    wanted = found = right = 0
    for row in LISTS[name]:
        quotes = list(read_quotes(row["text"], Speaker(row["speaker"])))
        wanted, found = wanted + len(row["quotes"]), found + len(quotes)
        for quote in row["quotes"]:
            match = next((candidate for candidate in quotes if _agrees(quote, candidate)), None)
            if match is not None:
                quotes.remove(match)
                right += 1

    assert right / found >= 0.98
    assert right / wanted >= 0.98


@pytest.mark.parametrize("name", LISTS)
def test_at_most_one_in_a_hundred_utterances_without_a_price_is_taken_for_one(name):
    negatives = [row for row in LISTS[name] if row["hard_negative"]]
    flagged = [row["text"] for row in negatives if read_quotes(row["text"], Speaker(row["speaker"]))]

    assert len(flagged) / len(negatives) <= 0.01


@pytest.mark.parametrize(
    ("text", "kind", "value", "unit", "threshold"),
    [
        ("免费试用", Kind.PRICE, 0, None, None),
        ("充3000送500", Kind.GIFT, 500, None, 3000),
        ("已经给您降了五百", Kind.PRICE_CHANGE, -500, None, None),
        ("首付30%", Kind.DOWN_PAYMENT_RATIO, Decimal("0.3"), None, None),
        ("第二件半价", Kind.THRESHOLD_RATIO, Decimal("0.5"), "件", 2),
        ("2组减10元", Kind.THRESHOLD_OFF, 10, "组", 2),
        ("满99包邮", Kind.GIFT, None, None, 99),
        ("拍2组送1包", Kind.GIFT, 1, "包", 2),
        ("28元4包", Kind.PRICE, 28, "4包", None),
        ("一份499", Kind.UNIT_PRICE, 499, "份", None),
        ("便宜了5元", Kind.AMOUNT_OFF, 5, None, None),
        ("多加1元", Kind.PRICE_CHANGE, 1, None, None),
        ("好评返5元", Kind.REBATE, 5, None, None),
        ("返您20元差价", Kind.REFUND, 20, None, None),
        ("可以贷30万", Kind.LOAN, 300000, None, None),
        ("每个账号每月49", Kind.UNIT_PRICE, 49, "账号·月", None),
        ("月息六厘", Kind.INTEREST_RATE, Decimal("0.006"), "月", None),
        ("全场优惠15%", Kind.DISCOUNT_RATIO, Decimal("0.85"), None, None),
    ],
)
def test_the_conventions(text, kind, value, unit, threshold):
    (quote,) = read_quotes(text, Speaker.REP)

    assert (quote.kind, quote.value, quote.unit, quote.threshold) == (kind, value, unit, threshold)


@pytest.mark.parametrize(
    ("speaker", "text", "stance"),
    [
        (Speaker.REP, "X3给您3599", Stance.OFFER),
        (Speaker.REP, "如果一次买10台，可以做到3300一台", Stance.CONDITIONAL),
        (Speaker.REP, "下个月要涨到4299", Stance.FUTURE),
        (Speaker.REP, "以前是4599", Stance.PAST),
        (Speaker.REP, "我没说过3599这个价", Stance.NEGATED),
        (Speaker.REP, "新疆不包邮", Stance.NEGATED),
        (Speaker.REP, "京东上3899", Stance.COMPETITOR),
        (Speaker.CUSTOMER, "3999是吗", Stance.QUESTION),
        (Speaker.CUSTOMER, "3500行不行", Stance.COUNTER),
        (Speaker.CUSTOMER, "预算一两万", Stance.BUDGET),
        (Speaker.CUSTOMER, "别家才卖3200", Stance.COMPETITOR),
        (Speaker.CUSTOMER, "客服说的是3599", Stance.REPORTED),
        (Speaker.CUSTOMER, "我付了3999", Stance.REPORTED),
    ],
)
def test_stances(speaker, text, stance):
    (quote,) = read_quotes(text, speaker)

    assert quote.stance is stance


@pytest.mark.parametrize(
    ("text", "approx", "value_max"),
    [
        ("三千出头", Approx.ABOVE, None),
        ("将近五万", Approx.BELOW, None),
        ("大概3700", Approx.ABOUT, None),
        ("5000上下", Approx.ABOUT, None),
        ("不超过3000", Approx.AT_MOST, None),
        ("三万六起", Approx.AT_LEAST, None),
        ("几千块", Approx.VAGUE, None),
        ("3000到3500之间都有", Approx.EXACT, 3500),
        ("2-3万", Approx.EXACT, 30000),
        ("现在3999", Approx.EXACT, None),
    ],
)
def test_how_exactly_a_price_is_meant(text, approx, value_max):
    (quote,) = read_quotes(text, Speaker.REP)

    assert (quote.approx, quote.value_max) == (approx, value_max)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("3️⃣5️⃣9️⃣9️⃣给你", "3️⃣5️⃣9️⃣9️⃣"),
        ("价格 3 5 9 9 给你", "3 5 9 9"),
        ("这 款 59.9 元 2 罐", "59.9 元"),
        ("活动价３９９９元", "３９９９元"),
        ("¥599.00/台", "¥599.00"),
        ("大概250万左右吧", "250万左右"),
    ],
)
def test_offsets_are_code_points_of_the_raw_text(text, span):
    (quote,) = read_quotes(text, Speaker.REP)

    assert text[quote.start : quote.end] == span


def _numbers(*patterns: str) -> Iterator[st.SearchStrategy[str]]:
    return (st.from_regex(pattern, fullmatch=True) for pattern in patterns)


no_prices = st.one_of(
    *_numbers(
        r"我电话1[3-9][0-9]{9}",
        r"打我1[3-9][0-9] [0-9]{4} [0-9]{4}",
        r"座机0[2-9][0-9]{2}-[2-8][0-9]{7}",
        r"客服400-[0-9]{3}-[0-9]{4}",
        r"幺[三五八][一二三四五六七八九零]{9}",
        r"202[0-9]年(1[0-2]|[1-9])月([12][0-9]|[1-9])[日号]过来",
        r"(1[0-2]|[1-9])月([12][0-9]|[1-9])号上午(1[01]|[89])点半",
        r"202[0-9]-(0[1-9]|1[0-2])-([01][1-9])发货",
        r"(1[0-9]|2[0-3]|[1-9]):[0-5][0-9]开门",
        r"[3-9]点到1[0-2]点都在",
        r"等我([1-5][0-9]|[2-9])分钟",
        r"尺寸[1-9][0-9]{2}\*[1-9][0-9]{2}\*[1-9][0-9]{2}",
        r"长[1-9]米[1-9]宽[1-9]米[1-9]",
        r"面积[1-9][0-9]{1,2}平方米",
        r"容量[1-9][0-9]{2}毫升",
        r"距离[1-9][0-9]{0,2}公里",
        r"订单号[0-9]{12,18}",
        r"单号(SF|YT)[0-9]{13}",
        r"验证码[0-9]{4,6}",
        r"[1-9][0-9]?号楼[1-6]单元[1-9]0[1-4]",
        r"网址https://[a-z]{3,8}\.com/[0-9]{3,6}",
        r"192\.168\.[1-9][0-9]?\.[1-9][0-9]?",
        r"版本[1-9]\.[0-9]\.[0-9]{1,2}",
        r"电话1 ?[3-9]( ?[0-9]){9}",
        r"长宽高[1-9][0-9]{3} [1-9][0-9]{3} [1-9][0-9]{3}",
        r"[1-9][0-9]{2}乘[1-9][0-9]{2}的",
        r"报案号是P[0-9]{4} [0-9]{4} [0-9]{4}",
        r"[一二三四五]栋[一二三]单元[一二三四五六]零[一二三]",
        r"中山路[1-9][0-9]{1,2}号[1-9]栋[1-9]0[1-9]",
        r"(8|12|16)[加+](256|512)的内存",
        r"像素[1-9][0-9]00万",
        r"接口报错[45]0[0-9]",
        r"体脂从[23][0-9]降到[12][0-9]",
        r"我1[5-8][0-9]，[5-9][0-9]公斤",
        r"(304|316)不锈钢的",
        r"[0-9]{1,2}W-?[0-9]{2}的机油",
        r"左眼[1-5][0-9]{2}右眼[1-5][0-9]{2}",
        r"(十|[七八九])点四十过来",
        r"足金999的",
        r"版本[1-9]\.[0-9]{1,2}升到[1-9]\.[0-9]{1,2}",
        r"考了[5-9][0-9]分",
        r"宽[1-9][0-9]{2}高[1-9][0-9]{2}",
        r"转速[1-9][0-9]00转",
    )
)


@given(no_prices)
def test_telephones_dates_times_sizes_and_ids_are_no_prices(text):
    for speaker in (Speaker.REP, Speaker.CUSTOMER):
        assert read_quotes(text, speaker) == ()


@given(st.text(max_size=40))
def test_any_text_can_be_read(text):
    for quote in read_quotes(text, Speaker.CUSTOMER):
        assert 0 <= quote.start < quote.end <= len(text)


@pytest.mark.parametrize(
    ("speaker", "text", "quotes"),
    [
        ("agent", "口语外教260一堂", "unit_price 260 offer"),
        ("agent", "别墅380万一栋", "unit_price 3800000 offer"),
        ("agent", "活羊1100一头", "unit_price 1100 offer"),
        ("agent", "瓦工400一工", "unit_price 400 offer"),
        ("agent", "保洁120一回", "unit_price 120 offer"),
        ("agent", "民宿288一宿", "unit_price 288 offer"),
        ("agent", "三块二毛一斤", "unit_price 3.2 offer"),
        ("agent", "128一位含茶水，六位起九折", "unit_price 128 offer; threshold_ratio 0.9 offer"),
        ("agent", "两位同行九折", "threshold_ratio 0.9 offer"),
        ("agent", "三人成团八折", "threshold_ratio 0.8 offer"),
        ("agent", "首付两成就够，贷25年", "down_payment_ratio 0.2 offer; instalment_count 25 offer"),
        ("agent", "首付一成半起", "down_payment_ratio 0.15 offer"),
        ("agent", "首付二成五", "down_payment_ratio 0.25 offer"),
        ("agent", "一期还488，十期还完", "instalment 488 offer; instalment_count 10 offer"),
        ("agent", "民间的月息一分二", "interest_rate 0.012 offer"),
        ("agent", "利息三厘五", "interest_rate 0.0035 offer"),
        ("agent", "抽成一成", "fee_ratio 0.1 offer"),
        ("agent", "一个点位350", "unit_price 350 offer"),
        ("agent", "七八十一个", "unit_price 70 offer"),
        ("agent", "九百八十八，一毛都不赚您的", "price 988 offer"),
        ("agent", "拼单价39.9", "price 39.9 offer"),
        ("agent", "军人家属九折", "discount_ratio 0.9 offer"),
        ("agent", "明早起每斤加两块", "price_change 2 future"),
        ("agent", "599不是我报的，您再想想", "price 599 negated"),
        ("agent", "没有没有四万五这个价我从来没报过哈最低就是四万八", "price 45000 negated; price 48000 offer"),
        ("agent", "开盘那阵2.1万一平，现在1.7万", "unit_price 21000 past; unit_price 17000 offer"),
        ("agent", "99的早停了", "price 99 past"),
        ("agent", "元旦后恢复2380", "price 2380 future"),
        ("agent", "3999那是上个月的价", "price 3999 past"),
        ("agent", "再下两百", "amount_off 200 offer"),
        ("agent", "推荐一个奖200", "rebate 200 offer"),
        ("agent", "小订99可退", "deposit 99 offer"),
        ("agent", "八人间45，四人间70", "price 45 offer; price 70 offer"),
        ("customer", "高于8000的别发我", "price 8000 budget"),
        ("customer", "3500以上的不用发", "price 3500 budget"),
        ("customer", "四五万预算吧", "price 40000 budget"),
        ("customer", "3000封顶", "price 3000 budget"),
        ("customer", "对面店只收79，还不用等位", "price 79 competitor"),
        ("customer", "五百包圆行不", "price 500 counter"),
        ("customer", "9千，爽快点", "price 9000 counter"),
        ("customer", "让个2000呗，诚心买", "amount_off 2000 counter"),
        ("customer", "那再下500", "amount_off 500 counter"),
        ("customer", "三百可以伐", "price 300 counter"),
        ("customer", "1200，就这个数", "price 1200 counter"),
        ("customer", "便宜200就定", "amount_off 200 counter"),
        ("customer", "宣传单印的298", "price 298 reported"),
        ("customer", "2899没错吧", "price 2899 question"),
        ("customer", "再便宜300成不成", "amount_off 300 counter"),
        ("customer", "手里也就十来万", "price 100000 budget"),
        ("agent", "雅思班一期8800", "unit_price 8800 offer"),
        ("agent", "A座3楼，电话转8012", ""),
        ("agent", "今天排到38号，前面还有12位", ""),
        ("agent", "这一局输了，下一回再说", ""),
        ("agent", "一栋楼有18层", ""),
        ("agent", "您的保单金额100万是保额，不是保费哈，犹豫期15天", ""),
        ("customer", "看中1203和805两套", ""),
        ("customer", "微信零钱还剩1260.5，零钱通里5千多，转账提示超过单日上限了，怎么办？", ""),
        ("customer", "孩子6岁，上一年级", ""),
    ],
)
def test_everyday_ways_to_name_a_price(speaker, text, quotes):
    found = [
        f"{q.kind} {q.value.normalize():f} {q.stance}"
        for q in read_quotes(text, Speaker(speaker))
        if q.value is not None
    ]

    assert "; ".join(found) == quotes
