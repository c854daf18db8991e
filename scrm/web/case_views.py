"""Cases as a reader may see them: rows of the queue, and everything needed to decide on one screen."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Literal, Self

from scrm.core.access import Actor, Permission, can
from scrm.core.cases import (
    CONVERSATION,
    Case,
    Judge,
    Look,
    VerdictKind,
    is_blind,
    permitted,
    shown_state,
    usual_remedy,
)
from scrm.core.claims import Claim
from scrm.core.compliance import Finding, Severity
from scrm.core.figures import Share, per_thousand
from scrm.core.ids import public
from scrm.core.price_book import CHINA, PriceBook, Product
from scrm.core.texts import explain, ground_text, render, rule_name, suggest_remedy
from scrm.core.timeline import SELLERS, Entry, Json, speaker_at
from scrm.hub import Hub
from scrm.services.annotate import part_start
from scrm.services.cases import Bench, bench, conversation, this_round
from scrm.services.figures import Figures, Spread
from scrm.services.prices import current_book
from scrm.store.cases import CaseEvent, StoredFinding
from scrm.store.database import Transaction
from scrm.web import schemas
from scrm.web.present import Presenting, as_finding, moved

_PRIOR = 20
_TOLD_SINCE = 20
_CONVERSATION = {"zh-CN": ("会话复核", "{day} 的会话"), "en": ("Conversation", "Conversation of {day}")}
_HIDDEN_WHILE_OPEN = frozenset({"drawn", "referred"})
_PUBLIC = frozenset({"opened", "evidence_joined", "reopened"})
_REST_OF_LOOK = frozenset({"evidence_joined", "claimed", "assigned", "released", "overdue"})
_RECKONED: tuple[Literal["earlier_price", "list_price", "promotion_price", "expected", "floor", "price"], ...] = (
    "earlier_price",
    "list_price",
    "promotion_price",
    "expected",
    "floor",
    "price",
)


@dataclass(frozen=True, slots=True)
class CaseViews:
    """Presents cases to one reader. `people` maps the ids of accounts to names."""

    presenting: Presenting
    tx: Transaction
    actor: Actor
    people: Mapping[int, str]

    @classmethod
    async def within(cls, hub: Hub, tx: Transaction, actor: Actor, language: str) -> Self:
        people = {one.id: one.name for one in await tx.accounts.all()}
        return cls(await Presenting.within(hub, tx, language), tx, actor, people)

    async def rows(self, cases: Sequence[Case]) -> list[schemas.CaseOut]:
        """Rows of the queue; a fixed number of statements for any number of rows."""
        tx, ids = self.tx, [case.id for case in cases]
        findings, looks = await tx.cases.findings(ids), await tx.cases.looks(ids)
        entries = await tx.timeline.load(found.entry_id for of_case in findings.values() for found in of_case)
        customers = await tx.customers.load(case.customer_id for case in cases)
        book = await current_book(self.presenting.hub, tx)
        shown = []
        for case in cases:
            blind = is_blind(case, self._judge(case, looks.get(case.id, [])))
            found = findings.get(case.id, [])
            said = [entries[one.entry_id] for one in found if one.entry_id in entries]
            customer = customers.get(case.customer_id)
            shown.append(
                schemas.CaseOut(
                    id=public("cas", case.id),
                    customer_id=public("cus", case.customer_id),
                    customer_name=customer.name if customer else "",
                    rule=case.rule,
                    rule_name=self.rule_name_of(case.rule),
                    product=self.presenting.product_name(book, case.product, tx.now),
                    sku=case.product,
                    severity=Severity(case.severity).value,
                    exposure=Decimal(case.exposure_fen) / 100,
                    state=shown_state(case, blind=blind).value,
                    assignee=self.people.get(case.assignee_id or 0),
                    assignee_id=str(case.assignee_id) if case.assignee_id else None,
                    opened_at=_opened_at(case, looks.get(case.id, []), blind=blind),
                    updated_at=case.updated_at,
                    due_at=case.due_at,
                    overdue=case.is_open and case.due_at is not None and case.due_at <= tx.now,
                    escalated_at=case.escalated_at,
                    findings=len(found),
                    reps=_distinct(self.presenting.name(actor) for actor in _sellers(found, entries)),
                    channels=_distinct(self.presenting.name(one.channel) for one in said),
                    summary=self._summary(case, found),
                    verdict=case.verdict.value if case.verdict else None,
                    verdict_reason=case.verdict_reason,
                    remedy=case.remedy.value if case.remedy else None,
                    reopened=case.round > 1,
                    origin=None if case.is_open else case.origin.value,
                    version=case.version,
                )
            )
        return shown

    async def detail(self, case: Case) -> schemas.CaseDetail:
        """Everything needed to decide: statements, context, prices, what was said and done since, and by whom."""
        tx = self.tx
        (row,) = await self.rows([case])
        seats = await bench(tx, [case])
        judge = seats.judge(case, self.actor)
        blind = is_blind(case, judge)
        day = await self._day(case)
        findings = await self._findings(case, day)
        entries = await tx.timeline.load(
            one for found in findings for one in (found.entry_id, found.against_id) if one is not None
        )
        book = await current_book(self.presenting.hub, tx)
        looks = (await tx.cases.looks([case.id])).get(case.id, [])
        said = [entries[found.entry_id] for found in findings if found.entry_id in entries]
        around = await self._around(entries, day)
        return schemas.CaseDetail(
            **row.model_dump(),
            evidence=[self._evidence(found, around, book) for found in findings],
            conversation=around.shown_of(day),
            told_since=await self._told_since(case, said),
            history=self._history(case, await tx.cases.history(case.id), row.opened_at, blind=blind),
            looks=[self._look(look) for look in looks if not blind or look.round < case.round],
            remedied=self._remedy(case),
            prior_cases=await self._prior(case, set(_sellers(findings, entries))),
            price_book=self._prices(case, said, book),
            chain=await self._chain(case, entries.values()),
            assignable=await self._assignable(case, seats, blind=blind),
            can=[act.value for act in permitted(case, judge)],
        )

    # --- the case ------------------------------------------------------------------------------------------------

    def _judge(self, case: Case, looks: Iterable[Look]) -> Judge:
        """The reader, as far as blindness goes."""
        return Judge(
            id=self.actor.id,
            judges=can(self.actor, Permission.JUDGE),
            oversees=can(self.actor, Permission.OVERSEE_CASES),
            has_looked=any(look.decided_by == self.actor.id and look.round == case.round for look in looks),
        )

    def rule_name_of(self, rule: str) -> str:
        """What a rule, or what stands in its place, is called."""
        language = self.presenting.language
        return _CONVERSATION[language][0] if rule == CONVERSATION else rule_name(rule, language)

    def _summary(self, case: Case, findings: Sequence[StoredFinding]) -> str:
        if case.day:
            return _CONVERSATION[self.presenting.language][1].format(day=case.day)
        return self._told(as_finding(findings[-1])) if findings else ""

    def _told(self, finding: Finding) -> str:
        return render(finding, self.presenting.language, self.presenting.names)

    async def product_names(self) -> Callable[[str], str]:
        """What products are called now, by sku."""
        book = await current_book(self.presenting.hub, self.tx)
        return lambda sku: self.presenting.product_name(book, sku, self.tx.now) or sku

    async def _day(self, case: Case) -> list[Entry]:
        """The conversation of the day the case is about: a finding's, the day of the last statement."""
        if case.day:
            return await conversation(self.tx, case.customer_id, date.fromisoformat(case.day))
        findings = (await self.tx.cases.findings([case.id])).get(case.id, [])
        said = await self.tx.timeline.load(found.entry_id for found in findings)
        last = max(said.values(), key=lambda entry: entry.at, default=None)
        if last is None:
            return []
        return await conversation(self.tx, last.customer_id or case.customer_id, last.at.astimezone(CHINA).date())

    async def _findings(self, case: Case, day: Sequence[Entry]) -> list[StoredFinding]:
        """The case's findings; with a conversation those that are on file about it."""
        if not case.day:
            return (await self.tx.cases.findings([case.id])).get(case.id, [])
        of_day = await self.tx.cases.findings_of(entry.id for entry in day)
        return [found for entry in day for found in of_day.get(entry.id, [])]

    def _history(
        self, case: Case, history: Sequence[CaseEvent], opened_at: datetime, *, blind: bool
    ) -> list[schemas.CaseEventOut]:
        shown = list(_as_unseen(history, opened_at)) if blind else history
        hidden = _HIDDEN_WHILE_OPEN if case.is_open else frozenset()
        return [
            schemas.CaseEventOut.model_validate(
                {
                    "at": event.at,
                    "actor": self.presenting.name(event.actor),
                    "action": event.action.partition(":")[0],
                    "note": event.note,
                }
            )
            for event in shown
            if event.action not in hidden
        ]

    def _look(self, look: Look) -> schemas.LookOut:
        return schemas.LookOut(
            round=look.round,
            look=look.look,
            verdict=look.kind.value,
            reason=look.reason,
            note=look.note,
            by=self.people.get(look.decided_by, ""),
            at=look.decided_at,
        )

    def _remedy(self, case: Case) -> schemas.RemedyOut | None:
        if case.remedy is None or case.remedied_at is None:
            return None
        return schemas.RemedyOut(
            kind=case.remedy.value,
            note=case.remedy_note,
            entry_id=public("msg", case.remedy_entry_id) if case.remedy_entry_id else None,
            by=self.people.get(case.remedied_by or 0, ""),
            at=case.remedied_at,
            after_s=(case.remedied_at - case.opened_at) / timedelta(seconds=1),
        )

    async def _prior(self, case: Case, actors: Collection[str]) -> list[schemas.PriorCaseOut]:
        found = await self.tx.cases.prior(case, actors, limit=_PRIOR)
        rows = await self.rows([one for one, _ in found])
        return [
            schemas.PriorCaseOut(
                id=row.id,
                same=_same(customer=one.customer_id == case.customer_id, rep=theirs),
                customer_name=row.customer_name,
                rule=row.rule,
                rule_name=row.rule_name,
                severity=row.severity,
                state=row.state,
                verdict=row.verdict,
                opened_at=row.opened_at,
            )
            for (one, theirs), row in zip(found, rows, strict=True)
        ]

    async def _chain(self, case: Case, entries: Iterable[Entry]) -> list[schemas.ChainPlaceOut]:
        """Where the log holds the statements and what became of them; once judged, the case's own acts as well."""
        audit, ids = self.tx.audit, {public("msg", entry.id): entry.id for entry in entries}
        links = []
        for public_id, entry_id in ids.items():
            arrival = await audit.arrival_of(entry_id)
            links += [("entry", public_id, arrival)] if arrival else []
        links += [("entry", link.object_id, link) for link in await audit.about("entry", ids)]
        if not case.is_open:
            links += [("case", link.object_id, link) for link in await audit.about("case", [public("cas", case.id)])]
        return [
            schemas.ChainPlaceOut(
                object_type="case" if kind == "case" else "entry",
                object_id=object_id,
                action=link.action,
                seq=link.seq,
                at=link.at,
                hash=link.entry.hex(),
            )
            for kind, object_id, link in sorted(links, key=lambda one: one[2].seq)
        ]

    async def _assignable(self, case: Case, seats: Bench, *, blind: bool) -> list[schemas.PersonOut]:
        """Who may be given the case. A blind reader cannot tell from the list who has looked already."""
        if not case.is_open:
            return []
        people = await self.tx.accounts.all()
        return [
            schemas.PersonOut(id=str(one.id), name=one.name)
            for one in people
            if can(one, Permission.JUDGE) and (blind or seats.judge(case, one).may_judge)
        ]

    # --- the evidence --------------------------------------------------------------------------------------------

    async def _around(self, entries: Mapping[int, Entry], day: Sequence[Entry]) -> _Around:
        """The statements with what passed before and after each, all of it presented at once."""
        contexts = {entry.id: await self.tx.timeline.around(entry) for entry in entries.values()}
        needed = {entry.id: entry for context in (*contexts.values(), day) for entry in context}
        shown = await self.presenting.entries(self.tx, list(needed.values()))
        return _Around(
            entries=entries,
            contexts=contexts,
            claims=await self.tx.claims.of_entries(entries),
            shown=dict(zip(needed, shown, strict=True)),
        )

    def _evidence(self, stored: StoredFinding, around: _Around, book: PriceBook) -> schemas.CaseFindingOut:
        presenting, finding = self.presenting, as_finding(stored)
        said, begins = around.entries[stored.entry_id], part_start(finding.entry_id)
        against = around.entries.get(stored.against_id) if stored.against_id is not None else None
        acknowledged = (said.origin or {}).get("acknowledged_reason")
        rule = next((one for one in presenting.hub.understanding.rules if one.id == stored.rule), None)
        return schemas.CaseFindingOut(
            id=str(stored.id),
            rule=stored.rule,
            rule_name=self.rule_name_of(stored.rule),
            rule_version=stored.rule_version,
            ground=ground_text(rule.ground, presenting.language) if rule and rule.ground else None,
            severity=Severity(stored.severity).value,
            reason=self._told(finding),
            explanation=explain(finding, presenting.language, presenting.names),
            said=presenting.evidence(said, moved(finding.span, begins), begins=begins),
            against=presenting.earlier_evidence(finding, against),
            said_readings=[self._reading(claim, said, book) for claim in around.claims.get(said.id, [])],
            against_readings=[self._reading(claim, against, book) for claim in around.claims.get(against.id, [])]
            if against
            else [],
            arithmetic=list(_arithmetic(finding.facts)),
            acknowledged_reason=str(acknowledged) if acknowledged else None,
            suggested_remedy=usual_remedy(stored.rule).value,
            suggested_remedy_text=suggest_remedy(finding, presenting.language, presenting.names),
            context_said=around.shown_of(around.contexts[said.id]),
            context_against=around.shown_of(around.contexts[against.id]) if against else [],
        )

    def _reading(self, claim: Claim, entry: Entry, book: PriceBook) -> schemas.ReadingOut:
        quote = claim.quote
        return schemas.ReadingOut(
            entry_id=public("msg", entry.id),
            words=entry.text[quote.start : quote.end],
            kind=quote.kind.value,
            value=quote.value,
            value_max=quote.value_max,
            unit=quote.unit,
            threshold=quote.threshold,
            stance=quote.stance.value,
            approx=quote.approx.value,
            start=quote.start,
            end=quote.end,
            confidence=quote.confidence,
            product=self.presenting.product_name(book, claim.sku, entry.at),
            sku=claim.sku,
            link=claim.link.value,
            link_confidence=claim.link_confidence,
            valid_from=claim.valid_from,
            valid_until=claim.valid_until,
            condition=claim.condition,
        )

    async def _told_since(self, case: Case, said: Sequence[Entry]) -> list[schemas.EvidenceOut]:
        """Prices the customer was told after the last statement objected to; of the case's product, if it has one."""
        if not said or case.day:
            return []
        last = max(said, key=lambda entry: entry.at)
        customer_id = last.customer_id or case.customer_id
        later = (await self.tx.claims.history([customer_id], since=last.at)).get(customer_id, [])
        told = [
            one
            for one in later
            if one.speaker in SELLERS
            and one.entry_id != last.id
            and one.at > last.at
            and any(case.product is None or claim.sku in {None, case.product} for claim in one.claims)
        ]
        entries = await self.tx.timeline.load(one.entry_id for one in told[:_TOLD_SINCE])
        return [
            self.presenting.evidence(
                entries[one.entry_id],
                moved((one.claims[0].quote.start, one.claims[0].quote.end), one.start),
            )
            for one in told[:_TOLD_SINCE]
        ]

    def _prices(self, case: Case, said: Sequence[Entry], book: PriceBook) -> list[schemas.PriceOut]:
        found: list[Product] = []
        for entry in said:
            product = book.product(case.product, entry.at) if case.product else None
            if product is not None and product not in found:
                found.append(product)
        return [self.presenting.price(product) for product in found]


