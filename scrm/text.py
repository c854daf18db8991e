"""The engines behind the core's `Segmenter` and `KeywordMatcher`: rjieba by default, jieba as the reference."""

from __future__ import annotations

import hashlib
import logging
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from types import MappingProxyType
from typing import Literal, Protocol, Self

import ahocorasick_rs
import rjieba

from scrm.core.errors import BadSettings
from scrm.core.tagging import Segmenter

Engine = Literal["auto", "rjieba", "jieba"]
Words = Mapping[str, int | None]

NO_WORDS: Words = MappingProxyType({})


def segmenter(engine: Engine = "auto", words: Words = NO_WORDS) -> Segmenter:
    """A segmenter that knows `words` besides the engine's own dictionary. `auto` is rjieba."""
    if engine == "jieba":
        return JiebaSegmenter(words)
    if engine in {"auto", "rjieba"}:
        return RjiebaSegmenter(words)
    raise BadSettings(f"there is no segmenter {engine!r}; use auto, rjieba or jieba")


class RjiebaSegmenter:
    """jieba's algorithm and dictionary in Rust. Cuts as `JiebaSegmenter` does, about twenty times as fast."""

    def __init__(self, words: Words = NO_WORDS) -> None:
        # `add_word` raises while another thread cuts, so an instance in use is never changed.
        self._engine = rjieba.Jieba()
        self._words = _checked(words)
        for word, frequency in self._words.items():
            self._engine.add_word(word, frequency, None)
        self.fingerprint = _fingerprint("rjieba", self._words)

    def cut(self, text: str, *, guess_words: bool = True) -> Sequence[str]:
        tokens = self._engine.cut(text, guess_words)
        # jieba takes latin tokens apart at dots, hyphens and the like (Wi-Fi, t.cn); rjieba keeps them whole.
        return [part for token in tokens for part in self._parts(token)] if _JOINED.search(text) else tokens

    def with_words(self, words: Words) -> Self:
        return type(self)({**self._words, **words})

    def _parts(self, token: str) -> Iterable[str]:
        if len(token) == 1 or not token.isascii() or self._engine.has_word(token) or token in self._words:
            return (token,)
        return filter(None, _LATIN_OR_NUMBER.split(token))


class JiebaSegmenter:
    """The reference implementation, in pure Python."""

    def __init__(self, words: Words = NO_WORDS) -> None:
        self._engine = _jieba_tokenizer()
        self._words = _checked(words)
        for word, frequency in self._words.items():
            self._engine.add_word(word, frequency)
        self.fingerprint = _fingerprint("jieba", self._words)

    def cut(self, text: str, *, guess_words: bool = True) -> Sequence[str]:
        return self._engine.lcut(text, HMM=guess_words)

    def with_words(self, words: Words) -> Self:
        return type(self)({**self._words, **words})


class AhoCorasickMatcher:
    """All occurrences of many patterns in one pass over the text."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._automaton = ahocorasick_rs.AhoCorasick(patterns)

    def find(self, text: str) -> Sequence[tuple[int, int, int]]:
        return self._automaton.find_matches_as_indexes(text, overlapping=True)


class _JiebaTokenizer(Protocol):
    """What we use of `jieba.Tokenizer`, which carries no types."""

    def initialize(self) -> None: ...
    def add_word(self, word: str, freq: int | None = None) -> None: ...
    def lcut(self, text: str, *, HMM: bool) -> list[str]: ...  # noqa: N803 - jieba's own name


def _jieba_tokenizer() -> _JiebaTokenizer:
    """A tokenizer with jieba's own dictionary, loaded now. Importing takes a second: only who asks for it pays."""
    with warnings.catch_warnings():
        # Its regular expressions contain escapes that newer compilers complain of, and it still asks for pkg_resources.
        warnings.filterwarnings("ignore", message=r".*invalid escape sequence")
        warnings.filterwarnings("ignore", message=r".*pkg_resources")
        import jieba
    jieba.setLogLevel(logging.WARNING)
    tokenizer: _JiebaTokenizer = jieba.Tokenizer()
    tokenizer.initialize()
    return tokenizer


def _checked(words: Words) -> Words:
    for word, frequency in words.items():
        if not word.strip() or (frequency is not None and frequency < 1):
            raise BadSettings(
                f"the word {word!r} with frequency {frequency} cannot be used: give a word, and 1 or more"
            )
    return dict(words)


def _fingerprint(engine: str, words: Words) -> str:
    listing = "\n".join(f"{word} {frequency}" for word, frequency in sorted(words.items()))
    return f"{engine}-{version(engine)}-{hashlib.sha256(listing.encode()).hexdigest()[:12]}"


_JOINED = re.compile(r"[A-Za-z0-9][._+#&%-]|[._+#&%-][A-Za-z0-9]")
_LATIN_OR_NUMBER = re.compile(r"([a-zA-Z0-9]+(?:\.[0-9]+)?%?)")
