"""Reading prices and promises from raw Chinese sales talk, with offsets."""

from scrm.core.claims.linking import Unlinked, find_claims, find_products, link, read_unlinked
from scrm.core.claims.model import COMMITMENTS, Approx, Claim, Kind, Link, Quote, Stance, Turn
from scrm.core.claims.reader import read_quotes

__all__ = [
    "COMMITMENTS",
    "Approx",
    "Claim",
    "Kind",
    "Link",
    "Quote",
    "Stance",
    "Turn",
    "Unlinked",
    "find_claims",
    "find_products",
    "link",
    "read_quotes",
    "read_unlinked",
]
