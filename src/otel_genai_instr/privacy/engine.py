"""The engine that patterns run on, and all of ``re2`` (the package ``google-re2``, without types) that we know.

It takes time linear in the text, whatever the pattern: nothing that somebody writes to a model makes a redactor slow.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any, Final

_MEMORY: Final = 16 << 20
"""Bytes that the states of one pattern may take. Beyond it the engine forgets some, and gets slower, never wrong."""

_forks = 0


def _count_fork() -> None:
    """In a forked child nobody is left to release a lock inside of a pattern that another thread held."""
    global _forks
    _forks += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_count_fork)


class BadPattern(Exception):
    """A pattern that the engine doesn't understand; the text says what is wrong with it."""


class Pattern:
    """A compiled pattern. Spans are in bytes of UTF-8."""

    __slots__ = ("_compiled", "_forks", "_kept", "_longest", "_source")

    def __init__(self, source: str, *, longest: bool = False) -> None:
        """Compile ``source``. ``longest``: of the leftmost matches the longest one is found, not the first alternative.

        Raises:
            BadPattern: if it is not understood.
            ImportError: if there is no ``re2``.
        """
        self._source, self._longest = source, longest
        self._kept: list[object] = []
        self._compile()

    def find(self, data: bytes, start: int = 0) -> tuple[int, int] | None:
        """Where the first match from ``start`` on begins and ends. What stands before ``start`` counts for ``\\b``."""
        if self._forks != _forks:
            self._kept.append(self._compiled)  # what frees it would ask for its locks
            self._compile()
        match = self._compiled.search(data, start)
        return None if match is None else match.span()

    def _compile(self) -> None:
        engine: Any = import_module("re2")
        options = engine.Options()
        options.never_capture = True  # with groups it couldn't use its fast way
        options.longest_match = self._longest
        options.log_errors = False
        options.max_mem = _MEMORY + _forks  # patterns are cached by their options: a child shares none with its parent
        try:
            self._compiled: Any = engine.compile(self._source, options)
        except engine.error as error:
            said = error.args[0] if error.args else ""
            raise BadPattern(said.decode(errors="replace") if isinstance(said, bytes) else str(said)) from None
        self._forks = _forks
