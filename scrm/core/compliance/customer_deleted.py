"""A member of staff removes a customer from their contacts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

from scrm.core.compliance.model import Finding, History, Severity, Statement
from scrm.core.compliance.noticing import complains


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerDeleted:
    """S2; S3 when the customer has complained within `complaint_within`. Handing a customer over is no deletion."""

    ground: ClassVar[str] = "house-service"
    pattern: ClassVar[str] = ""
    rechecks: ClassVar[bool] = False
    needs_everything: ClassVar[bool] = False

    id: str = "customer-deleted"
    effective_from: date = date.min
    complaint_within: timedelta = timedelta(days=30)

    def check(self, said: Statement, history: History) -> Iterator[Finding]:
        """One finding for a deletion."""
        if not is_deletion(said):
            return
        complaint = next(
            (
                earlier.entry_id
                for earlier in reversed(history.before(said))
                if said.at - earlier.at <= self.complaint_within and complains(earlier)
            ),
            None,
        )
        yield Finding(
            rule=self.id,
            severity=Severity.S3 if complaint else Severity.S2,
            entry_id=said.entry_id,
            against=complaint,
            facts={
                "recalled_at": said.at.isoformat(),
                "earlier_channel": said.channel,
                "earlier_speaker": "rep",
                "earlier_actor": said.actor,
            },
        )


def is_deletion(said: Statement) -> bool:
    """Whether a member of staff took the customer off their contacts."""
    return said.kind == "contact" and said.change == "deleted_by_rep"
