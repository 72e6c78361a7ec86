"""Prices as the settings say: those of the package, or a book of the user's own over them, followed as it changes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from .. import log
from .errors import UserFileError
from .loading import GateClosed, LazySource, bundled_prices, gate, in_background
from .pricer import Pricer
from .source import PriceSource

if TYPE_CHECKING:
    from .files.book import PriceBook

# What reads and keeps a book is imported where it is needed: most apps have none.

_CHECK_EVERY: Final = 10.0
"""Seconds between two looks at a price file."""
_MOST_READS: Final = 5
"""Of a file that is replaced while it is read. What the last one read holds then, and the next look reads on."""

_Stamp = tuple[tuple[int, int, int] | None, ...]


def pricing_from(prices: object = None) -> Pricer:
    """Return the pricer that ``Settings.prices`` asks for.

    Args:
        prices: ``None`` for the prices that come with the package; the path of a price file; or what such a file
            says, as a dictionary. A file is read later, in the background: one that can't be used is logged, and the
            app runs on with the prices that come with the package.

    Raises:
        UserFileError: for a dictionary that is wrong, and for anything else.
    """
    if prices is None:
        return Pricer()
    if isinstance(prices, str | os.PathLike):
        path = Path(os.fsdecode(cast("str | os.PathLike[str]", prices)))
        with suppress(RuntimeError):  # nobody has this home: then there is no file of that name, which is logged
            path = path.expanduser()
        return Pricer(WatchedBook(path))
    if isinstance(prices, Mapping):
        from .files.book_checks import checked_book
        from .files.document import Document

        book = checked_book(Document(cast("Mapping[str, object]", prices), "prices", {}), "prices")
        return Pricer(LazySource(lambda: _source_of_dictionary(book)))
    raise UserFileError(f"prices: {type(prices).__name__} is not allowed; the path of a price file, or a dictionary")


def _source_of_dictionary(book: PriceBook) -> PriceSource:
    from .files.book import BookSource

    try:
        return source_of(book, "prices")
    except UserFileError as error:
        log.error("%s. The prices of genai-prices stand in.", error)
        return BookSource(book, bundled_prices.get())


def source_of(book: PriceBook, name: str) -> PriceSource:
    """Return the prices of a book over its base. ``name`` is what messages call the book: its file.

    Raises:
        UserFileError: if the base can't be used.
    """
    from .files.book import BookSource

    if book.base is None:
        return BookSource(book, bundled_prices.get())
    # Imported here: with 1.6 MB of data.
    from .lists.bundled import BundledSource
    from .lists.genai_prices_source import read_price_data

    try:
        return BookSource(book, BundledSource(read_price_data(book.base)))
    except UserFileError as error:
        raise UserFileError(f"{name}: base: {error}") from None


class WatchedBook(LazySource):
    """The prices of a file, read anew when it changes. A file that can't be used changes nothing, but is logged."""

    def __init__(self, path: Path, check_every: float = _CHECK_EVERY) -> None:
        super().__init__(self._read_first)
        self._path = path
        self._check_every = check_every
        self._next_check = 0.0
        self._looking_in: int | None = None
        self._last_fault: type[Exception] | None = None
        self._base: Path | None = None
        self._stamp: _Stamp = ()
        self._forgetters: list[Callable[[], None]] = []

    def when_replaced(self, forget: Callable[[], None]) -> None:
        """Have ``forget`` called when other prices take the place of these."""
        self._forgetters.append(forget)

    def start(self) -> None:
        """Start loading, or looking for a change, in a daemon thread. Cheap enough for the start of each operation."""
        if self._loaded is None:
            super().start()
            return
        now = time.monotonic()
        if now < self._next_check:
            return
        self._next_check = now + self._check_every
        process = os.getpid()
        if self._looking_in == process:
            return  # a disk may take longer than that to answer
        self._looking_in = process
        if not in_background(self._look):
            self._looking_in = None

    def _look(self) -> None:
        try:
            self.reload()
        except GateClosed:
            pass  # the next look reads it
        except Exception as error:  # a fault of ours; the next look may be luckier
            if type(error) is not self._last_fault:
                self._last_fault = type(error)
                log.error("%s: can't be followed (%s: %s)", self._path, type(error).__name__, error)
        finally:
            self._looking_in = None

    def reload(self) -> None:
        """Read the file if it changed since it was read last.

        Raises:
            GateClosed: when others load too long, or the process is about to end.
        """
        if self._stamp_now() == self._stamp:
            return  # asked before the gate is closed: nobody has to wait for a disk that doesn't answer
        with gate.passed():
            source = self._read("The prices from before stay in force.")
            if source is None:
                return
            self._loaded = source
        for forget in self._forgetters:
            forget()

    def _read_first(self) -> PriceSource:
        self._next_check = time.monotonic() + self._check_every
        return self._read("None of its prices is used, only those that come with the package.") or bundled_prices.get()

    def _read(self, otherwise: str) -> PriceSource | None:
        """Read the book and what it stands on, again if somebody writes meanwhile; ``None`` if they can't be used."""
        source: PriceSource | None = None
        problem = ""
        for _ in range(_MOST_READS):
            source, problem = None, ""
            try:
                source = self._read_once()
            except UserFileError as error:
                problem = str(error)
            except Exception as error:  # a fault of ours must not take the other prices along
                problem = f"{self._path}: can't be used ({type(error).__name__}: {error})"
            if self._stamp_now() == self._stamp:
                break
        if source is None:
            log.error("%s. %s", problem, otherwise)
        return source

    def _read_once(self) -> PriceSource:
        """Read what is there now. What is written from here on is a change."""
        from .files.book_checks import checked_book
        from .files.price_file import read_price_file

        self._stamp = self._stamp_now()
        book = checked_book(read_price_file(self._path), self._path.stem, self._path.parent)
        self._base = book.base
        self._stamp = (self._stamp[0], None if book.base is None else _stamp_of(book.base))
        return source_of(book, str(self._path))

    def _stamp_now(self) -> _Stamp:
        return (_stamp_of(self._path), None if self._base is None else _stamp_of(self._base))


def _stamp_of(path: Path) -> tuple[int, int, int] | None:
    """Return what changes with a file's content: time, size and identity; ``None`` where there is no file."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
