"""Images and audio: what is asked, what it costs, and what of it is never read, in every way to ask."""

from __future__ import annotations

import io
from typing import Any

import pytest

from otel_genai_instr.semconv import units

from ..support import media
from ..support.capture import Capture
from ..support.marking import names
from ..support.provider import FakeProvider, Reply, json_reply, sse_reply
from ..support.sdk import HAS_IMAGE_STREAM, HAS_TRANSCRIPT_STREAM
from .either import Block, Chunks, call, run

PROMPT = "the secret prompt of the user"
M = 1_000_000
SOUND = [b"ID3", b"sound of " * 5, b"the answer"]
UNPRICED = "otel_genai.cost.unpriced_reason"

both_modes = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])


class Unreadable(io.BytesIO):
    """A file of the user, which only the SDK may read."""

    reads = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.reads += 1
        return super().read(size)


def _file() -> Unreadable:
    return Unreadable(b"the user's file")


def _client(capture: Capture, is_async: bool, *replies: Reply) -> tuple[Any, FakeProvider]:
    provider = FakeProvider(capture.clock).then(*replies)
    return (provider.async_client() if is_async else provider.client()), provider


def _sound() -> Reply:
    return Reply(200, [0.5, *SOUND], {"content-type": "audio/mpeg"})


def _text() -> Reply:
    return Reply(200, [b"Hello\n"], {"content-type": "text/plain"})


def _asked(operation: str, model: str, output: str) -> dict[str, Any]:
    return {
        "gen_ai.operation.name": operation,
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": model,
        "gen_ai.output.type": output,
        "server.address": "api.openai.com",
        "server.port": 443,
    }


