"""Stories of how much content is recorded: by blocks, by a function of the app's, by a sample, of failures."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, Final

import otel_genai_instr as genai
from otel_genai_instr.settings import CallSeen

from ..support import answers
from ..support.provider import FakeProvider, Reply, json_reply
from .stories import Story, told

CHAT: Final[dict[str, Any]] = {
    "model": "gpt-4o-mini",
    "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Look"}],
}
LONG: Final[dict[str, Any]] = {
    "model": "gpt-4o-mini",
    "messages": [{"role": "user", "content": [{"type": "text", "text": "x" * 2_000_000}]}],
}
KEY: Final = "k" * 32


def _asked(arguments: dict[str, Any]) -> Callable[[FakeProvider], object]:
    def tell(provider: FakeProvider) -> object:
        client: Any = provider.client()
        with contextlib.suppress(ValueError), genai.tool("look", arguments={"at": "sky"}):
            raise ValueError("at sky")
        return told(client.chat.completions.create(**arguments))

    return tell


def _in_a_block(provider: FakeProvider) -> object:
    with genai.content("full"):
        return _asked(CHAT)(provider)


def _everything(_call: CallSeen) -> str:
    return "full"


def _answered() -> list[Reply]:
    return [json_reply(answers.chat())]


def _refused() -> list[Reply]:
    return [json_reply({"error": {"message": "Look is no question", "type": "invalid_request_error"}}, status=400)]


CONTENT_STORIES: Final = (
    Story(
        "digest",
        _answered,
        _asked(CHAT),
        lambda: {"content": "digest", "content_key": KEY, "content_preview": 5},
    ),
    Story("digest of a long question", _answered, _asked(LONG), lambda: {"content": "digest", "content_key": KEY}),
    Story("content in a block", _answered, _in_a_block, lambda: {"capture_content": None}),
    Story("content that the app chooses", _answered, _asked(CHAT), lambda: {"content_for": _everything}),
    Story("content of a share of traces", _answered, _asked(CHAT), lambda: {"content": "none", "content_sample": 0.5}),
    Story("content of a failure", _refused, _asked(CHAT), lambda: {"content": "none", "content_on_error": "full"}),
)
