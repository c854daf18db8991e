"""Rules that go by words alone: promises of results, absolute terms, private channels, kickbacks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from scrm.core.compliance.model import Finding, History, Severity, Statement
from scrm.core.compliance.words import Lexicon
from scrm.core.timeline import Speaker


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """A seller says words of the lexicon as their own. `in_private` is the severity between two people, `in_public`
    that of a broadcast, which the law sees as advertising.
    """

    rechecks: ClassVar[bool] = False

    id: str
    ground: str
    lexicon: Lexicon
    effective_from: date = date.min
    in_private: Severity = Severity.S2
    in_public: Severity = Severity.S3

    @property
    def pattern(self) -> str:
        return self.lexicon.pattern

    def check(self, said: Statement, history: History) -> Iterator[Finding]:  # noqa: ARG002  # every rule's signature
        """One finding at most: the first words that are said as the speaker's own."""
        hit = self.lexicon.asserted(said.text) if said.by_seller else None
        if hit is not None:
            yield Finding(
                rule=self.id,
                severity=self.in_public if said.speaker is Speaker.BROADCAST else self.in_private,
                entry_id=said.entry_id,
                span=(hit.start, hit.end),
                facts={"words": hit.words},
            )