# What is asked by each method, what is answered, and what the call costs in US dollars, or the reason why that can't be
# known. Prices of https://developers.openai.com/api/docs/pricing, as tests/pricing/cases.yaml has them.
_WHISPER = {"model": "whisper-1"}
_TRANSCRIBE = {"model": "gpt-4o-transcribe"}
_DIAGRAM = {"model": "gpt-6", "input_tokens": 900, "output_tokens": 400, "reasoning_tokens": 0, "total_tokens": 1300}
CALLS: dict[str, tuple[str, str, dict[str, Any], Reply, float | str]] = {
    "images by token": (
        "images.generate",
        "image_generation",
        {"model": "gpt-image-1.5", "prompt": PROMPT},
        json_reply(media.images()),
        (50 * 5 + 300 * 8 + 1056 * 32) / M,
    ),
    "images whose text is told apart": (
        "images.generate",
        "image_generation",
        {"model": "gpt-image-1.5", "prompt": PROMPT},
        json_reply(
            media.images(
                usage={
                    "input_tokens": 100,
                    "input_tokens_details": {"image_tokens": 0, "text_tokens": 100},
                    "output_tokens": 1100,
                    "output_tokens_details": {"image_tokens": 1056, "text_tokens": 44},
                    "total_tokens": 1200,
                }
            )
        ),
        (100 * 5 + 44 * 10 + 1056 * 32) / M,
    ),
    "a drawing that another model wrote": (
        "images.generate",
        "image_generation",
        {"model": "gpt-image-2", "prompt": PROMPT, "extra_body": {"output_format": "svg"}},
        json_reply(media.images(svg_usage=_DIAGRAM)),
        "unsupported_unit",
    ),
    "images by token, and none is told": (
        "images.generate",
        "image_generation",
        {"model": "gpt-image-2", "prompt": PROMPT},
        json_reply(media.images(usage=None)),
        "no_usage",
    ),
    "an edited image": (
        "images.edit",
        "image_generation",
        {"model": "gpt-image-1-mini", "prompt": PROMPT, "image": _file},
        json_reply(media.images()),
        (50 * 2 + 300 * 2.5 + 1056 * 8) / M,
    ),
    "two images by size and quality": (
        "images.generate",
        "image_generation",
        {"model": "dall-e-3", "prompt": PROMPT, "n": 2, "size": "1024x1792", "quality": "hd"},
        json_reply(media.images(2, usage=None)),
        2 * 0.12,
    ),
    "an image of the usual quality": (
        "images.generate",
        "image_generation",
        {"model": "dall-e-3", "prompt": PROMPT, "size": "1792x1024", "quality": "standard"},
        json_reply(media.images(usage=None)),
        0.08,
    ),
    "an image of the usual size": (
        "images.generate",
        "image_generation",
        {"model": "dall-e-3", "prompt": PROMPT, "quality": "hd"},
        json_reply(media.images(usage=None)),
        0.08,
    ),
    "an image of a size that has no price": (
        "images.generate",
        "image_generation",
        {"model": "dall-e-2", "prompt": PROMPT, "size": "2048x2048"},
        json_reply(media.images(usage=None)),
        "unsupported_unit",
    ),
    "varied images": (
        "images.create_variation",
        "image_generation",
        {"model": "dall-e-2", "image": _file, "n": 3, "size": "256x256"},
        json_reply(media.images(3, usage=None)),
        3 * 0.016,
    ),
    "speech by character": (
        "audio.speech.create",
        "speech",
        {"model": "tts-1", "voice": "alloy", "input": PROMPT + "é"},
        _sound(),
        30 * 15 / M,
    ),
    "speech by character, finer": (
        "audio.speech.create",
        "speech",
        {"model": "tts-1-hd", "voice": "alloy", "input": PROMPT},
        _sound(),
        29 * 30 / M,
    ),
    "speech by tokens that aren't told": (
        "audio.speech.create",
        "speech",
        {"model": "gpt-4o-mini-tts", "voice": "alloy", "input": PROMPT},
        _sound(),
        "no_usage",
    ),
    "a transcription by token": (
        "audio.transcriptions.create",
        "transcription",
        {**_TRANSCRIBE, "file": _file, "prompt": PROMPT},
        json_reply(media.transcript()),
        (10 * 2.5 + 1000 * 6 + 80 * 10) / M,
    ),
    "a transcription by second": (
        "audio.transcriptions.create",
        "transcription",
        {**_WHISPER, "file": _file, "prompt": PROMPT},
        json_reply(media.transcript(usage={"type": "duration", "seconds": 90})),
        90 * 0.006 / 60,
    ),
    "a transcription that tells its length": (
        "audio.transcriptions.create",
        "transcription",
        {**_WHISPER, "file": _file, "response_format": "verbose_json"},
        json_reply(media.transcript(usage=None, duration=30.0, language="english", task="transcribe")),
        30 * 0.006 / 60,
    ),
    "a transcription that is told by a text": (
        "audio.transcriptions.create",
        "transcription",
        {**_WHISPER, "file": _file, "response_format": "text"},
        _text(),
        "no_usage",
    ),
    "a translation that tells its length": (
        "audio.translations.create",
        "translation",
        {**_WHISPER, "file": _file, "prompt": PROMPT, "response_format": "verbose_json"},
        json_reply(media.transcript(usage=None, duration=120, language="english")),
        120 * 0.006 / 60,
    ),
    "a translation that tells nothing": (
        "audio.translations.create",
        "translation",
        {**_WHISPER, "file": _file},
        json_reply({"text": "Hello"}),
        "no_usage",
    ),
}
OUTPUTS = {"image_generation": "image", "speech": "speech", "transcription": "text", "translation": "text"}


def _method(client: Any, name: str, view: str | None = None) -> Any:
    *path, last = name.split(".")
    for part in path:
        client = getattr(client, part)
    return getattr(client if view is None else getattr(client, view), last)


def _given(arguments: dict[str, Any]) -> tuple[dict[str, Any], list[Unreadable]]:
    """The arguments with new files, and the files."""
    given = {name: value() if value is _file else value for name, value in arguments.items()}
    return given, [value for value in given.values() if isinstance(value, Unreadable)]


def _costs(capture: Capture, cost: float | str) -> None:
    attributes = capture.attributes()
    if isinstance(cost, str):
        assert attributes[UNPRICED] == cost
        assert "gen_ai.usage.cost.amount" not in attributes
    else:
        assert attributes["gen_ai.usage.cost.amount"] == pytest.approx(cost, rel=1e-12)
        assert capture.total("gen_ai.client.operation.cost") == pytest.approx(cost, rel=1e-12)


