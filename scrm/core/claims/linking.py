"""Which product a quote is about: named nearby, talked of just before, or the only one with that price."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from scrm.core.claims.model import Claim, Kind, Link, Quote, Stance, Turn
from scrm.core.claims.reader import read_quotes
from scrm.core.claims.validity import valid_from, valid_until
from scrm.core.price_book import Mention, PriceBook
from scrm.core.timeline import SELLERS, Speaker

_TURNS = 10
_NUMERAL = re.compile("[0-9零一二两三四五六七八九十百千万]")
_OF_IT = 6
_PARTICLES = frozenset("的了哦喔呢啊呀吧哈")
_STOPS = frozenset("，。！？；,!?;\n")
_REVERSIBLE = frozenset({Kind.PRICE, Kind.UNIT_PRICE, Kind.REF_PRICE})
_AGREES = re.compile(
    r"(?:嗯+|呃+|额+|诶|哎|唉|欸|好|行|中|妥|可以|没问题|成交|成|给你?您?做了|OK|ok|对|哈|那|就|按|您|你|说的?"
    r"|这个?价?格?|给您?|的|吧|啊|呀|呢|哦|了|来|亲|姐|哥|没事|同意|定了?|办|[，。,!~！～\s])+"
)
_AS_SAID = re.compile("[按照依][您你](?:说|讲|报|出|给)?的|就按|成交|照这个")
_CLAUSE_ENDS = re.compile("[，,。!！ ]")
_TAKES_BACK = re.compile(
    r"[0-9零两三四五六七八九十百千万?？]|但|不过|可是|只是|不行|不能|不了|没法|申请|问问|问下|请示|看看|再说"
    r"|商量|考虑|要不|如果|要是|除非|前提|得|需要|最低|原价"
)
_SAYS_YES = re.compile(r"可以|没问题|成交|行|好|OK|ok|同意|就按|按您|按你")
_CONDITION = re.compile(
    r"(?<!不是)(?<!非)(会员|学员|新人|新客|老客户|老会员|首单|团购|拼团|学生|到店|以旧换新|旧机抵扣?|内部|员工"
    r"|[Vv][Ii][Pp]|军人|教师|企业客户|自提|全款|两件|批发|加盟商?|儿童|老人)(?:专享|专属|内购|价|优惠|可享|享"
    r"|的?话?|是|:)*[^，。,!?;0-9]{0,3}$"
)


@dataclass(frozen=True, slots=True)
class Unlinked:
    """What was read from a text by itself, before it is known which products its quotes are about."""

    text: str
    speaker: Speaker
    quotes: tuple[Quote, ...]
    mentions: tuple[Mention, ...]

    @property
    def needs_context(self) -> bool:
        """Whether the turns before it can change what `link` makes of it; most messages stand for themselves."""
        return not self.mentions if self.quotes else _agrees(self.text, self.speaker)


def find_claims(
    text: str, speaker: Speaker, at: datetime, book: PriceBook, context: Sequence[Turn] = ()
) -> tuple[Claim, ...]:
    """The quotes of `text`, said at `at` (aware), each linked to a product of `book` where the evidence allows.

    `context` holds the turns before it on the same conversation, oldest first; the last ten are looked at. A short yes
    to a customer's bid is a claim of that bid.
    """
    return link(read_unlinked(text, speaker, book), at, book, context)


def read_unlinked(text: str, speaker: Speaker, book: PriceBook) -> Unlinked:
    """The first half of `find_claims`: all that needs no context."""
    quotes = read_quotes(text, speaker)
    mentions = book.mentions(text) if quotes else ()
    if not quotes and _NUMERAL.search(text):
        mentions = book.mentions(text)
    if any(not quotes or _NUMERAL.search(text, one.start, one.end) for one in mentions):
        beside = tuple(quote for quote in quotes if not any(_overlap(quote, one) for one in mentions))
        quotes = read_quotes(_unnamed(text, mentions), speaker) or beside
    return Unlinked(text, speaker, quotes, mentions)


def _overlap(quote: Quote, mention: Mention) -> bool:
    return mention.start < quote.end and quote.start < mention.end


def _unnamed(text: str, mentions: Sequence[Mention]) -> str:
    """The text with every product called only 某品, so that nothing of a name is read as a price or its unit, and what
    is said of it as something that is sold.
    """
    for mention in mentions:
        length = mention.end - mention.start
        text = text[: mention.start] + ("某" * (length - 1) + "品") + text[mention.end :]
    return text


def link(read: Unlinked, at: datetime, book: PriceBook, context: Sequence[Turn]) -> tuple[Claim, ...]:
    """The second half of `find_claims`."""
    text, mentions = read.text, read.mentions
    if not read.quotes:
        return tuple(_agreed(text, read.speaker, at, book, context))
    until = valid_until(text, at)
    talked_of = None if mentions else _talked_of(context, book)
    return tuple(
        replace(
            _linked(quote, text, at, book, mentions, talked_of),
            condition=_condition(text, quote),
            valid_from=begins,
            valid_until=ends,
        )
        for quote in read.quotes
        for begins, ends in (_validity(text, quote, at, until),)
    )


def _validity(text: str, quote: Quote, at: datetime, until: datetime | None) -> tuple[datetime | None, datetime | None]:
    """An end before the beginning is that of another price: 3599到18号，之后3999."""
    begins = valid_from(text, at, quote.start)
    ends = None if until is not None and begins is not None and until < begins else until
    return begins, ends


def find_products(text: str, book: PriceBook, context: Sequence[Turn] = ()) -> tuple[str, ...]:
    """The skus a text is about: those it names without doubt, else the one talked of just before."""
    named = dict.fromkeys(mention.skus[0] for mention in book.mentions(text) if len(mention.skus) == 1)
    if named:
        return tuple(named)
    talked_of = _talked_of(context, book)
    return () if talked_of is None or len(talked_of) != 1 else talked_of


def _agreed(text: str, speaker: Speaker, at: datetime, book: PriceBook, context: Sequence[Turn]) -> Iterator[Claim]:
    if not context or context[-1].speaker in SELLERS or not _agrees(text, speaker):
        return
    bid = context[-1]
    for claim in find_claims(bid.text, bid.speaker, at, book, context[:-1]):
        if claim.quote.stance is Stance.COUNTER or (claim.quote.stance is Stance.REPORTED and _AS_SAID.search(text)):
            quote = replace(claim.quote, start=0, end=len(text), stance=Stance.OFFER, confidence=0.7, cue="agreed")
            yield replace(claim, quote=quote)


def _agrees(text: str, speaker: Speaker) -> bool:
    if speaker not in SELLERS or len(text) > 30:
        return False
    return any(
        _AGREES.fullmatch(text, 0, end) and _SAYS_YES.search(text, 0, end) and not _TAKES_BACK.search(text, end)
        for end in (len(text), *(match.start() for match in _CLAUSE_ENDS.finditer(text)))
    )


def _talked_of(context: Sequence[Turn], book: PriceBook) -> tuple[str, ...] | None:
    """The skus named in the latest turn that names any; None when none does."""
    for turn in reversed(context[-_TURNS:]):
        named = dict.fromkeys(sku for mention in book.mentions(turn.text) for sku in mention.skus)
        if named:
            return tuple(named)
    return None


def _linked(
    quote: Quote,
    text: str,
    at: datetime,
    book: PriceBook,
    mentions: Sequence[Mention],
    talked_of: tuple[str, ...] | None,
) -> Claim:
    if quote.kind is Kind.PRICE and quote.value == 0:
        return _given_away(quote, text, mentions)
    if mentions:
        nearest = min(mentions, key=lambda mention: _distance(mention, quote, text))
        return _priced(_one_of(nearest.skus, Link.NAMED, 0.95, quote, at, book), at, book)
    if talked_of:
        return _priced(_one_of(talked_of, Link.CONTEXT, 0.8, quote, at, book), at, book)
    if quote.kind in _REVERSIBLE and quote.value is not None:
        skus = book.priced(quote.value, at)
        if len(skus) == 1:
            return Claim(quote=quote, sku=skus[0], link=Link.AMOUNT, link_confidence=0.5)
    return Claim(quote=quote)


def _priced(claim: Claim, at: datetime, book: PriceBook) -> Claim:
    """优惠28800 of what costs that much is its price, and no reduction."""
    quote = claim.quote
    product = book.product(claim.sku, at) if claim.sku else None
    if product is None or quote.kind is not Kind.AMOUNT_OFF or quote.value is None:
        return claim
    prices = {product.list_price, *map(product.promotion_price, product.promotions)}
    if quote.value not in prices or quote.value * 2 < product.list_price:
        return claim
    return replace(claim, quote=replace(quote, kind=Kind.PRICE))


def _given_away(quote: Quote, text: str, mentions: Sequence[Mention]) -> Claim:
    """免费 is the price of a product only where it says so of that product and stops there: 试听课免费. What is free in
    "年课4980元，教材免费送" or "可以免费试听" is something else.
    """
    for mention in mentions:
        between, after = text[mention.end : quote.start], text[quote.end : quote.end + 1]
        said_of_it = mention.end <= quote.start and not _STOPS & set(between) and len(between) <= _OF_IT
        if said_of_it and len(mention.skus) == 1 and (not after or not after.isalnum() or after in _PARTICLES):
            return Claim(quote=quote, sku=mention.skus[0], link=Link.NAMED, link_confidence=0.9)
    return Claim(quote=quote)


def _one_of(skus: Sequence[str], link: Link, confidence: float, quote: Quote, at: datetime, book: PriceBook) -> Claim:
    """The only candidate, or the one among several whose price is quoted."""
    if len(skus) == 1:
        return Claim(quote=quote, sku=skus[0], link=link, link_confidence=confidence)
    priced = [] if quote.value is None else [sku for sku in book.priced(quote.value, at) if sku in skus]
    if len(priced) == 1:
        return Claim(quote=quote, sku=priced[0], link=link, link_confidence=confidence * 0.8)
    return Claim(quote=quote)


def _distance(mention: Mention, quote: Quote, text: str) -> int:
    """Characters between a name and an amount; names on the left and in the same clause are nearer."""
    if mention.end <= quote.start:
        between, penalty = text[mention.end : quote.start], 0
    else:
        between, penalty = text[quote.end : mention.start], 6
    return len(between) + penalty + 10 * sum(character in _STOPS for character in between)


def _condition(text: str, quote: Quote) -> str:
    start = max((text.rfind(stop, 0, quote.start) for stop in _STOPS), default=-1) + 1
    match = _CONDITION.search(text, start, quote.start)
    return match[1] if match else ""
