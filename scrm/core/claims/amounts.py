"""Finding amounts: a number with its currency, range and approximators, or a share (折, %, 成, 个点, 厘)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from scrm.core.claims.measures import COUNTED, counts_at
from scrm.core.claims.model import Approx
from scrm.core.claims.numbers import STARTS, Number, read_number


class Measure(StrEnum):
    """What a number is followed by."""

    MONEY = "money"
    BARE = "bare"
    FOLD = "折"
    PERCENT = "%"
    TENTH = "成"
    RATE = "厘"
    COUNT = "count"


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """A number in a folded text. `marked`: a currency stands beside it; `unit`: what a COUNT counts."""

    start: int
    end: int
    value: Decimal | None
    measure: Measure
    value_max: Decimal | None = None
    approx: Approx = Approx.EXACT
    marked: bool = False
    chinese: bool = False
    scaled: bool = False
    elliptic: bool = False
    unit: str = ""


_CURRENCY_BEFORE = re.compile(r"(?:¥|RMB|rmb|CNY|cny|人民币)\s?$")
_YUAN = re.compile(
    r"\s?(?:(?:元|圆)(?!素|旦|宵|气|组|件|老|首)|¥|RMB|rmb|CNY|人民币|[rR](?![A-Za-z]))(?:人民币|钱)?整?"
)
_JIAO = re.compile(
    r"\s?(?:(毛)(?!利|巾|衣|毯|笔|绒|孔|坯|病|肚|线|豆)|角(?!落|度|色|质|铁"
    r"|膜))(?:([0-9一二三四五六七八九])分?(?![0-9]))?钱?"
)
_FEN = re.compile(r"分(?:([0-9一二三四五六七八九]))?(?:钱|(?=一[^\W0-9]|每|/))")
_KUAI = re.compile(r"\s?(?:块(?!地|砖|表|屏|板|肉|糖|状|瓷|玻)|蚊(?![子帐香虫]))")
_KUAI_TAIL = re.compile(
    r"(?:零?([0-9一二两三四五六七八九])(?:[毛角]([0-9一二三四五六七八九])?分?|(?![0-9十百千])))|([0-9]{2})(?![0-9%折])"
)
_CN_ZHE = re.compile(r"([一二三四五六七八九])([一二三四五六七八九])折(?![叠页旧扣])")
_KUAI_END = re.compile(r"钱|整")
_DIGIT = {c: int(v) for c, v in zip("0123456789一二两三四五六七八九", "01234567891223456789", strict=True)}

_MORE = re.compile(r"[多来余](?!少)")
_AFTER = (
    (re.compile(r"(?:出头|多一?点儿?|多(?!少)|好几|开外|几(?=[块元]))"), Approx.ABOVE),
    (
        re.compile(r"(?:左右|上下|来[块元]?(?![店的找看,，。])|把(?=[块元])|前后(?=[，。,吧]|$)|的样子|附近)"),
        Approx.ABOUT,
    ),
    (re.compile(r"(?:以内|之内|以下|之下|封顶|内(?=[，。,的]|$))"), Approx.AT_MOST),
    (re.compile(r"(?:以上|起步价?|起(?!来|码|订|批|送|租|拍|飞|床|名|点|投|存|购|充))"), Approx.AT_LEAST),
    (re.compile(r"(?:都?不到(?![0-9店位家账]))"), Approx.BELOW),
)
_AFTER_BEGINS = frozenset("出一多好几开左上来把前的附以之下封内起都不")
_BEFORE = (
    (
        re.compile(r"(?:不超过|不高于|最多|最高|顶多|至多|不能超过?|别超过?|上限|封顶|控制在|不大于)[是为]?$"),
        Approx.AT_MOST,
    ),
    (re.compile(r"(?:不低于|不少于|至少|起码|最少|不小于)[要是得]?$"), Approx.AT_LEAST),
    (re.compile(r"(?:将近|接近|不到|低于|不足|少于|(?<!很)快要?到?|差不多到|没到|(?<!最)近)$"), Approx.BELOW),
    (re.compile(r"(?:超过|高于|多于|不止|大于|超)$"), Approx.ABOVE),
    (
        re.compile(
            r"(?:大概|大约|差不多|约|估计|左右|大致|平均|可能(?:要|得)?|(?<![现实正])在)(?:是|要|在|就是?|也就)?$"
        ),
        Approx.ABOUT,
    ),
)
_BEFORE_ENDS = frozenset("过于多顶限在高是为少码要得近到足超止概约计右致均能就快")
_TO = re.compile(r"\s?(?:[-~至—–]+|到)\s?")
_ZHE = re.compile(r"\s?折(?!叠|页|旧|腾|磨|返|损|射|断|合|算[成为]|扇|线|屏|纸|门|窗|梯|被)")
_PERCENT = re.compile(r"\s?(?:%|个(?:百分)?点|个百分点)(?!击|赞|位|评|餐)")
_TENTH = re.compile(
    r"成(?:半|(?P<part>[一二三四五六七八九])(?=[，。,的起]|$))?(?![立功为员本交长都人熟年果品像语]|不成|就(?![够行可能好提买上拿住发开搞过])|分(?![0-9一二三四五六七八九十]))"
)
_SHARE_BEGINS = re.compile(r"\s?[折%个成厘分]")
_NEVER = re.compile("(?!)")
_RATE = re.compile(
    r"(?:厘(?P<tenth>[0-9一二三四五六七八九半](?=[，。,是的吧吗啊]|左右|$))?|分(?P<more>[0-9一二三四五六七八九半](?=[，。,是的吧吗啊]|左右|$))|分(?=利|息|[，。,是的吧吗啊嘛、]|左右|$))(?!米)"
)
_SHARE_OF = re.compile(
    r"(?P<whole>[百千万])(?:分之|(?=[0-9一二三四五六七八九]))(?P<part>[0-9.]+"
    r"|[零一二两三四五六七八九十百]+(?:点[零一二三四五六七八九]+)?)"
)
_SHARE_TO = re.compile(
    r"(?:到|至|-|~)(?:[百千万]分之)?(?P<part>[0-9.]+"
    r"|[零一二两三四五六七八九十]+(?:点[零一二三四五六七八九]+)?)(?!号|月|年|日)"
)
_SHARES = {"百": Decimal(100), "千": Decimal(1000), "万": Decimal(10_000)}
# 9.95斤: nobody weighs so exactly; it is 9.9 for 5斤 with the gap lost.
_GLUED = re.compile(r"[0-9]{1,3}\.[89][2-9](?:斤|个|盒|包|袋|瓶|只|条|件|双|张|枚|罐|提|支|份)")
_LEAST = re.compile(rf"十{COUNTED}起[售订批卖拍购租]")
_PER_ONE = re.compile("[一每][^，。,0-9]{1,6}$")
_ABOUT_ONE = re.compile("[块毛](?:把|来)钱?")
_COUNT = re.compile(rf"\s?[多几来余]?{COUNTED}")


def find_amounts(text: str, masked: Sequence[tuple[int, int]]) -> Iterator[Amount]:
    """Every number of a folded text outside `masked`, left to right, with what it measures."""
    place = 0
    while (match := STARTS.search(text, place)) is not None:
        start = match.start()
        skip = _masked_until(start, masked)
        if skip is not None:
            place = skip
            continue
        amount = _read(text, start, masked)
        if amount is None:
            place = start + 1
            continue
        yield amount
        place = max(amount.end, start + 1)


def _masked_until(place: int, masked: Sequence[tuple[int, int]]) -> int | None:
    return next((end for start, end in masked if start <= place < end), None)


def _read(text: str, start: int, masked: Sequence[tuple[int, int]]) -> Amount | None:
    if not text[start].isascii():
        share = _share(text, start) or _two_digit_fold(text, start) or _about_one(text, start)
        if share is not None:
            return share
    number = read_number(text, start)
    if number is None:
        return None
    amount = _measured(text, start, number)
    connector = _TO.match(text, amount.end)
    if connector is not None and _masked_until(connector.end(), masked) is None:
        amount = _up_to(text, amount, number, connector.end()) or amount
    return _approximated(text, _with_currency_before(text, amount))


def _about_one(text: str, start: int) -> Amount | None:
    """块把钱, 毛来钱."""
    match = _ABOUT_ONE.match(text, start)
    if match is None:
        return None
    value = Decimal(1) if match[0][0] == "块" else Decimal("0.1")
    return Amount(start=start, end=match.end(), value=value, measure=Measure.MONEY, approx=Approx.ABOUT, marked=True)


def _share(text: str, start: int) -> Amount | None:
    """百分之三点六, 千分之五, 万2.5; as per cent."""
    match = _SHARE_OF.match(text, start)
    value = None if match is None else _decimal(match["part"])
    if match is None or value is None:
        return None
    if "点" in match["part"] and match["part"][-3:-2] != "点" and counts_at(text, match.end()):
        return _share(text[: match.end() - 1], start)
    scale = 100 / _SHARES[match["whole"]]
    upper = _SHARE_TO.match(text, match.end())
    top = None if upper is None else _decimal(upper["part"])
    if upper is None or top is None or top <= value:
        return Amount(start=start, end=match.end(), value=value * scale, measure=Measure.PERCENT)
    return Amount(start=start, end=upper.end(), value=value * scale, value_max=top * scale, measure=Measure.PERCENT)


def _decimal(text: str) -> Decimal | None:
    whole, _, fraction = text.partition("点")
    number = read_number(whole, 0)
    if number is None or number.value is None or number.end != len(whole):
        return None
    return number.value + (Decimal("0." + "".join(str(_DIGIT.get(c, 0)) for c in fraction)) if fraction else 0)


def _two_digit_fold(text: str, start: int) -> Amount | None:
    """八五折 is 85 %, never 8 to 5."""
    match = _CN_ZHE.match(text, start)
    if match is None:
        return None
    value = Decimal(_DIGIT[match[1]] * 10 + _DIGIT[match[2]])
    return Amount(start=start, end=match.end(), value=value, measure=Measure.FOLD)


def _measured(text: str, start: int, number: Number) -> Amount:
    plain = Amount(
        start=start,
        end=number.end,
        value=number.value,
        value_max=number.value_max,
        approx=number.approx,
        measure=Measure.BARE,
        chinese=number.chinese,
        scaled=number.scaled,
        elliptic=number.elliptic,
    )
    end = number.end
    if _SHARE_BEGINS.match(text, end) is None:
        return _money(text, plain) or _count(text, plain) or plain
    for pattern, measure in (
        (_ZHE, Measure.FOLD),
        (_PERCENT, Measure.PERCENT),
        (_TENTH if not number.scaled else _NEVER, Measure.TENTH),
        (_RATE, Measure.RATE),
    ):
        if (match := pattern.match(text, end)) is not None:
            value = None if plain.value is None else _of_share(plain.value, measure, match)
            return replace(plain, end=match.end(), measure=measure, value=value)
    return _money(text, plain) or _count(text, plain) or plain


def _of_share(value: Decimal, measure: Measure, match: re.Match[str]) -> Decimal:
    """一分二 is 12 per mille, 一成半 is one and a half tenths."""
    if measure is Measure.TENTH:
        return value + _tenths("半" if match[0].startswith("成半") else match["part"])
    if measure is not Measure.RATE:
        return value
    return value + _tenths(match["tenth"]) if match[0].startswith("厘") else 10 * (value + _tenths(match["more"]))


def _tenths(digit: str | None) -> Decimal:
    return Decimal(5 if digit == "半" else _DIGIT[digit] if digit else 0) / 10


def _money(text: str, plain: Amount) -> Amount | None:
    end, approx = plain.end, plain.approx
    more = _MORE.match(text, end)
    if more is not None and re.match(r"[块元万]", text[more.end() :]):
        end, approx = more.end(), Approx.ABOUT if more[0] == "来" else Approx.ABOVE
    elif text.startswith("把", end) and text[end + 1 : end + 2] in {"块", "元"}:
        end, approx = end + 1, Approx.ABOUT
    money = replace(plain, measure=Measure.MONEY, marked=True, approx=approx)
    if (match := _KUAI.match(text, end)) is not None:
        return _kuai(text, money, match.end())
    if (match := _YUAN.match(text, end)) is not None:
        tail = _JIAO_AFTER_YUAN.match(text, match.end())
        if tail is not None and money.value is not None:
            extra = Decimal(_DIGIT[tail[1]]) / 10 + Decimal(_DIGIT[tail[2]] if tail[2] else 0) / 100
            return replace(money, end=tail.end(), value=money.value + extra)
        return replace(money, end=match.end())
    if (match := _JIAO.match(text, end)) is not None and not plain.scaled:
        return _small_change(text, money, match)
    if (match := _FEN.match(text, end)) is not None and money.value is not None:
        tenth = Decimal(_DIGIT[match[1]]) / 10 if match[1] else 0
        return replace(money, end=match.end(), value=(money.value + tenth) / 100)
    return None


_JIAO_AFTER_YUAN = re.compile(r"([0-9一二三四五六七八九])[角毛](?:([0-9一二三四五六七八九])分)?")


def _kuai(text: str, money: Amount, end: int) -> Amount:
    """十二块五, 九块九毛九, 19块8; but 五块三斤 is five for three 斤."""
    if text[end : end + 1] == "半" and money.value is not None and not counts_at(text, end + 1):
        return replace(money, end=end + 1, value=money.value + Decimal("0.5"))
    tail = _KUAI_TAIL.match(text, end)
    counts = tail is not None and counts_at(text, tail.end())
    if tail is None or money.value is None or (counts and not tail[2]):
        match = _KUAI_END.match(text, end)
        return replace(money, end=match.end() if match else end)
    if tail[3]:
        return replace(money, end=tail.end(), value=money.value + Decimal(tail[3]) / 100)
    if counts and tail[2] == "一":
        return replace(money, end=tail.start(2), value=money.value + Decimal(_DIGIT[tail[1]]) / 10)
    cents = _DIGIT[tail[1]] * 10 + (_DIGIT[tail[2]] if tail[2] else 0)
    return replace(money, end=tail.end(), value=money.value + Decimal(cents) / 100)


def _small_change(text: str, money: Amount, match: re.Match[str]) -> Amount | None:
    if money.value is None or money.value >= 100:
        return None
    if match[1] is None and not (match[0].endswith("钱") or text[money.start].isdigit()):
        return None
    top = None if money.value_max is None else money.value_max / 10
    if match[2] and not counts_at(text, match.end()):
        return replace(money, end=match.end(), value=money.value / 10 + Decimal(_DIGIT[match[2]]) / 100)
    end = match.start(2) if match[2] else match.end()
    return replace(money, end=end, value=money.value / 10, value_max=top)


def _count(text: str, plain: Amount) -> Amount | None:
    match = _COUNT.match(text, plain.end)
    if match is None:
        return None
    if _GLUED.fullmatch(text, plain.start, match.end()):
        return replace(plain, end=plain.end - 1, value=Decimal(text[plain.start : plain.end - 1]))
    if plain.end - plain.start > 3 and _LEAST.match(text, plain.end - 1) and _PER_ONE.search(text, 0, plain.start):
        shorter = read_number(text[: plain.end - 1], plain.start)
        if shorter is not None:
            return replace(plain, end=shorter.end, value=shorter.value)
    return replace(plain, end=match.end(), measure=Measure.COUNT, unit=match[0].strip().lstrip("多几来余"))


def _up_to(text: str, low: Amount, number: Number, start: int) -> Amount | None:
    """The range from `low` to what is read at `start`; the lower end borrows the upper one's unit (2-3万)."""
    if low.value is None or low.value_max is not None or not STARTS.match(text, start):
        return None
    other = read_number(text, start)
    if other is None or other.value is None:
        return None
    high = _measured(text, start, other)
    if high.value is None:
        return None
    value = low.value
    if not number.scaled and other.scaled and not low.marked and value * other.scale < high.value and value < 1000:
        value *= other.scale
    if low.measure not in {Measure.BARE, high.measure} or value >= high.value:
        return None
    if high.measure is Measure.COUNT and low.measure is Measure.BARE and low.scaled:
        return None
    return replace(high, start=low.start, value=value, value_max=high.value_max or high.value, approx=low.approx)


