"""What a rule looks for in words: lexicons as data, and whether a speaker really asserts what the words say."""

from __future__ import annotations

import pkgutil
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType

from scrm.core.errors import BadInput
from scrm.core.timeline import Json

_GAP = "[^，。！？；,!?;\n]{0,8}?"
_NUMBER = "[0-9０-９零一二两三四五六七八九十百千万.]+"
_STOPS = "，。！？；,!?;\n…~ "
_NEGATED = re.compile(
    r"(?:(?<![差])不(?!过|成功|通过|限|只|仅|光|管|论|用|必|需|瞒|骗|吹|错|怕|退|但|是我吹|会骗|会亏|亏|愁|收|同|止|少|动产)"
    r"|没有?(?!问题|毛病|事|基础|关系|底子|学过|经验|时间|空|两|多久|几)|无法|难以|未(?!来)|并非|莫|勿|拒绝|杜绝|避免|谨防|警惕"
    r"|(?<![特级区分性个])别(?!墅|人|的|家|说|担心|怕|犹豫|错过|管|急)|谁(?!都|来|用)|哪有|哪能|哪敢|哪会|怎么可能|怎么能|怎么敢|岂)"
    r"[^，。！？；,!?;\n]{0,9}$"
)
_SPOKEN_OF_BEFORE = re.compile(
    r"(?:禁止|不得|不允许|不准|严禁|不让|不许|不能|别信|不要信|不要相信|别相信|当心|小心|警惕|所谓|号称|要是有人|如果有人"
    r"|是不是|是否|有没有|能不能|会不会|想要|想找|您?问的|听说)[^。！？!?\n]{0,14}$"
)
_SPOKEN_OF_AFTER = re.compile(
    r"[^。！？!?\n]{0,8}(?:是违规|违规的|是违法|违法的|是骗|都是骗|骗人的|不合法|不合规|不靠谱|不可信|不能说|不敢说|不让说|不允许|不现实|是不可能|是禁止"
    r"|这种话|这种说法|这类话|的话术|千万别信|都别信|别信)"
    r"|[^，。！？；,!?;\n]{0,6}(?:我们?|咱们?)?(?:是?没有|不做|不提供|不存在|不承诺|不可能|做不到|不敢|没法|不能|无法|保证不了|(?<!少)不了)"
)
_OTHERS = re.compile(
    r"(?:别家|(?:别的|其他|其它|有些|有的|某些|那些)(?:机构|公司|家|平台|店|地方|品牌|中介|销售|老师|商家|医院|诊所|项目|楼盘|产品)"
    r"|外面|市面上|同行|人家|凡是|谁要是|谁说|谁敢)(?:(?!我们|咱们|我这|我家|本店|咱家)[^。！？!?\n])*$"
)
_ASKED = re.compile(r"吗|(?<![什怎那这多要])么|是不是|是吧|[?？]")
_DOUBLE = re.compile(r"(?:没有?(?:一个|一位|谁|人|哪个)(?:学员|客户|学生|人)?|不会|不可能|没人)(?:不|没)")


