"""`scrm tag`: which keyword rules and intents a file of messages earns, with the words that earned them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import BinaryIO

import click
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from scrm.cli.jsonl import Lines, UtteranceLine, batches
from scrm.core.tagging import Tag, Utterance, tag_messages
from scrm.intent_files import load_intents
from scrm.script_packs import load_lexicon, load_words, package_folders, script_packages
from scrm.text import Engine, segmenter


class TagLine(UtteranceLine):
    """A message to tag, and what the other side said right before it."""

    previous: str = ""


Tagged = tuple[TagLine, tuple[Tag, ...]]


@click.command()
@click.argument("file", type=click.File("rb"))
@click.option("--jsonl", is_flag=True, help="即使在终端里也输出 JSON 行，不输出表格。")
@click.option("--engine", type=click.Choice(["auto", "rjieba", "jieba"]), default="auto", help="分词引擎。")
@click.option(
    "--package", "packages", multiple=True, metavar="NAME", help="话术库的包名，可多次给出；不给则用已安装的全部。"
)
def tag(file: BinaryIO, jsonl: bool, engine: Engine, packages: tuple[str, ...]) -> None:
    """给消息打标签：FILE 每行是 {"id","text","speaker"}，可带 previous（对方上一句话）；- 表示标准输入。

    读不了的行会连同行号写到标准错误，其余照常处理，最后以 2 退出。
    """
    lines = Lines(file, TagLine)
    tagged = _tagged(lines, engine, packages or script_packages())
    if jsonl or not Console().is_terminal:
        for line, tags in tagged:
            click.echo(json.dumps({"id": line.id, "tags": [_as_json(tag) for tag in tags]}, ensure_ascii=False))
    else:
        Console().print(_table(tagged))
    lines.finish()


def _tagged(lines: Lines[TagLine], engine: Engine, packages: tuple[str, ...]) -> Iterator[Tagged]:
    lexicon, words = load_lexicon(packages), segmenter(engine, load_words(packages))
    intents = load_intents(package_folders(packages))
    for batch in batches(lines):
        utterances = [Utterance(line.text, line.speaker, line.channel, line.previous) for line in batch]
        yield from zip(batch, tag_messages(utterances, lexicon, words, intents), strict=True)


def _as_json(tag: Tag) -> dict[str, str | int | float]:
    return {
        "tag": tag.tag,
        "name": tag.name,
        "kind": tag.kind,
        "start": tag.start,
        "end": tag.end,
        "score": tag.score,
        "rule": tag.rule,
        "version": tag.version,
    }


def _table(tagged: Iterator[Tagged]) -> Table:
    table = Table("id", "说话人", Column("内容", overflow="fold"), Column("标签", overflow="fold"))
    for line, tags in tagged:
        text = Text(line.text)
        for found in tags:
            text.stylize("bold underline", found.start, found.end)
        names = dict.fromkeys(f"{found.name}（{line.text[found.start : found.end]}）" for found in tags)
        table.add_row(str(line.id), line.speaker, text, Text("\n".join(names)))
    return table
