"""From what the hub knows to what the API shows: names for ids, masks on phones, texts in the reader's language."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self, TypeVar

from scrm.connector import HandsOver
from scrm.core.claims import Claim
from scrm.core.compliance import Finding, PriceHigherLater, Severity, Statement
from scrm.core.compliance.standing import Terms, standing
from scrm.core.customers import mask_phone
from scrm.core.errors import BadInput
from scrm.core.ids import public
from scrm.core.price_book import PriceBook, Product, Promotion
from scrm.core.proofreading import is_blocking
from scrm.core.routing import Carriage, Closed, Route
from scrm.core.texts import render, rule_name
from scrm.core.timeline import Entry, Speaker, speaker_at
from scrm.hub import Hub
from scrm.services.annotate import HISTORY, entry_of, part_start, said_to
from scrm.services.circles import circles_of
from scrm.services.outbound import routes_to
from scrm.services.prices import current_book
from scrm.store.cases import StoredFinding
from scrm.store.customers import Customer, KnownIdentity
from scrm.store.database import Transaction
from scrm.store.dry_runs import Example
from scrm.web import schemas
from scrm.web.schemas.customers import ToldTo
from scrm.web.schemas.households import HouseholdOut, MemberOut

KeyT = TypeVar("KeyT")
_CLOSED = {
    "zh-CN": {
        Closed.NEVER_WROTE: "客户还没有在这个渠道发过消息",
        Closed.WINDOW_OVER: "已超过回复时限,需等客户再次发来消息",
        Closed.QUOTA_USED: "本轮可发送的条数已用完,需等客户再次发来消息",
    },
    "en": {
        Closed.NEVER_WROTE: "the customer has not written on this channel yet",
        Closed.WINDOW_OVER: "the reply window is over until the customer writes again",
        Closed.QUOTA_USED: "no messages left until the customer writes again",
    },
}
_RECORDERS = {
    "zh-CN": {"settings": "配置文件", "operator": "系统管理员（命令行）"},
    "en": {"settings": "settings file", "operator": "operator (command line)"},
}
_NAMESPACES = (("phone", "手机号"), ("wecom:", "企业微信客户"), ("unionid", "微信开放平台"), ("webim:", "网页聊天访客"))
_PHONE = re.compile(r"\+\d{8,15}")
_PROVIDER_ID = re.compile(r"[A-Za-z][A-Za-z0-9_.@-]*")


@dataclass(frozen=True, slots=True)
class Presenting:
    """Presents for one request. `names` maps logins and provider ids to people's names, channels to their labels.

    `members` maps provider ids alone.
    """

    hub: Hub
    language: str
    names: Mapping[str, str]
    members: Mapping[str, str]

    @classmethod
    async def open(cls, hub: Hub, language: str) -> Self:
        async with hub.db.reading() as tx:
            return await cls.within(hub, tx, language)

    @classmethod
    async def within(cls, hub: Hub, tx: Transaction, language: str) -> Self:
        names = {name: channel.connector.label for name, channel in hub.channels.items()}
        members: dict[str, str] = {}
        for actor in await tx.accounts.all():
            members |= dict.fromkeys(actor.provider_ids, actor.name)
            names[actor.login] = actor.name
        return cls(hub, language, names | members, members)

    # --- customers -----------------------------------------------------------------------------------------------

    async def customers(self, tx: Transaction, found: Sequence[Customer]) -> list[schemas.CustomerOut]:
        """Rows of the customer list; a fixed number of statements for any number of rows."""
        ids = [customer.id for customer in found]
        last = await tx.timeline.load(c.last_entry_id for c in found if c.last_entry_id is not None)
        channels = await tx.timeline.channels_of(ids)
        identities = await tx.customers.identities(ids)
        cases = await tx.cases.count_open(ids)
        owners = {actor.id: actor.name for actor in await tx.accounts.all()}
        return [
            schemas.CustomerOut(
                id=public("cus", customer.id),
                name=customer.name,
                channel_kinds=sorted({self._kind(name) for name in channels.get(customer.id, [])}),
                phones=[_shown_value(i) for i in identities if i.customer_id == customer.id and _is_phone(i)],
                last_entry=self._preview(last.get(customer.last_entry_id or 0)),
                unread=customer.unread,
                open_cases=cases.get(customer.id, 0),
                owner=owners.get(customer.owner_id or 0),
            )
            for customer in found
        ]

    async def customer(self, tx: Transaction, customer: Customer) -> schemas.CustomerDetail:
        (row,) = await self.customers(tx, [customer])
        identities = await tx.customers.identities([customer.id])
        book = await current_book(self.hub, tx)
        (circle,) = await circles_of(tx, [customer.id])
        names = circle.members
        told = await said_to(tx, names, book, since=tx.now - HISTORY)
        return schemas.CustomerDetail(
            **row.model_dump(),
            identities=[self._identity(identity) for identity in identities],
            merges=[
                schemas.MergeOut(
                    id=public("mrg", merge.id),
                    other_name=other,
                    automatic=merge.automatic,
                    reason=self._spelled_out(merge.reason),
                    actor=self.name(merge.actor),
                    at=merge.at,
                    undone_at=merge.undone_at,
                )
                for merge, other in await tx.customers.merges(customer.id)
            ],
            maybe_same=[
                schemas.MaybeLinkOut(customer_id=public("cus", other.id), name=other.name, reason=reason)
                for other, reason in await tx.customers.maybe_same(customer.id)
            ],
            reply_channels=[self._route(route) for route in await routes_to(self.hub, tx, customer.id)],
            standing_claims=self._standing(customer.id, told, names, book, tx.now),
            household=await present_household(tx, customer.household_id) if customer.household_id else None,
        )

    def _identity(self, known: KnownIdentity) -> schemas.IdentityOut:
        namespace = known.identity.namespace
        label = next((text for start, text in _NAMESPACES if namespace.startswith(start)), namespace)
        return schemas.IdentityOut(
            id=public("idn", known.id),
            namespace=namespace,
            label=label,
            value=_shown_value(known),
            reason=self._spelled_out(known.reason),
            linked_at=known.linked_at,
        )

    def _route(self, route: Route) -> schemas.ReplyChannelOut:
        conversation = route.conversation
        connector = self.hub.channels[conversation.channel].connector
        by_hand = conversation.carriage is Carriage.HAND_OVER
        reason = _CLOSED[self.language][route.closed] if route.closed else ""
        if by_hand and isinstance(connector, HandsOver):
            reason = connector.handover_hint
        return schemas.ReplyChannelOut(
            channel=conversation.channel,
            channel_kind=self._kind(conversation.channel),
            label=connector.label,
            mode="hand_over" if by_hand else "send",
            open=route.closed is None,
            reason=reason,
            closes_at=route.closes_at,
            remaining=route.remaining,
        )

    def _standing(
        self,
        customer_id: int,
        told: Mapping[int, Sequence[Statement]],
        names: Mapping[int, str],
        book: PriceBook,
        now: datetime,
    ) -> list[schemas.StandingClaimOut]:
        """What this customer and their household have been told and what still stands, the latest first."""
        owners = {said.entry_id: member for member, of_one in told.items() for said in of_one}
        shown = []
        for one in standing((said for of_one in told.values() for said in of_one), book, now, self._terms):
            said, quote, member = one.said, one.claim.quote, owners[one.said.entry_id]
            shown.append(
                schemas.StandingClaimOut(
                    entry_id=public("msg", entry_of(said.entry_id)),
                    product=self.product_name(book, one.claim.sku, now) or "",
                    kind=quote.kind,
                    value=quote.value,
                    unit=quote.unit,
                    at=said.at,
                    valid_until=one.until,
                    channel_kind=self._kind(said.channel),
                    speaker=said.speaker,
                    actor_name=self.name(said.actor),
                    told_to=None
                    if member == customer_id
                    else ToldTo(customer_id=public("cus", member), name=names[member]),
                )
            )
        return shown

    @property
    def _terms(self) -> Terms:
        """How long quotes stand, as the rule in force has it."""
        rules = (one.rule for one in self.hub.understanding.rules)
        return next((rule.terms for rule in rules if isinstance(rule, PriceHigherLater)), Terms())

    def _preview(self, entry: Entry | None) -> schemas.EntryPreview | None:
        if entry is None:
            return None
        text = self._text(entry) or str(entry.body.get("disposition") or entry.body.get("provider_kind") or "")
        return schemas.EntryPreview(
            at=entry.at,
            kind=entry.kind,
            channel=entry.channel,
            channel_kind=self._kind(entry.channel),
            direction=entry.direction.value,
            text=text[:200],
        )

    # --- entries -------------------------------------------------------------------------------------------------

    async def entries(self, tx: Transaction, found: Sequence[Entry]) -> list[schemas.EntryOut]:
        """Entries with everything that was read from them; a fixed number of statements."""
        ids = [entry.id for entry in found]
        tags = await tx.timeline.tags(ids)
        claims = await tx.claims.of_entries(ids)
        versions = await tx.timeline.versions(ids)
        findings = await tx.cases.findings_of(ids)
        against = await tx.timeline.load(
            f.against_id for of_entry in findings.values() for f in of_entry if f.against_id is not None
        )
        book = await current_book(self.hub, tx)
        return [
            schemas.EntryOut(
                id=public("msg", entry.id),
                customer_id=public("cus", entry.customer_id) if entry.customer_id is not None else None,
                channel=entry.channel,
                channel_kind=self._kind(entry.channel),
                channel_label=self.name(entry.channel),
                thread=entry.thread,
                kind=entry.kind,
                direction=entry.direction.value,
                speaker=entry.speaker.value,
                actor=entry.actor,
                actor_name=self.name(entry.actor),
                at=entry.at,
                received_at=entry.received_at,
                text=self._text(entry),
                body=_body(entry),
                state=entry.state.value,
                state_reason=entry.state_reason,
                tags=[
                    schemas.TagOut(
                        tag=tag.tag,
                        name=tag.name,
                        kind="intent" if tag.kind == "intent" else "keyword",
                        start=tag.start,
                        end=tag.end,
                        score=tag.score,
                        rule=tag.rule,
                        version=tag.version,
                    )
                    for tag in tags.get(entry.id, [])
                ],
                claims=[self._claim(claim, book, entry.at) for claim in claims.get(entry.id, [])],
                versions=[
                    schemas.EntryVersionOut(
                        at=version.at, text=version.text, change="edited" if version.change == "edited" else "recalled"
                    )
                    for version in versions.get(entry.id, [])
                    if version.change != "completed"
                ],
                findings=[self.stored_finding(finding, against) for finding in findings.get(entry.id, [])],
            )
            for entry in found
        ]

    def _text(self, entry: Entry) -> str:
        return self._spelled_out(entry.text) if entry.kind == "contact" else entry.text

    def _spelled_out(self, text: str) -> str:
        """A text the hub made, with people's names for their ids at providers, and phone numbers masked."""
        masked = _PHONE.sub(lambda match: mask_phone(match[0]), text)
        return _PROVIDER_ID.sub(lambda match: self.members.get(match[0], match[0]), masked)

    def _claim(self, claim: Claim, book: PriceBook, at: datetime) -> schemas.ClaimOut:
        quote = claim.quote
        return schemas.ClaimOut(
            kind=quote.kind,
            value=quote.value,
            value_max=quote.value_max,
            unit=quote.unit,
            stance=quote.stance,
            approx=quote.approx,
            start=quote.start,
            end=quote.end,
            sku=claim.sku,
            product=self.product_name(book, claim.sku, at),
            valid_until=claim.valid_until,
        )

    # --- findings ------------------------------------------------------------------------------------------------

    async def draft_findings(self, findings: Iterable[Finding]) -> list[schemas.FindingOut]:
        """Findings about a draft, each with the earlier statement."""
        found = list(findings)
        if not found:
            return []
        async with self.hub.db.reading() as tx:
            against = await tx.timeline.load(entry_of(f.against) for f in found if f.against)
        return [self._finding(f, against.get(entry_of(f.against)) if f.against else None, 0) for f in found]

    def stored_finding(self, stored: StoredFinding, entries: Mapping[int, Entry]) -> schemas.FindingOut:
        """A finding on file. `entries` holds the statement it is against."""
        finding = as_finding(stored)
        earlier = entries.get(stored.against_id) if stored.against_id is not None else None
        return self._finding(finding, earlier, part_start(finding.entry_id))

    def evidence(
        self, entry: Entry, span: tuple[int, int] | None, until: str | None = None, *, begins: int = 0
    ) -> schemas.EvidenceOut:
        """A statement as evidence, with the words in question marked; without such words it begins at `begins`."""
        speaker = speaker_at(entry, span[0] if span else begins)
        # A call is filed under our side's name, whoever of the two speaks.
        named = entry.kind != "call" or speaker is not Speaker.CUSTOMER
        return schemas.EvidenceOut(
            entry_id=public("msg", entry.id),
            at=entry.at,
            channel=entry.channel,
            channel_kind=self._kind(entry.channel),
            channel_label=self.name(entry.channel),
            speaker=speaker,
            actor_name=self.name(entry.actor) if named else "",
            text=entry.text,
            start=span[0] if span else None,
            end=span[1] if span else None,
            valid_until=datetime.fromisoformat(until) if until else None,
        )

    def _finding(self, finding: Finding, earlier: Entry | None, offset: int) -> schemas.FindingOut:
        span = moved(finding.span, offset)
        return schemas.FindingOut(
            rule=finding.rule,
            rule_name=rule_name(finding.rule, self.language),
            severity=finding.severity.value,
            blocking=is_blocking(finding),
            reason=render(finding, self.language, self.names),
            start=span[0] if span else None,
            end=span[1] if span else None,
            against=self.earlier_evidence(finding, earlier),
        )

    def earlier_evidence(self, finding: Finding, earlier: Entry | None) -> schemas.EvidenceOut | None:
        if earlier is None:
            return None
        span = finding.facts.get("earlier_span")
        start, end = (span[0], span[1]) if isinstance(span, list | tuple) else (None, None)
        offset = part_start(finding.against or "")
        marked = (start + offset, end + offset) if isinstance(start, int) and isinstance(end, int) else None
        until = finding.facts.get("earlier_until")
        return self.evidence(earlier, marked, until if isinstance(until, str) else None, begins=offset)

    # --- words ---------------------------------------------------------------------------------------------------

    def price(self, product: Product) -> schemas.PriceOut:
        return schemas.PriceOut(
            sku=product.sku,
            name=product.name,
            aliases=list(product.aliases),
            list_price=product.list_price,
            unit=product.unit,
            promotions=[self.promotion(promotion) for promotion in product.promotions],
            floors=dict(product.floors),
            valid_from=product.valid_from,
            valid_to=product.valid_to,
            recorded_at=product.recorded_at or self.hub.now(),
            recorded_by=self.recorder(product.recorded_by),
            approved_by=self.recorder(product.approved_by),
            withdrawn=product.withdrawn,
        )

    def promotion(self, promotion: Promotion) -> schemas.PromotionOut:
        return schemas.PromotionOut(
            name=promotion.name,
            price=promotion.price,
            ratio=promotion.ratio,
            starts_at=promotion.starts_at,
            ends_at=promotion.ends_at,
            condition=promotion.condition or None,
        )

    def recorder(self, login: str) -> str:
        """Who changed a price, as people call them: a person, the settings file, the operator."""
        return _RECORDERS[self.language].get(login) or self.names.get(login, login)

    def product_name(self, book: PriceBook, sku: str | None, at: datetime) -> str | None:
        """What a product is called; its sku where the book does not have it."""
        if sku is None:
            return None
        found = book.product(sku, at)
        return found.name if found else sku

    def _kind(self, channel: str) -> str:
        found = self.hub.channels.get(channel)
        return found.kind if found else channel

    def name(self, known_as: str) -> str:
        """What people call somebody or a channel; as it is known when there is no name."""
        return self.names.get(known_as, known_as)


