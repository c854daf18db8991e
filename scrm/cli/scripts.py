"""`scrm suggest` and `scrm scripts`: replies from the script library, and care for the library."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, TextIO

import click
from pydantic import Field
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from scrm.cli.jsonl import Lines, UtteranceLine
from scrm.core.compliance import RULES
from scrm.core.price_book import PriceBook, read_price_book
from scrm.core.proofreading import check_scripts, is_blocking
from scrm.core.scripts import Reply, Script, ScriptIndex, ScriptPack, fill
from scrm.core.tagging import Utterance, tag_messages
from scrm.core.texts import render, rule_name
from scrm.core.timeline import Speaker
from scrm.intent_files import load_intents
from scrm.script_files import ZONE
from scrm.script_packs import (
    check_packs,
    load_lexicon,
    load_packs,
    load_words,
    package_folders,
    script_packages,
)
from scrm.text import segmenter

_PACKAGES = click.option(
    "--package", "packages", multiple=True, metavar="NAME", help="话术库的包名，可多次给出；不给则用已安装的全部。"
)
_JSONL = click.option("--jsonl", is_flag=True, help="即使在终端里也输出 JSON 行，不输出表格。")


class SuggestLine(UtteranceLine):
    """A message to answer, with what the customer said before it (oldest first) and the customer's stage."""

    history: list[str] = Field(default_factory=list)
    stage: str = ""


@click.command()
@click.argument("file", type=click.File("rb"))
@_JSONL
@click.option("--limit", default=5, show_default=True, type=click.IntRange(1, 50), help="每条消息至多几条建议。")
@click.option("--set", "values", multiple=True, metavar="变量=文字", help="变量的值，例如 --set customer_name=李女士。")
@click.option("--ready", is_flag=True, help="只要变量齐全、可以直接发送的建议。")
@_PACKAGES
def suggest(
    file: BinaryIO, jsonl: bool, limit: int, values: tuple[str, ...], ready: bool, packages: tuple[str, ...]
) -> None:
    """为消息推荐话术：FILE 每行是 {"id","text","speaker"}，可带 history（客户之前说的话）和 stage；- 表示标准输入。

    没有值的变量原样保留，并列在 missing 里。读不了的行会连同行号写到标准错误，其余照常处理，最后以 2 退出。
    """
    lines = Lines(file, SuggestLine)
    suggested = _suggested(lines, packages or script_packages(), _values(values), limit, ready)
    if jsonl or not Console().is_terminal:
        for line, replies in suggested:
            click.echo(json.dumps({"id": line.id, "suggestions": [*map(_as_json, replies)]}, ensure_ascii=False))
    else:
        Console().print(_suggestion_table(suggested))
    lines.finish()


@click.group()
def scripts() -> None:
    """话术库：检查和列出话术包。"""


@scripts.command()
@click.argument("path", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--prices",
    type=click.File(encoding="utf-8"),
    help="TOML 价目表：填入变量后按它检查每条话术。不给则只检查与价目表无关的规则。",
)
@_PACKAGES
def check(path: Path | None, prices: TextIO | None, packages: tuple[str, ...]) -> None:
    """检查话术包：格式、重复的 id、变量、写死的价格、禁用的说法、有效期，以及销售说出这些话时会触发的合规规则。

    PATH 不给则检查已安装的全部。有问题时逐条写出文件、话术 id 和原因，以 1 退出；级别低于 S2 的合规提示只写出来。
    """
    known = packages or script_packages()
    packs, problems = check_packs((path,) if path else tuple(package_folders(known)), known)
    for problem in problems:
        click.echo(str(problem))
    blocking = _compliance(packs, prices.read() if prices else "")
    total = sum(len(pack.scripts) for pack in packs)
    found = len(problems) + blocking
    summary = f"{found} 个问题" if found else "没有问题"
    click.echo(f"{len(packs)} 个话术包，{total} 条话术，{summary}。", err=bool(found))
    if found:
        raise click.exceptions.Exit(1)


