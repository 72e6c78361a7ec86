"""A store whose counts are seen, and something to put into it."""

from __future__ import annotations

from otel_genai_instr.store.store import ContentStore

NOON = 1_795_867_200_123_456_789
"""2026-11-28T12:00:00.123456789Z, in nanoseconds."""
QUESTION: dict[str, object] = {
    "gen_ai.input.messages": [{"role": "user", "parts": [{"type": "text", "content": "Où est Paris?"}]}]
}


class Told(list[tuple[str, str | None]]):
    """What became of each content, as it is counted."""

    def __call__(self, outcome: str, reason: str | None) -> None:
        self.append((outcome, reason))


def put(store: ContentStore, span: int = 1, *, trace: int = 1, at: int = NOON, text: str = "Hello") -> str:
    """Put a question, and return its reference."""
    content = {"gen_ai.input.messages": [{"role": "user", "parts": [{"type": "text", "content": text}]}]}
    return store.put(trace, span, at, content, {})
