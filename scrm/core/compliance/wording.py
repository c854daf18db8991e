"""Rules that go by words alone: promises of results, absolute terms, private channels, kickbacks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

from scrm.core.compliance.model import Finding, History, Severity, Statement
from scrm.core.compliance.words import Lexicon
from scrm.core.timeline import Speaker

_TURNS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """A seller says words of the lexicon as their own. `in_private` is the severity between two people, `in_public`
    that of a broadcast, which the law sees as advertising. Words of `mild` are S1 in private.

    Some words are promises in two trades (肯定翻倍): where those of `rival` are said too, the trade of the product, of
    the text, else of the talk before decides whose they are; the words of a trade are `trade` and `rival_trade`.
    """

    rechecks: ClassVar[bool] = False
    needs_everything: ClassVar[bool] = False

    id: str
    ground: str
    lexicon: Lexicon
    effective_from: date = date.min
    mild: Lexicon = field(default_factory=Lexicon)
    trade: Lexicon = field(default_factory=Lexicon)
    rival: Lexicon = field(default_factory=Lexicon)
    rival_trade: Lexicon = field(default_factory=Lexicon)
    yields: bool = False
    in_private: Severity = Severity.S2
    in_public: Severity = Severity.S3

    @property
    def pattern(self) -> str:
        return f"{self.lexicon.pattern}|{self.mild.pattern}" if self.mild.pattern else self.lexicon.pattern

    def check(self, said: Statement, history: History) -> Iterator[Finding]:
        """One finding at most: the first words that are said as the speaker's own."""
        if not said.by_seller:
            return
        hit = self.lexicon.asserted(said.text)
        grave = hit is not None
        hit = hit or self.mild.asserted(said.text)
        if hit is not None and not (self.rival.asserted(said.text) and self._is_of_the_rival(said, history)):
            in_private = self.in_private if grave else Severity.S1
            yield Finding(
                rule=self.id,
                severity=self.in_public if said.speaker is Speaker.BROADCAST else in_private,
                entry_id=said.entry_id,
                span=(hit.start, hit.end),
                facts={"words": hit.words},
            )

    def _is_of_the_rival(self, said: Statement, history: History) -> bool:
        """Whether the talk is of the other trade; `yields` where nothing tells."""
        sold = [history.book.product(sku, said.at) for sku in said.products]
        before = [one.text for one in history.before(said)[-_TURNS:]]
        names = [f"{product.name} {product.unit or ''}" for product in sold if product is not None]
        for told in (" ".join(names), said.text, "\n".join(before)):
            own, other = any(self.trade.hits(told)), any(self.rival_trade.hits(told))
            if own != other:
                return other
        return self.yields
