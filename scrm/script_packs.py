"""Script packs, keyword rules and word lists: from files to the hub's words, or a precise complaint."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from importlib.resources import files
from importlib.resources.abc import Traversable

from scrm.core.claims import read_quotes
from scrm.core.errors import BadSettings
from scrm.core.scripts import PLACEHOLDER, PRICE_VARIABLES, Script, ScriptPack
from scrm.core.tagging import KeywordRule, Lexicon
from scrm.core.timeline import Speaker
from scrm.script_files import ForbiddenFile, FrontMatter, KeywordFile, PackFile, Problem, read_model, read_text
from scrm.text import AhoCorasickMatcher

ENTRY_POINT_GROUP = "scrm.script_packs"


@dataclass(frozen=True, slots=True)
class ForbiddenWord:
    """A wording no script may hold, and why. `allowed` lists longer wordings that contain it and are fine."""

    word: str
    reason: str
    allowed: tuple[str, ...] = ()

    def stands_in(self, text: str) -> bool:
        for wording in self.allowed:
            text = text.replace(wording, "\n")
        return self.word in text


@dataclass(frozen=True, slots=True)
class PackReading:
    """A pack as far as it could be read (None: not at all), what is wrong, and the file of each script by its id."""

    pack: ScriptPack | None
    problems: tuple[Problem, ...] = ()
    places: Mapping[str, str] = field(default_factory=dict)


def script_packages() -> tuple[str, ...]:
    """The packages that installed distributions offer under the entry point group `scrm.script_packs`."""
    return tuple(sorted({point.value for point in entry_points(group=ENTRY_POINT_GROUP)}))


def package_folders(packages: Iterable[str]) -> Iterator[Traversable]:
    """The folder of each package. `BadSettings` when there is none of that name."""
    for package in packages:
        try:
            yield files(package)
        except (ModuleNotFoundError, TypeError) as error:
            raise BadSettings(f"没有话术库 {package!r} 这个包；请安装它，或者从配置里去掉") from error


def load_packs(packages: Iterable[str], only: Collection[str] = ()) -> tuple[ScriptPack, ...]:
    """All packs of the packages: each of their folders with a `pack.toml`; or `only` those with these ids.
    `BadSettings` names every problem, also an id that none of them has.
    """
    folders = [folder for root in package_folders(packages) for folder in pack_folders(root, only)]
    readings = [read_pack(folder) for folder in folders]
    _refuse(problem for reading in readings for problem in reading.problems)
    packs = tuple(reading.pack for reading in readings if reading.pack)
    if unknown := sorted(set(only) - {pack.id for pack in packs}):
        raise BadSettings(f"没有 id 为 {unknown[0]!r} 的话术包；请检查配置里的 packs")
    for pack, times in Counter(pack.id for pack in packs).items():
        if times > 1:
            raise BadSettings(f"有 {times} 个话术包的 id 都是 {pack!r}；请改成各不相同的 id")
    return packs


def load_rules(packages: Iterable[str], only: Collection[str] = ()) -> tuple[KeywordRule, ...]:
    """The keyword rules of the packages and of their packs (`only` of these ids). `BadSettings` names every problem."""
    rules: dict[str, KeywordRule] = {}
    for file in _files_named("keywords.toml", package_folders(packages), only):
        found, problems = read_rules(file)
        _refuse(problems)
        for rule in found:
            if rule.id in rules:
                raise BadSettings(str(Problem(str(file), rule.id, "已经有一条关键词规则用了这个 id")))
            rules[rule.id] = rule
    return tuple(rules.values())


def load_lexicon(packages: Iterable[str], only: Collection[str] = ()) -> Lexicon:
    """The keyword rules of the packages, ready for use."""
    return Lexicon(load_rules(packages, only), AhoCorasickMatcher)


def load_words(packages: Iterable[str], only: Collection[str] = ()) -> dict[str, int | None]:
    """The words a segmenter should know besides its own, with their frequencies (None: the file names none)."""
    words: dict[str, int | None] = {}
    for file in _files_named("words.txt", package_folders(packages), only):
        for number, line in enumerate(read_text(file).splitlines(), start=1):
            match line.partition("#")[0].split():
                case []:
                    continue
                case [word]:
                    words[word] = None
                case [word, frequency] if frequency.isdecimal() and int(frequency) > 0:
                    words[word] = int(frequency)
                case _:
                    raise BadSettings(f"{file}: 第 {number} 行应为“词 词频”，词频是正整数；现在是 {line.strip()!r}")
    return words


def load_forbidden_words(packages: Iterable[str]) -> tuple[ForbiddenWord, ...]:
    """What `check_packs` refuses in scripts."""
    words: list[ForbiddenWord] = []
    for file in _files_named("forbidden.toml", package_folders(packages)):
        read = read_model(file, read_text(file), ForbiddenFile)
        if isinstance(read, list):
            raise BadSettings("\n".join(map(str, read)))
        words += (ForbiddenWord(entry.word, entry.reason, tuple(entry.allowed)) for entry in read.word)
    return tuple(words)


def pack_folders(root: Traversable, only: Collection[str] = ()) -> tuple[Traversable, ...]:
    """The folder itself when it is a pack, else the packs in it; `only` those in folders of these names, if any."""
    if (root / "pack.toml").is_file():
        return (root,)
    folders = (
        folder
        for folder in root.iterdir()
        if folder.is_dir() and (folder / "pack.toml").is_file() and (not only or folder.name in only)
    )
    return tuple(sorted(folders, key=lambda folder: folder.name))


def read_pack(folder: Traversable) -> PackReading:
    """Read a folder with `pack.toml` and script files. What stands in the files is never an error, but a problem."""
    toml = folder / "pack.toml"
    pack = read_model(toml, read_text(toml), PackFile)
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
                problems.append(Problem(str(file), read.id, f"这个 id 已经用在 {places[read.id]}"))
            else:
                scripts[read.id], places[read.id] = read, str(file)
    return PackReading(pack.with_scripts(scripts.values()), tuple(problems), places)


def check_packs(
    folders: Iterable[Traversable], packages: Iterable[str]
) -> tuple[tuple[ScriptPack, ...], tuple[Problem, ...]]:
    """The packs that `folders` are or hold, and all that is wrong with them: besides what keeps a pack from being read
    also literal prices, forbidden words, unknown intents and unused variables. Words and intents of the `packages` and
    of the folders' own keyword files count. `BadSettings` when what the packages offer cannot be read.
    """
    offered, roots = tuple(packages), tuple(folders)
    rules, forbidden = list(load_rules(offered)), load_forbidden_words(offered)
    problems: list[Problem] = []
    for file in _files_named("keywords.toml", roots):
        found, wrong = read_rules(file)
        rules += found
        problems += wrong
    intents = frozenset(rule.tag for rule in rules)
    packs: list[ScriptPack] = []
    for root in roots:
        if not (pack_roots := pack_folders(root)):
            problems.append(Problem(str(root), "", "这里没有话术包：话术包是一个含有 pack.toml 的文件夹"))
        for folder in pack_roots:
            reading = read_pack(folder)
            problems += (*reading.problems, *_pack_faults(folder, reading, intents, forbidden))
            packs += (reading.pack,) if reading.pack else ()
    return tuple(packs), tuple(problems)


def read_rules(file: Traversable) -> tuple[tuple[KeywordRule, ...], tuple[Problem, ...]]:
    """The rules of a keyword file, and what is wrong with it."""
    read = read_model(file, read_text(file), KeywordFile)
    if isinstance(read, list):
        return (), tuple(read)
    return tuple(rule.as_rule() for rule in read.rule), ()


def _files_named(name: str, roots: Iterable[Traversable], only: Collection[str] = ()) -> Iterator[Traversable]:
    """The file of that name in each folder and in each of its packs."""
    for root in roots:
        for folder in (root, *(folder for folder in pack_folders(root, only) if folder is not root)):
            if (file := folder / name).is_file():
                yield file


def _refuse(problems: Iterable[Problem]) -> None:
    if lines := [str(problem) for problem in problems]:
        raise BadSettings("\n".join(lines))


def _scripts_of(file: Traversable, pack: PackFile) -> Iterator[Script | Problem]:
    """A file is: `+++`, front matter, `+++`, text; and so on. Headings and blank lines may stand before the first."""
    intro, *sections = _SECTION.split(read_text(file))
    if any(line.strip() and not line.startswith("#") for line in intro.splitlines()):
        yield Problem(str(file), "", "第一个 +++ 之前的文字不属于任何话术；标题请用 # 开头")
    if len(sections) % 2:
        yield Problem(str(file), "", f"有 {len(sections)} 行 +++；每条话术的开头部分前后各要一行")
        return
    for head, text in zip(sections[::2], sections[1::2], strict=True):
        front = read_model(file, head, FrontMatter)
        if isinstance(front, list):
            yield from front
        else:
            yield from _script_of(file, pack, front, text.strip())


def _script_of(file: Traversable, pack: PackFile, front: FrontMatter, text: str) -> Iterator[Script | Problem]:
    script = front.as_script(pack.id, text)
    complaints = [*_mismatches(script, pack), *_variable_mismatches(script, frozenset(front.variables), pack)]
    yield from (Problem(str(file), script.id, complaint) for complaint in complaints)
    if not complaints:
        yield script


def _mismatches(script: Script, pack: PackFile) -> Iterator[str]:
    if not script.text:
        yield "+++ 下面没有话术正文"
    if script.category not in pack.categories:
        yield f"pack.toml 里没有分类 {script.category!r}；已有：{'、'.join(pack.categories)}"
    if script.stage and script.stage not in pack.stages:
        yield f"pack.toml 里没有阶段 {script.stage!r}；已有：{'、'.join(pack.stages) or '（无）'}"
    if script.valid_from and script.valid_until and script.valid_from >= script.valid_until:
        yield "valid_to 早于 valid_from"


def _variable_mismatches(script: Script, declared: frozenset[str], pack: PackFile) -> Iterator[str]:
    used = {variable.name for variable in script.variables}
    for name in sorted(declared - used):
        yield f"variables 里声明了 {name!r}，正文没有用到"
    for name in sorted(used - declared):
        yield f"正文用到变量 {name!r}，请写进 variables"
    for variable in script.variables:
        if variable.name not in pack.variables and variable.kind not in pack.variables:
            yield f"pack.toml 的 [variables] 里没有 {variable.name!r}，请在那里说明它的含义"
        if variable.kind in PRICE_VARIABLES and variable.fallback is not None:
            yield f"{variable.name!r} 来自价格本，不能写备用文字"
    if brace := _BRACE.search(PLACEHOLDER.sub("", script.text)):
        yield f"{brace.group()!r} 不是变量；写法是 {{name}}、{{kind:产品名}} 或 {{name|备用文字}}"


def _pack_faults(
    folder: Traversable, reading: PackReading, intents: frozenset[str], forbidden: Sequence[ForbiddenWord]
) -> Iterator[Problem]:
    if reading.pack is None:
        return
    scripts = reading.pack.scripts
    for script in scripts:
        yield from (
            Problem(reading.places[script.id], script.id, fault) for fault in _faults(script, intents, forbidden)
        )
    used = {name for script in scripts for variable in script.variables for name in (variable.name, variable.kind)}
    for name in reading.pack.variables:
        if name not in used:
            yield Problem(str(folder / "pack.toml"), "", f"声明了变量 {name!r}，但没有话术用到它")


def _faults(script: Script, intents: frozenset[str], forbidden: Sequence[ForbiddenWord]) -> Iterator[str]:
    for intent in script.intents:
        if intent not in intents:
            yield f"没有意图 {intent!r}；已有：{'、'.join(sorted(intents))}"
    if price := _literal_price(PLACEHOLDER.sub(" ", script.text)):
        yield f"正文写死了价格 {price!r}；价格一律来自价格本，写成 {{price:产品名}}"
    for word in forbidden:
        if word.stands_in(f"{script.title}\n{script.text}"):
            yield f"不能出现“{word.word}”：{word.reason}"


def _literal_price(text: str) -> str | None:
    """The first price or discount the text names, if any. A lone numeral (哪一块) is none."""
    for quote in read_quotes(text, Speaker.REP):
        found = text[quote.start : quote.end]
        if quote.value and len(found.rstrip("块")) > 1:
            return found
    return None


_SECTION = re.compile(r"(?m)^\+\+\+[ \t]*$")
_BRACE = re.compile(r"\{[^}\n]{0,20}\}?|\}")
