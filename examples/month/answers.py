"""What the providers answer to a planned call: bodies as the real services send them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .planned import PlannedCall

_CHARACTERS_OF_A_TOKEN = 4


def output_length(call: PlannedCall) -> int:
    """Characters of the answer's text."""
    return 0 if call.tool else (call.output_tokens - call.reasoning_tokens) * _CHARACTERS_OF_A_TOKEN


def refusal(call: PlannedCall) -> tuple[int, bytes]:
    """Status and body of an attempt that fails."""
    if call.outcome == "server_error":
        status, openai_code, anthropic_type = 500, "server_error", "api_error"
    else:
        status, openai_code, anthropic_type = 429, "rate_limit_exceeded", "rate_limit_error"
    if call.model.provider == "anthropic":
        return status, _json({"type": "error", "error": {"type": anthropic_type, "message": "Try again later."}})
    return status, _json({"error": {"message": "Try again later.", "type": openai_code, "code": openai_code}})


def whole(call: PlannedCall) -> bytes:
    """The body of an answer that isn't streamed."""
    return _json(_message(call) if call.model.provider == "anthropic" else _completion(call))


def streamed(call: PlannedCall) -> tuple[bytes, bytes]:
    """A stream: its beginning with the first piece of text, and all the rest."""
    events = _message_events(call) if call.model.provider == "anthropic" else _completion_chunks(call)
    done = b"" if call.model.provider == "anthropic" else b"data: [DONE]\n\n"
    return _sse(events[0]), b"".join(map(_sse, events[1:])) + done


def _completion(call: PlannedCall) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": "word" * (output_length(call) // 4), "refusal": None}
    if call.tool:
        function = {"name": call.tool, "arguments": "{}"}
        message |= {
            "content": None,
            "tool_calls": [{"id": _tool_call_id(call), "type": "function", "function": function}],
        }
    return {
        "id": call.response_id,
        "object": "chat.completion",
        "created": call.start_ns // 10**9,
        "model": call.answered_model,
        "choices": [{"index": 0, "message": message, "finish_reason": call.finish, "logprobs": None}],
        "usage": _openai_usage(call),
        **_openai_system(call),
    }


def _completion_chunks(call: PlannedCall) -> list[dict[str, Any]]:
    def chunk(choices: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
        return {
            "id": call.response_id,
            "object": "chat.completion.chunk",
            "created": call.start_ns // 10**9,
            "model": call.answered_model,
            "choices": choices,
            **_openai_system(call),
            **more,
        }

    return [
        chunk([{"index": 0, "delta": {"role": "assistant", "content": "word"}, "finish_reason": None}]),
        chunk([{"index": 0, "delta": {}, "finish_reason": call.finish}]),
        chunk([], usage=_openai_usage(call)),
    ]


def _openai_system(call: PlannedCall) -> dict[str, Any]:
    if call.model.base_url:
        return {}
    return {"service_tier": "default", "system_fingerprint": f"fp_{call.answered_model.replace('-', '')[-8:]}"}


def _openai_usage(call: PlannedCall) -> dict[str, Any]:
    usage: dict[str, Any] = {
        "prompt_tokens": call.input_tokens,
        "completion_tokens": call.output_tokens,
        "total_tokens": call.input_tokens + call.output_tokens,
    }
    if call.model.base_url is None:
        usage["prompt_tokens_details"] = {"cached_tokens": call.cache_read_tokens, "audio_tokens": 0}
        usage["completion_tokens_details"] = {"reasoning_tokens": call.reasoning_tokens, "audio_tokens": 0}
    return usage


def _message(call: PlannedCall) -> dict[str, Any]:
    return {
        "id": call.response_id,
        "type": "message",
        "role": "assistant",
        "model": call.answered_model,
        "content": [{"type": "text", "text": "word" * (output_length(call) // 4)}],
        "stop_reason": call.finish,
        "stop_sequence": None,
        "usage": _anthropic_usage(call),
    }


def _message_events(call: PlannedCall) -> list[dict[str, Any]]:
    begun: dict[str, Any] = {**_message(call), "content": [], "stop_reason": None}
    return [
        {"type": "message_start", "message": begun | {"usage": {**_anthropic_usage(call), "output_tokens": 1}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "word"}},
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": call.finish, "stop_sequence": None},
            "usage": {"output_tokens": call.output_tokens},
        },
        {"type": "message_stop"},
    ]


def _anthropic_usage(call: PlannedCall) -> dict[str, Any]:
    return {
        "input_tokens": call.input_tokens - call.cache_read_tokens - call.cache_write_tokens,
        "cache_read_input_tokens": call.cache_read_tokens,
        "cache_creation_input_tokens": call.cache_write_tokens,
        "cache_creation": {
            "ephemeral_5m_input_tokens": call.cache_write_tokens,
            "ephemeral_1h_input_tokens": 0,
        },
        "output_tokens": call.output_tokens,
        "service_tier": "standard",
    }


def _tool_call_id(call: PlannedCall) -> str:
    return f"call_{call.response_id[-24:]}"


def _sse(event: Mapping[str, Any]) -> bytes:
    name = f"event: {event['type']}\n" if "type" in event else ""
    return f"{name}data: {json.dumps(event)}\n\n".encode()


def _json(body: object) -> bytes:
    return json.dumps(body).encode()