@scripts.command(name="list")
@_JSONL
@_PACKAGES
def list_scripts(jsonl: bool, packages: tuple[str, ...]) -> None:
    """列出全部话术。"""
    packs = load_packs(packages or script_packages())
    if jsonl or not Console().is_terminal:
        for pack in packs:
            for script in pack.scripts:
                click.echo(json.dumps(_script_as_json(script), ensure_ascii=False))
        return
    for pack in packs:
        table = Table("id", "标题", "分类", "阶段", "意图", "有效期", title=f"{pack.name}（{pack.id} {pack.version}）")
        for script in pack.scripts:
            stage = pack.stages.get(script.stage, script.stage)
            intents = "、".join(script.intents)
            table.add_row(script.id, script.title, pack.categories[script.category], stage, intents, _validity(script))
        Console().print(table)


def _compliance(packs: Sequence[ScriptPack], prices: str) -> int:
    """Print what the rules find in the scripts; how many findings are blocking."""
    blocking = 0
    book = read_price_book(prices) if prices else PriceBook()
    for script in check_scripts(packs, book, RULES, values={}, now=datetime.now(UTC)):
        for finding in script.findings:
            blocking += is_blocking(finding)
            click.echo(f"{script.ref}：{finding.severity} {rule_name(finding.rule)}：{render(finding)}")
    return blocking


def _suggested(
    lines: Lines[SuggestLine], packages: tuple[str, ...], values: dict[str, str], limit: int, ready: bool
) -> Iterator[tuple[SuggestLine, Sequence[Reply]]]:
    lexicon, words = load_lexicon(packages), segmenter("auto", load_words(packages))
    intents = load_intents(package_folders(packages))
    index = ScriptIndex(script for pack in load_packs(packages) for script in pack.scripts)
    for line in lines:
        if line.speaker is not Speaker.CUSTOMER:
            yield line, ()
            continue
        (tags,) = tag_messages([Utterance(line.text, line.speaker, line.channel)], lexicon, words, intents)
        ranked = index.rank(
            [*line.history, line.text],
            now=datetime.now(UTC),
            tags=tags,
            stage=line.stage,
            channel=line.channel,
            limit=limit * 4 if ready else limit,
        )
        replies = [Reply(found, fill(found.script, values.get)) for found in ranked]
        yield line, [reply for reply in replies if not (ready and reply.filled.missing)][:limit]


def _values(assignments: Sequence[str]) -> dict[str, str]:
    values = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals:
            raise click.BadParameter(f"{assignment!r} 应写成 变量=文字", param_hint="--set")
        values[name.strip()] = value
    return values


def _as_json(reply: Reply) -> dict[str, str | float | list[str]]:
    return {
        "script": reply.suggestion.script.ref,
        "title": reply.suggestion.script.title,
        "score": reply.suggestion.score,
        "reasons": [str(reason) for reason in reply.suggestion.reasons],
        "text": reply.filled.text,
        "missing": list(reply.filled.missing),
    }


def _script_as_json(script: Script) -> dict[str, str | list[str] | None]:
    return {
        "script": script.ref,
        "title": script.title,
        "category": script.category,
        "stage": script.stage,
        "intents": list(script.intents),
        "triggers": list(script.triggers),
        "channels": sorted(script.channels),
        "valid_from": script.valid_from.isoformat() if script.valid_from else None,
        "valid_until": script.valid_until.isoformat() if script.valid_until else None,
        "text": script.text,
    }


def _suggestion_table(suggested: Iterator[tuple[SuggestLine, Sequence[Reply]]]) -> Table:
    wide = (Column(name, overflow="fold") for name in ("话术", "理由", "正文"))
    table = Table("id", Column("客户说", overflow="fold"), "分数", *wide, show_lines=True)
    for line, replies in suggested:
        said = (str(line.id), Text(line.text))
        if not replies:
            table.add_row(*said, "", Text("（没有合适的话术）"), "", "")
        for reply in replies:
            reasons = "\n".join(map(str, reply.suggestion.reasons))
            title = f"{reply.suggestion.script.title}\n{reply.suggestion.script.ref}"
            table.add_row(*said, f"{reply.suggestion.score:.2f}", Text(title), Text(reasons), Text(reply.filled.text))
            said = ("", Text(""))
    return table


def _validity(script: Script) -> str:
    if not script.valid_from and not script.valid_until:
        return ""
    first = script.valid_from.astimezone(ZONE).strftime("%Y-%m-%d %H:%M") if script.valid_from else ""
    end = script.valid_until.astimezone(ZONE).strftime("%Y-%m-%d %H:%M") if script.valid_until else ""
    return f"{first} 至 {end}（不含）" if end else f"{first} 起"
