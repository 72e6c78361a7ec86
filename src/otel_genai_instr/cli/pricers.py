"""Prices for a command. Other than in an app, a price file that can't be used ends it: there is somebody to tell."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from ..pricing import Pricer, PriceSource, Unpriced, UserFileError
from ..pricing.configured import source_of
from ..pricing.files.book import PriceBook
from ..pricing.files.book_checks import checked_book
from ..pricing.files.price_file import read_price_file
from ..pricing.loading import LazySource, bundled_prices
from ..pricing.misses import MissLog
from .files import expanded
from .problems import Problem


def book_from(path: str) -> PriceBook:
    """Read and check a price file.

    Raises:
        Problem: if it can't be used; says where and why.
    """
    with _problems():
        file = expanded(path)
        return checked_book(read_price_file(file), file.stem, file.parent)


def source_from(path: str | None) -> PriceSource:
    """Return the prices that come with the package, or those of a price file over them.

    Raises:
        Problem: if the file, or the price data it names as its base, can't be used.
    """
    return bundled_prices.get() if path is None else prices_of(book_from(path), path)


def prices_of(book: PriceBook, path: str) -> PriceSource:
    """Return the prices of a book, which was read from ``path``, over its base.

    Raises:
        Problem: if the base can't be used.
    """
    with _problems():
        return source_of(book, path)


@contextmanager
def _problems() -> Generator[None, None, None]:
    try:
        yield
    except UserFileError as error:
        raise Problem(*error.args) from None


class _Unsaid(MissLog):
    """Says nothing about models without a price: the outcome of the command does."""

    def note(self, provider: str, model: str, reason: Unpriced) -> None:
        """Do nothing."""


def pricer_from(path: str | None) -> Pricer:
    """Return a pricer over :func:`source_from`.

    Raises:
        Problem: as there.
    """
    source = source_from(path)
    return Pricer(LazySource(lambda: source), _Unsaid())


def known_models() -> dict[str, list[str]]:
    """Return the names that the installed price data has entries for, by provider id."""
    from genai_prices.data import providers

    return {provider.id: [model.id for model in provider.models] for provider in providers}
