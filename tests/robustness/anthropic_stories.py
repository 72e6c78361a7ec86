"""What an app does with ``anthropic``. Where it isn't installed, there is nothing to tell."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, Final

from ..readers.anthropic import messages
from ..support.in_memory import InMemory
from ..support.replies import Reply, json_reply, sse_reply
from .stories import Story, told

HAS_ANTHROPIC: Final = find_spec("anthropic") is not None

_PICTURE: Final = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}}
_RESULT: Final = {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": "sunny"}]}
REQUEST: Final[dict[str, Any]] = {
    "model": "claude-opus-5-5",
    "max_tokens": 300,
    "system": [{"type": "text", "text": "Be brief."}],
    "messages": [
        {"role": "user", "content": [{"type": "text", "text": "Look"}, _PICTURE]},
        {"role": "assistant", "content": [messages.CALL]},
        {"role": "user", "content": [_RESULT]},
    ],
    "tools": [{"name": "weather", "description": "Of a city.", "input_schema": {"type": "object"}}],
    "extra_body": {"output_config": {"effort": "low", "format": {"type": "json_schema", "schema": {}}}},
}
_SUMMARISED: Final = {
    **messages.USAGE,
    "iterations": [
        {"type": "compaction", "input_tokens": 5000, "output_tokens": 300},
        {"type": "message", "input_tokens": 1000, "output_tokens": 200},
    ],
}
_BLOCKS: Final = (messages.THINKING, messages.COMPACTION, messages.TEXT, messages.SEARCH, messages.FOUND, messages.CALL)
_WHOLE: Final = messages.message(*_BLOCKS, stop_reason="tool_use", usage=_SUMMARISED)
_OVERLOADED: Final = {"type": "error", "error": {"type": "overloaded_error", "message": "later"}}


def _events() -> list[dict[str, Any]]:
    pieces = (messages.block_events(index, block, '{"a": 1}') for index, block in enumerate(_BLOCKS))
    return [messages.start(_WHOLE), *(event for block in pieces for event in block), *messages.end(_WHOLE)]


def _reply() -> list[Reply]:
    return [json_reply(_WHOLE)]


def _stream_reply() -> list[Reply]:
    return [sse_reply(*_events(), done=False)]


def _failing_stream_reply() -> list[Reply]:
    return [sse_reply(*_events()[:4], _OVERLOADED, done=False)]


def _gateway_error_reply() -> list[Reply]:
    return [json_reply({**_WHOLE, "error": _OVERLOADED["error"]})]


def _count_reply() -> list[Reply]:
    return [json_reply({"input_tokens": 1000})]


def _error_reply() -> list[Reply]:
    return [json_reply(_OVERLOADED, status=529)]


def _transport(_clock: None, *replies: Reply) -> InMemory:
    sdk = importlib.import_module("anthropic")
    http = importlib.import_module("httpx2" if int(sdk.__version__.split(".")[0]) >= 2 else "httpx")
    return InMemory(http, None, *replies)


def _client(provider: Any, is_async: bool = False) -> Any:
    sdk: Any = importlib.import_module("anthropic")
    kind = sdk.AsyncAnthropic if is_async else sdk.Anthropic
    return kind(api_key="sk-secret", max_retries=0, http_client=provider.http_client(is_async))


def _created(provider: Any) -> object:
    return told(_client(provider).messages.create(**REQUEST))


def _counted(provider: Any) -> object:
    asked = {name: REQUEST[name] for name in ("model", "messages")}
    return told(_client(provider).messages.count_tokens(**asked))


def _drained(provider: Any) -> object:
    return [told(event) for event in _client(provider).messages.create(**REQUEST, stream=True)]


def _managed(provider: Any) -> object:
    with _client(provider).messages.stream(**REQUEST) as stream:
        return [told(event) for event in stream], told(stream.get_final_message())


def _drained_async(provider: Any) -> object:
    async def act() -> object:
        stream = await _client(provider, is_async=True).messages.create(**REQUEST, stream=True)
        return [told(event) async for event in stream]

    return asyncio.run(act())


def _story(
    name: str,
    replies: Callable[[], list[Reply]],
    tell: Callable[[Any], object],
    options: Callable[[], dict[str, Any]] = dict[str, Any],
) -> Story:
    return Story(f"anthropic: {name}", replies, tell, options, _transport)


_STORIES: Final = (
    _story("message", _reply, _created),
    _story("message with an error of a gateway", _gateway_error_reply, _created),
    _story("tokens counted", _count_reply, _counted),
    _story("tokens counted by a gateway with an error", _gateway_error_reply, _counted),
    _story("stream", _stream_reply, _drained),
    _story("stream without content", _stream_reply, _drained, lambda: {"capture_content": "no_content"}),
    _story("stream with an error in it", _failing_stream_reply, _drained),
    _story("stream manager", _stream_reply, _managed),
    _story("async stream", _stream_reply, _drained_async),
    _story("HTTP error", _error_reply, _created),
)
ANTHROPIC_STORIES: Final = _STORIES if HAS_ANTHROPIC else ()
