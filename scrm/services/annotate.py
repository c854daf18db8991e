"""Annotating: the one place that reads meaning from entries. Tags, claims, findings, search; all over whole batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from scrm.core.audit_chain import Deed
from scrm.core.cases import Case, fact
from scrm.core.claims import Claim, Turn, find_claims, find_products, link, read_unlinked
from scrm.core.compliance import Finding, Statement, speaks_to
from scrm.core.compliance.customer_deleted import is_deletion
from scrm.core.compliance.marketing_after_refusal import advertises
from scrm.core.compliance.noticing import Cue, arouses, asks, cues, refuses
from scrm.core.events import Event
from scrm.core.ids import first_at, public
from scrm.core.price_book import CHINA, PriceBook
from scrm.core.tagging import Tag, Utterance, tag_messages
from scrm.core.timeline import Entry, Json, Part, Speaker, parts
from scrm.hub import Hub, Understanding
from scrm.services.circles import Found, check_circle, circles_of
from scrm.services.prices import current_book
from scrm.store.cases import Attached, NewFinding
from scrm.store.claims import NewClaim, NewCue, Said
from scrm.store.database import Transaction

HISTORY = timedelta(days=180)
"""How far back earlier quotes are looked at; promotions and stated validities are shorter."""
CONTEXT_TURNS = 10
CONTEXT_AGE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Spoken:
    """A part of an entry with what was read from it."""

    entry: Entry
    part: Part
    text: str
    claims: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class Annotated:
    """What annotating a batch gave: tags by entry, and the facts to publish."""

    tags: Mapping[int, Sequence[Tag]]
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class TakenBack:
    """An entry that was recalled, and when."""

    entry: Entry
    at: datetime


async def annotate(
    hub: Hub,
    tx: Transaction,
    entries: Sequence[Entry],
    *,
    united: Iterable[int] = (),
    recalled: Sequence[TakenBack] = (),
) -> Annotated:
    """Read entries that have just been stored; their customers are locked. Stores tags, claims, cues, findings, cases.

    `united` are customers that have just taken over another's history, `recalled` entries that were just taken back.
    """
    spoken_of = [(entry, part) for entry in entries for part in parts(entry.kind, entry.text, entry.speaker)]
    tags = read_tags(hub.understanding, spoken_of)
    await tx.timeline.tag([(entry_id, tag) for entry_id, found in tags.items() for tag in found])
    book = await current_book(hub, tx)
    spoken = await _read_claims(tx, spoken_of, book)
    await tx.claims.add(_new_claims(spoken))
    heard = await _heard(hub, tx, spoken)
    await tx.claims.add_cues([cue for one in heard for cue in one.new_cues()])
    attached = await _check(hub, tx, [*heard, *map(_taken_back, recalled)], book, united)
    return Annotated(tags, told_of(tx, attached))


def told_of(tx: Transaction, attached: Attached) -> tuple[Event, ...]:
    """Put on record what findings did to cases; the facts to publish."""
    tx.audit.record(*(_deed("case.opened", case) for case in attached.opened))
    tx.audit.record(*(_deed("case.grown", case) for case in attached.grown))
    return (
        *(fact("case.opened", case) for case in attached.opened),
        *(fact("case.changed", case) for case in attached.grown),
    )


def read_tags(understanding: Understanding, spoken_of: Sequence[tuple[Entry, Part]]) -> dict[int, list[Tag]]:
    """Tags by entry, with offsets in the entry's text. A hit found twice by one rule at one place counts once."""
    utterances = [Utterance(entry.text[p.start : p.end], p.speaker, entry.channel) for entry, p in spoken_of]
    found: dict[int, dict[tuple[str, int, int], Tag]] = {}
    for (entry, part), tags in zip(
        spoken_of,
        tag_messages(utterances, understanding.lexicon, understanding.segmenter, understanding.intents),
        strict=True,
    ):
        for tag in tags:
            moved = _moved(tag, part.start)
            found.setdefault(entry.id, {})[moved.rule, moved.start, moved.end] = moved
    return {entry_id: list(of_entry.values()) for entry_id, of_entry in found.items()}


