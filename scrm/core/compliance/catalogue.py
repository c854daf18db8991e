"""The rules there are, in the order in which their findings are shown."""

from __future__ import annotations

from scrm.core.compliance.model import Rule
from scrm.core.compliance.price_above_list import PriceAboveList
from scrm.core.compliance.price_arithmetic import PriceArithmetic
from scrm.core.compliance.price_below_floor import PriceBelowFloor
from scrm.core.compliance.price_condition_missing import PriceConditionMissing
from scrm.core.compliance.price_denied import PriceDenied
from scrm.core.compliance.price_expired_promotion import PriceExpiredPromotion
from scrm.core.compliance.price_false_expiry import PriceFalseExpiry
from scrm.core.compliance.price_higher_later import PriceHigherLater
from scrm.core.compliance.price_reported import PriceReported

RULES: tuple[Rule, ...] = (
    PriceHigherLater(),
    PriceFalseExpiry(),
    PriceExpiredPromotion(),
    PriceAboveList(),
    PriceBelowFloor(),
    PriceDenied(),
    PriceReported(),
    PriceConditionMissing(),
    PriceArithmetic(),
)
