"""The calls that are measured, and what the service answers."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

CHAT_MODEL: Final = "gpt-4o-mini-2024-07-18"
EMBEDDING_MODEL: Final = "text-embedding-3-small"
STREAM_CHUNKS: Final = 50
"""Chunks of an ordinary streamed answer."""


@dataclass(frozen=True, slots=True)
class Case:
    """One call and its answer."""

    name: str
    api: str
    """``chat``, ``responses`` or ``embeddings``."""
    arguments: Mapping[str, Any]
    events: tuple[bytes, ...]
    """The body, in the pieces in which it arrives."""
    media_type: str = "application/json"

    @property
    def answering_model(self) -> str:
        """The model that the answer names."""
        return EMBEDDING_MODEL if self.api == "embeddings" else CHAT_MODEL

    @property
    def is_stream(self) -> bool:
        """Whether the answer is a stream of events."""
        return bool(self.arguments.get("stream"))

    @property
    def has_content(self) -> bool:
        """Whether there is anything to record when content is captured."""
        return self.api != "embeddings"


def chat(messages: int = 4) -> Case:
    """A chat completion with some messages before it."""
    return Case("chat", "chat", _chat_arguments(messages), (_json(_completion()),))


def chat_stream(chunks: int = STREAM_CHUNKS) -> Case:
    """The same as a stream: a role, words, a finish reason, and the usage."""
    words = [_chunk({"content": f" word{number}"}) for number in range(chunks - 3)]
    events = [
        _chunk({"role": "assistant", "content": ""}),
        *words,
        _chunk({}, "stop"),
        {**_chunk(None), "usage": _CHAT_USAGE},
    ]
    arguments = {**_chat_arguments(4), "stream": True, "stream_options": {"include_usage": True}}
    return Case("chat stream", "chat", arguments, (*map(_event, events), b"data: [DONE]\n\n"), "text/event-stream")


def responses() -> Case:
    """A response of the Responses API."""
    return Case("responses", "responses", _RESPONSES_ARGUMENTS, (_json(_response()),))


def responses_stream(chunks: int = STREAM_CHUNKS) -> Case:
    """The same as a stream of events."""
    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    deltas: list[dict[str, Any]] = [
        {"type": "response.output_text.delta", **place, "delta": f" word{number}", "logprobs": []}
        for number in range(chunks - 4)
    ]
    item: dict[str, Any] = _response()["output"][0]
    started: dict[str, Any] = {**_response(), "status": "in_progress", "output": [], "usage": None}
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": started},
        {"type": "response.output_item.added", "output_index": 0, "item": {**item, "content": []}},
        *deltas,
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": _response()},
    ]
    numbered = tuple(_event({**event, "sequence_number": number}) for number, event in enumerate(events))
    arguments = {**_RESPONSES_ARGUMENTS, "stream": True}
    return Case("responses stream", "responses", arguments, numbered, "text/event-stream")


def embeddings(vectors: int = 64, length: int = 1536) -> Case:
    """Many vectors; on the wire they are base64, which the SDK asks for and decodes by itself."""
    encoded = base64.b64encode(b"\x00\x00\x80\x3e" * length).decode()
    body = {
        "object": "list",
        "model": EMBEDDING_MODEL,
        "data": [{"object": "embedding", "index": index, "embedding": encoded} for index in range(vectors)],
        "usage": {"prompt_tokens": 512, "total_tokens": 512},
    }
    arguments = {"model": EMBEDDING_MODEL, "input": [f"passage {number}" for number in range(vectors)]}
    return Case("embeddings", "embeddings", arguments, (_json(body),))


def all_cases() -> list[Case]:
    """Every case, in the order of the table."""
    return [chat(), chat_stream(), responses(), responses_stream(), embeddings()]


_TEXT: Final = "The warehouse in Rotterdam ships on weekdays before noon, on request also on Saturdays. " * 3

_CHAT_USAGE: Final = {
    "prompt_tokens": 1000,
    "completion_tokens": 200,
    "total_tokens": 1200,
    "prompt_tokens_details": {"cached_tokens": 400, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 50, "audio_tokens": 0},
}
_RESPONSES_ARGUMENTS: Final = {
    "model": "gpt-4o-mini",
    "instructions": "Answer in one sentence.",
    "input": f"When do you ship? {_TEXT}",
    "temperature": 0.2,
    "max_output_tokens": 400,
}


def _chat_arguments(messages: int) -> dict[str, Any]:
    turns = [{"role": ("user", "assistant")[number % 2], "content": _TEXT} for number in range(messages - 1)]
    return {
        "model": "gpt-4o-mini",
        "messages": [{"role": "system", "content": "Answer in one sentence."}, *turns],
        "temperature": 0.2,
        "max_tokens": 400,
    }


def _completion() -> dict[str, Any]:
    message = {"role": "assistant", "content": _TEXT, "refusal": None}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": CHAT_MODEL,
        "service_tier": "default",
        "system_fingerprint": "fp_1",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}],
        "usage": _CHAT_USAGE,
    }


def _chunk(delta: dict[str, Any] | None, finish: str | None = None) -> dict[str, Any]:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}]
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": CHAT_MODEL,
        "service_tier": "default",
        "system_fingerprint": "fp_1",
        "choices": choices,
        "usage": None,
    }


def _response() -> dict[str, Any]:
    text: dict[str, Any] = {"type": "output_text", "text": _TEXT, "annotations": []}
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "model": CHAT_MODEL,
        "status": "completed",
        "output": [{"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": [text]}],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "service_tier": "default",
        "usage": {
            "input_tokens": 1000,
            "output_tokens": 200,
            "total_tokens": 1200,
            "input_tokens_details": {"cached_tokens": 400},
            "output_tokens_details": {"reasoning_tokens": 50},
        },
        "error": None,
        "incomplete_details": None,
    }


def _json(body: object) -> bytes:
    return json.dumps(body).encode()


def _event(event: Mapping[str, Any]) -> bytes:
    name = f"event: {event['type']}\n" if "type" in event else ""
    return f"{name}data: {json.dumps(event)}\n\n".encode()
