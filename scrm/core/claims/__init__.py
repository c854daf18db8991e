"""Reading prices and promises from raw Chinese sales talk, with offsets.

`read_quotes` reads one text; `find_claims` adds the product, the condition and the time of each quote. How the grammar
is built and how to add a word to it is told in `docs/reference/claims.md`.
"""

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
