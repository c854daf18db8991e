"""Rules about what is said to a customer, and `check`, which runs them over a customer's history."""

from scrm.core.compliance.catalogue import RULES
from scrm.core.compliance.model import Finding, History, Rule, Severity, Statement, check
from scrm.core.compliance.price_higher_later import PriceHigherLater

__all__ = ["RULES", "Finding", "History", "PriceHigherLater", "Rule", "Severity", "Statement", "check"]
