"""openai in memory: its real clients over a transport that answers from a script."""

from __future__ import annotations

import importlib
from typing import Any

import openai

from .clock import FakeClock
from .in_memory import InMemory
from .replies import Received, Reply, Step, json_reply, sse, sse_reply

__all__ = ["FakeProvider", "Received", "Reply", "Step", "http", "json_reply", "sse", "sse_reply"]

http: Any = importlib.import_module("httpx2" if int(openai.__version__.split(".")[0]) >= 3 else "httpx")


class FakeProvider(InMemory):
    """Answers every request with the next reply of the script; the last one answers for ever."""

    def __init__(self, clock: FakeClock | None = None, *replies: Reply) -> None:
        super().__init__(http, clock, *replies)

    def client(self, **options: Any) -> openai.OpenAI:
        """A synchronous client of this provider."""
        return openai.OpenAI(**self._options(options, is_async=False))

    def async_client(self, **options: Any) -> openai.AsyncOpenAI:
        """An asynchronous client of this provider."""
        return openai.AsyncOpenAI(**self._options(options, is_async=True))

    def _options(self, options: dict[str, Any], *, is_async: bool) -> dict[str, Any]:
        return {"api_key": "sk-secret", "max_retries": 0, "http_client": self.http_client(is_async), **options}
