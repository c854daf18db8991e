"""The rules there are, the packs they come in, and how settings put them in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from types import MappingProxyType

from scrm.core.compliance.contact_leak import ContactLeak
from scrm.core.compliance.customer_deleted import CustomerDeleted
from scrm.core.compliance.deposit_terms import DepositTerms
from scrm.core.compliance.in_force import RuleInForce, configured
from scrm.core.compliance.marketing_after_refusal import MarketingAfterRefusal
from scrm.core.compliance.message_recalled import MessageRecalled
from scrm.core.compliance.model import Rule, Severity
from scrm.core.compliance.price_above_list import PriceAboveList
from scrm.core.compliance.price_arithmetic import PriceArithmetic
from scrm.core.compliance.price_below_floor import PriceBelowFloor
from scrm.core.compliance.price_condition_missing import PriceConditionMissing
from scrm.core.compliance.price_denied import PriceDenied
from scrm.core.compliance.price_expired_promotion import PriceExpiredPromotion
from scrm.core.compliance.price_false_expiry import PriceFalseExpiry
from scrm.core.compliance.price_higher_later import PriceHigherLater
from scrm.core.compliance.price_reported import PriceReported
from scrm.core.compliance.reply_overdue import ReplyOverdue
from scrm.core.compliance.wording import Wording
from scrm.core.compliance.words import Lexicon, lexicons
from scrm.core.errors import BadInput
from scrm.core.timeline import Json
from scrm.core.working_time import WorkingHours

_AD_LAW = date(2015, 9, 1)


def _worded(
    rule: str, ground: str, private: str = "S2", public: str = "S3", since: date = date.min, rival: str = ""
) -> Wording:
    return Wording(
        id=rule,
        ground=ground,
        lexicon=lexicons()[rule],
        mild=lexicons().get(f"{rule}-mild", Lexicon()),
        trade=lexicons().get(f"{rule}-trade", Lexicon()),
        rival=lexicons().get(rival, Lexicon()),
        rival_trade=lexicons().get(f"{rival}-trade", Lexicon()),
        yields=rule == "promise-property",
        effective_from=since,
        in_private=Severity(private),
        in_public=Severity(public),
    )


_RULES: Sequence[tuple[str, Rule]] = (
    ("general", PriceHigherLater()),
    ("general", PriceFalseExpiry()),
    ("general", PriceExpiredPromotion()),
    ("general", PriceAboveList()),
    ("general", PriceBelowFloor()),
    ("general", PriceDenied()),
    ("general", PriceReported()),
    ("general", PriceConditionMissing()),
    ("general", PriceArithmetic()),
    ("general", DepositTerms()),
    ("education", _worded("promise-education", "ad-law-24", since=_AD_LAW)),
    ("finance", _worded("promise-finance", "ad-law-25", since=_AD_LAW, rival="promise-property")),
    ("property", _worded("promise-property", "ad-law-26", since=_AD_LAW, rival="promise-finance")),
    ("medical", _worded("promise-medical", "ad-law-16-17", since=_AD_LAW)),
    ("general", _worded("absolute-claim", "ad-law-9", since=_AD_LAW)),
    ("general", _worded("private-payment", "house-payment", "S4", "S4")),
    ("general", _worded("private-channel", "house-channel")),
    ("general", _worded("kickback", "unfair-competition-7", "S3", "S4")),
    ("general", ContactLeak()),
    ("general", MarketingAfterRefusal()),
    ("general", ReplyOverdue()),
    ("general", MessageRecalled()),
    ("general", CustomerDeleted()),
)
PACKS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        pack: tuple(rule.id for of_pack, rule in _RULES if of_pack == pack)
        for pack in dict.fromkeys(pack for pack, _ in _RULES)
    }
)
"""Pack, a trade or `general`, to the ids of its rules."""


def rules_of(plan: Mapping[str, Json], hours: WorkingHours | None = None) -> tuple[RuleInForce, ...]:
    """The rules that `plan` puts in force, in the order in which their findings are shown.

    `plan` is what the settings' `[compliance]` table holds: `packs`, a list of names (all when it is left out), and
    `rules`, a table of options by rule id. An option `enabled` true brings in a rule whose pack is not named, false
    leaves it out. `hours` is when the team works. `BadInput` names what is unknown or cannot be read.
    """
    packs = _packs(plan.get("packs"))
    options = _options(plan.get("rules"))
    return tuple(
        configured(_at_work(rule, hours), options.get(rule.id, {}))
        for pack, rule in _RULES
        if options.get(rule.id, {}).get("enabled", pack in packs)
    )


def _at_work(rule: Rule, hours: WorkingHours | None) -> Rule:
    return replace(rule, hours=hours) if hours is not None and isinstance(rule, ReplyOverdue) else rule


def _packs(named: Json) -> frozenset[str]:
    if named is None:
        return frozenset(PACKS)
    if not isinstance(named, list | tuple) or any(pack not in PACKS for pack in named):
        raise BadInput(f"packs: got {named!r}, expected names among {', '.join(PACKS)}")
    return frozenset(map(str, named))


def _options(tables: Json) -> Mapping[str, Mapping[str, Json]]:
    if tables is None:
        return {}
    if not isinstance(tables, Mapping):
        raise BadInput(f"rules: got {tables!r}, expected a table by rule id")
    known = {rule.id for _, rule in _RULES}
    for rule, table in tables.items():
        if rule not in known:
            raise BadInput(f"rules.{rule}: there is no such rule; there are {', '.join(sorted(known))}")
        if not isinstance(table, Mapping) or not isinstance(table.get("enabled", True), bool):
            raise BadInput(f"rules.{rule}: got {table!r}, expected a table of options, `enabled` true or false")
    return {rule: table for rule, table in tables.items() if isinstance(table, Mapping)}


RULES: tuple[RuleInForce, ...] = rules_of({})
"""Every rule of every pack as it comes."""
