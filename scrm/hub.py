"""`Hub`: everything a service may use, in one frozen object passed by hand."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from scrm.connector import Connector, PullNotice, RawEvent, ReceivesCallbacks
from scrm.core.compliance import RuleInForce, Statement
from scrm.core.errors import NotFound
from scrm.core.intents import IntentModel
from scrm.core.price_book import PriceBook
from scrm.core.scripts import ScriptIndex, ScriptPack
from scrm.core.tagging import Lexicon, Segmenter
from scrm.http import Http
from scrm.settings import Settings
from scrm.store.channels import Health
from scrm.store.database import Database
from scrm.store.group_commit import GroupCommit
from scrm.stream import Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What came in through one door at once: raw events, sources to pull, and the cursor that moves with them."""

    channel: str
    events: tuple[RawEvent, ...] = ()
    notices: tuple[PullNotice, ...] = ()
    source: str | None = None
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """How many raw events of an arrival were new, and how many known already."""

    new: int
    repeated: int


@dataclass(frozen=True, slots=True)
class Channel:
    """A configured connector: its name and kind, and the connector itself; `receiver` too, if it receives callbacks."""

    name: str
    kind: str
    connector: Connector
    silent_after_minutes: int | None = None
    receiver: ReceivesCallbacks | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Found out once: asking an object for a protocol costs more than decrypting a callback.
        receiver = self.connector if isinstance(self.connector, ReceivesCallbacks) else None
        object.__setattr__(self, "receiver", receiver)


@dataclass(frozen=True, slots=True, kw_only=True)
class Understanding:
    """What messages are read with. Immutable; another dictionary is another object."""

    lexicon: Lexicon
    segmenter: Segmenter
    intents: tuple[IntentModel, ...]
    rules: tuple[RuleInForce, ...]
    packs: tuple[ScriptPack, ...]
    scripts: ScriptIndex


class BookShelf:
    """The price book in memory, with the stamp of the store's versions it was made from."""

    def __init__(self) -> None:
        self.stamp = -1
        self.book = PriceBook()


class TalkShelf:
    """What customers were told, in memory, for those whose drafts were checked last; each with the stamp of what it was
    made from.
    """

    def __init__(self, most: int = 20_000) -> None:
        self._most = most
        self._talk: OrderedDict[int, tuple[object, Sequence[Statement]]] = OrderedDict()

    def find(self, customer_id: int, stamp: object) -> Sequence[Statement] | None:
        """What a customer was told, None when nothing is kept or something else is on file by now."""
        kept = self._talk.get(customer_id)
        if kept is None or kept[0] != stamp:
            return None
        self._talk.move_to_end(customer_id)
        return kept[1]

    def keep(self, customer_id: int, stamp: object, said: Sequence[Statement]) -> None:
        """Keep it, and let go of those not asked for longest while there are more than `most` statements."""
        self._talk[customer_id] = stamp, said
        self._talk.move_to_end(customer_id)
        while len(self._talk) > 1 and sum(len(said) for _, said in self._talk.values()) > self._most:
            self._talk.popitem(last=False)


class HealthCounts:
    """What happened on the channels since the last time it was written down. Kept in memory: figures, not facts."""

    def __init__(self) -> None:
        self._counts: dict[str, Health] = {}

    def received(self, channel: str, number: int, at: datetime) -> None:
        before = self._of(channel)
        self._counts[channel] = replace(before, received=before.received + number, last_received_at=at)

    def refused(self, channel: str, reason: str, at: datetime) -> None:
        before = self._of(channel)
        self._counts[channel] = replace(before, refused=before.refused + 1, last_error=reason, last_error_at=at)

    def failed(self, channel: str, reason: str, at: datetime) -> None:
        self._counts[channel] = replace(self._of(channel), last_error=reason, last_error_at=at)

    def take(self) -> list[Health]:
        """Everything since the last call."""
        counts, self._counts = list(self._counts.values()), {}
        return counts

    def _of(self, channel: str) -> Health:
        return self._counts.get(channel) or Health(channel=channel)


class RuleCounts:
    """How often rules were asked and found something since the last time it was written down, by China's day and rule;
    the rule '' stands for messages that were read. Kept in memory: figures, not facts.
    """

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], tuple[int, int]] = {}

    def add(self, day: str, rule: str, checked: int, found: int) -> None:
        before = self._counts.get((day, rule), (0, 0))
        self._counts[day, rule] = (before[0] + checked, before[1] + found)

    def take(self) -> dict[tuple[str, str], tuple[int, int]]:
        """Everything since the last call."""
        counts, self._counts = self._counts, {}
        return counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """`now` gives aware UTC time; services read no other clock."""

    settings: Settings
    now: Callable[[], datetime]
    db: Database
    stream: Stream
    http: Http
    webhook_http: Http
    channels: Mapping[str, Channel]
    understanding: Understanding
    arrivals: GroupCommit[Arrival, Taken]
    secret: bytes
    shelf: BookShelf = field(default_factory=BookShelf)
    talk: TalkShelf = field(default_factory=TalkShelf)
    health: HealthCounts = field(default_factory=HealthCounts)
    rule_counts: RuleCounts = field(default_factory=RuleCounts)

    def channel(self, name: str) -> Channel:
        """The configured channel of that name. `NotFound` when there is none."""
        found = self.channels.get(name)
        if found is None:
            raise NotFound(f"there is no channel {name!r}")
        return found
