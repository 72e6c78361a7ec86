"""OpenAI's chat completions."""

from __future__ import annotations

import time
from collections.abc import Iterator

from .events import unnamed
from .speech import Json, Speech, speech, turns_of


def chat(asked: Json) -> Json | Iterator[bytes]:
    """Answer ``POST /chat/completions``."""
    said = speech(turns_of(asked["messages"]))
    head = {"id": f"chatcmpl-{said.number}", "created": int(time.time()), "model": asked["model"]}
    if asked.get("stream"):
        return _events(said, {**head, "object": "chat.completion.chunk"}, asked)
    message = {"role": "assistant", "content": said.whole()}
    choice: Json = {"index": 0, "message": message, "finish_reason": "stop"}
    return {**head, "object": "chat.completion", "choices": [choice], "usage": _usage(said)}


def _events(said: Speech, head: Json, asked: Json) -> Iterator[bytes]:
    for piece in said.pieces():
        delta = {"role": "assistant", "content": piece}
        yield unnamed({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
    yield unnamed({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    options: Json = asked.get("stream_options") or {}
    if options.get("include_usage"):
        yield unnamed({**head, "choices": [], "usage": _usage(said)})
    yield b"data: [DONE]\n\n"


def _usage(said: Speech) -> Json:
    return {
        "prompt_tokens": said.tokens_read,
        "completion_tokens": said.tokens_said,
        "total_tokens": said.tokens_read + said.tokens_said,
    }