async def findings_of_draft(
    hub: Hub,
    tx: Transaction,
    customer_id: int,
    *,
    text: str,
    channel: str,
    thread: str,
    speaker: Speaker,
    actor: str,
    now: datetime,
) -> tuple[tuple[Finding, ...], PriceBook]:
    """What would be objected to if this were said to the customer now."""
    book = await current_book(hub, tx)
    turns = await _turns_of(tx, {(channel, thread)}, before=tx.ids.next())
    claims = find_claims(text, speaker, now, book, turns[channel, thread])
    draft = Statement(
        entry_id=DRAFT,
        at=now,
        channel=channel,
        speaker=speaker,
        actor=actor,
        text=text,
        claims=claims,
        products=find_products(text, book),
    )
    (circle,) = await circles_of(tx, [customer_id])
    said = await _remembered(hub, tx, circle.members, book, now)
    said.setdefault(customer_id, []).append(draft)
    found = check_circle(circle, said, book, hub.understanding.rules, since={customer_id: now})
    return tuple(one.finding for one in found if one.finding.entry_id == DRAFT), book


async def said_to(
    tx: Transaction, customer_ids: Iterable[int], book: PriceBook, *, since: datetime
) -> dict[int, list[Statement]]:
    """By customer, what is on file since then that other words can be held against."""
    histories = await tx.claims.history(customer_ids, since=since)
    return {
        customer_id: [_statement(one, find_products(one.text, book)) for one in said]
        for customer_id, said in histories.items()
    }


async def _remembered(
    hub: Hub, tx: Transaction, customer_ids: Iterable[int], book: PriceBook, now: datetime
) -> dict[int, list[Statement]]:
    """As `said_to`, from memory while nothing else is on file: a rep who types asks again with every word."""
    since = now - HISTORY
    stamps = {
        customer_id: (hub.shelf.stamp, stamp) for customer_id, stamp in (await tx.claims.stamps(customer_ids)).items()
    }
    kept = {customer_id: hub.talk.find(customer_id, stamp) for customer_id, stamp in stamps.items()}
    missing = [customer_id for customer_id, said in kept.items() if said is None]
    loaded = await said_to(tx, missing, book, since=since) if missing else {}
    for customer_id in missing:
        hub.talk.keep(customer_id, stamps[customer_id], loaded.get(customer_id, []))
    return {
        customer_id: [one for one in (said or loaded.get(customer_id) or ()) if one.at >= since]
        for customer_id, said in kept.items()
    }


DRAFT = "draft"


def entry_of(statement_id: str) -> int:
    """The entry behind a statement's id."""
    return int(statement_id.partition(":")[0])


def part_start(statement_id: str) -> int:
    """Where the statement's part begins in its entry's text."""
    return int(statement_id.split(":")[1]) if ":" in statement_id else 0


async def _read_claims(tx: Transaction, spoken_of: Sequence[tuple[Entry, Part]], book: PriceBook) -> list[Spoken]:
    """Claims of a batch. What was said before on a conversation is loaded, once, where the words alone do not do."""
    said = [
        (entry, part, read_unlinked(entry.text[part.start : part.end], part.speaker, book)) for entry, part in spoken_of
    ]
    needing = {(entry.channel, entry.thread) for entry, _, read in said if read.needs_context}
    turns = await _turns_of(tx, needing, before=min((entry.id for entry, _ in spoken_of), default=0))
    spoken = []
    for entry, part, read in said:
        earlier = turns.get((entry.channel, entry.thread), [])
        claims = link(read, entry.at, book, earlier[-CONTEXT_TURNS:])
        earlier.append(Turn(speaker=part.speaker, text=read.text))
        spoken.append(Spoken(entry, part, read.text, claims))
    return spoken


async def _turns_of(
    tx: Transaction, threads: set[tuple[str, str]], *, before: int
) -> dict[tuple[str, str], list[Turn]]:
    """The last things said on each of these conversations within a day, oldest first."""
    found: dict[tuple[str, str], list[Turn]] = {thread: [] for thread in threads}
    since = first_at(tx.now - CONTEXT_AGE)
    for said in await tx.timeline.turns(threads, since=since, before=before, limit=CONTEXT_TURNS):
        found[said.channel, said.thread].append(Turn(speaker=said.speaker, text=said.text))
    return found