@both_modes
@pytest.mark.parametrize("name", CALLS)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_what_is_asked_and_what_it_costs(name: str, is_async: bool, capture: Capture) -> None:
    method, operation, arguments, reply, cost = CALLS[name]
    client, alone = _client(capture, is_async, reply)
    given, files_alone = _given(arguments)
    run(_plain(_method(client, method), given), is_async=is_async)
    capture.instrument(capture_content="span_and_event")
    client, provider = _client(capture, is_async, reply)
    given, files = _given(arguments)
    run(_plain(_method(client, method), given), is_async=is_async)
    assert [sent.body for sent in provider.received] == [sent.body for sent in alone.received]
    span, attributes = capture.span(), capture.attributes()
    assert span.name == f"{operation} {arguments['model']}"
    assert attributes.items() >= _asked(operation, arguments["model"], OUTPUTS[operation]).items()
    assert attributes.get("gen_ai.request.choice.count") == arguments.get("n")
    assert capture.count("gen_ai.client.operation.duration") == 1
    assert PROMPT not in str(capture.snapshot())
    assert "Hello" not in str(capture.snapshot())
    assert [file.reads for file in files] == [file.reads for file in files_alone]
    _costs(capture, cost)


async def _plain(method: Any, given: dict[str, Any]) -> None:
    assert await call(lambda: method(**given)) is not None


@both_modes
@pytest.mark.parametrize("name", CALLS)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("view", ["with_raw_response", "with_streaming_response"])
def test_a_raw_answer_costs_the_same(name: str, view: str, is_async: bool, capture: Capture) -> None:
    method, operation, arguments, reply, cost = CALLS[name]
    capture.instrument()
    client, _ = _client(capture, is_async, reply)
    raw = _method(client, method, view)
    given = _given(arguments)[0]

    async def ask() -> None:
        if view == "with_raw_response":
            assert (await call(lambda: raw(**given))).parse() is not None
            return
        async with Block(raw(**given)) as response:
            if operation == "speech":
                assert b"".join([piece async for piece in Chunks(response.iter_bytes(7))]) == b"".join(SOUND)
            else:
                assert capture.spans() == [], "nothing was read yet"
                assert await call(response.parse) is not None

    run(ask(), is_async=is_async)
    assert capture.span().status.status_code.name == "UNSET"
    _costs(capture, cost)


STREAMS: dict[str, tuple[str, dict[str, Any], list[Any], float | str]] = {
    "an image": (
        "images.generate",
        {"model": "gpt-image-1.5", "prompt": PROMPT, "extra_body": {"partial_images": 2}},
        media.image_events(),
        (50 * 5 + 300 * 8 + 1056 * 32) / M,
    ),
    "an edited image": (
        "images.edit",
        {"model": "gpt-image-2", "prompt": PROMPT, "image": _file},
        media.image_events("image_edit"),
        (50 * 5 + 300 * 8 + 1056 * 30) / M,
    ),
    "two images, of which nobody says whose the tokens are": (
        "images.generate",
        {"model": "gpt-image-2", "prompt": PROMPT, "n": 2},
        [*media.image_events(), *media.image_events()],
        "no_usage",
    ),
    "an image that never came": (
        "images.generate",
        {"model": "gpt-image-2", "prompt": PROMPT},
        media.image_events()[:2],
        "no_usage",
    ),
    "a transcription": (
        "audio.transcriptions.create",
        {"model": "gpt-4o-mini-transcribe", "file": _file},
        media.transcript_events(),
        (10 * 1.25 + 1000 * 3 + 80 * 5) / M,
    ),
    "a transcription without usage": (
        "audio.transcriptions.create",
        {"model": "gpt-4o-transcribe", "file": _file},
        media.transcript_events()[:2],
        "no_usage",
    ),
}
_NO_IMAGES = pytest.mark.skipif(not HAS_IMAGE_STREAM, reason="this openai streams no images")
_NO_TRANSCRIPTS = pytest.mark.skipif(not HAS_TRANSCRIPT_STREAM, reason="this openai streams no transcriptions")
STREAMED = names(
    STREAMS, {name: _NO_IMAGES if row[0].startswith("images") else _NO_TRANSCRIPTS for name, row in STREAMS.items()}
)


