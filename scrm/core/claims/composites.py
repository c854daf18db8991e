"""Offers made of two numbers or of none: 满3000减300, 两件七五折, 充3000送500, 分12期, 包邮, 免息, 免费, 半价."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from scrm.core.claims.amounts import fold_share
from scrm.core.claims.measures import COUNTED
from scrm.core.claims.model import Kind
from scrm.core.claims.numbers import read_number
from scrm.core.claims.patterns import one_of

_Q = r"(?:[0-9零一二两三四五六七八九十百千万亿][0-9零一二两三四五六七八九十百千万亿wWkK.]*)"
_U = rf"(?:{COUNTED}|单|元|块钱?|[人位]同行|人团)"
_CHINESE_DIGITS = "零一二三四五六七八九"
_LONGEST = 480
_CASH = frozenset({"元", "块", "块钱"})
_REACH = one_of("""
    消费满? 充值满? 充满? 储值?满? 买满? 拍满? 购满? 订满? 办满? 存满? 交满? 续满? 报满? 预存 实付满? 下单满? 订单满?
    累计满?
    单笔满? 凑满? 满 够 达到?
""")
_FULL = (
    r"(?:储值满?|预存满?|充值满?"
    r"|(?:消费|充值|充|买|拍|购|订|办|存|交|续|报|实付|下单|订单|累计|单笔|凑)?(?:满|够|达到?))"
)
_MAY = r"(?:以上|及以上)?[,，]?(?:都|就|即|再|还|也)?(?:可以?|能|直接|立即|另外?|额外)?(?:享受?|用|领)?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Composite:
    """What a pattern found in a folded text; fields as in `Quote`."""

    kind: Kind
    start: int
    end: int
    value: Decimal | None
    unit: str | None = None
    threshold: Decimal | None = None
    cue: str = ""


_Reader = Callable[[re.Match[str]], "Composite | None"]


def find_composites(text: str, masked: Sequence[tuple[int, int]]) -> Iterator[Composite]:
    """Composite offers outside `masked`, none overlapping another; the order of `_PATTERNS` decides between them."""
    taken = list(masked)
    for trigger, pattern, read in _PATTERNS:
        if trigger.search(text) is None:
            continue
        for match in pattern.finditer(text):
            found = read(match)
            if found is not None and not any(a < found.end and found.start < b for a, b in taken):
                taken.append((found.start, found.end))
                yield found


def _number(text: str | None) -> Decimal | None:
    if text == "半":
        return Decimal("0.5")
    number = read_number(text, 0) if text else None
    return number.value if number is not None and text is not None and number.end == len(text) else None


def _threshold(match: re.Match[str]) -> tuple[Decimal | None, str | None]:
    unit = match["unit"]
    return _number(match["threshold"]), None if unit is None or unit in _CASH else unit.removesuffix(
        "同行"
    ).removesuffix("团")


def _threshold_off(match: re.Match[str]) -> Composite | None:
    threshold, unit = _threshold(match)
    value = _number(match["value"])
    if threshold is None or value is None or (unit is None and value >= threshold):
        return None
    return Composite(
        kind=Kind.THRESHOLD_OFF, start=match.start(), end=match.end(), value=value, threshold=threshold, unit=unit
    )


def _threshold_ratio(match: re.Match[str]) -> Composite | None:
    threshold, unit = _threshold(match)
    share = _share(match["share"])
    if threshold is None or share is None:
        return None
    return Composite(
        kind=Kind.THRESHOLD_RATIO, start=match.start(), end=match.end(), value=share, threshold=threshold, unit=unit
    )


def _share(text: str) -> Decimal | None:
    if text in {"半价", "对折"}:
        return Decimal("0.5")
    if text.startswith(("免", "0", "零")) and not text.endswith("折"):
        return Decimal(0)
    value = _digits(text.removesuffix("折"))
    return None if value is None else fold_share(value)


def _digits(text: str) -> Decimal | None:
    """七五 is 75 before 折, though it is no number elsewhere."""
    value = _number(text)
    if value is None and len(text) == 2 and all(c in _CHINESE_DIGITS for c in text):
        return Decimal(10 * _CHINESE_DIGITS.index(text[0]) + _CHINESE_DIGITS.index(text[1]))
    return value


def _gift(match: re.Match[str]) -> Composite | None:
    threshold, _ = _threshold(match)
    value = _number(match["value"])
    gift_unit = match["gift_unit"]
    if threshold is None or value is None:
        return None
    kind = Kind.REBATE if match["verb"].startswith("返") else Kind.GIFT
    return Composite(
        kind=kind,
        start=match.start(),
        end=match.end(),
        value=value,
        threshold=threshold,
        unit=None if gift_unit in _CASH else gift_unit,
    )


def _given(match: re.Match[str]) -> Composite | None:
    value = _number(match["value"])
    if value is None:
        return None
    start, end = match.span("value")[0], match.span("unit")[1]
    return Composite(kind=Kind.GIFT, start=start, end=end, value=value, unit=match["unit"], cue=match["verb"])


def _delivery(match: re.Match[str]) -> Composite:
    return Composite(
        kind=Kind.GIFT,
        start=match.start(),
        end=match.end(),
        value=None,
        threshold=_number(match["threshold"] or match["from"]),
    )


def _instalments(match: re.Match[str]) -> Composite | None:
    value = _number(match["value"])
    if value is None or not 1 < value <= _LONGEST:
        return None
    start = match.start("value")
    return Composite(kind=Kind.INSTALMENT_COUNT, start=start, end=match.end("unit"), value=value, unit=match["unit"])


def _nothing_of(kind: Kind, value: str = "0") -> _Reader:
    def read(match: re.Match[str]) -> Composite:
        return Composite(kind=kind, start=match.start(), end=match.end(), value=Decimal(value), cue=match[0])

    return read


def _compiled(trigger: str, pattern: str, read: _Reader) -> tuple[re.Pattern[str], re.Pattern[str], _Reader]:
    return re.compile(trigger), re.compile(pattern), read


_PATTERNS = (
    _compiled(
        "[减省惠宜抵降少-]",
        rf"每?{_REACH}\s?(?P<threshold>{_Q})(?P<unit>{_U})?{_MAY}(?:立减|直减|再减|减免|减掉?|优惠|便宜|立省|省"
        rf"|抵扣?|少|直降|降|-)\s?(?P<value>{_Q})(?:元|块钱?)?(?![折%个])",
        _threshold_off,
    ),
    _compiled(
        "[减惠宜]",
        rf"每?(?P<threshold>{_Q})(?P<unit>{_U})(?:立减|直减|再减|共?减|优惠|便宜)\s?(?P<value>{_Q})(?:元"
        rf"|块钱?)?(?![折%个])",
        _threshold_off,
    ),
    _compiled(
        "折|半价|第",
        rf"第(?P<threshold>{_Q})(?P<unit>{_U})(?:商品)?(?:可以?|就|也|只要|打|享受?|直接|算)?(?P<share>半价|对折"
        rf"|{_Q}折|免费|免单|[0零]元)",
        _threshold_ratio,
    ),
    _compiled(
        "折|半价",
        rf"(?:{_FULL}\s?(?P<threshold>{_Q})(?:(?P<unit>{_U})[^\W0-9零一二三四五六七八九十享打]{{0,3}}?)?起?{_MAY}(?:打|享)?)(?P<share>半价|对折|{_Q}折)(?![叠页旧扣])",
        _threshold_ratio,
    ),
    _compiled(
        "折|半价",
        rf"(?<![0-9.前第零一二两三四五六七八九十百])(?P<threshold>{_Q})(?!米[^起以])(?P<unit>{_U})(?:(?<![号日月年天周期级])起|成团|拼团)?{_MAY}(?:打"
        rf"|享)?(?P<share>半价|对折|{_Q}折)(?![叠页旧扣])",
        _threshold_ratio,
    ),
    _compiled(
        "[送赠返]",
        rf"每?{_REACH}\s?(?P<threshold>{_Q})(?P<unit>{_U})?[^，。,;!?0-9零一二两三四五六七八九十百千万]{{0,5}}?{_MAY}(?P<verb>加?送|加?赠送?|返现?还?)(?:您|你)?(?P<value>{_Q}|半)(?P<gift_unit>{_U})?(?![折%])",
        _gift,
    ),
    _compiled(
        "包|免|邮",
        rf"(?:(?:{_REACH}\s?(?P<threshold>{_Q})(?:{_U})?|(?P<from>{_Q})(?:{_U})?(?:起|以上)){_MAY}(?:全国|江浙沪"
        rf"|全部)?)?(?:不|没)?(?:包邮|免邮费?|免运费|包运费|包快递费?|包安装|包送货|包配送|包拆旧?"
        rf"|包(?:垃圾)?清运|包搬运|包上楼|包调试|包吊装)",
        _delivery,
    ),
    _compiled(
        "息|[率]",
        r"免利?息|无息|(?:不收|没有?|不要|不用|零|无)利息|(?<![0-9.])[0零](?:利息|利率|息)",
        _nothing_of(Kind.INTEREST_RATE),
    ),
    _compiled(
        "费",
        r"(?:免(?!费)|(?<![0-9.])[0零])(?:手续费|服务费|安装费|中介费|加盟费|佣金|上门费|年费|运费)"
        r"|(?<![0-9.])[0零](?:中介费)",
        _nothing_of(Kind.FEE),
    ),
    _compiled("首付", r"(?<![0-9.])[0零]首付", _nothing_of(Kind.DOWN_PAYMENT)),
    _compiled("免费", r"免费(?!电话|热线|客服|[Ww][Ii]-?[Ff][Ii])", _nothing_of(Kind.PRICE)),
    _compiled("半价|对折", r"半价|对折(?!叠)", _nothing_of(Kind.DISCOUNT_RATIO, "0.5")),
    _compiled(
        "[分期年月次]",
        rf"(?:分期?(?:成|为|付)?|(?:花呗|白条|信用卡|分期|期数|共|最长|最多|支持)(?:可以?|能|是|分|有"
        rf"|:)?(?![0-9一二三四五六七八九十]+年)|贷款?|按揭|供"
        rf"|[交缴还做](?=[0-9零一二两三四五六七八九十]+年))\s?(?P<value>{_Q})(?P<unit>期(?!进场|施工|建设|开发"
        rf"|上线|交付|发货|送货|培训|治疗|完成|验收|做|来做)|个月|年(?!级)|次(?=付|还|交|结))",
        _instalments,
    ),
    _compiled(
        "期|月",
        rf"(?<![第满0-9.])(?P<value>{_Q})(?P<unit>期|个月|年(?=免息|免利息|无息|[0零]利?息))(?:的)?(?=免息"
        rf"|免利息|无息|[0零]利?息|[0零]首付|分期|付清|还清|免手续费|的话|每期|月供)",
        _instalments,
    ),
    _compiled(
        "每期|首付|月供|分期|免息|利息",
        rf"(?<![第满0-9.一二三四五六七八九十])(?P<value>{_Q})(?P<unit>期)(?=[,，。;；]|$|每|月供)",
        _instalments,
    ),
    _compiled(
        "[交缴还付]",
        rf"(?<![第满0-9.一二三四五六七八九十])(?P<value>{_Q})(?P<unit>年|期|个月)(?=[交缴还付](?:完|清|满|费期)|慢慢还)",
        _instalments,
    ),
    _compiled(
        r"^(?!.*(?:利率|利息|存单|存款|定期|大额)).*(?:每年|一年|年[交缴存])",
        rf"(?<!定)[存](?P<value>{_Q})(?P<unit>年)(?![期利定])",
        _instalments,
    ),
    _compiled(
        "月供|首付|按揭",
        rf"(?<=[，,])(?P<value>{_Q})(?P<unit>年)(?=[，,。]|$)",
        _instalments,
    ),
    _compiled(
        "[送赠]",
        rf"(?P<verb>加送|再送|另送|还送|附赠|加赠|赠送|送|赠)(?:给)?(?:您|你)?(?:们)?(?P<value>{_Q}"
        rf"|半)(?P<unit>{COUNTED})(?!.{{0,3}}价值)(?![到过去来趟程下]|[^，。,]{{1,3}}到[0-9])",
        _given,
    ),
)
