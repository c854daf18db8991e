"""What a rule sees and says: statements in order of source time, findings, and `check`, which brings them together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from scrm.core.claims import Claim
from scrm.core.compliance.noticing import arouses
from scrm.core.compliance.openings import Openings
from scrm.core.price_book import CHINA, PriceBook
from scrm.core.timeline import SELLERS, Json, Speaker

if TYPE_CHECKING:
    from scrm.core.compliance.comparing import Offer

LOOK_BACK = timedelta(days=30)
"""How long after a statement the customer's words can still change the severity of a finding about it."""


class Severity(StrEnum):
    """S0 store only, S1 sample, S2 within a working day, S3 within the hour, S4 at once. Compare by text."""

    S0 = "S0"
    S1 = "S1"
    S2 = "S2"
    S3 = "S3"
    S4 = "S4"

    def raised(self) -> Severity:
        """The next more urgent one; S4 stays S4."""
        return Severity(f"S{min(int(self[1]) + 1, 4)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """Something said to or by one customer, with what was read from it.

    `products` are the skus the text is about, quoted or not. `recalled_at` is when it was taken back: what it said
    still counts. `paid` marks the customer's payment or order. `warned` says that the speaker had been shown a finding
    and sent it all the same. `heard` is the confidence of a call's transcript, 1 for written words. `role` is the
    speaker's role in the price book's floors, empty for the usual one of that kind of speaker.

    `kind` is message, call, contact (a relation changed: `change` says how, as `ContactChange` does) or recall (it
    takes back the entry `recalls`).
    """

    entry_id: str
    at: datetime
    channel: str
    speaker: Speaker
    actor: str
    text: str
    claims: tuple[Claim, ...] = ()
    products: tuple[str, ...] = ()
    recalled_at: datetime | None = None
    paid: bool = False
    warned: bool = False
    heard: float = 1.0
    role: str = ""
    kind: str = "message"
    change: str = ""
    recalls: str = ""
    # What `comparing.offers` read from it, with the book: a history is gone through again with every new word.
    offered: tuple[PriceBook, tuple[Offer, ...]] | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def by_seller(self) -> bool:
        return self.speaker in SELLERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A rule objects to a statement.

    `against` is the entry that contradicts it, None where the price book alone does. `span` is what to mark in the
    statement's text (code points). `facts` are plain values for `scrm.core.texts.render`. `raised_by` is the customer's
    entry that made it more severe. `version` is the rule's, as it was in force.
    """

    rule: str
    severity: Severity
    entry_id: str
    against: str | None = None
    span: tuple[int, int] | None = None
    facts: Mapping[str, Json] = field(default_factory=dict)
    raised_by: str | None = None
    version: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """All that is known of one customer, ordered by source time, and the price book."""

    statements: tuple[Statement, ...]
    book: PriceBook
    _places: Mapping[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        places = {statement.entry_id: place for place, statement in enumerate(self.statements)}
        object.__setattr__(self, "_places", places)

    def statement(self, entry_id: str) -> Statement | None:
        """The statement of that entry, None when it is not in the history."""
        place = self._places.get(entry_id)
        return None if place is None else self.statements[place]

    def before(self, said: Statement) -> Sequence[Statement]:
        """What came before `said`, oldest first."""
        return self.statements[: self._places[said.entry_id]]

    def after(self, said: Statement) -> Sequence[Statement]:
        """What came after `said`, oldest first."""
        return self.statements[self._places[said.entry_id] + 1 :]


class Rule(Protocol):
    """One thing to object to. Rules hold settings only; what they know of a customer is in the history."""

    @property
    def id(self) -> str: ...

    @property
    def effective_from(self) -> date:
        """Statements made before that day (China's) are not held against it."""
        ...

    @property
    def ground(self) -> str:
        """What it rests on: the id of a law's article, or of a house rule, in the translation files."""
        ...

    @property
    def pattern(self) -> str:
        """An expression that the text must match for the rule to have anything to say; empty when words do not tell."""
        ...

    @property
    def rechecks(self) -> bool:
        """Whether the customer's later words can make an earlier finding graver."""
        ...

    @property
    def needs_everything(self) -> bool:
        """Whether it goes by what was not said, so that an incomplete history would mislead it."""
        ...

    def check(self, said: Statement, history: History) -> Iterable[Finding]:
        """Objections to `said`. The history also holds what followed it."""
        ...


def check(
    statements: Iterable[Statement],
    book: PriceBook,
    rules: Sequence[Rule],
    *,
    since: datetime | None = None,
    everything: bool = True,
) -> tuple[Finding, ...]:
    """Findings about the statements of one customer, in order of source time.

    `statements` is the customer's whole relevant history in any order. With `since`, only findings that concern a
    statement at or after it are returned: those about such statements, and earlier ones made more severe by them.
    A draft is checked by appending it as the newest statement. `everything` says that the history holds all that was
    said; without it rules that go by silence are not asked.
    """
    rules = [rule for rule in rules if everything or not rule.needs_everything]
    history = History(tuple(sorted(statements, key=lambda statement: statement.at)), book)
    return tuple(
        _weighed(finding, said)
        for said in _to_check(history, since)
        for rule in _asked(rules, said, fresh=since is None or said.at >= since)
        for finding in rule.check(said, history)
        if _concerns(finding, said, history, since)
    )


def speaks_to(rules: Sequence[Rule], text: str) -> bool:
    """Whether a rule that goes by words could have something to say about `text`: one pass for all of them."""
    return _worded(tuple(rule.pattern for rule in rules if rule.pattern)).match(text)


def stands_for_household(rule: Rule) -> bool:
    """Whether what one member was told counts for the others."""
    return rule.id.startswith("price-")


def _asked(rules: Sequence[Rule], said: Statement, *, fresh: bool) -> Iterator[Rule]:
    """The rules to ask about `said`: in force on that day, and with a reason to look."""
    worded = fresh and said.by_seller and speaks_to(rules, said.text)
    day = said.at.astimezone(CHINA).date()
    for rule in rules:
        if day >= rule.effective_from and (fresh or rule.rechecks) and (worded or not rule.pattern):
            yield rule


@lru_cache(maxsize=16)
def _worded(patterns: tuple[str, ...]) -> Openings:
    return Openings("|".join(patterns))


def _to_check(history: History, since: datetime | None) -> Iterator[Statement]:
    if since is None:
        yield from history.statements
        return
    aroused = [said.at for said in history.statements if said.at >= since and arouses(said)]
    earliest = min(min(aroused) - LOOK_BACK, since) if aroused else since
    yield from (said for said in history.statements if said.at >= earliest)


def _concerns(finding: Finding, said: Statement, history: History, since: datetime | None) -> bool:
    if since is None or said.at >= since:
        return True
    return finding.raised_by is not None and any(
        later.entry_id == finding.raised_by and later.at >= since for later in history.after(said)
    )


def _weighed(finding: Finding, said: Statement) -> Finding:
    return replace(finding, severity=finding.severity.raised()) if said.warned else finding
