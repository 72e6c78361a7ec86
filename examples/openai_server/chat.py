"""POST /v1/chat/completions, plain and streamed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from model_server.answers import Prompt, Reply, Tool, Turn, answer, fingerprint
from model_server.tokens import Json, count, pieces, text_of

from .tokens import count_cached, count_prompt, count_reasoning

_ARGUMENT_PIECE = 8
_SNAPSHOTS = {
    "gpt-4o": "gpt-4o-2024-08-06",
    "gpt-4o-mini": "gpt-4o-mini-2024-07-18",
    "gpt-4.1-mini": "gpt-4.1-mini-2025-04-14",
    "gpt-5-mini": "gpt-5-mini-2025-08-07",
    "gpt-5-nano": "gpt-5-nano-2025-08-07",
}


def snapshot(model: str) -> str:
    """The dated name with which the service answers a request for a model."""
    return _SNAPSHOTS.get(model, model)


def cut(text: str, limit: int | None) -> tuple[list[str], bool]:
    """The tokens of an answer up to the limit, and whether the limit cut it off."""
    tokens = pieces(text)
    if limit is None or len(tokens) <= limit:
        return tokens, False
    return tokens[:limit], True


class ChatCompletion:
    """One chat request and the answer to it."""

    def __init__(self, body: Json) -> None:
        self._body = body
        self._prompt = _prompt(body)
        limit = body.get("max_completion_tokens") or body.get("max_tokens")
        self._choices = [_Choice(answer(self._prompt, n), limit) for n in range(body.get("n") or 1)]

    def output_tokens(self) -> int:
        """Tokens that take time to be said, of the longest choice."""
        return max(len(choice.steps) for choice in self._choices)

    def plain(self) -> Json:
        """The body of the answer in one piece."""
        return {
            **self._head("chat.completion"),
            "choices": [choice.whole(at) for at, choice in enumerate(self._choices)],
            "usage": self.usage(),
        }

    def events(self) -> Iterator[Json]:
        """The chunks of the stream; those of several choices alternate."""
        options: Json = self._body.get("stream_options") or {}
        with_usage = bool(options.get("include_usage"))
        head = self._head("chat.completion.chunk") | ({"usage": None} if with_usage else {})
        for steps in zip_longest(*(choice.steps for choice in self._choices)):
            for at, delta in enumerate(steps):
                if delta is not None:
                    yield head | {"choices": [_chunk_choice(at, delta, None)]}
        for at, choice in enumerate(self._choices):
            yield head | {"choices": [_chunk_choice(at, {}, choice.finish_reason)]}
        if with_usage:
            yield head | {"choices": [], "usage": self.usage()}

    def usage(self) -> Json:
        """Tokens of this request and its answer."""
        messages, tools = self._body["messages"], self._body.get("tools")
        prompt = count_prompt(messages, tools)
        reasoning = count_reasoning(self._body["model"], self._body.get("reasoning_effort"), prompt)
        output = sum(choice.tokens for choice in self._choices) + reasoning
        return {
            "prompt_tokens": prompt,
            "completion_tokens": output,
            "total_tokens": prompt + output,
            "prompt_tokens_details": {"cached_tokens": count_cached(messages, tools), "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": reasoning, "audio_tokens": 0},
        }

    def _head(self, kind: str) -> Json:
        return {
            "id": f"chatcmpl-{fingerprint(self._body)}",
            "object": kind,
            "created": int(time.time()),
            "model": snapshot(self._body["model"]),
            "service_tier": _tier(self._body),
            "system_fingerprint": "fp_example",
        }


class _Choice:
    def __init__(self, reply: Reply, limit: int | None) -> None:
        self._reply = reply
        tokens, was_cut = cut(reply.text, limit)
        self._text = "".join(tokens)
        self.finish_reason = "tool_calls" if reply.tool_uses else "length" if was_cut else "stop"
        self.tokens = len(tokens) + sum(count(use.arguments) for use in reply.tool_uses)
        opening = None if reply.tool_uses else ""
        self.steps: list[Json] = [
            {"role": "assistant", "content": opening, "refusal": None},
            *({"content": token} for token in tokens),
            *_tool_deltas(reply),
        ]

    def whole(self, index: int) -> Json:
        message: Json = {"role": "assistant", "content": self._text or None, "refusal": None}
        if self._reply.tool_uses:
            message["tool_calls"] = [
                {"id": use.id, "type": "function", "function": {"name": use.name, "arguments": use.arguments}}
                for use in self._reply.tool_uses
            ]
        return {"index": index, "message": message, "logprobs": None, "finish_reason": self.finish_reason}


def _tool_deltas(reply: Reply) -> Iterator[Json]:
    """A tool call begins with its name; its arguments follow in pieces that are no JSON by themselves."""
    for index, use in enumerate(reply.tool_uses):
        function = {"name": use.name, "arguments": ""}
        yield {"tool_calls": [{"index": index, "id": use.id, "type": "function", "function": function}]}
        for at in range(0, len(use.arguments), _ARGUMENT_PIECE):
            piece = use.arguments[at : at + _ARGUMENT_PIECE]
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}


def _chunk_choice(index: int, delta: Json, finish_reason: str | None) -> Json:
    return {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish_reason}


def _tier(body: Json) -> str:
    asked = body.get("service_tier")
    return asked if asked in ("flex", "priority") else "default"


def _prompt(body: Json) -> Prompt:
    messages: list[Json] = body["messages"]
    tools: list[Json] = body.get("tools") or []
    functions: list[Json] = [tool["function"] for tool in tools if "function" in tool]
    choice: Any = body.get("tool_choice") or "auto"
    response_format: Json = body.get("response_format") or {}
    schema: Json | None = response_format.get("json_schema", {}).get("schema")
    return Prompt(
        turns=[Turn(message["role"], text_of(message.get("content"))) for message in messages],
        tools=[Tool(function["name"], function.get("parameters") or {}) for function in functions],
        tool_choice=choice if isinstance(choice, str) else choice["function"]["name"],
        schema=schema,
    )
