"""What an app does with the SDK, as values that can be compared: with us, without us, and with us broken."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from operator import attrgetter
from typing import Any, Final

import pydantic

import otel_genai_instr as genai

from ..support import answers, media
from ..support.provider import FakeProvider, Reply, json_reply, sse_reply
from ..support.sdk import HAS_IMAGE_STREAM, HAS_TRANSCRIPT_STREAM, chat_with
from ..support.settling import settle
from ..support.suppressing import logfires_span

MESSAGES: Final[list[Any]] = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": [{"type": "text", "text": "Look"}, {"type": "image_url", "image_url": {"url": "u"}}]},
    {"role": "assistant", "tool_calls": [{"id": "c1", "function": {"name": "look", "arguments": '{"at": 1}'}}]},
    {"role": "tool", "tool_call_id": "c1", "content": "a cat"},
]
TOOLS: Final[list[Any]] = [{"type": "function", "function": {"name": "look", "parameters": {}}}]
INPUT: Final[list[Any]] = [
    {"role": "user", "content": [{"type": "input_text", "text": "Look"}]},
    {"type": "function_call", "call_id": "c1", "name": "look", "arguments": "{}"},
    {"type": "function_call_output", "call_id": "c1", "output": "a cat"},
]
CHAT: Final[dict[str, Any]] = {
    "model": "gpt-4o-mini",
    "temperature": 0.5,
    "messages": MESSAGES,
    "tools": TOOLS,
    "n": 1,
    "stop": ["x"],
    "response_format": {"type": "json_object"},
    "extra_body": {"service_tier": "flex", "modalities": ["text"]},
}
UNKNOWN: Final[dict[str, Any]] = {**CHAT, "model": "nobody-knows-it"}
RESPONSES: Final[dict[str, Any]] = {
    "model": "gpt-4o-mini",
    "input": INPUT,
    "instructions": "Be brief.",
    "reasoning": {"effort": "low"},
    "text": {"format": {"type": "text"}},
    "extra_body": {"conversation": {"id": "conv_1"}},
}
IMAGE: Final[dict[str, Any]] = {"model": "gpt-image-2", "prompt": "a cat", "n": 1, "quality": "high"}
SPEECH: Final[dict[str, Any]] = {"model": "tts-1", "voice": "alloy", "input": "A cat."}
SOUND: Final[dict[str, Any]] = {"model": "gpt-4o-transcribe", "file": ("a.wav", b"sound"), "temperature": 0}
HEARD: Final[dict[str, Any]] = {"model": "whisper-1", "file": ("a.wav", b"sound"), "response_format": "verbose_json"}
EMBEDDINGS: Final[dict[str, Any]] = {"model": "text-embedding-3-small", "input": ["a"], "encoding_format": "float"}
SPOKEN_USAGE: Final[dict[str, Any]] = {
    "prompt_tokens": 1000,
    "completion_tokens": 200,
    "prompt_tokens_details": {"audio_tokens": 300},
    "completion_tokens_details": {"audio_tokens": 100},
}
HAS_RESPONSES: Final = find_spec("openai.resources.responses") is not None
"""Not before 1.66."""


@dataclass(frozen=True)
class Story:
    """Something an app does, and what the provider answers."""

    name: str
    replies: Callable[[], list[Reply]]
    tell: Callable[[Any], object]
    options: Callable[[], dict[str, Any]] = dict[str, Any]
    """How the instrumentation is turned on, beside what all stories have in common."""
    transport: Callable[..., Any] = FakeProvider
    """Makes of the replies the provider that they come from."""


def told(value: object) -> object:
    """A result as data."""
    if isinstance(value, pydantic.BaseModel):
        return type(value).__name__, value.model_dump()
    return value


def _chat_reply() -> list[Reply]:
    call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    body = answers.chat()
    body["choices"][0]["message"]["tool_calls"] = [call]
    return [json_reply(body)]


def _in_blocks(provider: FakeProvider) -> object:
    """A call inside everything that can surround it."""
    with (
        genai.attribute(user_id="u-1", feature="support"),
        genai.prompt("reply", version="1", variables={"tone": "kind"}),
        genai.workflow("answer"),
        genai.agent("planner"),
    ):
        for failure in (None, KeyError("x"), GeneratorExit()):
            with contextlib.suppress(KeyError, GeneratorExit), genai.retrieval("kb", query="q") as found:
                found.documents = [{"id": "d"}]
                if failure is not None:
                    raise failure
        client: Any = provider.client()
        return told(client.chat.completions.create(**CHAT))


def _inside_logfire(provider: FakeProvider) -> object:
    with logfires_span():
        return _plain("chat.completions.create", CHAT)(provider)


def _charged_reply() -> list[Reply]:
    return [json_reply(answers.chat(usage={**answers.CHAT_USAGE, "cost": 0.125}))]


def _unknown_model_reply() -> list[Reply]:
    return [json_reply(answers.chat(model="nobody-knows-it"))]


def _spoken_reply() -> list[Reply]:
    return [json_reply(answers.chat(model="gpt-4o-audio-preview", usage=SPOKEN_USAGE))]


def _spoken_answer_reply() -> list[Reply]:
    return [json_reply(answers.chat(model="gpt-4o-audio-preview", usage={**SPOKEN_USAGE, "prompt_tokens_details": {}}))]


def _night_rate_reply() -> list[Reply]:
    return [json_reply(answers.chat(model="deepseek-chat"))]


def _gateway_error_reply() -> list[Reply]:
    return [json_reply({**answers.chat(), "error": {"code": 429, "message": "upstream"}})]


def _chat_events() -> list[Reply]:
    call = {"index": 0, "id": "c1", "function": {"name": "look", "arguments": "{}"}}
    return [sse_reply(answers.chunk({"tool_calls": [call]}), *answers.chat_chunks())]


def _broken_events() -> list[Reply]:
    return [sse_reply(*answers.chat_chunks()[:2], ConnectionError("gone"), done=False)]


def _response_reply() -> list[Reply]:
    return [json_reply(answers.response())]


def _response_events() -> list[Reply]:
    return [sse_reply(*answers.response_events(), done=False)]


def _cut_response_events() -> list[Reply]:
    return [sse_reply(*answers.response_events()[:-1], done=False)]


def _embeddings_reply() -> list[Reply]:
    return [json_reply(answers.embeddings())]


def _error_reply() -> list[Reply]:
    return [json_reply({"error": {"message": "no such model", "code": "model_not_found"}}, status=404)]


def _failed_reply() -> list[Reply]:
    return [json_reply(answers.response("failed", error={"code": "server_error", "message": "sorry"}))]


def _plain(api: str, arguments: dict[str, Any]) -> Callable[[FakeProvider], object]:
    def tell(provider: FakeProvider) -> object:
        return told(_method(_sdk(provider), api)(**arguments))

    return tell


def _drained(api: str, arguments: dict[str, Any]) -> Callable[[FakeProvider], object]:
    def tell(provider: FakeProvider) -> object:
        return [told(chunk) for chunk in _method(_sdk(provider), api)(**arguments, stream=True)]

    return tell


def _closed_early(provider: FakeProvider) -> object:
    with _sdk(provider).chat.completions.create(**CHAT, stream=True) as stream:
        first = told(next(stream))
    return first, provider.bodies[0].closed


def _left_by_exception(provider: FakeProvider) -> object:
    with _sdk(provider).chat.completions.create(**CHAT, stream=True) as stream:
        next(stream)
        raise LookupError("the app's own")


def _left_generator(provider: FakeProvider) -> object:
    def chunks() -> Iterator[object]:
        with _sdk(provider).chat.completions.create(**CHAT, stream=True) as stream:
            for chunk in stream:
                yield told(chunk)

    telling: Any = chunks()
    first = next(telling)
    telling.close()  # as a web server does when its client has gone
    settle()
    return first


def _abandoned(provider: FakeProvider) -> object:
    stream = _sdk(provider).chat.completions.create(**CHAT, stream=True)
    first = told(next(stream))
    del stream
    gc.collect()
    settle()
    return first


def _raw(provider: FakeProvider) -> object:
    raw = _sdk(provider).chat.completions.with_raw_response.create(**CHAT)
    return raw.status_code, dict(raw.headers), raw.text, told(raw.parse())


def _raw_stream(provider: FakeProvider) -> object:
    raw = _sdk(provider).chat.completions.with_raw_response.create(**CHAT, stream=True)
    return raw.status_code, [told(chunk) for chunk in raw.parse()]


def _streaming_raw(provider: FakeProvider) -> object:
    with _sdk(provider).chat.completions.with_streaming_response.create(**CHAT) as raw:
        return raw.status_code, told(raw.parse())


def _streaming_raw_lines(provider: FakeProvider) -> object:
    with _sdk(provider).chat.completions.with_streaming_response.create(**CHAT, stream=True) as raw:
        return list(raw.iter_lines())


def _streaming_raw_read(provider: FakeProvider) -> object:
    with _sdk(provider).chat.completions.with_streaming_response.create(**CHAT) as raw:
        return raw.read(), told(raw.parse())


def _close_fails(provider: FakeProvider) -> object:
    stream = _sdk(provider).chat.completions.create(**CHAT, stream=True)
    next(stream)

    def close() -> None:
        raise OSError("can't be closed")

    provider.bodies[0].close = close
    stream.close()


def _garbled_reply() -> list[Reply]:
    return [Reply(200, [b"{"], {"content-type": "application/json"})]


def _torn_reply() -> list[Reply]:
    return [Reply(200, [b"{", ConnectionError("gone")], {"content-type": "application/json"})]


def _retried(provider: FakeProvider) -> object:
    provider.script.insert(0, json_reply({}, status=429, retry_after_ms="1"))
    return told(_sdk(provider, max_retries=1).chat.completions.create(**CHAT))


def _night_rate(provider: FakeProvider) -> object:
    client = _sdk(provider, base_url="https://api.deepseek.com")
    return told(client.chat.completions.create(**{**CHAT, "model": "deepseek-chat"}))


class _Answer(pydantic.BaseModel):
    text: str


def _unparsed_reply() -> list[Reply]:
    return [json_reply({}, status=429, retry_after_ms="1"), json_reply(answers.chat("{", finish="length"))]


def _unparsed(provider: FakeProvider) -> object:
    client = _sdk(provider, max_retries=1)
    return chat_with("parse", client).parse(model="gpt-4o-mini", messages=MESSAGES, response_format=_Answer)


def _image_reply() -> list[Reply]:
    return [json_reply(media.images(svg_usage={"input_tokens": 1}))]


def _image_events() -> list[Reply]:
    return [sse_reply(*media.image_events())]


def _sound_reply() -> list[Reply]:
    return [Reply(200, [b"ID3", b"sound"], {"content-type": "audio/mpeg"})]


def _transcript_reply() -> list[Reply]:
    return [json_reply(media.transcript())]


def _transcript_events() -> list[Reply]:
    return [sse_reply(*media.transcript_events())]


def _heard_reply() -> list[Reply]:
    return [json_reply(media.transcript(usage=None, duration=30.0, language="english"))]


def _spoken(provider: FakeProvider) -> object:
    return _sdk(provider).audio.speech.create(**SPEECH).content


def _retrieved_stream(provider: FakeProvider) -> object:
    arguments: dict[str, Any] = {"stream": True, "starting_after": 1}
    return [told(event) for event in _sdk(provider).responses.retrieve("resp_1", **arguments)]


def _retrieved(provider: FakeProvider) -> object:
    return told(_sdk(provider).responses.retrieve("resp_1"))


def _async(act: Callable[[Any], Coroutine[Any, Any, object]]) -> Callable[[FakeProvider], object]:
    def tell(provider: FakeProvider) -> object:
        return asyncio.run(act(provider.async_client()))

    return tell


async def _plain_async(client: Any) -> object:
    return told(await client.chat.completions.create(**CHAT))


async def _drained_async(client: Any) -> object:
    stream = await client.chat.completions.create(**CHAT, stream=True)
    return [told(chunk) async for chunk in stream]


async def _closed_early_async(client: Any) -> object:
    async with await client.chat.completions.create(**CHAT, stream=True) as stream:
        return told(await anext(stream))


async def _streaming_raw_async(client: Any) -> object:
    async with client.chat.completions.with_streaming_response.create(**CHAT) as raw:
        return raw.status_code, told(await raw.parse())


def _usage_asked(provider: FakeProvider) -> object:
    """Our only way to ask for usage is to alter the call. If that goes wrong, a chunk without choices is seen."""
    stream = _sdk(provider).chat.completions.create(**CHAT, stream=True, stream_options={"include_obfuscation": False})
    return [told(chunk) for chunk in stream if chunk.choices]


def _completion_usage_asked(provider: FakeProvider) -> object:
    stream = _sdk(provider).completions.create(model="gpt-3.5-turbo-instruct", prompt="hi", stream=True)
    return [told(chunk) for chunk in stream if chunk.choices]


async def _usage_asked_async(client: Any) -> object:
    stream = await client.chat.completions.create(**CHAT, stream=True)
    return [told(chunk) async for chunk in stream if chunk.choices]


def _stream_usage() -> dict[str, Any]:
    return {"stream_usage": True}


async def _embeddings_async(client: Any) -> object:
    return told(await client.embeddings.create(**EMBEDDINGS))


def _sdk(provider: FakeProvider, **options: Any) -> Any:
    """A client, without the types of its version."""
    return provider.client(**options)


def _method(client: Any, api: str) -> Callable[..., Any]:
    return attrgetter(api)(client)


_ALWAYS: Final = (
    Story("chat", _chat_reply, _plain("chat.completions.create", CHAT)),
    Story("chat with audio", _spoken_reply, _plain("chat.completions.create", CHAT)),
    Story("chat with an audio answer", _spoken_answer_reply, _plain("chat.completions.create", CHAT)),
    Story("chat with a price by the hour", _night_rate_reply, _night_rate),
    Story("chat with an error of a gateway", _gateway_error_reply, _plain("chat.completions.create", CHAT)),
    Story("chat inside of Logfire's span", _chat_reply, _inside_logfire),
    Story("chat in blocks of the app", _chat_reply, _in_blocks),
    Story("chat with its cost in the answer", _charged_reply, _plain("chat.completions.create", CHAT)),
    Story("chat with a model without a price", _unknown_model_reply, _plain("chat.completions.create", UNKNOWN)),
    Story("chat stream drained", _chat_events, _drained("chat.completions.create", CHAT)),
    Story("chat stream closed early", _chat_events, _closed_early),
    Story("chat stream left by an exception", _chat_events, _left_by_exception),
    Story("chat stream abandoned", _chat_events, _abandoned),
    Story("chat stream left by a generator", _chat_events, _left_generator),
    Story("chat stream broken by the network", _broken_events, _drained("chat.completions.create", CHAT)),
    Story("chat stream asked for its usage", _chat_events, _usage_asked, _stream_usage),
    Story("completion stream asked for its usage", _chat_events, _completion_usage_asked, _stream_usage),
    Story("raw", _chat_reply, _raw),
    Story("raw stream", _chat_events, _raw_stream),
    Story("streaming raw", _chat_reply, _streaming_raw),
    Story("streaming raw, body read by lines", _chat_events, _streaming_raw_lines),
    Story("streaming raw, body read", _chat_reply, _streaming_raw_read),
    Story("streaming raw, body torn", _torn_reply, _streaming_raw_read),
    Story("streaming raw, body garbled", _garbled_reply, _streaming_raw),
    Story("chat stream whose close fails", _chat_events, _close_fails),
    Story("retried", _chat_reply, _retried),
    Story("chat whose answer can't be parsed", _unparsed_reply, _unparsed),
    Story("embeddings", _embeddings_reply, _plain("embeddings.create", EMBEDDINGS)),
    Story("images", _image_reply, _plain("images.generate", IMAGE)),
    Story("speech", _sound_reply, _spoken),
    Story("transcription", _transcript_reply, _plain("audio.transcriptions.create", SOUND)),
    Story("translation", _heard_reply, _plain("audio.translations.create", HEARD)),
    Story("HTTP error", _error_reply, _plain("chat.completions.create", CHAT)),
    Story("async chat", _chat_reply, _async(_plain_async)),
    Story("async HTTP error", _error_reply, _async(_plain_async)),
    Story("async stream drained", _chat_events, _async(_drained_async)),
    Story("async stream asked for its usage", _chat_events, _async(_usage_asked_async), _stream_usage),
    Story("async stream closed early", _chat_events, _async(_closed_early_async)),
    Story("async stream broken by the network", _broken_events, _async(_drained_async)),
    Story("async streaming raw", _chat_reply, _async(_streaming_raw_async)),
    Story("async embeddings", _embeddings_reply, _async(_embeddings_async)),
)
SEARCH: Final[dict[str, Any]] = {
    "id": "ws_1",
    "type": "web_search_call",
    "status": "completed",
    "action": {"type": "search", "query": "cats"},
}


def _search_reply() -> list[Reply]:
    return [json_reply(answers.response(output=[SEARCH]))]


_WITH_RESPONSES: Final = (
    Story("responses", _response_reply, _plain("responses.create", RESPONSES)),
    Story("responses stream", _response_events, _drained("responses.create", RESPONSES)),
    Story("responses stream cut off", _cut_response_events, _drained("responses.create", RESPONSES)),
    Story("responses with a search", _search_reply, _plain("responses.create", RESPONSES)),
    Story("responses failed", _failed_reply, _plain("responses.create", RESPONSES)),
    Story("responses retrieved", _response_reply, _retrieved),
    Story("responses retrieved as a stream", _response_events, _retrieved_stream),
)
_WITH_MEDIA_STREAMS: Final = (
    Story("images stream", _image_events, _drained("images.generate", IMAGE)),
    Story("transcription stream", _transcript_events, _drained("audio.transcriptions.create", SOUND)),
)
STORIES: Final = (
    *_ALWAYS,
    *(_WITH_RESPONSES if HAS_RESPONSES else ()),
    *(_WITH_MEDIA_STREAMS if HAS_IMAGE_STREAM and HAS_TRANSCRIPT_STREAM else ()),
)