@dataclass(frozen=True, slots=True)
class _Around:
    """The statements of a case, what was read from them, and everything around them as it is shown."""

    entries: Mapping[int, Entry]
    contexts: Mapping[int, Sequence[Entry]]
    claims: Mapping[int, Sequence[Claim]]
    shown: Mapping[int, schemas.EntryOut]

    def shown_of(self, entries: Iterable[Entry]) -> list[schemas.EntryOut]:
        return [self.shown[entry.id] for entry in entries]


def figures_out(figures: Figures, views: CaseViews) -> schemas.CaseFigures:
    """The figures with rules called by their names."""
    messages, findings = sum(one.messages for one in figures.days), sum(one.findings for one in figures.days)
    return schemas.CaseFigures(
        first_day=figures.first_day,
        last_day=figures.last_day,
        messages=messages,
        findings=findings,
        per_thousand=per_thousand(findings, messages),
        days=[
            schemas.DayOut(
                day=date.fromisoformat(one.day),
                messages=one.messages,
                findings=one.findings,
                per_thousand=per_thousand(one.findings, one.messages),
            )
            for one in figures.days
        ],
        rules=[
            schemas.RuleFiguresOut(
                rule=rule, rule_name=views.rule_name_of(rule), precision=_share(precision), undecided=one.undecided
            )
            for rule, (precision, one) in figures.rules.items()
        ],
        verdicts=[
            schemas.VerdictCountOut(verdict=VerdictKind(one.verdict).value, reason=one.reason, count=one.number)
            for one in figures.verdicts
        ],
        times=schemas.TimesOut(
            claim=_spread(figures.claim), verdict=_spread(figures.verdict), remedy=_spread(figures.remedy)
        ),
        queue=[
            schemas.AgeOut(
                severity=Severity(one.severity).value,
                under_hour=one.under_hour,
                under_day=one.under_day,
                under_week=one.under_week,
                older=one.older,
                overdue=one.overdue,
                oldest_at=one.oldest_at,
            )
            for one in figures.queue
        ],
        overdue=sum(one.overdue for one in figures.queue),
        remedied=_share(figures.remedied),
        second_looks=schemas.AgreementOut(
            pairs=figures.second_looks.pairs,
            agreed=figures.second_looks.agreed,
            share=Share(figures.second_looks.agreed, figures.second_looks.pairs).share,
            kappa=figures.second_looks.kappa,
        ),
        missed=_share(figures.missed),
        workload=[
            schemas.WorkloadOut(
                auditor=schemas.PersonOut(id=str(one.person_id), name=one.name),
                holding=one.holding,
                looks=one.looks,
                median_s=one.median_s,
            )
            for one in figures.workload
        ],
    )


