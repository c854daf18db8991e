"""A seller denies a quote that is on file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

from scrm.core.claims import Claim, Stance
from scrm.core.compliance.comparing import Offer, means, offers
from scrm.core.compliance.model import Finding, History, Severity, Statement

_DENIES = re.compile(
    r"没有?(?:人|谁)?(?:跟您|跟你|给您|给你|对您)?(?:说|报|讲|承诺|答应|提|给|开)过?|从(?:来)?没|谁(?:跟你|跟您|给你|给您)?(?:说|报|讲)|不可能(?:说|报|有|给)"
    r"|哪有(?:说|报|人)?|不会(?:说|报|给)|(?:不存在|没有)(?:这个?|这种)?(?:价|事)|没有?过(?:的|这个)?|没这回事|听错|记错|记岔|看错了吧|搞错了吧"
)
_BESIDE = re.compile(
    r"(?:没有?(?:人|谁)?(?:跟您|跟你|给您|给你|对您)?(?:说|报|讲|承诺|答应|提|给|开)过?|谁(?:跟你|跟您|给你|给您)?(?:说|报|讲)的?过?|从(?:来)?没(?:有)?(?:人)?(?:说|报|讲)过?"
    r"|哪有(?:人)?(?:说|报)?过?|不可能(?:说|报|有|给)过?)[^，。！？,!?;；\n]{0,6}$"
)

_THIS_PRICE = re.compile(
    r"(?:没有?|从来没有?|哪有|哪里有|不可能|不会|谁)(?:人)?(?:跟您|跟你|给您|给你)?(?:报|说|给|有|开|卖)过?(?:您|你)?(?:这个|这种|这么|那个|过)"
)
_DENIES_IT = re.compile(
    r"(?:没有?|从来?没有?|不可能|不会|谁|哪有|哪里)(?:人)?(?:跟|给|对)?(?:您|你)?(?:报|说|讲|承诺|答应|开|许|提)过?(?:的)?"
    r"(?:这个|这种|这么|那个|那种)?(?:价|话|数|的|过|[啊呀吧哦]|(?=[，。！,! ?？]|$))"
    r"|(?:没有|没|不存在)这(?:个|种|回)?(?:价|事|话)(?!了)|(?:听|记|看|搞|弄)(?:错|岔|混)了|谁说的|不是我们(?:说|报)的"
)
_CITED = frozenset({Stance.REPORTED, Stance.QUESTION, Stance.COUNTER})
_ANSWERED_WITHIN = timedelta(days=1)
_ASKED_BACK = frozenset("?？")
_AFTER = re.compile(
    r"(?:元|块钱?|的?(?:这个)?价格?)?[?？，,。 ]?(?:这个价|这价)?(?:是|可)?"
    r"(?:[啊呀哦呃嗯吧]*(?:没有?|不是)?(?:[啊呀哦]*)(?:我们?|咱们?)?(?:店里?|家|公司|这边|这里)?(?:从来?|可|都)*没有?(?:人)?(?:给您?你?|跟您?你?)?(?:报|说|讲|开|承诺|答应)过|没有?过的?|没有的事|没这回事|不存在|没有这个?(?:价|事)|没这个?价|从来没有?过?|不可能的?事)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceDenied:
    """S3. Ground: SAMR order 56 art. 19(5); the denied quote is looked for within `looks_back`."""

    ground: ClassVar[str] = "samr-56-19"
    pattern: ClassVar[str] = ""
    rechecks: ClassVar[bool] = False
    needs_everything: ClassVar[bool] = False

    id: str = "price-denied"
    effective_from: date = date(2022, 7, 1)
    looks_back: timedelta = timedelta(days=30)

    def check(self, said: Statement, history: History) -> Iterator[Finding]:
        """One finding for each denied price that a seller has quoted before; the latest such quote is the evidence."""
        if not said.by_seller or _DENIES.search(said.text) is None:
            return
        denied = [claim for claim in said.claims if _is_denied(claim, said.text)]
        for claim in denied or _denied_before(said, history):
            quoted = self._quoted(claim, said, history)
            if quoted is not None:
                yield Finding(
                    rule=self.id,
                    severity=Severity.S3,
                    entry_id=said.entry_id,
                    against=quoted.said.entry_id,
                    span=(claim.quote.start, claim.quote.end) if denied else None,
                    facts=quoted.facts,
                )
                if not denied:
                    return

    def _quoted(self, claim: Claim, said: Statement, history: History) -> Offer | None:
        value = claim.quote.value
        return next(
            (
                offer
                for earlier in reversed(history.before(said))
                if said.at - earlier.at <= self.looks_back
                for offer in offers(earlier, history.book)
                if value is not None and claim.sku in {None, offer.basis.sku} and means(offer, value)
            ),
            None,
        )


def _denied_before(said: Statement, history: History) -> Sequence[Claim]:
    """The prices that the customer has just cited, where the answer denies without naming one: 我们没报过这个价."""
    last = next(iter(reversed(history.before(said))), None)
    if last is None or last.by_seller or said.at - last.at > _ANSWERED_WITHIN or _DENIES_IT.search(said.text) is None:
        return ()
    return [claim for claim in last.claims if claim.quote.stance in _CITED]


def _is_denied(claim: Claim, text: str) -> bool:
    if claim.quote.stance is Stance.NEGATED:
        return True
    if (
        _THIS_PRICE.search(text, claim.quote.end)
        and text[claim.quote.end : claim.quote.end + 3].strip("元块钱")[:1] in _ASKED_BACK
    ):
        return True
    return _BESIDE.search(text[: claim.quote.start]) is not None or _AFTER.match(text, claim.quote.end) is not None
