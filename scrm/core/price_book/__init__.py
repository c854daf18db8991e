"""Which price was valid when, and for whom: products, promotions and floors, each version kept."""

from scrm.core.price_book.book import Mention, PriceBook, read_price_book
from scrm.core.price_book.model import CHINA, Product, Promotion

__all__ = ["CHINA", "Mention", "PriceBook", "Product", "Promotion", "read_price_book"]
