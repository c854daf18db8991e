"""The form of the files in a script package: what keys they have, and what is said when they are not kept to."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources.abc import Traversable
from typing import Annotated, Literal, Self, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from scrm.core.errors import BadSettings
from scrm.core.scripts import Script, ScriptPack
from scrm.core.tagging import CUSTOMER_SIDE, GAP, SELLER_SIDE, KeywordRule, Questions, TagKind
from scrm.core.timeline import Speaker

ZONE = ZoneInfo("Asia/Shanghai")
"""Dates without a time in pack files are days there."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a file. `script` is the id of the script or rule; empty: the file as a whole."""

    file: str
    script: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}: {f'[{self.script}] ' if self.script else ''}{self.message}"


Model = TypeVar("Model", bound=BaseModel)


def read_text(file: Traversable) -> str:
    """The file's text. `BadSettings` when it cannot be read or is not UTF-8."""
    try:
        return file.read_text(encoding="utf-8-sig").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"{file}: 读不了这个文件（{error}）；文件要用 UTF-8 编码") from error


def read_model(file: Traversable, text: str, model: type[Model]) -> Model | list[Problem]:
    """The TOML text as a model, or every reason why it is none."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return [Problem(str(file), "", f"不是正确的 TOML：{error}")]
    try:
        return model.model_validate(table)
    except ValidationError as error:
        return [
            _problem_of(file, table, complaint["loc"], _IN_CHINESE.get(complaint["type"], complaint["msg"]))
            for complaint in error.errors()
        ]


def _problem_of(file: Traversable, table: Mapping[str, object], place: tuple[int | str, ...], message: str) -> Problem:
    """Name the rule or script by its id where it has one, else by its place in the file."""
    match place:
        case (str(key), int(number), *_) if isinstance(entries := table.get(key), list):
            entry = entries[number]
        case _:
            entry = None
    name = (entry if isinstance(entry, dict) else table).get("id", "")
    return Problem(str(file), str(name), f"{'.'.join(map(str, place)) or '整体'}：{message}")


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]


class _Strict(BaseModel):
    """A misspelt key is a problem, not a silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PackFile(_Strict):
    """`pack.toml`."""

    id: Id
    name: Text
    trade: Text
    version: Text
    language: Text = "zh-CN"
    categories: dict[Id, Text]
    stages: dict[Id, Text] = Field(default_factory=dict)
    variables: dict[Text, Text] = Field(default_factory=dict)

    def with_scripts(self, scripts: Iterable[Script]) -> ScriptPack:
        return ScriptPack(
            id=self.id,
            name=self.name,
            trade=self.trade,
            version=self.version,
            language=self.language,
            categories=self.categories,
            stages=self.stages,
            variables=self.variables,
            scripts=tuple(scripts),
        )


class FrontMatter(_Strict):
    """The head of a script."""

    id: Id
    title: Text
    category: Id
    stage: str = ""
    intents: list[Id] = Field(default_factory=list)
    triggers: list[Text] = Field(default_factory=list)
    variables: list[Text] = Field(default_factory=list)
    channels: list[Text] = Field(default_factory=list)
    valid_from: datetime | date | None = None
    valid_to: datetime | date | None = None

    def as_script(self, pack: str, text: str) -> Script:
        return Script(
            pack=pack,
            id=self.id,
            title=self.title,
            text=text,
            category=self.category,
            stage=self.stage,
            intents=tuple(self.intents),
            triggers=tuple(self.triggers),
            channels=frozenset(self.channels),
            valid_from=_moment(self.valid_from, days=0),
            valid_until=_moment(self.valid_to, days=1),
        )


def _moment(day: date | datetime | None, *, days: int) -> datetime | None:
    """A day without a time begins at midnight in `ZONE`; as a last day it counts in full (`days` = 1)."""
    match day:
        case None:
            return None
        case datetime():
            return (day if day.tzinfo else day.replace(tzinfo=ZONE)).astimezone(UTC)
        case _:
            return datetime.combine(day + timedelta(days=days), time(), ZONE).astimezone(UTC)


class _RuleEntry(_Strict):
    """One `[[rule]]` of `keywords.toml`."""

    id: Id
    tag: Id
    name: Text
    words: list[Text] = Field(default_factory=list)
    patterns: list[Text] = Field(default_factory=list)
    exclude: list[Text] = Field(default_factory=list)
    said_by: Literal["customer", "seller", "anybody"] = "anybody"
    channels: list[Text] = Field(default_factory=list)
    negation_window: int = Field(default=4, ge=0, le=20)
    questions: Questions = Questions.ANY
    whole: bool = False
    split: bool = False
    kind: TagKind = TagKind.KEYWORD
    score: float = Field(default=1.0, ge=0, le=1)
    version: int = Field(default=1, ge=1)

    @field_validator("patterns")
    @classmethod
    def _compiles(cls, patterns: list[str]) -> list[str]:
        for pattern in patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r} 不是正确的正则表达式：{error}") from error
        return patterns

    @model_validator(mode="after")
    def _looks_for_something(self) -> Self:
        if not self.words and not self.patterns:
            raise ValueError("规则至少要有 words 或 patterns")
        if wrong := [word for word in self.words if "" in word.split(GAP)]:
            raise ValueError(f"{wrong[0]!r}：省略号 {GAP} 的前后都要有文字")
        if wrong := [word for word in self.exclude if GAP in word]:
            raise ValueError(f"{wrong[0]!r}：exclude 里不能用省略号 {GAP}")
        return self

    def as_rule(self) -> KeywordRule:
        return KeywordRule(
            id=self.id,
            tag=self.tag,
            name=self.name,
            words=tuple(dict.fromkeys(self.words)),
            patterns=tuple(self.patterns),
            exclude=tuple(dict.fromkeys(self.exclude)),
            speakers=_SPEAKERS[self.said_by],
            channels=frozenset(self.channels),
            negation_window=self.negation_window,
            questions=self.questions,
            whole=self.whole,
            split=self.split,
            kind=self.kind,
            score=self.score,
            version=str(self.version),
        )


class KeywordFile(_Strict):
    """`keywords.toml`."""

    rule: list[_RuleEntry]


class _ForbiddenEntry(_Strict):
    word: Text
    reason: Text
    allowed: list[Text] = Field(default_factory=list)


class ForbiddenFile(_Strict):
    """`forbidden.toml`."""

    word: list[_ForbiddenEntry]


_SPEAKERS = {"customer": CUSTOMER_SIDE, "seller": SELLER_SIDE, "anybody": frozenset[Speaker]()}
_IN_CHINESE = {
    "missing": "缺少这一项",
    "extra_forbidden": "没有这一项，请检查拼写",
    "string_pattern_mismatch": "只能用小写字母、数字、- 和 _，以字母或数字开头",
    "string_too_short": "不能为空",
    "string_type": "应为文字，请加引号",
    "list_type": '应为列表，写成 ["…", "…"]',
}
