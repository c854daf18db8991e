"""`scrm quotes` reads prices from a file of messages, `scrm check` runs the rules over a file of histories."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import BinaryIO, Literal

import click
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue
from rich.console import Console
from rich.table import Table
from rich.text import Text

from scrm.cli.jsonl import Lines, UtteranceLine
from scrm.core.claims import Quote, Turn, find_claims, find_products, read_quotes
from scrm.core.compliance import RULES, Finding, RuleInForce, Statement, stands_for_household
from scrm.core.compliance import check as check_statements
from scrm.core.errors import BadInput
from scrm.core.price_book import PriceBook
from scrm.core.texts import LANGUAGES, render
from scrm.core.timeline import Speaker

CONTEXT_AGE = timedelta(days=1)
"""How far back a conversation tells what it is about, as in the server."""


class EventLine(BaseModel):
    """One event. A call counts only where `text` is its transcript; a recall names what it takes back; a contact event
    tells by `change` how a relation changed. What names no `customer` was said to all of them.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str
    at: AwareDatetime
    channel: str = ""
    speaker: Speaker = Speaker.CUSTOMER
    actor: str = ""
    customer: str | int = ""
    type: Literal["message", "call", "recall", "contact"] = "message"
    text: str = ""
    transcript: bool = False
    recalls: str | None = None
    change: str = ""


