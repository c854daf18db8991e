"""A seller takes back a message that held a quote or a promise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from scrm.core.claims import COMMITMENTS
from scrm.core.compliance.model import Finding, History, Severity, Statement
from scrm.core.compliance.words import lexicons

_SHOWN = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRecalled:
    """S2. A house rule: what was said still counts, and its wording stays on file."""

    ground: ClassVar[str] = "house-service"
    pattern: ClassVar[str] = ""
    rechecks: ClassVar[bool] = False
    needs_everything: ClassVar[bool] = False

    id: str = "message-recalled"
    effective_from: date = date.min

    def check(self, said: Statement, history: History) -> Iterator[Finding]:
        """One finding for a recall whose message committed the company to something."""
        if said.kind != "recall":
            return
        taken_back = history.statement(said.recalls)
        if taken_back is None or not taken_back.by_seller or not _commits(taken_back):
            return
        yield Finding(
            rule=self.id,
            severity=Severity.S2,
            entry_id=said.entry_id,
            against=taken_back.entry_id,
            facts={
                "recalled_at": said.at.isoformat(),
                "earlier_at": taken_back.at.isoformat(),
                "earlier_channel": taken_back.channel,
                "earlier_speaker": taken_back.speaker.value,
                "earlier_actor": taken_back.actor,
                "words": taken_back.text[:_SHOWN],
            },
        )


def _commits(said: Statement) -> bool:
    if any(claim.quote.stance in COMMITMENTS for claim in said.claims):
        return True
    return any(
        lexicon.asserted(said.text) is not None for rule, lexicon in lexicons().items() if rule.startswith("promise-")
    )