@dataclass(frozen=True, slots=True)
class _Heard:
    """A fresh statement: whose it is, what it bears on, and whether its words alone are a reason to check it."""

    customer_id: int
    part: Part
    statement: Statement
    cues: frozenset[Cue] = frozenset()
    worded: bool = False

    def new_cues(self) -> list[NewCue]:
        return [
            NewCue(
                entry_id=entry_of(self.statement.entry_id),
                customer_id=self.customer_id,
                at=self.statement.at,
                speaker=self.statement.speaker,
                start=self.part.start,
                end=self.part.end,
                cue=cue,
            )
            for cue in sorted(self.cues)
        ]

    def needs_check(self) -> bool:
        """Whether a finding can come of it: of what a seller says or does, or of a customer who has noticed."""
        said = self.statement
        if said.kind == "contact":
            return is_deletion(said)
        if not said.by_seller:
            return said.kind not in {"message", "call"} or arouses(said)
        return bool(said.claims) or self.worded or said.kind == "recall"


async def _heard(hub: Hub, tx: Transaction, spoken: Sequence[Spoken]) -> list[_Heard]:
    """What was just said, with its cues. What customers ask after they declined to be written to is remembered too, and
    so are the words that rules go by: they may be taken back.
    """
    said = [(one, statement_of(one)) for one in spoken if one.entry.customer_id is not None]
    customer_ids = {one.entry.customer_id for one, _ in said if one.entry.customer_id is not None}
    declined = await tx.claims.with_cue(customer_ids, Cue.REFUSES)
    declined |= {one.entry.customer_id for one, statement in said if one.entry.customer_id and refuses(statement)}
    heard = []
    for one, statement in said:
        customer_id = one.entry.customer_id
        assert customer_id is not None
        found = cues(statement)
        worded = statement.by_seller and speaks_to(hub.understanding.rules, statement.text)
        if worded:
            found |= {Cue.TERMS}
        if customer_id in declined:
            worded = worded or (statement.by_seller and advertises(statement))
            found |= {Cue.ASKS} if asks(statement) else set()
        heard.append(_Heard(customer_id, one.part, statement, found, worded))
    return heard


def _taken_back(one: TakenBack) -> _Heard:
    entry = one.entry
    statement = Statement(
        entry_id=f"{entry.id}:0:recall",
        at=one.at,
        channel=entry.channel,
        speaker=entry.speaker,
        actor=entry.actor,
        text="",
        kind="recall",
        recalls=str(entry.id),
    )
    return _Heard(entry.customer_id or 0, Part(0, 0, entry.speaker), statement)


async def _check(
    hub: Hub, tx: Transaction, heard: Sequence[_Heard], book: PriceBook, united: Iterable[int]
) -> Attached:
    """Check what was just said against all that was said before, and what was said after it again. Customers that
    have just been found to be one person (`united`) are checked from the beginning.
    """
    news: dict[int, dict[str, Statement]] = {}
    since = dict.fromkeys(united, tx.now - HISTORY)
    for one in heard:
        statement, needed = one.statement, one.needs_check()
        if one.customer_id and (statement.claims or one.cues or needed):
            news.setdefault(one.customer_id, {})[statement.entry_id] = statement
            if needed:
                since[one.customer_id] = min(statement.at, since.get(one.customer_id, statement.at))
    if not since:
        _count(hub, tx.now, heard, ())
        return Attached((), ())
    circles = await circles_of(tx, since)
    everybody = {member for circle in circles for member in circle.members}
    histories = await said_to(tx, everybody, book, since=min(since.values()) - HISTORY)
    found: list[NewFinding] = []
    for circle in circles:
        said = {member: _with_news(histories.get(member, ()), news.get(member, {}), book) for member in circle.members}
        starts = {member: since[member] for member in circle.members if member in since}
        found += to_store(check_circle(circle, said, book, hub.understanding.rules, since=starts))
    _count(hub, tx.now, heard, found)
    return await tx.cases.attach(found, hub.settings.deadlines)