def _share(share: Share) -> schemas.ShareOut:
    low, high = share.interval or (None, None)
    return schemas.ShareOut(number=share.number, of=share.of, share=share.share, low=low, high=high)


def _spread(spread: Spread) -> schemas.SpreadOut:
    return schemas.SpreadOut(number=spread.number, median_s=spread.median_s, p90_s=spread.p90_s)


def _as_unseen(history: Sequence[CaseEvent], opened_at: datetime) -> Iterable[CaseEvent]:
    """The history of a case whose second look waits, as if nobody had looked at it in this round."""
    current = this_round(history)
    yield from history[: len(history) - len(current)]
    for event in current:
        if (event.at >= opened_at and event.action in _REST_OF_LOOK) or event.action == "reopened":
            yield event
        elif event.action == "opened":
            yield CaseEvent(at=opened_at, actor=event.actor, action=event.action, note=event.note)


def _opened_at(case: Case, looks: Sequence[Look], *, blind: bool) -> datetime:
    """A second look counts from its own beginning."""
    current = [look.decided_at for look in looks if look.round == case.round]
    return max(current) if blind and current else case.opened_at


def _arithmetic(facts: Mapping[str, Json]) -> Iterable[schemas.ArithmeticOut]:
    for name in _RECKONED:
        if text := _number(facts.get(name)):
            yield schemas.ArithmeticOut(name=name, value=text)
    before, now = _upper(facts.get("earlier_price")), _lower(facts.get("price"))
    if before and now:
        yield schemas.ArithmeticOut(name="difference", value=format(now - before, "f"))
        yield schemas.ArithmeticOut(
            name="ratio", value=format(((now - before) / before).quantize(Decimal("0.0001")), "f")
        )


def _number(value: Json) -> str:
    if isinstance(value, list | tuple):
        return "–".join(str(end) for end in value)
    return str(value) if value else ""


def _lower(value: Json) -> Decimal | None:
    return _decimal(value[0] if isinstance(value, list | tuple) and value else value)


def _upper(value: Json) -> Decimal | None:
    return _decimal(value[-1] if isinstance(value, list | tuple) and value else value)


def _decimal(value: Json) -> Decimal | None:
    try:
        return Decimal(str(value)) if value else None
    except InvalidOperation:
        return None


def _same(*, customer: bool, rep: bool) -> Literal["customer", "rep", "both"]:
    if customer and rep:
        return "both"
    return "customer" if customer else "rep"


def _sellers(findings: Iterable[StoredFinding], entries: Mapping[int, Entry]) -> list[str]:
    """Actors of the statements that sellers made; of a call counts what was objected to, not who rang."""
    said = [
        (entries[found.entry_id], part_start(as_finding(found).entry_id))
        for found in findings
        if found.entry_id in entries
    ]
    return [entry.actor for entry, begins in said if speaker_at(entry, begins) in SELLERS]


def _distinct(values: Iterable[str]) -> list[str]:
    return [value for value in dict.fromkeys(values) if value]
