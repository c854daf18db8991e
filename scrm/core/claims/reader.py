"""Reading quotes from one text: fold, mask, take composites, then read every amount that is left."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from scrm.core.claims.amounts import Amount, Measure, find_amounts, unglued
from scrm.core.claims.carrying import carried, is_beside, is_least_quantity, ratio_kind
from scrm.core.claims.composites import Composite, find_composites
from scrm.core.claims.cues import Cue, Family, classify, in_context, left_cue, right_cue, share_like
from scrm.core.claims.evidence import Seen, Talk, is_money
from scrm.core.claims.folding import Folded, fold
from scrm.core.claims.masks import spans_of_no_money
from scrm.core.claims.model import Approx, Kind, Quote, Stance
from scrm.core.claims.stance import Place, stance_of
from scrm.core.claims.units import bundle_after, bundle_before, unit_after, unit_before
from scrm.core.timeline import SELLERS, Speaker

_TRIGGER = re.compile(
    "[0-9０-９零〇一二两三四五六七八九十百千万壹贰叁肆伍陆柒捌玖拾佰仟几廿卅\u20e3]|免费|免邮|免息|免运费|包邮"
    "|包[安运拆垃清搬上调吊送]|无息|半价|对折"
)
_STOPS = re.compile(r"[，。！？；,!?;\n]")
_REACH = 16
_LENDING = re.compile("息|贷")
_SWAPPED = re.compile(r"(?:元|块钱?)?(?:就|可以?|能)?[抵顶当][0-9一二两三四五六七八九]")
# Words that say a price is for the whole, so that it is not per the unit of the one before.
_WHOLE = frozenset(
    [
        "总价",
        "落地",
        "裸车",
        "包干",
        "全款",
        "合计",
        "总计",
        "总共",
        "一共",
        "共计",
        "共",
        "打包",
        "一口价",
        "到手价",
        "到手",
        "实付",
        "套餐费",
        "年卡",
        "月卡",
        "季卡",
        "次卡",
    ]
)


def read_quotes(text: str, speaker: Speaker, *, masked: Sequence[tuple[int, int]] = ()) -> tuple[Quote, ...]:
    """Every price and promise in `text`, in order, with code-point offsets into it.

    `masked` are further spans that hold no price (names of products with numbers in them). The text may be typed, a
    call's transcript without punctuation, or disguised (emoji digits, full-width, 三九九九).
    """
    if _TRIGGER.search(text) is None:
        return ()
    folded = fold(text)
    hidden = [*spans_of_no_money(folded.text), *_folded_spans(folded, masked)]
    composites = list(find_composites(folded.text, hidden))
    quotes = [_composite_quote(found, folded, speaker) for found in composites]
    quotes += _amount_quotes(text, folded, hidden, composites, speaker)
    return tuple(sorted(quotes, key=lambda quote: quote.start))


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
    stance = stance_of(Place(folded.text, 0, found.start, found.end), found.kind, speaker)
    if found.value is None and not {"不", "没"}.isdisjoint(folded.text[max(0, found.start - 1) : found.start + 1]):
        stance = Stance.NEGATED
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
    raw: str, folded: Folded, hidden: Sequence[tuple[int, int]], composites: Sequence[Composite], speaker: Speaker
) -> Iterator[Quote]:
    taken = [(found.start, found.end) for found in composites]
    previous, quoted, last, talk = 0, 0, None, Talk(folded.text)
    for found in find_amounts(folded.text, [*hidden, *taken]):
        amount = _freed(found, folded.text, speaker)
        if amount is None:
            continue
        before = max([previous, *(end for _, end in taken if end <= amount.start)])
        quote = _amount_quote(folded, talk, amount, before, quoted, last, speaker)
        if quote is not None and not is_least_quantity(quote, last, raw):
            last = quote if quote.cue in _WHOLE else carried(quote, last, raw)
            yield last
        per = unit_after(folded.text, amount.end) if quote is not None else None
        if quote is not None:
            quoted = amount.end
        if quote is not None or folded.text[amount.start : amount.end] != "一":
            previous = per[1] if per is not None else amount.end


def _freed(amount: Amount, text: str, speaker: Speaker) -> Amount | None:
    """None for what only counts something; of a seller's 388次 after a price the price is freed from its count."""
    if amount.measure is not Measure.COUNT:
        return amount
    return unglued(text, amount) if speaker in SELLERS else None


