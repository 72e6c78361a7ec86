"""OpenAI's Responses."""

from __future__ import annotations

import time
from collections.abc import Iterator

from .events import named
from .speech import Json, Speech, Turn, speech, text_of, turns_of


def responses(asked: Json) -> Json | Iterator[bytes]:
    """Answer ``POST /responses``."""
    said = speech(_turns(asked))
    head = _head(asked, said)
    if asked.get("stream"):
        return (named({**event, "sequence_number": number}) for number, event in enumerate(_events(said, head)))
    return _completed(head, said, said.whole())


def _turns(asked: Json) -> list[Turn]:
    told = asked.get("instructions")
    given: str | list[Json] = asked.get("input") or ""
    items = [{"role": "user", "content": given}] if isinstance(given, str) else given
    turns = turns_of([{"content": item.get("output"), **item} for item in items])  # an item may be a tool's output
    return [Turn("system", text_of(told)), *turns] if told else turns


def _head(asked: Json, said: Speech) -> Json:
    """What is known of the response from its beginning on."""
    return {
        "id": f"resp_{said.number}",
        "object": "response",
        "created_at": int(time.time()),
        "status": "in_progress",
        "model": asked["model"],
        "output": [],
        "error": None,
        "incomplete_details": None,
        "instructions": asked.get("instructions"),
        "metadata": asked.get("metadata") or {},
        "parallel_tool_calls": True,
        "previous_response_id": asked.get("previous_response_id"),
        "temperature": asked.get("temperature", 1.0),
        "text": asked.get("text") or {"format": {"type": "text"}},
        "tool_choice": asked.get("tool_choice") or "auto",
        "tools": asked.get("tools") or [],
        "top_p": asked.get("top_p", 1.0),
        "usage": None,
    }


def _completed(head: Json, said: Speech, text: str) -> Json:
    return {
        **head,
        "status": "completed",
        "output": [_message(said, "completed", [_part(text)])],
        "usage": _usage(said),
    }


def _message(said: Speech, status: str, content: list[Json]) -> Json:
    return {"type": "message", "id": f"msg_{said.number}", "role": "assistant", "status": status, "content": content}


def _part(text: str) -> Json:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _events(said: Speech, head: Json) -> Iterator[Json]:
    item: Json = {"output_index": 0}
    part: Json = {"output_index": 0, "content_index": 0, "item_id": f"msg_{said.number}"}
    text = said.text
    yield {"type": "response.created", "response": head}
    yield {"type": "response.in_progress", "response": head}
    yield {"type": "response.output_item.added", **item, "item": _message(said, "in_progress", [])}
    yield {"type": "response.content_part.added", **part, "part": _part("")}
    for piece in said.pieces():
        yield {"type": "response.output_text.delta", **part, "delta": piece, "logprobs": []}
    yield {"type": "response.output_text.done", **part, "text": text, "logprobs": []}
    yield {"type": "response.content_part.done", **part, "part": _part(text)}
    yield {"type": "response.output_item.done", **item, "item": _message(said, "completed", [_part(text)])}
    yield {"type": "response.completed", "response": _completed(head, said, text)}


def _usage(said: Speech) -> Json:
    return {
        "input_tokens": said.tokens_read,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": said.tokens_said,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": said.tokens_read + said.tokens_said,
    }
