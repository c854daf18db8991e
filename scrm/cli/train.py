"""`scrm train`: learn intents from example sentences; the model in use is replaced only by one that is not worse."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType

import click
from rich.console import Console
from rich.table import Column, Table

import scripts_library
from scrm.core.errors import BadSettings
from scrm.core.intent_scores import Scores, scores
from scrm.core.intents import IntentModel
from scrm.core.tagging import TagKind, Utterance, tag_messages
from scrm.core.timeline import Speaker
from scrm.intent_files import (
    FOLDER,
    MODEL,
    Example,
    Learned,
    as_document,
    as_model,
    packed,
    read_examples,
    read_model,
    read_word_groups,
)
from scrm.script_packs import load_lexicon, load_rules, load_words, script_packages
from scrm.text import segmenter

_SHIPPED = Path(next(iter(scripts_library.__path__))) / FOLDER
_CURVE = (10, 20, 30, 40, 55)
"""Sentences per intent."""
_CROSSVAL = "crossval.json"

Predicted = Mapping[str, AbstractSet[str]]
"""By a sentence's key, what was predicted for it."""


@click.command()
@click.option(
    "--data",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=_SHIPPED,
    help="训练句子所在的目录（customer.jsonl、rep.jsonl，可有 words.toml）；不给则用随软件发布的句子。",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"模型文件；不给则写到训练句子旁边的 {MODEL}。已有模型时先比较，不变差才替换。",
)
@click.option("--report", is_flag=True, help="另外给出学习曲线：每个意图用 10 到 55 句训练，各能到什么程度。")
@click.option("--force", is_flag=True, help="变差也替换。")
@click.option(
    "--package", "packages", multiple=True, metavar="NAME", help="话术库的包名，可多次给出；不给则用已安装的全部。"
)
def train(folder: Path, out: Path | None, report: bool, force: bool, packages: tuple[str, ...]) -> None:
    """训练意图模型，并报告训练前后的差别。需要 scikit-learn（pip install 'scrm-hub[train]'）。

    分数由交叉验证得出：每句话都由没见过它的模型判断。新模型的微平均或宏平均 F1 比现有的低时不替换，以 1 退出。
    """
    training = _training()
    target = out or folder / MODEL
    material = Material.read(folder, packages or script_packages())
    trained = material.train(training)
    before = _before(target, material)
    now = material.scored(trained.predicted)
    Console().print(_table(material.scored(before) if before is not None else None, now, material.names))
    _say(_summary("交叉验证", now))
    if report:
        for most in _CURVE:
            _say(_summary(f"每个意图至多 {most} 句", material.scored(material.predicted_from(training, trained, most))))
    if before is not None:
        was = material.scored(before)
        _say(_summary("现有模型", was))
        if not now.no_worse_than(was) and not force:
            raise click.ClickException(f"新模型比现有的差，没有替换 {target}；确实要替换请加 --force")
    model = as_model(trained.document)
    target.parent.mkdir(parents=True, exist_ok=True)
    content = packed(trained.document)
    target.write_bytes(content)
    _crossval_of(target).write_text(_as_crossval(model, trained.predicted), encoding="utf-8")
    _say(f"已写入 {target}：{len(content) / 1024:.0f} KB，指纹 {model.fingerprint}")


@dataclass(frozen=True, slots=True)
class _Trained:
    document: str
    predicted: Predicted
    strengths: Mapping[bool, float]


