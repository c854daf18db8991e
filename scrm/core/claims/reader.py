"""Reading quotes from one text: fold, mask, take composites, then read every amount that is left."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from scrm.core.claims.amounts import Amount, Measure, find_amounts
from scrm.core.claims.composites import Composite, find_composites
from scrm.core.claims.cues import WEAK, Cue, Family, classify, left_cue, right_cue
from scrm.core.claims.folding import Folded, fold
from scrm.core.claims.masks import spans_of_no_money
from scrm.core.claims.model import Approx, Kind, Quote
from scrm.core.claims.stance import Place, stance_of
from scrm.core.claims.units import bundle_after, bundle_before, unit_after, unit_before
from scrm.core.timeline import Speaker

_TRIGGER = re.compile(
    "[0-9０-９零〇一二两三四五六七八九十百千万壹贰叁肆伍陆柒捌玖拾佰仟几廿卅]|免费|免邮|免息|包邮|包安装|半价|对折|免运费|包运费|无息|\u20e3"
)
_STOPS = re.compile(r"[，。！？；,!?;\n]")
_OPEN_RIGHT = re.compile(
    r"$|[，。！？；、,.!?;:~～…)\]】」\"'\s+\-/（(]|[^\w]|吧|哦|啊|呢|呀|嘛|了|哈|噢|喔|哟|咯|啦|吗|么|嗯|额|哎|的(?![0-9A-Za-z人时学员])|[您你](?!好)|给|拿|带|包[邮干安含送教您]|落地|搞定|做|能|可|就|都|起|左右|以|含|不|到手|一口价|一[套台个件份张位节次平斤年月天]|每|那|这|全|整|封|打|送|减"
    r"|[券折拍]后|卖|成交|怎|行|是|多|出头|上下|买|定|走|要|我|真|够|也|还|已|太|有点|和|或|跟|加|呗|哇|嗷|贵|便宜|划算|之间|到|至|左|先|再|然后|税|未税|搞|直接|现在|今天|亲|姐|哥|老板|元|块|比|刚|嘞|哩|拉|开|办|入手|搬|抱|提|领|签|OK|ok|好|如|但|因为|所以|当|即|随|交|付|刷|转|下来|下单|看|怕|其|只|最|里|打包|走起|拍|成|咋|同意|交个|图|另|外|左右"
)
_NEVER_RIGHT = re.compile(
    r"到货|到店|到家|到底|以后|以前|起床|不见|和尚|成都|开头|开始|多家|多名|多位|多人|多种|多个|多次|多款|多平|走路|提高|里面|当时"
)
_COUNTS_LEFT = re.compile(
    r"(?:第|共有|前|排|编|码|号|NO|No|no|#|@|楼|幢|栋|座|穿|高|宽|深|厚|重|满分|得|龄|超级|TOP|Top|top|在第|型|代|约有|共计有|[A-Za-z])[.:：]?\s?$"
)
_SMALL = Decimal(100)
_STORAGE = frozenset(map(Decimal, (256, 512, 1024)))
_ENDS_LIKE_A_PRICE = re.compile(r"[0-9]\.(?:9|8|99|88|90|80)$")
_PRICE_TALK = re.compile(r"买|卖|价|钱|贵|便宜|拍下|下单|优惠|活动|打折|划算|成交|包邮|[元块]|原来|批发|拿货|多少")


def read_quotes(text: str, speaker: Speaker, *, masked: Sequence[tuple[int, int]] = ()) -> tuple[Quote, ...]:
    """Every price and promise in `text`, in order, with code-point offsets into it.

    `masked` are further spans that hold no price (names of products with numbers in them). The text may be typed, a call's
    transcript without punctuation, or disguised (emoji digits, full-width, 三九九九).
    """
    if _TRIGGER.search(text) is None:
        return ()
    folded = fold(text)
    hidden = [*spans_of_no_money(folded.text), *_folded_spans(folded, masked)]
    composites = list(find_composites(folded.text, hidden))
    taken = [*hidden, *((found.start, found.end) for found in composites)]
    found = [(c.start, _composite_quote(c, folded, speaker)) for c in composites]
    found += _amount_quotes(folded, taken, composites, speaker)
    return tuple(quote for _, quote in sorted(found, key=lambda pair: pair[0]))


def _folded_spans(folded: Folded, spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    if folded.starts is None:
        yield from spans
        return
    for start, end in spans:
        inside = [place for place, raw in enumerate(folded.starts) if start <= raw < end]
        if inside:
            yield inside[0], inside[-1] + 1


def _composite_quote(found: Composite, folded: Folded, speaker: Speaker) -> Quote:
    start, end = folded.raw_span(found.start, found.end)
    place = Place(folded.text, 0, found.start, found.end)
    stance = stance_of(place, found.kind, speaker)
    if found.value is None and folded.text[found.start] == "不":
        stance = type(stance).NEGATED
    return Quote(
        kind=found.kind,
        value=found.value,
        start=start,
        end=end,
        unit=found.unit,
        threshold=found.threshold,
        stance=stance,
        confidence=0.95,
        cue=found.cue,
    )


def _amount_quotes(
    folded: Folded, taken: Sequence[tuple[int, int]], composites: Sequence[Composite], speaker: Speaker
) -> Iterator[tuple[int, Quote]]:
    previous = 0
    ends = sorted(found.end for found in composites)
    for amount in find_amounts(folded.text, taken):
        before = max([previous, *(end for end in ends if end <= amount.start)])
        quote = _amount_quote(folded, amount, before, speaker)
        if quote is not None:
            yield amount.start, quote
        if amount.measure is not Measure.COUNT or quote is not None:
            previous = amount.end


def _amount_quote(folded: Folded, amount: Amount, previous: int, speaker: Speaker) -> Quote | None:
    text = folded.text
    window = max(previous, _clause_start(text, amount.start), amount.start - 16)
    cue = right_cue(text, amount.end) or left_cue(text, window, amount.start)
    if amount.measure is Measure.COUNT:
        return None
    per = unit_after(text, amount.end)
    unit = per[0] if per else None
    if unit is None and amount.measure in {Measure.MONEY, Measure.BARE}:
        unit = unit_before(text, window, amount.start)
    if not _is_quote(text, amount, cue, window, unit is not None):
        return None
    least = None if unit or amount.measure is not Measure.BARE else bundle_before(text, window, amount.start)
    if least is not None and least[1]:
        unit = least[0].lstrip("0123456789一二两三四五六七八九十百千")
    named = classify(amount, cue)
    if named is None:
        return None
    kind, value, value_max = named
    if kind is Kind.PRICE and unit is not None:
        kind = Kind.UNIT_PRICE
    if unit is None and amount.marked:
        unit = bundle_after(text, amount.end)
    start, end = folded.raw_span(amount.start, amount.end)
    return Quote(
        kind=kind,
        value=value,
        start=start,
        end=end,
        value_max=value_max,
        unit=unit or _implied_unit(kind, cue),
        approx=Approx.VAGUE if value is None else amount.approx,
        stance=stance_of(Place(text, previous, amount.start, amount.end), kind, speaker),
        confidence=_confidence(amount, cue),
        cue=cue.word if cue else "",
    )


def _clause_start(text: str, place: int) -> int:
    start = 0
    for match in _STOPS.finditer(text, 0, place):
        start = match.end()
    return start


def _is_quote(text: str, amount: Amount, cue: Cue | None, window: int, has_unit: bool) -> bool:
    """Whether an amount is money at all: a marked one is, a bare one by its cue, its unit or the place it stands in."""
    if amount.measure not in {Measure.MONEY, Measure.BARE}:
        return True
    if cue is not None and cue.family is Family.NOT_OURS:
        return False
    if amount.marked:
        return not _is_piece(text, amount) or has_unit
    if has_unit:
        return True
    if _is_storage(amount):
        return cue is not None and cue.family is Family.PRICE and cue.word not in WEAK
    if _NEVER_RIGHT.match(text, amount.end):
        return False
    if cue is not None and (cue.family is not Family.PRICE or cue.word not in WEAK):
        return True
    return _stands_like_a_price(text, amount, cue, window)


def _is_piece(text: str, amount: Amount) -> bool:
    """三块蛋糕: a few pieces of something, not yuan."""
    few = amount.chinese and amount.value is not None and amount.value < 10
    return few and text[amount.end - 1] == "块" and not _OPEN_RIGHT.match(text, amount.end)


def _is_storage(amount: Amount) -> bool:
    return amount.value in _STORAGE and not amount.chinese


def _stands_like_a_price(text: str, amount: Amount, cue: Cue | None, window: int) -> bool:
    """No word tells: the shape of the number and what follows it decide."""
    if amount.value is None or _COUNTS_LEFT.search(text, window, amount.start):
        return False
    bundled = bundle_after(text, amount.end) or bundle_before(text, window, amount.start)
    if bundled is not None:
        return amount.value >= 1
    if amount.approx is Approx.EXACT and not _OPEN_RIGHT.match(text, amount.end):
        return False
    if amount.value < _SMALL:
        return _is_small_price(text, amount, cue, window)
    looks_like_a_year = not amount.scaled and not amount.chinese and 2010 <= amount.value <= 2035
    return cue is not None or not looks_like_a_year


def _is_small_price(text: str, amount: Amount, cue: Cue | None, window: int) -> bool:
    if not amount.chinese and _ENDS_LIKE_A_PRICE.search(text, amount.start, amount.end):
        return True
    opens = not text[window : amount.start].strip()
    return amount.value is not None and amount.value >= 5 and _PRICE_TALK.search(text) is not None and (cue is not None or opens)


def _implied_unit(kind: Kind, cue: Cue | None) -> str | None:
    if kind is Kind.INSTALMENT and cue is not None:
        return "期" if "期" in cue.word else "月" if "月" in cue.word else None
    if kind in {Kind.INTEREST_RATE, Kind.YIELD_RATE} and cue is not None:
        return next((unit for unit in "年月日" if unit in cue.word), None)
    return None


def _confidence(amount: Amount, cue: Cue | None) -> float:
    if amount.marked or amount.measure is Measure.FOLD:
        return 0.95
    if cue is not None:
        return 0.9
    return 0.7 if amount.scaled or amount.chinese else 0.6
