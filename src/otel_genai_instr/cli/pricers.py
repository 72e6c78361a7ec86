"""Prices for a command. Other than in an app, a price file that can't be used ends it: there is somebody to tell."""

from __future__ import annotations

from pathlib import Path

from ..pricing import Pricer, PriceSource
from ..pricing.book import BookSource, PriceBook
from ..pricing.book_checks import checked_book
from ..pricing.loading import LazySource, bundled_prices
from ..pricing.price_file import PriceFileError, read_price_file
from .problems import Problem


def book_from(path: str) -> PriceBook:
    """Read and check a price file.

    Raises:
        Problem: if it can't be used; says where and why.
    """
    file = Path(path).expanduser()
    try:
        return checked_book(read_price_file(file), file.stem, file.parent)
    except PriceFileError as error:
        raise Problem(str(error)) from None


def source_from(path: str | None) -> PriceSource:
    """Return the prices that come with the package, or those of a price file over them.

    Raises:
        Problem: if the file, or the price data it names as its base, can't be used.
    """
    return bundled_prices.get() if path is None else source_of(book_from(path))


def source_of(book: PriceBook) -> PriceSource:
    """Return the prices of a book over its base.

    Raises:
        Problem: if the base can't be used.
    """
    if book.base is None:
        return BookSource(book, bundled_prices.get())
    # Imported here: with 1.6 MB of data.
    from ..pricing.bundled import BundledSource
    from ..pricing.genai_prices_source import read_price_data

    try:
        return BookSource(book, BundledSource(read_price_data(book.base)))
    except PriceFileError as error:
        raise Problem(str(error)) from None


def pricer_from(path: str | None) -> Pricer:
    """Return a pricer over :func:`source_from`.

    Raises:
        Problem: as there.
    """
    source = source_from(path)
    return Pricer(LazySource(lambda: source))
