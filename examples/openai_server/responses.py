"""POST /v1/responses, plain and streamed, and GET /v1/responses/{id}."""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

from model_server.answers import Prompt, Tool, Turn, answer, fingerprint
from model_server.tokens import Json, count, text_of

from .chat import cut, snapshot
from .tokens import count_cached, count_prompt, count_reasoning

_ARGUMENT_PIECE = 8


class Store:
    """The responses that can be fetched again or continued: the newest thousand."""

    def __init__(self, limit: int = 1000) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._known: OrderedDict[str, ModelResponse] = OrderedDict()

    def keep(self, response: ModelResponse) -> None:
        """Remember a response."""
        with self._lock:
            self._known[response.id] = response
            if len(self._known) > self._limit:
                self._known.popitem(last=False)

    def get(self, response_id: str) -> ModelResponse | None:
        """The response of this id, if it is still known."""
        with self._lock:
            return self._known.get(response_id)


class ModelResponse:
    """One response: what was asked, what came out, and the events that tell of it."""

    def __init__(self, body: Json, previous: ModelResponse | None) -> None:
        self._body = body
        self.id = f"resp_{fingerprint(body)}"
        self._created = time.time()
        self._items = _input_items(body, previous)
        reply = answer(_prompt(body, self._items))
        self._tokens, self._was_cut = cut(reply.text, body.get("max_output_tokens"))
        self._tool_uses = reply.tool_uses
        self.output = self._output()
        self.history = [*self._items, *self.output]

    def output_tokens(self) -> int:
        """Tokens that take time to be said."""
        return len(self._tokens) + sum(count(use.arguments) for use in self._tool_uses)

    def plain(self) -> Json:
        """The finished response."""
        return self._state("incomplete" if self._was_cut else "completed")

    def events(self, after: int = -1) -> Iterator[Json]:
        """The events of the stream, from the one that follows number ``after``."""
        for number, event in enumerate(self._all_events()):
            if number > after:
                yield event | {"sequence_number": number}

    def _all_events(self) -> Iterator[Json]:
        yield {"type": "response.created", "response": self._state("in_progress")}
        yield {"type": "response.in_progress", "response": self._state("in_progress")}
        for index, item in enumerate(self.output):
            place = {"output_index": index, "item_id": item["id"]}
            said = self._message_events if item["type"] == "message" else _call_events
            yield {"type": "response.output_item.added", "output_index": index, "item": _begun(item)}
            for event in said(item):
                yield event | place
            yield {"type": "response.output_item.done", "output_index": index, "item": item}
        done = self.plain()
        yield {"type": f"response.{done['status']}", "response": done}

    def _message_events(self, item: Json) -> Iterator[Json]:
        part: Json = item["content"][0]
        place = {"content_index": 0}
        yield {"type": "response.content_part.added", "part": part | {"text": ""}} | place
        for token in self._tokens:
            yield {"type": "response.output_text.delta", "delta": token, "logprobs": []} | place
        yield {"type": "response.output_text.done", "text": part["text"], "logprobs": []} | place
        yield {"type": "response.content_part.done", "part": part} | place

    def _output(self) -> list[Json]:
        if self._tool_uses:
            return [
                {
                    "type": "function_call",
                    "id": f"fc_{use.id.removeprefix('call_')}",
                    "call_id": use.id,
                    "name": use.name,
                    "arguments": use.arguments,
                    "status": "completed",
                }
                for use in self._tool_uses
            ]
        text: Json = {"type": "output_text", "text": "".join(self._tokens), "annotations": [], "logprobs": []}
        state = "incomplete" if self._was_cut else "completed"
        message = {"type": "message", "id": f"msg_{self.id}", "role": "assistant", "status": state}
        return [message | {"content": [text]}]

    def _state(self, status: str) -> Json:
        body = self._body
        done = status != "in_progress"
        conversation: Any = body.get("conversation")
        return {
            "id": self.id,
            "object": "response",
            "created_at": self._created,
            "status": status,
            "error": None,
            "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
            "instructions": body.get("instructions"),
            "max_output_tokens": body.get("max_output_tokens"),
            "metadata": body.get("metadata") or {},
            "model": snapshot(body["model"]),
            "output": self.output if done else [],
            "parallel_tool_calls": True,
            "previous_response_id": body.get("previous_response_id"),
            "conversation": {"id": conversation} if isinstance(conversation, str) else conversation,
            "reasoning": body.get("reasoning") or {"effort": None, "summary": None},
            "service_tier": "default",
            "temperature": body.get("temperature", 1.0),
            "text": body.get("text") or {"format": {"type": "text"}},
            "tool_choice": body.get("tool_choice") or "auto",
            "tools": body.get("tools") or [],
            "top_p": body.get("top_p", 1.0),
            "truncation": "disabled",
            "usage": self._usage() if done else None,
        }

    def _usage(self) -> Json:
        tools = self._body.get("tools")
        prompt = count_prompt(self._items, tools)
        settings: Json = self._body.get("reasoning") or {}
        reasoning = count_reasoning(self._body["model"], settings.get("effort"), prompt)
        output = self.output_tokens() + reasoning
        cached = count_cached(self._items, tools)
        return {
            "input_tokens": prompt,
            "input_tokens_details": {"cached_tokens": cached, "cache_write_tokens": 0},
            "output_tokens": output,
            "output_tokens_details": {"reasoning_tokens": reasoning},
            "total_tokens": prompt + output,
        }


def _begun(item: Json) -> Json:
    empty: Json = {"content": []} if item["type"] == "message" else {"arguments": ""}
    return item | empty | {"status": "in_progress"}


def _call_events(item: Json) -> Iterator[Json]:
    arguments: str = item["arguments"]
    kind = "response.function_call_arguments"
    for at in range(0, len(arguments), _ARGUMENT_PIECE):
        yield {"type": f"{kind}.delta", "delta": arguments[at : at + _ARGUMENT_PIECE]}
    yield {"type": f"{kind}.done", "name": item["name"], "arguments": arguments}


def _input_items(body: Json, previous: ModelResponse | None) -> list[Json]:
    given: Any = body.get("input") or ""
    items: list[Json] = [{"role": "user", "content": given}] if isinstance(given, str) else given
    instructions = body.get("instructions")
    system: list[Json] = [{"role": "system", "content": instructions}] if instructions else []
    earlier = previous.history if previous else []
    return [*system, *(item for item in earlier if item.get("role") != "system"), *items]


def _prompt(body: Json, items: list[Json]) -> Prompt:
    tools: list[Json] = body.get("tools") or []
    choice: Any = body.get("tool_choice") or "auto"
    text: Json = body.get("text") or {}
    text_format: Json = text.get("format") or {}
    return Prompt(
        turns=[_turn(item) for item in items],
        tools=[Tool(tool["name"], tool.get("parameters") or {}) for tool in tools if "name" in tool],
        tool_choice=choice if isinstance(choice, str) else str(choice.get("name")),
        schema=text_format.get("schema"),
    )


def _turn(item: Json) -> Turn:
    if item.get("type") == "function_call_output":
        output = item["output"]
        return Turn("tool", output if isinstance(output, str) else json.dumps(output))
    return Turn(item.get("role", "assistant"), text_of(item.get("content")))