def _amount_quote(
    folded: Folded, talk: Talk, amount: Amount, previous: int, quoted: int, last: Quote | None, speaker: Speaker
) -> Quote | None:
    text = folded.text
    window = max(previous, _clause_start(text, amount.start))
    cue = _cue(text, amount, window)
    per = _per(text, amount, window)
    seen = Seen(
        talk=talk,
        amount=amount,
        cue=cue,
        window=window,
        has_unit=per is not None,
        beside=is_beside(amount.value, last),
        paused=folded.pauses_at(amount.end),
        by_seller=speaker in SELLERS,
    )
    named = classify(amount, cue) if is_money(seen) else None
    if named is None and amount.measure is Measure.PERCENT and cue is None:
        named = share_like(amount, ratio_kind(last, folded.raw_span(amount.start, amount.end)[0]))
    if named is None:
        return None
    kind, value, value_max = named
    after = unit_after(text, amount.end) is not None
    if per is not None and (kind is Kind.PRICE or (after and cue is not None and cue.word.startswith("加一"))):
        kind = Kind.UNIT_PRICE
    if kind is Kind.FEE and value == 0 and cue is not None and not cue.word.endswith("费"):
        kind = Kind.PRICE
    kind = in_context(kind, cue, text, amount.start, per)
    start, end = folded.raw_span(amount.start, amount.end)
    return Quote(
        kind=kind,
        value=value,
        start=start,
        end=end,
        value_max=value_max,
        unit=per or _implied_unit(kind, cue) or _bundle(text, amount, kind, window),
        approx=Approx.VAGUE if value is None else amount.approx,
        stance=stance_of(Place(text, quoted, amount.start, amount.end), kind, speaker),
        confidence=_confidence(amount, cue),
        cue=cue.word if cue else "",
    )


def _cue(text: str, amount: Amount, window: int) -> Cue | None:
    of_share = amount.measure in {Measure.PERCENT, Measure.RATE, Measure.TENTH}
    left, right = left_cue(text, window, amount.start, of_share=of_share), right_cue(text, amount.start, amount.end)
    cue = left if right is None or (left is not None and left.outweighs(right)) else right
    if cue is None and amount.measure is Measure.RATE and _LENDING.search(text):
        return Cue(Family.INTEREST, "利息")
    # 面积799每平: what is per something is a price, whatever the word before it measures.
    per_unit = (
        cue is not None
        and cue.family in {Family.NOT_OURS, Family.ATTRIBUTE}
        and unit_after(text, amount.end) is not None
    )
    if per_unit or (cue is not None and cue.family is Family.ATTRIBUTE and amount.marked):
        return None
    if _SWAPPED.match(text, amount.end) and (cue is None or cue.family in {Family.PRICE, Family.OFF}):
        return Cue(Family.PRICE if cue is not None and cue.family is Family.OFF else Family.DEPOSIT, "抵")
    return cue


def _clause_start(text: str, place: int) -> int:
    """Where the clause of `place` begins, not looking further back than words reach."""
    start = max(0, place - _REACH)
    for match in _STOPS.finditer(text, start, place):
        start = match.end()
    return start


def _per(text: str, amount: Amount, window: int) -> str | None:
    """What the amount is per; None when it is for the whole, empty when the unit is not named (单价)."""
    after = unit_after(text, amount.end)
    if after is not None:
        return after[0]
    if amount.measure not in {Measure.MONEY, Measure.BARE}:
        return None
    least = None if amount.marked else bundle_before(text, window, amount.start)
    if least is not None and least[1]:
        return least[0].lstrip("0123456789一二两三四五六七八九十百千")
    return unit_before(text, window, amount.start)


def _bundle(text: str, amount: Amount, kind: Kind, window: int) -> str | None:
    if kind is not Kind.PRICE:
        return None
    before = bundle_before(text, window, amount.start)
    return bundle_after(text, amount.end) or (before[0] if before else None)


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