async def present_household(tx: Transaction, household_id: int) -> HouseholdOut:
    """A household with its members."""
    household = await tx.households.get(household_id)
    members = (await tx.households.members([household_id])).get(household_id, [])
    return HouseholdOut(
        id=public("hou", household.id),
        name=household.name,
        created_at=household.created_at,
        members=[
            MemberOut.model_validate(
                {"customer_id": public("cus", one.customer_id), "name": one.name, "role": one.role}
            )
            for one in members
        ],
    )


def as_finding(stored: StoredFinding | Example) -> Finding:
    """A finding on file, or of a dry run, as the rule gave it."""
    kept = stored.finding
    span = kept.get("span")
    facts = kept.get("facts")
    return Finding(
        rule=stored.rule,
        severity=Severity(stored.severity),
        entry_id=str(kept.get("statement") or stored.entry_id),
        against=str(kept["against"]) if kept.get("against") else None,
        span=(int(str(span[0])), int(str(span[1]))) if isinstance(span, list) else None,
        facts=facts if isinstance(facts, Mapping) else {},
    )


def moved(span: tuple[int, int] | None, offset: int) -> tuple[int, int] | None:
    return (span[0] + offset, span[1] + offset) if span else None


def cursor_of(key: datetime | str, row_id: int) -> str:
    """An opaque place in a list ordered by (key, id)."""
    text = key if isinstance(key, str) else key.isoformat()
    return base64.urlsafe_b64encode(f"{text}|{row_id}".encode()).decode().rstrip("=")


def place_of(cursor: str | None, read: Callable[[str], KeyT]) -> tuple[KeyT, int] | None:
    """The place behind a cursor, its key as `read` makes it. `BadInput` when it is not one of ours."""
    if not cursor:
        return None
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        key, _, row_id = text.partition("|")
        return read(key), int(row_id)
    except ValueError as error:
        raise BadInput("the cursor is not one this API gave out") from error


def _is_phone(known: KnownIdentity) -> bool:
    return known.identity.namespace == "phone"


def _shown_value(known: KnownIdentity) -> str:
    return mask_phone(known.identity.value) if _is_phone(known) else known.identity.value


def _body(entry: Entry) -> dict[str, object]:
    body: dict[str, object] = dict(entry.body)
    if entry.kind == "call" and body.get("phone"):
        body["phone"] = mask_phone(str(body["phone"]))
    details = body.get("details")
    if isinstance(details, Mapping) and details.get("phone"):
        body["details"] = {**details, "phone": mask_phone(str(details["phone"]))}
    return body
