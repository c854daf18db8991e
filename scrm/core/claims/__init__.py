"""Reading prices and promises from raw Chinese sales talk, with offsets."""

from scrm.core.claims.linking import find_claims, find_products, needs_context
from scrm.core.claims.model import COMMITMENTS, SELLERS, Approx, Claim, Kind, Link, Quote, Stance, Turn
from scrm.core.claims.reader import read_quotes

__all__ = [
    "COMMITMENTS",
    "SELLERS",
    "Approx",
    "Claim",
    "Kind",
    "Link",
    "Quote",
    "Stance",
    "Turn",
    "find_claims",
    "find_products",
    "needs_context",
    "read_quotes",
]