@dataclass(frozen=True, slots=True)
class Material:
    """The sentences with the rules that hit them, the names of their intents, and the groups of words."""

    examples: Sequence[Example]
    rules: Mapping[str, AbstractSet[str]]
    names: Mapping[str, str]
    groups: Mapping[str, Sequence[str]]

    @classmethod
    def read(cls, folder: Path, packages: Sequence[str]) -> Material:
        examples = read_examples(folder)
        names = {rule.tag: rule.name for rule in load_rules(packages)}
        unknown = sorted({intent for example in examples for intent in example.intents} - set(names))
        if unknown:
            raise BadSettings(f"意图 {unknown[0]} 没有中文名；请在 keywords.toml 里为它写一条规则")
        said = [Utterance(example.text, example.speaker) for example in examples]
        tagged = tag_messages(said, load_lexicon(packages), segmenter("auto", load_words(packages)))
        hits = {
            example.key: {tag.rule for tag in tags if tag.kind is TagKind.INTENT}
            for example, tags in zip(examples, tagged, strict=True)
        }
        return cls(examples, hits, names, read_word_groups(folder))

    def side(self, customer: bool) -> list[Example]:
        return [example for example in self.examples if (example.speaker is Speaker.CUSTOMER) == customer]

    def names_of(self, side: Sequence[Example]) -> dict[str, str]:
        return {intent: self.names[intent] for example in side for intent in example.intents}

    def train(self, training: ModuleType) -> _Trained:
        sides: dict[bool, Learned | None] = {True: None, False: None}
        predicted: dict[str, AbstractSet[str]] = {}
        strengths: dict[bool, float] = {}
        for customer in sides:
            if not (side := self.side(customer)):
                continue
            samples = [training.sample(example, self.rules[example.key]) for example in side]
            fitted = training.fit(samples, self.names_of(side), self.groups)
            sides[customer], strengths[customer] = fitted.learned, fitted.strength
            predicted |= zip((example.key for example in side), fitted.predicted, strict=True)
        return _Trained(as_document(sides[True], sides[False]), predicted, strengths)

    def predicted_from(self, training: ModuleType, trained: _Trained, most: int) -> Predicted:
        """What is predicted across the folds when so few sentences per intent are learned from."""
        predicted: dict[str, AbstractSet[str]] = {}
        for customer, strength in trained.strengths.items():
            side = self.side(customer)
            samples = [training.sample(example, self.rules[example.key]) for example in side]
            found = training.cross_validate(samples, self.names_of(side), self.groups, strength, most)
            predicted |= zip((example.key for example in side), found, strict=True)
        return predicted

    def predicted_by(self, model: IntentModel, known: Predicted) -> Predicted:
        """What a model says of sentences it has not seen, and what its cross-validation said of those it has."""
        predicted = {}
        for example in self.examples:
            scorer = model.scorer(example.speaker)
            said = Utterance(example.text, example.speaker, previous=example.previous)
            if example.key in known:
                predicted[example.key] = known[example.key]
            else:
                predicted[example.key] = set(scorer.carried(said, self.rules[example.key])) if scorer else set()
        return predicted

    def scored(self, predicted: Predicted) -> Scores:
        return scores((example.intents, predicted[example.key]) for example in self.examples)


def _training() -> ModuleType:
    try:
        return import_module("scrm.intent_training")
    except ModuleNotFoundError as error:
        raise BadSettings(
            f"训练需要 scikit-learn（缺少 {error.name}）；请运行 pip install 'scrm-hub[train]'"
        ) from error


def _before(target: Path, material: Material) -> Predicted | None:
    """What the model in use says of the same sentences, as honestly as of the new one."""
    if not target.is_file():
        return None
    model = read_model(target)
    known: dict[str, set[str]] = {}
    if (file := _crossval_of(target)).is_file():
        kept = json.loads(file.read_text(encoding="utf-8"))
        if kept["fingerprint"] == model.fingerprint:
            known = {key: set(intents) for key, intents in kept["predicted"].items()}
    return material.predicted_by(model, known)


def _crossval_of(target: Path) -> Path:
    return target.with_name(f"{target.name.partition('.')[0]}.{_CROSSVAL}")


def _as_crossval(model: IntentModel, predicted: Predicted) -> str:
    found = {key: sorted(intents) for key, intents in sorted(predicted.items())}
    return json.dumps({"fingerprint": model.fingerprint, "predicted": found}, indent=0, ensure_ascii=False) + "\n"


def _table(before: Scores | None, now: Scores, names: Mapping[str, str]) -> Table:
    numbers = [Column(name, justify="right") for name in ("准确率", "召回率", "F1", "现有 F1", "句数")]
    table = Table("意图", "", *numbers)
    for intent, tally in now.by_intent.items():
        was = before.by_intent.get(intent) if before else None
        table.add_row(
            intent,
            names.get(intent, ""),
            *(f"{number:.2f}" for number in (tally.precision, tally.recall, tally.f1)),
            f"{was.f1:.2f}" if was else "",
            str(tally.hits + tally.missed),
        )
    return table


def _summary(what: str, found: Scores) -> str:
    micro = found.micro
    return (
        f"{what}：准确率 {micro.precision:.3f}，召回率 {micro.recall:.3f}，"
        f"微平均 F1 {micro.f1:.3f}，宏平均 F1 {found.macro_f1:.3f}"
    )


def _say(line: str) -> None:
    click.echo(line)
