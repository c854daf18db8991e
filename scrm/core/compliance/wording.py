"""Rules that go by words alone: promises of results, absolute terms, private channels, kickbacks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

from scrm.core.compliance.model import Finding, History, Severity, Statement
from scrm.core.compliance.words import Lexicon
from scrm.core.timeline import Speaker


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """A seller says words of the lexicon as their own. `in_private` is the severity between two people, `in_public`
    that of a broadcast, which the law sees as advertising. Words of `mild` are S1 in private.
    """

    rechecks: ClassVar[bool] = False
    needs_everything: ClassVar[bool] = False

    id: str
    ground: str
    lexicon: Lexicon
    effective_from: date = date.min
    mild: Lexicon = field(default_factory=Lexicon)
    in_private: Severity = Severity.S2
    in_public: Severity = Severity.S3

    @property
    def pattern(self) -> str:
        return f"{self.lexicon.pattern}|{self.mild.pattern}" if self.mild.pattern else self.lexicon.pattern

    def check(self, said: Statement, history: History) -> Iterator[Finding]:  # noqa: ARG002  # every rule's signature
        """One finding at most: the first words that are said as the speaker's own."""
        if not said.by_seller:
            return
        hit = self.lexicon.asserted(said.text)
        grave = hit is not None
        hit = hit or self.mild.asserted(said.text)
        if hit is not None:
            in_private = self.in_private if grave else Severity.S1
            yield Finding(
                rule=self.id,
                severity=self.in_public if said.speaker is Speaker.BROADCAST else in_private,
                entry_id=said.entry_id,
                span=(hit.start, hit.end),
                facts={"words": hit.words},
            )