class HistoryLine(BaseModel):
    """A price book and everything that was said, in any order: to one customer or several, each a history of its own.
    `households` lists customers who tell each other prices.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str | int
    price_book: list[dict[str, JsonValue]] = Field(default_factory=list)
    events: list[EventLine]
    households: list[list[str | int]] = Field(default_factory=list)


@click.command()
@click.argument("file", type=click.File("rb"))
@click.option("--jsonl", is_flag=True, help="即使在终端里也输出 JSON 行，不输出表格。")
def quotes(file: BinaryIO, jsonl: bool) -> None:
    """读出报价：FILE 每行是 {"id","text","speaker"}，- 表示标准输入。

    读不了的行会连同行号写到标准错误，其余照常处理，最后以 2 退出。
    """
    lines = Lines(file, UtteranceLine)
    if jsonl or not Console().is_terminal:
        for line in lines:
            found = read_quotes(line.text, line.speaker)
            click.echo(
                json.dumps({"id": line.id, "quotes": [_quote_json(quote) for quote in found]}, ensure_ascii=False)
            )
    else:
        Console().print(_quotes_table(lines))
    lines.finish()


@click.command()
@click.argument("file", type=click.File("rb"))
@click.option("--jsonl", is_flag=True, help="即使在终端里也输出 JSON 行，不输出表格。")
@click.option("--language", type=click.Choice(LANGUAGES), default=LANGUAGES[0], help="说明用的语言。")
def check(file: BinaryIO, jsonl: bool, language: str) -> None:
    """检查前后报价：FILE 每行是 {"id","price_book","events"}，- 表示标准输入。

    读不了的行会连同行号写到标准错误，其余照常处理，最后以 2 退出。
    """
    lines = Lines(file, HistoryLine)
    checked = _checked(lines)
    if jsonl or not Console().is_terminal:
        for line, findings in checked:
            rows = [_finding_json(finding, language) for finding in findings]
            click.echo(json.dumps({"id": line.id, "findings": rows}, ensure_ascii=False))
    else:
        Console().print(_findings_table(checked, language))
    lines.finish()


def _quote_json(quote: Quote) -> dict[str, str | int | float | None]:
    return {
        "kind": quote.kind,
        "value": _number(quote.value),
        "value_max": _number(quote.value_max),
        "unit": quote.unit,
        "threshold": _number(quote.threshold),
        "approx": quote.approx,
        "stance": quote.stance,
        "start": quote.start,
        "end": quote.end,
        "confidence": quote.confidence,
        "cue": quote.cue,
    }


def _number(value: Decimal | None) -> int | float | None:
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def _quotes_table(lines: Lines[UtteranceLine]) -> Table:
    table = Table("id", "说话人", "内容", "报价")
    for line in lines:
        text = Text(line.text)
        found = read_quotes(line.text, line.speaker)
        for quote in found:
            text.stylize("bold underline", quote.start, quote.end)
        table.add_row(str(line.id), line.speaker, text, Text("\n".join(map(_quote_text, found))))
    return table


def _quote_text(quote: Quote) -> str:
    value = "" if quote.value is None else f" {_number(quote.value)}"
    top = "" if quote.value_max is None else f"–{_number(quote.value_max)}"
    unit = "" if quote.unit is None else f"/{quote.unit}"
    return f"{quote.kind}{value}{top}{unit} {quote.stance}"


def _checked(lines: Lines[HistoryLine]) -> Iterator[tuple[HistoryLine, tuple[Finding, ...]]]:
    for line in lines:
        try:
            book = PriceBook.from_rows(line.price_book)
        except BadInput as error:
            lines.bad += 1
            click.echo(f"{line.id}：{error}", err=True)
            continue
        yield line, _found(line, book)


def _found(line: HistoryLine, book: PriceBook) -> tuple[Finding, ...]:
    """Findings in order of time, each once: what was said to everybody belongs to every history."""
    found: dict[tuple[str, str, str | None], Finding] = {}
    for rules, events in _histories(line):
        for finding in check_statements(_statements(events, book), book, rules):
            found.setdefault((finding.rule, finding.entry_id, finding.against), finding)
    at = {event.id: event.at for event in line.events}
    return tuple(sorted(found.values(), key=lambda finding: at[finding.entry_id]))


def _histories(line: HistoryLine) -> Iterator[tuple[Sequence[RuleInForce], list[EventLine]]]:
    """The events that are held against each other, and by which rules. How fast to reply is agreed in settings, and
    here are none.
    """
    rules = [rule for rule in RULES if rule.id != "reply-overdue"]
    own = {event.customer for event in line.events} - {""} or {""}
    for members in line.households:
        shared = [rule for rule in rules if stands_for_household(rule)]
        yield shared, _told(line.events, members)
    together = {member for members in line.households for member in members}
    for customer in sorted(own, key=str):
        asked = [rule for rule in rules if customer not in together or not stands_for_household(rule)]
        yield asked, _told(line.events, [customer])


def _told(events: Iterable[EventLine], customers: Sequence[str | int]) -> list[EventLine]:
    return [event for event in events if event.customer == "" or event.customer in customers]


def _statements(events: Sequence[EventLine], book: PriceBook) -> Iterator[Statement]:
    """What was said, each with the claims read in the context of its own channel."""
    recalled = {event.recalls: event.at for event in events if event.type == "recall"}
    turns: dict[tuple[str | int, str], list[tuple[datetime, Turn]]] = {}
    for event in sorted(events, key=lambda event: event.at):
        if event.type in {"recall", "contact"}:
            yield _happening(event)
        elif event.type == "message" or event.transcript:
            earlier = turns.setdefault((event.customer, event.channel), [])
            context = [turn for at, turn in earlier if event.at - at <= CONTEXT_AGE]
            yield _statement(event, context, book, recalled.get(event.id))
            earlier.append((event.at, Turn(speaker=event.speaker, text=event.text)))


def _statement(event: EventLine, context: Sequence[Turn], book: PriceBook, recalled_at: datetime | None) -> Statement:
    return Statement(
        entry_id=event.id,
        at=event.at,
        channel=event.channel,
        speaker=event.speaker,
        actor=event.actor,
        text=event.text,
        claims=find_claims(event.text, event.speaker, event.at, book, context),
        products=find_products(event.text, book, context),
        recalled_at=recalled_at,
        kind=event.type,
    )


def _happening(event: EventLine) -> Statement:
    """A recall or a change of relation: nothing said, and yet it counts."""
    return Statement(
        entry_id=event.id,
        at=event.at,
        channel=event.channel,
        speaker=event.speaker,
        actor=event.actor,
        text="",
        kind=event.type,
        change=event.change,
        recalls=event.recalls or "",
    )


def _finding_json(finding: Finding, language: str) -> dict[str, str | None]:
    return {
        "rule": finding.rule,
        "event": finding.entry_id,
        "against": finding.against,
        "severity": finding.severity,
        "reason": render(finding, language),
    }


def _findings_table(checked: Iterator[tuple[HistoryLine, tuple[Finding, ...]]], language: str) -> Table:
    table = Table("id", "级别", "规则", "消息", "依据", "说明")
    for line, findings in checked:
        for finding in findings:
            row = (finding.severity, finding.rule, finding.entry_id, finding.against or "", render(finding, language))
            table.add_row(str(line.id), *map(Text, row))
    return table