@both_modes
@pytest.mark.parametrize("name", STREAMED)
@pytest.mark.parametrize("view", [None, "with_raw_response", "with_streaming_response"])
def test_a_stream_costs_what_its_last_event_says(name: str, view: str | None, is_async: bool, capture: Capture) -> None:
    method, arguments, events, cost = STREAMS[name]
    capture.instrument()
    client, _ = _client(capture, is_async, sse_reply(0.5, *events))
    started = _method(client, method, view)
    given = {**_given(arguments)[0], "stream": True}

    async def ask() -> list[Any]:
        if view != "with_streaming_response":
            result = await call(lambda: started(**given))
            return [event async for event in Chunks(result if view is None else await call(result.parse))]
        async with Block(started(**given)) as response:
            return [event async for event in Chunks(await call(response.parse))]

    assert len(run(ask(), is_async=is_async)) == len(events)
    attributes = capture.attributes()
    assert attributes["gen_ai.request.stream"] is True
    assert attributes["gen_ai.response.time_to_first_chunk"] == pytest.approx(0.5)
    _costs(capture, cost)


AS_EVENTS = {"stream_format": "sse"}
"""Older SDKs have no argument for it."""


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_speech_that_comes_in_events_tells_its_tokens(is_async: bool, capture: Capture) -> None:
    capture.instrument()
    used = {"input_tokens": 14, "output_tokens": 101, "total_tokens": 115}
    done = {"type": "speech.audio.done", "usage": used}
    client, _ = _client(capture, is_async, sse_reply(0.0, {"type": "speech.audio.delta", "audio": "SUQz"}, done))

    async def ask() -> Any:
        speak = client.audio.speech.create
        return await call(lambda: speak(model="gpt-4o-mini-tts", voice="alloy", input="four", extra_body=AS_EVENTS))

    assert b"speech.audio.done" in run(ask(), is_async=is_async).content
    assert capture.attributes()["gen_ai.usage.output_tokens"] == 101
    assert capture.attributes()["gen_ai.usage.cost.amount"] == pytest.approx((14 * 0.6 + 101 * 12) / M)


@pytest.mark.parametrize("body", [b"data: {", b"data: [1]\n", b"event: x\n", b"data: \xff\n", b'data: {"usage": 1}'])
def test_speech_whose_events_are_broken(body: bytes, capture: Capture) -> None:
    capture.instrument()
    client, _ = _client(capture, False, Reply(200, [body], {"content-type": "text/event-stream"}))
    client.audio.speech.create(model="gpt-4o-mini-tts", voice="alloy", input="four", extra_body=AS_EVENTS)
    assert capture.attributes()[UNPRICED] == "no_usage"


def test_units_are_those_of_the_price_lists(capture: Capture) -> None:
    """Prices of the user's own are found under the names that the readers give."""
    mine = {
        units.image("1024x1024", "high"): 0.5,
        units.IMAGE: 0.25,
        units.INPUT_CHARACTER: 0.125,
        units.INPUT_SECOND: 2.0,
    }
    capture.instrument(prices={"prices": [{"model": "mine", "per_unit": mine}]})
    client, provider = _client(capture, False, json_reply(media.images(usage=None)))
    client.images.generate(model="mine", prompt="p", n=2)
    client.images.generate(model="mine", prompt="p", n=2, size="1024x1024", quality="high")
    provider.script[:] = [_sound()]
    client.audio.speech.create(model="mine", voice="alloy", input="four")
    provider.script[:] = [json_reply(media.transcript(usage={"type": "duration", "seconds": 1.5}))]
    client.audio.transcriptions.create(model="mine", file=_file())
    amounts = [dict(span.attributes or {}).get("gen_ai.usage.cost.amount") for span in capture.spans()]
    assert amounts == [0.5, 1.0, 0.5, 3.0]


def test_a_drawing_of_another_model_can_be_priced(capture: Capture) -> None:
    capture.instrument(prices={"prices": [{"model": "gpt-image-2", "per_unit": {units.SVG: 0.25}}]})
    client, _ = _client(capture, False, json_reply(media.images(svg_usage=_DIAGRAM)))
    client.images.generate(model="gpt-image-2", prompt="p")
    _costs(capture, (50 * 5 + 300 * 8 + 1056 * 30) / M + 0.25)
