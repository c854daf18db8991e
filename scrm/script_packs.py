"""Script packs, keyword rules and word lists: from files to the hub's words, or a precise complaint."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from importlib.metadata import entry_points
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Annotated, Literal, Self, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from scrm.core.errors import BadSettings
from scrm.core.scripts import PLACEHOLDER, PRICE_VARIABLES, Script, ScriptPack
from scrm.core.tagging import CUSTOMER_SIDE, GAP, SELLER_SIDE, KeywordRule, Lexicon, Questions, TagKind
from scrm.core.timeline import Speaker
from scrm.text import AhoCorasickMatcher

ENTRY_POINT_GROUP = "scrm.script_packs"
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


@dataclass(frozen=True, slots=True)
class ForbiddenWord:
    """A wording no script may hold, and why. `allowed` lists longer wordings that contain it and are fine."""

    word: str
    reason: str
    allowed: tuple[str, ...] = ()

    def stands_in(self, text: str) -> bool:
        for wording in self.allowed:
            text = text.replace(wording, "\0" * len(wording))
        return self.word in text


@dataclass(frozen=True, slots=True)
class PackReading:
    """A pack as far as it could be read (None: not at all), with what is wrong."""

    pack: ScriptPack | None
    problems: tuple[Problem, ...]
    places: Mapping[str, str] = field(default_factory=dict)
    """Script id to file."""


def script_packages() -> tuple[str, ...]:
    """The packages that installed distributions offer under the entry point group `scrm.script_packs`."""
    return tuple(sorted({point.value for point in entry_points(group=ENTRY_POINT_GROUP)}))


def load_packs(packages: Iterable[str]) -> tuple[ScriptPack, ...]:
    """All packs of the packages: each of their folders with a `pack.toml`. `BadSettings` names every problem."""
    readings = [read_pack(folder) for root in _roots(packages) for folder in pack_folders(root)]
    _refuse(problem for reading in readings for problem in reading.problems)
    packs = tuple(reading.pack for reading in readings if reading.pack)
    for pack, times in Counter(pack.id for pack in packs).items():
        if times > 1:
            raise BadSettings(f"{times} script packs call themselves {pack!r}; give each an id of its own")
    return packs


def load_rules(packages: Iterable[str]) -> tuple[KeywordRule, ...]:
    """The keyword rules of the packages and of their packs. `BadSettings` names every problem."""
    rules: dict[str, KeywordRule] = {}
    for file in _data_files(packages, "keywords.toml"):
        found, problems = read_rules(file)
        _refuse(problems)
        for rule in found:
            if rule.id in rules:
                raise BadSettings(f"{file}: there is another keyword rule {rule.id!r}; rules need ids of their own")
            rules[rule.id] = rule
    return tuple(rules.values())


def load_lexicon(packages: Iterable[str]) -> Lexicon:
    """The keyword rules of the packages, ready for use."""
    return Lexicon(load_rules(packages), AhoCorasickMatcher)


def load_words(packages: Iterable[str]) -> dict[str, int | None]:
    """The words a segmenter should know besides its own, with their frequencies (None: the file names none)."""
    words: dict[str, int | None] = {}
    for file in _data_files(packages, "words.txt"):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
            match line.partition("#")[0].split():
                case []:
                    continue
                case [word]:
                    words[word] = None
                case [word, frequency] if frequency.isdecimal() and int(frequency) > 0:
                    words[word] = int(frequency)
                case _:
                    raise BadSettings(f"{file}: line {number}: expected a word and a frequency, got {line.strip()!r}")
    return words


def load_forbidden_words(packages: Iterable[str]) -> tuple[ForbiddenWord, ...]:
    """What `check_pack` refuses in scripts."""
    words: list[ForbiddenWord] = []
    for file in _data_files(packages, "forbidden.toml"):
        read = _read_model(file, file.read_text(encoding="utf-8"), _ForbiddenFile)
        if isinstance(read, list):
            _refuse(read)
        else:
            words += (ForbiddenWord(entry.word, entry.reason, tuple(entry.allowed)) for entry in read.word)
    return tuple(words)


def pack_folders(root: Traversable) -> tuple[Traversable, ...]:
    """The folder itself when it is a pack, else the packs in it."""
    if (root / "pack.toml").is_file():
        return (root,)
    folders = (folder for folder in root.iterdir() if folder.is_dir() and (folder / "pack.toml").is_file())
    return tuple(sorted(folders, key=lambda folder: folder.name))


def read_pack(folder: Traversable) -> PackReading:
    """Read a folder with `pack.toml` and script files. Never raises for what stands in the files."""
    toml = folder / "pack.toml"
    pack = _read_model(toml, toml.read_text(encoding="utf-8"), _PackFile)
    if isinstance(pack, list):
        return PackReading(None, tuple(pack))
    scripts: dict[str, Script] = {}
    places: dict[str, str] = {}
    problems: list[Problem] = []
    for file in sorted((file for file in folder.iterdir() if file.name.endswith(".md")), key=lambda file: file.name):
        for read in _scripts_of(file, pack):
            if isinstance(read, Problem):
                problems.append(read)
            elif read.id in scripts:
                problems.append(Problem(str(file), read.id, f"the id is taken by a script in {places[read.id]}"))
            else:
                scripts[read.id], places[read.id] = read, str(file)
    return PackReading(pack.with_scripts(scripts.values()), tuple(problems), places)


def check_pack(
    reading: PackReading, *, intents: frozenset[str], forbidden: Iterable[ForbiddenWord]
) -> tuple[Problem, ...]:
    """All that is wrong with a pack: literal prices, forbidden words and unknown intents too, which do not keep it from
    being read.
    """
    pack, words = reading.pack, tuple(forbidden)
    if pack is None:
        return reading.problems
    faults = (
        Problem(reading.places[script.id], script.id, fault)
        for script in pack.scripts
        for fault in _faults(script, intents, words)
    )
    used = {name for script in pack.scripts for v in script.variables for name in (v.name, v.kind)}
    unused = (
        Problem(f"{pack.id}/pack.toml", "", f"the variable {name!r} is declared, and no script uses it")
        for name in pack.variables
        if name not in used
    )
    return (*reading.problems, *faults, *unused)


def read_rules(file: Traversable) -> tuple[tuple[KeywordRule, ...], tuple[Problem, ...]]:
    """The rules of a keyword file, and what is wrong with it."""
    read = _read_model(file, file.read_text(encoding="utf-8"), _KeywordFile)
    if isinstance(read, list):
        return (), tuple(read)
    return tuple(rule.as_rule() for rule in read.rule), ()


def _roots(packages: Iterable[str]) -> Iterator[Traversable]:
    for package in packages:
        try:
            yield files(package)
        except ModuleNotFoundError as error:
            raise BadSettings(
                f"there is no script package {package!r}; install it, or remove it from the settings"
            ) from error


def _data_files(packages: Iterable[str], name: str) -> Iterator[Traversable]:
    """The file of that name in each package and in each of its packs."""
    for root in _roots(packages):
        for folder in (root, *(folder for folder in pack_folders(root) if folder is not root)):
            if (file := folder / name).is_file():
                yield file


def _refuse(problems: Iterable[Problem]) -> None:
    if lines := [str(problem) for problem in problems]:
        raise BadSettings("\n".join(lines))


def _scripts_of(file: Traversable, pack: _PackFile) -> Iterator[Script | Problem]:
    """A file is: `+++`, front matter, `+++`, text; and so on. Headings and blank lines may stand before the first."""
    intro, *sections = _SECTION.split(file.read_text(encoding="utf-8"))
    if any(line.strip() and not line.startswith("#") for line in intro.splitlines()):
        yield Problem(str(file), "", "text before the first +++ line belongs to no script")
    if len(sections) % 2:
        yield Problem(str(file), "", f"{len(sections)} +++ lines; each script needs one before and one after its head")
        return
    for head, text in zip(sections[::2], sections[1::2], strict=True):
        front = _read_model(file, head, _FrontMatter)
        if isinstance(front, list):
            yield from front
        else:
            yield from _script_of(file, pack, front, text.strip())


def _script_of(file: Traversable, pack: _PackFile, front: _FrontMatter, text: str) -> Iterator[Script | Problem]:
    script = front.as_script(pack.id, text)
    complaints = list(_mismatches(script, front, pack))
    yield from (Problem(str(file), script.id, complaint) for complaint in complaints)
    if not complaints:
        yield script


def _mismatches(script: Script, front: _FrontMatter, pack: _PackFile) -> Iterator[str]:
    """What front matter, text and `pack.toml` do not agree on."""
    if not script.text:
        yield "there is no text below the front matter"
    if script.category not in pack.categories:
        yield f"the category {script.category!r} is not in pack.toml; there are {', '.join(pack.categories)}"
    if script.stage and script.stage not in pack.stages:
        yield f"the stage {script.stage!r} is not in pack.toml; there are {', '.join(pack.stages)}"
    if script.valid_from and script.valid_until and script.valid_from >= script.valid_until:
        yield "valid_to is before valid_from"
    yield from _variable_mismatches(script, front, pack)


def _variable_mismatches(script: Script, front: _FrontMatter, pack: _PackFile) -> Iterator[str]:
    used, declared = {variable.name for variable in script.variables}, set(front.variables)
    for name in sorted(declared - used):
        yield f"the variable {name!r} is declared, and the text does not use it"
    for name in sorted(used - declared):
        yield f"the text uses the variable {name!r}; declare it in `variables`"
    for variable in script.variables:
        if variable.name not in pack.variables and variable.kind not in pack.variables:
            yield f"pack.toml does not know the variable {variable.name!r}; describe it there"
        if variable.kind in PRICE_VARIABLES and variable.fallback is not None:
            yield f"{variable.name!r} comes from the price book and may have no fallback"
    if braces := _BRACE.findall(PLACEHOLDER.sub("", script.text)):
        yield f"{braces[0]!r} is no variable; write {{name}}, {{kind:subject}} or {{name|fallback}}"


def _faults(script: Script, intents: frozenset[str], forbidden: Iterable[ForbiddenWord]) -> Iterator[str]:
    for intent in script.intents:
        if intent not in intents:
            yield f"no rule or catalogue knows the intent {intent!r}"
    if price := _LITERAL_PRICE.search(script.text):
        yield f"literal price {price.group()!r}: prices come from the price book, as {{price:…}}"
    for word in forbidden:
        if word.stands_in(f"{script.title}\n{script.text}"):
            yield f"forbidden wording {word.word!r}: {word.reason}"


Model = TypeVar("Model", bound=BaseModel)


def _read_model(file: Traversable, text: str, model: type[Model]) -> Model | list[Problem]:
    """The TOML text as a model, or every reason why it is none."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return [Problem(str(file), "", f"this is not TOML: {error}")]
    try:
        return model.model_validate(table)
    except ValidationError as error:
        return [_problem_of(file, table, complaint["loc"], complaint["msg"]) for complaint in error.errors()]


