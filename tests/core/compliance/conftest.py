"""A customer to talk to: statements in the order they are made, and what the rules find in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from scrm.core.claims import Turn, find_claims, find_products
from scrm.core.compliance import RULES, Finding, Statement, check
from scrm.core.price_book import PriceBook, read_price_book
from scrm.core.timeline import Speaker

BOOK = """
[[product]]
sku = "WM-X3"
name = "X3洗衣机"
aliases = ["X3", "洗衣机"]
list_price = 3999
[product.floors]
rep = 3500
lead = 3200
[[product.promotion]]
name = "618"
price = 3599
from = 2026-06-10
to = 2026-06-18

[[product]]
sku = "FR-900"
name = "900对开门冰箱"
aliases = ["冰箱"]
list_price = 6999
[product.floors]
rep = 6500

[[product]]
sku = "GYM-Y"
name = "健身年卡"
aliases = ["年卡"]
list_price = 1988
[[product.promotion]]
name = "会员价"
price = 1588
from = 2026-01-01
to = 2026-12-31
condition = "会员"

[[product]]
sku = "A-1702"
name = "A栋1702"
aliases = ["1702"]
list_price = 4300000

[[product]]
sku = "CAR-S"
name = "星河S"
aliases = ["星河"]
list_price = 158000
"""


@dataclass
class Talk:
    """Everything said with one customer. Times are `MM-DD HH:MM` of 2026, China's."""

    book: PriceBook
    statements: list[Statement] = field(default_factory=list)
    turns: dict[str, list[Turn]] = field(default_factory=dict)

    def say(
        self,
        at: str,
        channel: str,
        speaker: Speaker,
        text: str,
        *,
        actor: str = "",
        recalled: bool = False,
        warned: bool = False,
        heard: float = 1.0,
        paid: bool = False,
    ) -> str:
        moment = datetime.fromisoformat(f"2026-{at.replace(' ', 'T')}+08:00").astimezone(UTC)
        context = self.turns.setdefault(channel, [])
        entry_id = f"e{len(self.statements) + 1}"
        self.statements.append(
            Statement(
                entry_id=entry_id,
                at=moment,
                channel=channel,
                speaker=speaker,
                actor=actor or f"{channel}-{speaker.value}",
                text=text,
                claims=find_claims(text, speaker, moment, self.book, context),
                products=find_products(text, self.book, context),
                recalled_at=moment if recalled else None,
                warned=warned,
                heard=heard,
                paid=paid,
            )
        )
        context.append(Turn(speaker=speaker, text=text))
        return entry_id

    def agent(self, at: str, text: str, **more: object) -> str:
        return self.say(at, "webchat", Speaker.AGENT, text, **more)  # type: ignore[arg-type]

    def rep(self, at: str, text: str, **more: object) -> str:
        return self.say(at, "wecom", Speaker.REP, text, **more)  # type: ignore[arg-type]

    def customer(self, at: str, text: str, channel: str = "wecom", **more: object) -> str:
        return self.say(at, channel, Speaker.CUSTOMER, text, **more)  # type: ignore[arg-type]

    def check(self, *, since: str | None = None) -> Sequence[Finding]:
        moment = None if since is None else datetime.fromisoformat(f"2026-{since.replace(' ', 'T')}+08:00")
        return check(self.statements, self.book, RULES, since=moment)

    def found(self, rule: str, *, since: str | None = None) -> list[tuple[str, str | None, str]]:
        """(entry, against, severity) of the rule's alerts."""
        return [
            (finding.entry_id, finding.against, finding.severity.value)
            for finding in self.check(since=since)
            if finding.rule == rule and finding.severity not in {"S0", "S1"}
        ]


@pytest.fixture
def talk() -> Talk:
    return Talk(read_price_book(BOOK))
