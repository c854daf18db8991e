"""The rules there are, in the order in which their findings are shown."""

from __future__ import annotations

from scrm.core.compliance.model import Rule
from scrm.core.compliance.price_higher_later import PriceHigherLater

RULES: tuple[Rule, ...] = (PriceHigherLater(),)