@dataclass(frozen=True, slots=True)
class Hit:
    """Words found in a text, `text[start:end]`, code points."""

    start: int
    end: int
    words: str


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Words of one rule. An entry is plain text or a regular expression, in which `…` stands for up to eight characters
    of the same clause and `#` for a number. `contextual` ones count only where a word of `context` stands in the text
    too. A hit that overlaps an `exclude` entry is none.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    contextual: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    pattern: str = field(init=False, repr=False, compare=False)
    _include: re.Pattern[str] | None = field(init=False, repr=False, compare=False)
    _exclude: re.Pattern[str] | None = field(init=False, repr=False, compare=False)
    _contextual: re.Pattern[str] | None = field(init=False, repr=False, compare=False)
    _context: re.Pattern[str] | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in ("include", "exclude", "contextual", "context"):
            object.__setattr__(self, f"_{name}", _compiled(getattr(self, name)))
        object.__setattr__(self, "pattern", _alternatives((*self.include, *self.contextual)))

    def with_words(self, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> Lexicon:
        """The same lexicon with further words."""
        return Lexicon(
            include=(*self.include, *include),
            exclude=(*self.exclude, *exclude),
            contextual=self.contextual,
            context=self.context,
        )

    def hits(self, text: str) -> Iterator[Hit]:
        """Where its words stand in `text`, whatever is said about them."""
        spared = [match.span() for match in self._exclude.finditer(text)] if self._exclude else []
        for match in self._matches(text):
            if not any(start < match.end() and match.start() < end for start, end in spared):
                yield Hit(match.start(), match.end(), match[0])

    def asserted(self, text: str) -> Hit | None:
        """The first hit that the text asserts: not denied, not asked, not a rule or another company spoken of."""
        return next((hit for hit in self.hits(text) if is_asserted(text, hit.start, hit.end)), None)

    def _matches(self, text: str) -> Iterator[re.Match[str]]:
        if self._include:
            yield from self._include.finditer(text)
        if self._contextual and self._context and self._context.search(text):
            yield from self._contextual.finditer(text)


def is_asserted(text: str, start: int, end: int) -> bool:
    """Whether the words at `start:end` are said as the speaker's own: 不能保证包过, 包过吗 and 禁止承诺包过 are not."""
    first = _bounds(text, start, end, "。！？!?\n")[0]
    clause, clause_end = _bounds(text, start, end, _STOPS)
    if _ASKED.search(text[end : clause_end + 1]) or _SPOKEN_OF_AFTER.match(text, end):
        return False
    if _NEGATED.search(text[clause:start]) and not _DOUBLE.search(text[clause:end]):
        return False
    return _SPOKEN_OF_BEFORE.search(text[first:start]) is None and _OTHERS.search(text[first:start]) is None


@lru_cache(maxsize=1)
def lexicons() -> Mapping[str, Lexicon]:
    """The lexicons that come with the package, by the id of their rule."""
    found: dict[str, Lexicon] = {}
    for trade in _FILES:
        content = pkgutil.get_data("scrm.core.compliance", f"lexicons/{trade}.toml")
        assert content is not None
        for rule, words in tomllib.loads(content.decode()).items():
            found[rule] = read_lexicon(rule, words)
    return MappingProxyType(found)


_FILES = ("general", "education", "finance", "property", "medical")


def read_lexicon(rule: str, words: Mapping[str, Json]) -> Lexicon:
    """A lexicon from lists of words. `BadInput` names the rule and the list."""
    lists = {}
    for name, value in words.items():
        if name not in {"include", "exclude", "contextual", "context"}:
            raise BadInput(f"{rule}.{name}: expected include, exclude, contextual or context")
        lists[name] = read_words(f"{rule}.{name}", value)
    return Lexicon(**lists)


def read_words(where: str, value: Json) -> tuple[str, ...]:
    """A list of words. `BadInput` says where it is none."""
    if not isinstance(value, list | tuple) or not all(isinstance(word, str) and word.strip() for word in value):
        raise BadInput(f"{where}: got {value!r}, expected a list of words")
    return tuple(str(word) for word in value)


def _bounds(text: str, start: int, end: int, stops: str) -> tuple[int, int]:
    first = max((text.rfind(stop, 0, start) for stop in stops), default=-1) + 1
    ends = [found for stop in stops if (found := text.find(stop, end)) >= 0]
    return first, min(ends, default=len(text))


def _compiled(words: Sequence[str]) -> re.Pattern[str] | None:
    try:
        return re.compile(_alternatives(words)) if words else None
    except re.error as error:
        raise BadInput(f"words: {error} in one of {', '.join(words)[:200]!r}") from error


def _alternatives(words: Sequence[str]) -> str:
    return "|".join(map(_expression, words))


def _expression(word: str) -> str:
    return re.sub(r"\((?!\?)", "(?:", word).replace("…", _GAP).replace("#", _NUMBER)