def _problem_of(file: Traversable, table: Mapping[str, object], place: tuple[int | str, ...], message: str) -> Problem:
    """Name the rule or script by its id where it has one, else by its place in the file."""
    match place:
        case (str(key), int(number), *_) if isinstance(entries := table.get(key), list):
            entry = entries[number]
        case _:
            entry = None
    name = (entry if isinstance(entry, dict) else table).get("id", "")
    return Problem(str(file), str(name), f"{'.'.join(map(str, place)) or 'as a whole'}: {message}")


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]


class _Strict(BaseModel):
    """A misspelt key is a problem, not a silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class _PackFile(_Strict):
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


class _FrontMatter(_Strict):
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
                raise ValueError(f"{pattern!r} is no regular expression: {error}") from error
        return patterns

    @model_validator(mode="after")
    def _looks_for_something(self) -> Self:
        if not self.words and not self.patterns:
            raise ValueError("a rule needs words or patterns")
        if wrong := [word for word in self.words if "" in word.split(GAP)]:
            raise ValueError(f"{wrong[0]!r}: the gap {GAP} stands between two pieces of text")
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


class _KeywordFile(_Strict):
    """`keywords.toml`."""

    rule: list[_RuleEntry]


class _ForbiddenEntry(_Strict):
    word: Text
    reason: Text
    allowed: list[Text] = Field(default_factory=list)


class _ForbiddenFile(_Strict):
    """`forbidden.toml`."""

    word: list[_ForbiddenEntry]


_SPEAKERS = {"customer": CUSTOMER_SIDE, "seller": SELLER_SIDE, "anybody": frozenset[Speaker]()}
_SECTION = re.compile(r"(?m)^\+\+\+[ \t]*$")
_BRACE = re.compile(r"\{[^}\n]{0,20}\}?|\}")
_NUMBER = r"(?:\d[\d,，.]*|[一二两三四五六七八九十百千万]+)"
_LITERAL_PRICE = re.compile(
    rf"[¥￥]\s*\d|{_NUMBER}\s*(?:元(?!旦)|块钱|折|[wk]\b)|(?:\d|[十百千万])\s*块"
    r"|(?:价格?|原价|现价|特价|只要|仅需|优惠|立减|定金)[是为:：]?\s*\d"
)
