"""The prompt cache: what was sent before, up to a block that was marked with ``cache_control``.

The rules: https://platform.claude.com/docs/en/build-with-claude/prompt-caching. Two are left out, so that a small
prompt shows what a large one does: nothing is too short to be cached, and nothing expires.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from model_server.answers import fingerprint

from .requests import PromptBlock


@dataclass(slots=True)
class CacheUse:
    """The input tokens of one request, each in one place only."""

    fresh: int = 0
    """After the last mark: neither read nor written."""
    read: int = 0
    written: dict[str, int] = field(default_factory=lambda: {"5m": 0, "1h": 0})
    """By how long they are kept."""


class PromptCache:
    """The prefixes that are known: the newest thousand."""

    def __init__(self, limit: int = 1000) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._known: OrderedDict[str, None] = OrderedDict()

    def use(self, model: str, blocks: Sequence[PromptBlock]) -> CacheUse:
        """Read the longest known prefix, and write what is marked and not known yet."""
        prefixes = _prefixes(model, blocks)
        marks = [at for at, block in enumerate(blocks) if block.ttl is not None]
        use = CacheUse()
        if not marks:
            use.fresh = sum(block.tokens for block in blocks)
            return use
        with self._lock:
            start = max((at + 1 for at in range(marks[-1] + 1) if prefixes[at] in self._known), default=0)
            for at in marks:
                self._known[prefixes[at]] = None
            while len(self._known) > self._limit:
                self._known.popitem(last=False)
        use.read = sum(block.tokens for block in blocks[:start])
        for mark in marks:
            if mark >= start:
                use.written[blocks[mark].ttl or "5m"] += sum(block.tokens for block in blocks[start : mark + 1])
                start = mark + 1
        use.fresh = sum(block.tokens for block in blocks[start:])
        return use


def _prefixes(model: str, blocks: Sequence[PromptBlock]) -> list[str]:
    """The fingerprint of the prompt up to each block."""
    prefixes: list[str] = []
    for block in blocks:
        prefixes.append(fingerprint([prefixes[-1] if prefixes else model, block.fingerprint]))
    return prefixes
