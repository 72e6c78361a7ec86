"""What a request asks for: checked, as a prompt for the stage model, and as blocks that are counted and cached."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from model_server.answers import Prompt, Tool, Turn, fingerprint
from model_server.tokens import Json, count, parts_of, text_of

from .errors import invalid_request

_PER_MESSAGE = 3
_PER_IMAGE = 85
_MOST_BREAKPOINTS = 4
_TOOL_CHOICES = {"any": "required", "none": "none"}


@dataclass(frozen=True, slots=True)
class PromptBlock:
    """One piece of the prompt, in the order in which the API caches: tools, system, messages."""

    tokens: int
    fingerprint: str
    """Of its content, whatever its ``cache_control``."""
    ttl: str | None
    """``5m`` or ``1h``, if the prompt up to here is to be cached."""


def check(body: Json, *required: str) -> None:
    """Raise Refused for what the API refuses first."""
    for name in ("model", "messages", *required):
        if name not in body:
            raise invalid_request(f"{name}: Field required")
    if not body["messages"]:
        raise invalid_request("messages: at least one message is required")
    for message in body["messages"]:
        if message["role"] not in ("user", "assistant"):
            raise invalid_request(f'messages: Unexpected role "{message["role"]}".')
    marked = sum(block.ttl is not None for block in blocks_of(body))
    if marked > _MOST_BREAKPOINTS:
        raise invalid_request(
            f"A maximum of {_MOST_BREAKPOINTS} blocks with cache_control may be provided. Found {marked}."
        )


def prompt_of(body: Json) -> Prompt:
    """What the stage model is asked."""
    choice: Json = body.get("tool_choice") or {}
    config: Json = body.get("output_config") or {}
    output_format: Json = config.get("format") or body.get("output_format") or {}
    system = text_of(body.get("system"))
    turns = [turn for message in body["messages"] for turn in _turns(message)]
    return Prompt(
        turns=[Turn("system", system), *turns] if system else turns,
        tools=[Tool(tool["name"], tool["input_schema"]) for tool in tools_of(body) if "input_schema" in tool],
        tool_choice=choice.get("name") or _TOOL_CHOICES.get(str(choice.get("type")), "auto"),
        schema=output_format.get("schema"),
    )


def tools_of(body: Json) -> Sequence[Json]:
    """The tools that the request offers: the app's own, and those that the service runs."""
    return body.get("tools") or []


def blocks_of(body: Json) -> list[PromptBlock]:
    """The prompt in pieces. ``cache_control`` beside them, on the request, marks the last one."""
    blocks = [*_prefix_blocks(body), *(block for message in body["messages"] for block in _message_blocks(message))]
    if (ttl := _ttl(body)) and blocks[-1].ttl is None:
        blocks[-1] = PromptBlock(blocks[-1].tokens, blocks[-1].fingerprint, ttl)
    return blocks


def count_prompt(body: Json) -> int:
    """The tokens of the whole prompt, cached or not."""
    return sum(block.tokens for block in blocks_of(body))


def _turns(message: Json) -> Iterator[Turn]:
    """What the tools returned are turns of their own."""
    content: Any = message["content"]
    for part in parts_of(content):
        if part["type"] == "tool_result":
            yield Turn("tool", text_of(part.get("content")))
    if text := text_of(content):
        yield Turn(message["role"], text)


def _prefix_blocks(body: Json) -> Iterator[PromptBlock]:
    for tool in tools_of(body):
        yield _block(tool, "tool")
    system: Any = body.get("system")
    for part in [{"type": "text", "text": system}] if isinstance(system, str) else parts_of(system):
        yield _block(part, "system")


def _message_blocks(message: Json) -> Iterator[PromptBlock]:
    content: Any = message["content"]
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else parts_of(content)
    for at, part in enumerate(parts):
        yield _block(part, message["role"], extra=0 if at else _PER_MESSAGE)


def _block(part: Json, place: str, extra: int = 0) -> PromptBlock:
    content = {name: value for name, value in part.items() if name != "cache_control"}
    return PromptBlock(_count_part(content) + extra, fingerprint([place, content]), _ttl(part))


def _count_part(part: Json) -> int:
    match part.get("type"):
        case "text":
            return count(part["text"])
        case "image":
            return _PER_IMAGE
        case "tool_result":
            return count(text_of(part.get("content")))
        case _:
            return count(json.dumps(part))


def _ttl(owner: Mapping[str, Any]) -> str | None:
    control: Mapping[str, Any] | None = owner.get("cache_control")
    return None if control is None else control.get("ttl") or "5m"
