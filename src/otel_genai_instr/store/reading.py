"""Reads back what a store has: by the reference on a span, or by the ids of a trace and a span."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from typing import Any, Final, cast

from ..addresses import without_password
from ..records import frozen
from ..text import class_name
from .folder import Folder
from .location import Unusable, located
from .sealing import PLAIN, SEALED, cipher_of

DAYS: Final = 400
"""How many day folders are looked through for a trace."""
READ_SECONDS: Final = 30.0
"""How long each question to the store may take, where the file system can be stopped."""

_PATH: Final = re.compile(r"(.*?)/*(\d{4}/\d{2}/\d{2}/[0-9a-f]{32}/[0-9a-f]{16}\.json(?:\.fernet)?)")


class Unreadable(Exception):
    """There is no such content, or it can't be read; the text says why, and what to do."""


@frozen
class Stored:
    """One object."""

    reference: str
    """Its URL, without a password."""
    record: dict[str, object]
    """``trace_id``, ``span_id``, ``time``, what else was known of the call, and ``content`` by attribute name."""


class Reader:
    """Reads from the store at ``url``, and decrypts by any of ``keys``.

    Raises:
        Unusable: if no file system is known for the URL, or a key is none.
    """

    def __init__(self, url: str, keys: tuple[str, ...] = ()) -> None:
        self._location: Final = located(url)
        self._folder: Final = Folder(self._location)
        self._keys: Final = len(keys)
        self._cipher: Final = cipher_of(keys)

    def by_ids(self, trace: str, span: str | None = None, day: date | None = None) -> list[Stored]:
        """What is stored of a trace, or of one of its spans, in the order of time.

        Day folders are looked through from the newest on. It ends with the first one without the trace after those that
        have it, or with ``day`` alone.

        Raises:
            Unreadable: if there is nothing, or it can't be read.
        """
        found: list[str] = []
        looked: list[str] = []
        for folder in self._days() if day is None else [day.strftime("%Y/%m/%d")]:
            looked.append(folder)
            names = [name for name in self._names(f"{folder}/{trace}") if name.endswith((PLAIN, SEALED))]
            if found and not names:
                break
            found += [f"{folder}/{trace}/{name}" for name in names if span is None or name.partition(".")[0] == span]
            if len(looked) == DAYS or (found and span is not None):
                break
        if not found:
            raise Unreadable(self._nothing(trace, span, looked))
        return sorted((self.by_path(path) for path in found), key=lambda each: str(each.record.get("time")))

    def by_path(self, path: str) -> Stored:
        """What is stored at ``path`` below the URL.

        Raises:
            Unreadable: if there is nothing, or it can't be read.
        """
        reference = f"{self._location.shown}/{path}"
        try:
            data = self._folder.read(path, READ_SECONDS)
        except FileNotFoundError:
            raise Unreadable(f"{reference} doesn't exist: it expired, or could not be stored") from None
        except Exception as error:
            raise Unreadable(self._unreachable(error)) from error
        return Stored(reference, _record(reference, self._decrypted(reference, data)))

    def _days(self) -> Iterator[str]:
        """Day folders, from the newest on."""
        for year in _numbers(self._names(""), 4):
            for month in _numbers(self._names(year), 2):
                for day in _numbers(self._names(f"{year}/{month}"), 2):
                    yield f"{year}/{month}/{day}"

    def _names(self, path: str) -> list[str]:
        try:
            return self._folder.names(path, READ_SECONDS)
        except Exception as error:
            raise Unreadable(self._unreachable(error)) from error

    def _decrypted(self, reference: str, data: bytes) -> bytes:
        if not reference.endswith(SEALED):
            return data
        if self._cipher is None:
            raise Unreadable(f"{reference} is encrypted, and no key is given")
        from cryptography.fernet import InvalidToken

        try:
            return self._cipher.decrypt(data)
        except InvalidToken:
            keys = "the key" if self._keys == 1 else f"one of the {self._keys} keys"
            raise Unreadable(f"{reference} is damaged, or not encrypted by {keys} given") from None

    def _nothing(self, trace: str, span: str | None, looked: list[str]) -> str:
        what = f"trace {trace}" if span is None else f"span {span} of trace {trace}"
        if not looked:
            return f"{self._location.shown} has no content at all"
        days = looked[0] if len(looked) == 1 else f"{len(looked)} days from {looked[-1]} to {looked[0]}"
        return f"{self._location.shown} has no content of {what} (looked at {days})"

    def _unreachable(self, error: Exception) -> str:
        message = str(error).replace(self._location.url, self._location.shown)
        return f"{self._location.shown} can't be read: {class_name(type(error))}: {message}"


def by_reference(reference: str, url: str | None, keys: tuple[str, ...] = ()) -> Stored:
    """What the reference on a span leads to. ``url`` is that of the store: it may hold what a reference doesn't.

    Raises:
        Unreadable: if it is no reference, there is nothing, or it can't be read.
        Unusable: as for ``Reader``.
    """
    matched = _PATH.fullmatch(reference)
    if matched is None:
        raise Unreadable(f"{without_password(reference)} is not what a span refers to: it has no date and no ids")
    base, path = matched.groups()
    if url is not None and _shown(url) == _shown(base):
        base = url
    return Reader(base or ".", keys).by_path(path)


def _shown(url: str) -> str | None:
    try:
        return located(url).shown
    except Unusable:
        return None


def _numbers(names: list[str], digits: int) -> list[str]:
    return [name for name in reversed(names) if len(name) == digits and name.isdecimal()]


def _record(reference: str, data: bytes) -> dict[str, object]:
    try:
        record: Any = json.loads(data)
    except (ValueError, RecursionError):
        raise Unreadable(f"{reference} is damaged: it is not JSON") from None
    if not isinstance(record, dict):
        raise Unreadable(f"{reference} is damaged: it is not a JSON object")
    return cast("dict[str, object]", record)