def _with_currency_before(text: str, amount: Amount) -> Amount:
    match = _CURRENCY_BEFORE.search(text, max(0, amount.start - 4), amount.start)
    if match is None or amount.measure not in {Measure.BARE, Measure.MONEY, Measure.COUNT}:
        return amount
    end = amount.end - len(amount.unit) if amount.measure is Measure.COUNT else amount.end
    return replace(amount, start=match.start(), end=end, measure=Measure.MONEY, marked=True)


def _approximated(text: str, amount: Amount) -> Amount:
    for pattern, approx in _AFTER if text[amount.end : amount.end + 1] in _AFTER_BEGINS else ():
        if (match := pattern.match(text, amount.end)) is not None:
            currency = _YUAN.match(text, match.end()) or re.compile("块钱?").match(text, match.end())
            end = currency.end() if currency and approx is Approx.ABOVE else match.end()
            return replace(amount, end=end, approx=approx, marked=amount.marked or end != match.end())
    if amount.approx is not Approx.EXACT:
        return amount
    for pattern, approx in _BEFORE if text[amount.start - 1 : amount.start] in _BEFORE_ENDS else ():
        if pattern.search(text, max(0, amount.start - 7), amount.start) is not None:
            return replace(amount, approx=approx)
    return amount


def unglued(text: str, count: Amount) -> Amount | None:
    """The price of a price and a count written together: 次卡38810次 is 388 for 10. Only what ends in 8 or 9 is split,
    and only where nothing but a price fits: four digits or more, before a thing that is sold by the piece.
    """
    digits = text[count.start : count.end - len(count.unit)]
    if not digits.isdigit() or not 4 <= len(digits) <= 6 or count.unit not in _PIECEWISE or _STOCK.search(text):
        return None
    for width in (1, 2):
        price, number = digits[:-width], digits[-width:]
        if price[-1] in "89" and len(price) > 1 and number[0] != "0" and (width == 1 or number in _PACKS):
            return replace(count, end=count.start + len(price), value=Decimal(price), measure=Measure.BARE, unit="")
    return None


_PIECEWISE = frozenset("次只个斤盒袋包瓶箱片支节条张枚罐提双粒")
_PACKS = frozenset({"10", "12", "15", "20", "24", "30", "36", "48", "50"})
_STOCK = re.compile("库存|已售|销量|月销|播放|浏览|现货|还剩|共有|累计|每[天秒月日]|上限|限|充电|循环|做过|超过")


def fold_share(value: Decimal) -> Decimal | None:
    """The share to pay of a 折: 8 and 80 are 0.8, 85 is 0.85, 9.75 is 0.975."""
    share = value / 10 if value <= 10 else value / 100
    return share if 0 <= share <= 1 else None
