"""Intent models and the sentences they are trained on: from files to the hub's words, or a precise complaint."""

from __future__ import annotations

import base64
import hashlib
import json
import lzma
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from itertools import chain
from struct import iter_unpack, pack

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scrm.core.errors import BadSettings
from scrm.core.intents import Intent, IntentModel, Scorer
from scrm.core.timeline import Speaker
from scrm.script_files import read_text
from scrm.text import AhoCorasickMatcher

FOLDER = "intents"
MODEL = "model.json.xz"
"""In the folder `FOLDER` of a script package."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A sentence and what somebody wants with it; `previous` is what the other side said right before it."""

    text: str
    speaker: Speaker
    intents: frozenset[str]
    previous: str = ""

    @property
    def key(self) -> str:
        """Equal for equal sentences of one speaker after the same words."""
        said = f"{self.speaker}\n{self.previous}\n{self.text}"
        return hashlib.sha256(said.encode()).hexdigest()[:12]


def read_examples(folder: Traversable) -> list[Example]:
    """The sentences of a folder's `customer.jsonl` and `rep.jsonl`, each once. `BadSettings` names the bad line."""
    examples: dict[str, Example] = {}
    for name in ("customer.jsonl", "rep.jsonl"):
        file = folder / name
        if not file.is_file():
            continue
        for number, line in enumerate(read_text(file).splitlines(), start=1):
            if not line.strip():
                continue
            try:
                read = _ExampleLine.model_validate_json(line)
            except ValidationError as error:
                raise BadSettings(f"{file}: 第 {number} 行读不了：{error.errors()[0]['msg']}") from error
            example = Example(
                text=read.text, speaker=read.speaker, intents=frozenset(read.intents), previous=read.previous
            )
            examples.setdefault(example.key, example)
    if not examples:
        raise BadSettings(f"{folder}: 没有训练句子；需要 customer.jsonl 或 rep.jsonl")
    return list(examples.values())


def read_word_groups(folder: Traversable) -> dict[str, tuple[str, ...]]:
    """The groups of words that share weights, from the folder's `words.toml`; none when there is no such file."""
    file = folder / "words.toml"
    if not file.is_file():
        return {}
    try:
        read = _WordsFile.model_validate(tomllib.loads(read_text(file)))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise BadSettings(f"{file}: 读不了：{error}") from error
    return {group: tuple(words) for group, words in read.words.items()}


def load_intents(folders: Iterable[Traversable]) -> tuple[IntentModel, ...]:
    """The models of these package folders. `BadSettings` says which file cannot be read."""
    files = (folder / FOLDER / MODEL for folder in folders)
    return tuple(read_model(file) for file in files if file.is_file())


def read_model(file: Traversable) -> IntentModel:
    """A model from its file. `BadSettings` when it is none."""
    try:
        return as_model(lzma.decompress(file.read_bytes()).decode())
    except (OSError, lzma.LZMAError, UnicodeDecodeError, ValidationError, ValueError) as error:
        raise BadSettings(f"{file}: 不是意图模型（{error}）；请用 scrm train 重新生成") from error


def as_model(document: str) -> IntentModel:
    """A model from its document, with the document's fingerprint."""
    read = _ModelFile.model_validate_json(document)
    customer, seller = (_scorer(side) if side else None for side in (read.customer, read.seller))
    return IntentModel(customer, seller, hashlib.sha256(document.encode()).hexdigest()[:8])


def packed(document: str) -> bytes:
    """The document as the bytes of a model file."""
    return lzma.compress(document.encode(), preset=9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """One side of a model as it was trained: per gram or cue a weight for each intent."""

    intents: Sequence[Intent]
    weights: Mapping[str, Sequence[int]]


def as_document(customer: Learned | None, seller: Learned | None) -> str:
    """Equal trainings give equal documents."""
    file = _ModelFile(customer=_side(customer), seller=_side(seller))
    return json.dumps(file.model_dump(), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _ExampleLine(BaseModel):
    """Further keys (trade, form) are for people."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    text: str = Field(min_length=1)
    speaker: Speaker
    intents: list[str]
    previous: str = ""


class _WordsFile(_Strict):
    words: dict[str, list[str]]


class _Intent(_Strict):
    id: str
    name: str
    bias: float
    step: float = Field(gt=0)
    slope: float
    offset: float
    threshold: float = Field(gt=0, lt=1)


class _Weights(_Strict):
    """Features in their order, and their weights one after the other, two bytes each, the lower first."""

    features: list[str]
    weights: str

    def unpacked(self, width: int) -> dict[str, Sequence[int]]:
        numbers = [*chain.from_iterable(iter_unpack("<h", base64.b64decode(self.weights)))]
        if len(numbers) != width * len(self.features):
            raise ValueError("the weights do not fit the features")
        return {feature: numbers[width * place : width * (place + 1)] for place, feature in enumerate(self.features)}


class _Side(_Strict):
    intents: list[_Intent]
    weights: _Weights


class _ModelFile(_Strict):
    form: int = Field(default=1, ge=1, le=1)
    customer: _Side | None
    seller: _Side | None


def _scorer(side: _Side) -> Scorer:
    width = len(side.intents)
    intents = [Intent(**intent.model_dump()) for intent in side.intents]
    return Scorer(intents, side.weights.unpacked(width), AhoCorasickMatcher)


def _side(learned: Learned | None) -> _Side | None:
    if learned is None:
        return None
    return _Side(
        intents=[_Intent.model_validate(intent, from_attributes=True) for intent in learned.intents],
        weights=_weights(learned.weights),
    )


def _weights(of: Mapping[str, Sequence[int]]) -> _Weights:
    features = sorted(of)
    numbers = b"".join(pack("<h", number) for feature in features for number in of[feature])
    return _Weights(features=features, weights=base64.b64encode(numbers).decode())