def _count(hub: Hub, now: datetime, heard: Sequence[_Heard], found: Sequence[NewFinding]) -> None:
    """Every rule in force has looked at every message, be it only to see that it says nothing to it."""
    day = now.astimezone(CHINA).date().isoformat()
    fresh = {entry_of(one.statement.entry_id) for one in heard}
    hits = Counter(one.rule for one in found if one.entry_id in fresh)
    hub.rule_counts.add(day, "", len(heard), 0)
    for rule in hub.understanding.rules:
        hub.rule_counts.add(day, rule.id, len(heard), hits[rule.id])


def _deed(action: str, case: Case) -> Deed:
    """What the rules did to a case."""
    return Deed.by_hub(
        action,
        "case",
        public("cas", case.id),
        version=case.version,
        rule=case.rule,
        product=case.product,
        severity=case.severity,
        customer=public("cus", case.customer_id),
    )


def _with_news(on_file: Iterable[Statement], fresh: Mapping[str, Statement], book: PriceBook) -> list[Statement]:
    """What was said to one customer: what is on file, and what has just been read."""
    earlier = [one for one in on_file if one.entry_id not in fresh]
    return [*earlier, *(about_products(one, book) for one in fresh.values())]


def to_store(found: Iterable[Found]) -> list[NewFinding]:
    """Findings as they are kept; S0 is not."""
    return [
        NewFinding(
            customer_id=one.customer_id,
            entry_id=entry_of(finding.entry_id),
            against_id=entry_of(finding.against) if finding.against else None,
            rule=finding.rule,
            product=str(finding.facts["sku"]) if finding.facts.get("sku") else None,
            severity=finding.severity.value,
            finding=finding_document(finding),
            rule_version=finding.version,
        )
        for one in found
        if (finding := one.finding).severity > "S0"
    ]


def finding_document(finding: Finding) -> dict[str, Json]:
    """What is kept of a finding besides what has a column of its own."""
    return {
        "statement": finding.entry_id,
        "against": finding.against,
        "span": list(finding.span) if finding.span else None,
        "facts": dict(finding.facts),
        "raised_by": finding.raised_by,
    }


def statement_id(spoken: Spoken) -> str:
    return f"{spoken.entry.id}:{spoken.part.start}" if spoken.part.start else str(spoken.entry.id)


def _said_id(said: Said) -> str:
    return f"{said.entry_id}:{said.start}" if said.start else str(said.entry_id)


def about_products(statement: Statement, book: PriceBook) -> Statement:
    """The statement with the products its text is about."""
    return replace(statement, products=find_products(statement.text, book))


def statement_of(spoken: Spoken) -> Statement:
    """What was read, as rules see it."""
    entry = spoken.entry
    return Statement(
        entry_id=statement_id(spoken),
        at=entry.at,
        channel=entry.channel,
        speaker=spoken.part.speaker,
        actor=entry.actor,
        text=spoken.text,
        claims=spoken.claims,
        warned=bool((entry.origin or {}).get("acknowledged_reason")),
        kind=entry.kind,
        change=_change(entry),
    )


def _change(entry: Entry) -> str:
    """How a relation changed; handing a customer over deletes the relation at the provider, but nobody deleted it."""
    if entry.kind != "contact":
        return ""
    details = entry.body.get("details")
    transferred = isinstance(details, Mapping) and details.get("source") == "DELETE_BY_TRANSFER"
    return "transferred" if transferred else str(entry.body.get("change") or "")


def _statement(said: Said, products: tuple[str, ...]) -> Statement:
    return Statement(
        entry_id=_said_id(said),
        at=said.at,
        channel=said.channel,
        speaker=said.speaker,
        actor=said.actor,
        text=said.text,
        claims=said.claims,
        products=products,
        recalled_at=said.at if said.recalled else None,
        warned=said.warned,
    )


def _moved(tag: Tag, by: int) -> Tag:
    return replace(tag, start=tag.start + by, end=tag.end + by) if by else tag


def _new_claims(spoken: Iterable[Spoken]) -> list[NewClaim]:
    return [
        NewClaim(
            entry_id=one.entry.id,
            customer_id=one.entry.customer_id,
            at=one.entry.at,
            speaker=one.part.speaker,
            start=one.part.start,
            end=one.part.end,
            claim=claim,
        )
        for one in spoken
        if one.entry.customer_id is not None
        for claim in one.claims
    ]
