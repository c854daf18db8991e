"""A rule as it is configured: its parameters, its version, and how grave its findings are."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, time, timedelta
from decimal import Decimal, InvalidOperation

from scrm.core.compliance.model import Finding, History, Rule, Severity, Statement
from scrm.core.compliance.words import Lexicon, read_words
from scrm.core.errors import BadInput
from scrm.core.timeline import Json

_FIXED = frozenset({"id", "ground", "hours", "yields"})
_WORDS = frozenset({"lexicon", "mild", "trade", "rival", "rival_trade"})
_OWN = frozenset({"enabled", "severity", "at_least", "include", "exclude"})
_SPAN = re.compile(r"(\d+) ?(minute|hour|day)s?")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleInForce:
    """A rule with its `version`: a digest of id, parameters and words, so that a finding says what it was found by.

    `severity` replaces what the rule says, `at_least` only raises it; None leaves it.
    """

    rule: Rule
    severity: Severity | None = None
    at_least: Severity | None = None
    version: str = field(init=False)
    # Copies of the rule's own: they are asked for with every statement.
    id: str = field(init=False, repr=False)
    pattern: str = field(init=False, repr=False)
    effective_from: date = field(init=False, repr=False)
    rechecks: bool = field(init=False, repr=False)
    needs_everything: bool = field(init=False, repr=False)

    def __post_init__(self) -> None:
        for name in ("id", "pattern", "effective_from", "rechecks", "needs_everything"):
            object.__setattr__(self, name, getattr(self.rule, name))
        object.__setattr__(self, "version", _digest(self))

    @property
    def ground(self) -> str:
        return self.rule.ground

    def check(self, said: Statement, history: History) -> Iterable[Finding]:
        """The rule's findings, weighed as configured and marked with the version."""
        return map(self.in_force, self.rule.check(said, history))

    def in_force(self, finding: Finding) -> Finding:
        """A finding of the rule, weighed as configured and marked with the version."""
        return replace(finding, severity=self._weighed(finding.severity), version=self.version)

    def _weighed(self, severity: Severity) -> Severity:
        if self.severity is not None:
            return self.severity
        return max(severity, self.at_least) if self.at_least is not None else severity


def configured(rule: Rule, options: Mapping[str, Json]) -> RuleInForce:
    """`rule` with the options of its settings table. `BadInput` names the option, what it got and what it expects."""
    changes: dict[str, object] = {}
    known = {item.name: getattr(rule, item.name) for item in fields(rule) if item.name not in _FIXED}  # type: ignore[arg-type]
    for name, value in options.items():
        if name in _OWN:
            continue
        if name not in known or name in _WORDS:
            choices = ", ".join(sorted([*(known.keys() - _WORDS), *_OWN]))
            raise BadInput(f"{rule.id}.{name}: there is no such option; there are {choices}")
        changes[name] = _read(f"{rule.id}.{name}", value, known[name])
    lexicon = known.get("lexicon")
    include = read_words(f"{rule.id}.include", options.get("include", ()))
    exclude = read_words(f"{rule.id}.exclude", options.get("exclude", ()))
    if include or exclude:
        if not isinstance(lexicon, Lexicon):
            raise BadInput(f"{rule.id}: this rule has no words to include or exclude")
        changes["lexicon"] = lexicon.with_words(include, exclude)
    return RuleInForce(
        rule=replace(rule, **changes) if changes else rule,  # type: ignore[type-var]  # every rule is a dataclass
        severity=_severity(rule.id, "severity", options),
        at_least=_severity(rule.id, "at_least", options),
    )


def parameters(rule: Rule) -> dict[str, Json]:
    """A rule's parameters as they are written in settings."""
    return {
        item.name: _written(getattr(rule, item.name))
        for item in fields(rule)  # type: ignore[arg-type]  # every rule is a dataclass
        if item.name not in _FIXED
    }


def _digest(ruled: RuleInForce) -> str:
    told = {
        "id": ruled.id,
        "parameters": parameters(ruled.rule),
        "severity": ruled.severity,
        "at_least": ruled.at_least,
        "revision": getattr(ruled.rule, "revision", 1),
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:12]


def _severity(rule: str, name: str, options: Mapping[str, Json]) -> Severity | None:
    value = options.get(name)
    if value is None:
        return None
    try:
        return Severity(str(value))
    except ValueError as error:
        raise BadInput(f"{rule}.{name}: got {value!r}, expected S0 to S4") from error


def _read(where: str, value: Json, default: object) -> object:
    """`value` as the type that `default` has."""
    try:
        return _converted(value, default)
    except (ValueError, TypeError, InvalidOperation) as error:
        raise BadInput(f"{where}: got {value!r}, expected something like {_written(default)!r}") from error


def _converted(value: Json, default: object) -> object:
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise TypeError
        return value
    if isinstance(default, tuple):
        return _listed(value, default)
    readers: Mapping[type, Callable[[str], object]] = {
        Severity: Severity,
        timedelta: _span,
        Decimal: Decimal,
        date: date.fromisoformat,
        time: time.fromisoformat,
        int: int,
        float: float,
    }
    return readers.get(type(default), str)(str(value))


def _listed(value: Json, default: tuple[object, ...]) -> tuple[object, ...]:
    if not isinstance(value, list | tuple):
        raise TypeError
    sample = default[0] if default else ""
    return tuple(_converted(one, sample) for one in value)


def _span(text: str) -> timedelta:
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return timedelta(**{f"{match[2]}s": int(match[1])})


def _written(value: object) -> Json:
    match value:
        case bool() | int() | float() | str():
            return value
        case timedelta():
            minutes = int(value / timedelta(minutes=1))
            for name, size in (("day", 1440), ("hour", 60), ("minute", 1)):
                if minutes % size == 0:
                    return f"{minutes // size} {name}{'' if minutes == size else 's'}"
            return str(value)
        case Lexicon():
            return {
                "include": list(value.include),
                "exclude": list(value.exclude),
                "contextual": list(value.contextual),
                "context": list(value.context),
            }
        case tuple():
            return [_written(one) for one in value]
        case _:
            return str(value)
