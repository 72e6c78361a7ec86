"""Bodies as the real services send them."""

from __future__ import annotations

from typing import Any

CHAT_USAGE: dict[str, Any] = {
    "prompt_tokens": 1000,
    "completion_tokens": 200,
    "total_tokens": 1200,
    "prompt_tokens_details": {"cached_tokens": 400, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 50, "audio_tokens": 0},
}
RESPONSES_USAGE: dict[str, Any] = {
    "input_tokens": 1000,
    "output_tokens": 200,
    "total_tokens": 1200,
    "input_tokens_details": {"cached_tokens": 400},
    "output_tokens_details": {"reasoning_tokens": 50},
}


def chat(
    content: str | None = "Hello", finish: str = "stop", model: str = "gpt-4o-mini-2024-07-18", **more: Any
) -> Any:
    """A chat completion."""
    message = {"role": "assistant", "content": content, "refusal": None}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": model,
        "service_tier": "default",
        "system_fingerprint": "fp_1",
        "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": None}],
        "usage": CHAT_USAGE,
        **more,
    }


def chunk(delta: Any = None, finish: str | None = None, index: int = 0, **more: Any) -> Any:
    """A chunk of a chat completion; without a delta it has no choices, as the one with the usage."""
    choices = [] if delta is None else [{"index": index, "delta": delta, "finish_reason": finish}]
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "gpt-4o-mini-2024-07-18",
        "choices": choices,
        **more,
    }


def chat_chunks() -> list[Any]:
    """A whole streamed chat completion with usage."""
    return [
        chunk({"role": "assistant", "content": ""}),
        chunk({"content": "Hel"}),
        chunk({"content": "lo"}),
        chunk({}, finish="stop"),
        chunk(usage=CHAT_USAGE, service_tier="default"),
    ]


def completion(**more: Any) -> Any:
    """A legacy completion."""
    return {
        "id": "cmpl-1",
        "object": "text_completion",
        "created": 1,
        "model": "gpt-3.5-turbo-instruct:20230824-v2",
        "choices": [{"index": 0, "text": "Hello", "finish_reason": "stop", "logprobs": None}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200},
        **more,
    }


def completion_chunks() -> list[Any]:
    """The same as a stream, with usage."""

    def piece(text: str, finish: str | None = None) -> Any:
        return completion(choices=[{"index": 0, "text": text, "finish_reason": finish, "logprobs": None}], usage=None)

    return [piece("Hel"), piece("lo"), piece("", "stop"), completion(choices=[])]


def _text(text: str) -> Any:
    return {"type": "output_text", "text": text, "annotations": []}


def response(status: str = "completed", **more: Any) -> Any:
    """A response of the Responses API."""
    message: Any = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [_text("Hello")],
    }
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "model": "gpt-4o-mini-2024-07-18",
        "status": status,
        "output": [message] if status == "completed" else [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "service_tier": "default",
        "usage": RESPONSES_USAGE if status == "completed" else None,
        "error": None,
        "incomplete_details": None,
        **more,
    }


def response_events() -> list[Any]:
    """A whole streamed response."""
    message: Any = {"id": "msg_1", "type": "message", "role": "assistant", "status": "in_progress", "content": []}
    part = _text("")
    place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    done = response()["output"][0]
    events: list[Any] = [
        {"type": "response.created", "response": response("in_progress")},
        {"type": "response.in_progress", "response": response("in_progress")},
        {"type": "response.output_item.added", "output_index": 0, "item": message},
        {"type": "response.content_part.added", **place, "part": part},
        {"type": "response.output_text.delta", **place, "delta": "Hel", "logprobs": []},
        {"type": "response.output_text.delta", **place, "delta": "lo", "logprobs": []},
        {"type": "response.output_text.done", **place, "text": "Hello", "logprobs": []},
        {"type": "response.content_part.done", **place, "part": done["content"][0]},
        {"type": "response.output_item.done", "output_index": 0, "item": done},
        {"type": "response.completed", "response": response()},
    ]
    return [{**event, "sequence_number": number} for number, event in enumerate(events)]


def compaction(**more: Any) -> Any:
    """A conversation that was made shorter."""
    return {
        "id": "resp_2",
        "object": "response.compaction",
        "created_at": 1,
        "output": [
            {
                "id": "msg_0",
                "type": "message",
                "role": "user",
                "status": "completed",
                "content": [{"type": "input_text", "text": "Hello"}],
            },
            {"id": "cmp_1", "type": "compaction", "encrypted_content": "gAAA"},
        ],
        "usage": RESPONSES_USAGE,
        **more,
    }


def cancelled() -> Any:
    """A response that was cancelled under way."""
    return response("cancelled")


def token_count() -> Any:
    """How many tokens an input would be."""
    return {"object": "response.input_tokens", "input_tokens": 1000}


def found(**more: Any) -> Any:
    """A page of what a search has found."""
    result = {
        "file_id": "file-1",
        "filename": "hello.txt",
        "score": 0.75,
        "attributes": {"lang": "en"},
        "content": [{"type": "text", "text": "Hello"}, {"type": "text", "text": "there"}],
    }
    page = {"object": "vector_store.search_results.page", "has_more": False, "next_page": None}
    return {**page, "search_query": ["hello"], "data": [result], **more}


def moderation(**more: Any) -> Any:
    """A judgement on a text."""
    result = {
        "flagged": True,
        "categories": {"violence": True},
        "category_scores": {"violence": 0.9},
        "category_applied_input_types": {"violence": ["text"]},
    }
    return {"id": "modr-1", "model": "omni-moderation-2024-09-26", "results": [result], **more}


def embeddings(vectors: int = 2, length: int = 8) -> Any:
    """Embeddings as floats."""
    return {
        "object": "list",
        "model": "text-embedding-3-small",
        "data": [{"object": "embedding", "index": i, "embedding": [0.1] * length} for i in range(vectors)],
        "usage": {"prompt_tokens": 12, "total_tokens": 12},
    }


def decision(**more: Any) -> Any:
    """Answers to questions."""
    return {
        "model": "gpt-6-luna",
        "answers": [
            {"type": "predicate", "name": "urgent", "probability": 0.75},
            {"type": "refusal", "name": "blame"},
        ],
        "usage": {
            "input_tokens": 1000,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": 2,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 1002,
        },
        **more,
    }
