"""Rules about what is said to a customer, and `check`, which runs them over a customer's history."""

from scrm.core.compliance.catalogue import PACKS, RULES, rules_of
from scrm.core.compliance.in_force import RuleInForce, parameters
from scrm.core.compliance.model import (
    Finding,
    History,
    Rule,
    Severity,
    Statement,
    check,
    speaks_to,
    stands_for_household,
)
from scrm.core.compliance.price_higher_later import PriceHigherLater

__all__ = [
    "PACKS",
    "RULES",
    "Finding",
    "History",
    "PriceHigherLater",
    "Rule",
    "RuleInForce",
    "Severity",
    "Statement",
    "check",
    "parameters",
    "rules_of",
    "speaks_to",
    "stands_for_household",
]
