"""Whatever kind of function makes a model call, and whatever it returns: one span, the right ending, the same object.

The SDK here is a tiny one of the tests' own, told to the engine by a table like any other. Its kinds are those of SDKs
that have none of our own yet: ``google-genai`` has generator functions of both kinds and a coroutine that returns an
asynchronous generator, ``ollama`` a plain function that returns a generator, Bedrock a dictionary that holds a stream.
So these need a table and readers, and no change of the engine.
"""

from __future__ import annotations

import asyncio
import gc
import inspect
import itertools
import sys
from collections.abc import Callable, Generator, Iterator
from types import AsyncGeneratorType, GeneratorType
from typing import Any

import pytest
from opentelemetry import trace

from otel_genai_instr.patching.patcher import Patcher
from otel_genai_instr.telemetry.telemetry import telemetry_with

from ..promises.either import Chunks, call, run
from ..support.capture import Capture
from ..support.errors import error_type
from . import tiny_sdk
from .tiny_sdk import CHUNKS, MODEL, QUIET

NOTHING: dict[str, Any] = {"spans": [], "metrics": {}, "events": []}
LAZY = ("generator", "async_generator")
"""Nothing of these runs before the first item is asked for."""
GENERATORS = {
    "plain": GeneratorType,
    "coroutine": AsyncGeneratorType,
    "generator": GeneratorType,
    "async_generator": AsyncGeneratorType,
}
_numbers = itertools.count()

every_kind = pytest.mark.parametrize("kind", [*GENERATORS, "held"])
every_generator = pytest.mark.parametrize("kind", GENERATORS)


def _is_async(kind: str) -> bool:
    return GENERATORS.get(kind) is AsyncGeneratorType


class Observed:
    """A tiny SDK that is observed, and how it is turned on and off."""

    def __init__(self, capture: Capture, is_wanted: Callable[[object], bool] = lambda _client: False) -> None:
        self.name = f"tiny_sdk_{next(_numbers)}"
        self.sdk = sys.modules[self.name] = tiny_sdk.make(self.name)
        self.sdk.tracer = capture.tracer_provider.get_tracer("tiny")
        self.patcher = Patcher(tiny_sdk.provider_of(self.name, is_wanted))
        self._telemetry = telemetry_with(
            {
                "tracer_provider": capture.tracer_provider,
                "meter_provider": capture.meter_provider,
                "logger_provider": capture.logger_provider,
                "clock": capture.clock.as_clock(),
                "cost": False,
            }
        )

    def on(self) -> Any:
        """Observe it from now on."""
        self.patcher.install(self._telemetry)
        return self.sdk

    def off(self) -> None:
        """Leave it alone, and forget it."""
        self.patcher.uninstall()
        sys.modules.pop(self.name, None)


@pytest.fixture
def observed(capture: Capture) -> Iterator[Observed]:
    """Not on yet."""
    tiny = Observed(capture)
    yield tiny
    tiny.off()


@pytest.fixture
def sdk(observed: Observed) -> Any:
    """The SDK, with the instrumentation on."""
    return observed.on()


async def _open(sdk: Any, kind: str, model: str = MODEL, **more: Any) -> Any:
    """What is iterated."""
    made = await call(getattr(sdk, kind), model, **more)
    return made["stream"] if kind == "held" else made


async def _settled() -> None:
    """The event loop closes a dropped generator in a turn of its own."""
    gc.collect()
    for _ in range(5):
        await asyncio.sleep(0)


def _run(story: Any, kind: str) -> Any:
    return run(story, is_async=_is_async(kind))


def _status(capture: Capture) -> str:
    return capture.span().status.status_code.name


@every_kind
def test_drained(kind: str, sdk: Any, capture: Capture) -> None:
    async def drain() -> list[Any]:
        return [chunk async for chunk in Chunks(await _open(sdk, kind))]

    assert _run(drain(), kind) == list(CHUNKS)
    assert capture.span().name == f"chat {MODEL}"
    assert _status(capture) == "UNSET"
    attributes = capture.attributes()
    assert (attributes["gen_ai.usage.input_tokens"], attributes["gen_ai.usage.output_tokens"]) == (10, 2)
    assert "gen_ai.response.time_to_first_chunk" in attributes
    assert capture.count("gen_ai.client.inference.duration") == 1


@every_kind
def test_a_chunk_that_the_caller_shall_not_see(kind: str, sdk: Any, capture: Capture) -> None:
    async def drain() -> list[Any]:
        return [chunk async for chunk in Chunks(await _open(sdk, kind, QUIET))]

    assert _run(drain(), kind) == ["one", "two"]
    attributes = capture.attributes()
    assert (attributes["gen_ai.usage.input_tokens"], attributes["gen_ai.usage.output_tokens"]) == (10, 2)
    assert _status(capture) == "UNSET"


@pytest.mark.parametrize("kind", ["plain", "generator"])
def test_what_is_sent_does_not_arrive_twice_where_a_chunk_is_hidden(kind: str, sdk: Any) -> None:
    """The generator answers what it is sent with it, and the hidden chunk with nothing."""
    generator = getattr(sdk, kind)(QUIET)
    assert [next(generator), generator.send("sent"), next(generator)] == ["one", "sent", "two"]
    with pytest.raises(StopIteration) as over:
        next(generator)
    assert over.value.value == "over"


async def _close(stream: Any) -> None:
    await call(stream.aclose if hasattr(stream, "aclose") else stream.close)


@every_kind
def test_closed(kind: str, sdk: Any, capture: Capture) -> None:
    async def close() -> None:
        stream = await _open(sdk, kind)
        async for _ in Chunks(stream):
            break
        assert capture.spans() == []
        await _close(stream)
        assert len(capture.spans()) == 1

    _run(close(), kind)
    assert _status(capture) == "UNSET"
    assert "gen_ai.usage.input_tokens" not in capture.attributes()


@every_kind
def test_dropped(kind: str, sdk: Any, capture: Capture) -> None:
    async def drop() -> None:
        stream = await _open(sdk, kind)
        chunks = Chunks(stream)
        assert await anext(chunks) == CHUNKS[0]
        assert capture.spans() == []
        del stream, chunks
        if _is_async(kind):
            await _settled()

    _run(drop(), kind)
    gc.collect()
    assert _status(capture) == "UNSET"
    assert "gen_ai.usage.input_tokens" not in capture.attributes()


@every_kind
@pytest.mark.parametrize("how", ["closed", "dropped"])
def test_never_started(kind: str, how: str, sdk: Any, capture: Capture) -> None:
    """Of a generator function nothing has run then. Others may have sent their request."""

    async def leave() -> None:
        stream = await _open(sdk, kind)
        if how == "closed":
            await _close(stream)
        del stream

    _run(leave(), kind)
    gc.collect()
    if kind in LAZY:
        assert capture.snapshot() == NOTHING
    else:
        assert _status(capture) == "UNSET"
        assert capture.count("gen_ai.client.inference.duration") == 1


@every_kind
def test_an_error_inside(kind: str, sdk: Any, capture: Capture) -> None:
    async def drain() -> list[Any]:
        got: list[Any] = []
        with pytest.raises(tiny_sdk.Refused, match=MODEL) as refused:
            got.extend([chunk async for chunk in Chunks(await _open(sdk, kind, fail=True))])
        assert refused.value.args == (MODEL,)
        return got

    _run(drain(), kind)
    assert _status(capture) == "ERROR"
    assert capture.attributes()["error.type"] == error_type(tiny_sdk.Refused)


@every_generator
def test_what_is_sent_and_thrown_arrives(kind: str, sdk: Any, capture: Capture) -> None:
    async def talk() -> list[Any]:
        stream = await _open(sdk, kind)
        send, throw = (stream.asend, stream.athrow) if _is_async(kind) else (stream.send, stream.throw)
        error = KeyError("thrown")
        heard = [await call(send, None), await call(send, "sent"), await call(send, None), await call(throw, error)]
        assert heard == [CHUNKS[0], "sent", CHUNKS[1], error]
        with pytest.raises(ZeroDivisionError):
            await call(throw, ZeroDivisionError("not caught by the generator"))
        return heard

    _run(talk(), kind)
    assert capture.attributes()["error.type"] == "ZeroDivisionError"


@pytest.mark.parametrize("kind", ["plain", "generator"])
def test_what_a_generator_returns_comes_back(kind: str, sdk: Any, capture: Capture) -> None:
    def delegate() -> Generator[Any, Any, Any]:
        generator: Generator[Any, Any, Any] = getattr(sdk, kind)(MODEL)
        return (yield from generator)

    stream = delegate()
    assert [next(stream) for _ in CHUNKS] == list(CHUNKS)
    with pytest.raises(StopIteration) as over:
        next(stream)
    assert over.value.value == "over"
    assert _status(capture) == "UNSET"


@every_kind
def test_between_two_items_the_context_is_the_callers(kind: str, sdk: Any, capture: Capture) -> None:
    tracer = capture.tracer_provider.get_tracer("app")
    inside: list[trace.Span] = []

    async def drain() -> None:
        with tracer.start_as_current_span("app") as mine:
            async for _ in Chunks(await _open(sdk, kind, spans=inside)):
                assert trace.get_current_span() is mine
                tracer.start_span("between").end()
            assert trace.get_current_span() is mine

    _run(drain(), kind)
    by_name = {span.name: span for span in capture.spans()}
    app, operation, between = by_name["app"], by_name[f"chat {MODEL}"], by_name["between"]
    assert [span.get_span_context() for span in inside] == [operation.context] * len(CHUNKS)
    assert operation.parent == between.parent == app.context


@every_kind
def test_the_caller_gets_the_same_kind_of_object(kind: str, observed: Observed) -> None:
    async def kinds(sdk: Any) -> list[Any]:
        made: Any = getattr(sdk, kind)(MODEL)
        seen: list[object] = [made.__class__]
        if hasattr(made, "__await__"):
            made = await made
            seen.append(made.__class__)
        if kind == "held":
            seen += [sorted(made), made["stream"].__class__]
        else:
            assert type(made) is GENERATORS[kind]
            await _close(made)
        return seen

    alone = _run(kinds(observed.sdk), kind)
    assert _run(kinds(observed.on()), kind) == alone


@every_kind
def test_off_is_off(kind: str, observed: Observed, capture: Capture) -> None:
    original = getattr(observed.sdk, kind)
    wrapper = getattr(observed.on(), kind)
    assert wrapper is not original
    assert wrapper.__wrapped__ is original
    assert inspect.signature(wrapper) == inspect.signature(original)
    observed.patcher.uninstall()
    assert getattr(observed.sdk, kind) is original

    async def drain(function: Any) -> int:
        made = await call(function, MODEL)
        return len([chunk async for chunk in Chunks(made["stream"] if kind == "held" else made)])

    assert _run(drain(wrapper), kind) == len(CHUNKS), "one that was kept still works"
    assert capture.snapshot() == NOTHING


@every_kind
def test_what_is_no_operation_passes(kind: str, sdk: Any, capture: Capture) -> None:
    async def drain() -> list[Any]:
        made = await call(getattr(sdk, kind), "none")
        return [chunk async for chunk in Chunks(made["stream"] if kind == "held" else made)]

    assert _run(drain(), kind) == list(CHUNKS)
    assert capture.snapshot() == NOTHING


def test_attempts_of_a_coroutine_function(sdk: Any, capture: Capture) -> None:
    """Who repeats them may ask what kind of function it is, and not await anything else."""
    assert inspect.iscoroutinefunction(sdk.send)
    answer = {"input": 10, "output": 2}
    assert asyncio.run(sdk.repeated(MODEL, tiny_sdk.Busy(), tiny_sdk.Busy(), answer)) is answer
    assert capture.attributes()["otel_genai.request.attempts"] == 3
    assert capture.attributes()["gen_ai.usage.input_tokens"] == 10


def test_an_attempt_that_fails_for_good(sdk: Any, capture: Capture) -> None:
    with pytest.raises(tiny_sdk.Refused):
        asyncio.run(sdk.repeated(MODEL, tiny_sdk.Busy(), tiny_sdk.Refused(MODEL)))
    assert capture.attributes()["otel_genai.request.attempts"] == 2
    assert _status(capture) == "ERROR"


@pytest.mark.parametrize("by_keyword", [False, True], ids=["positional", "keyword"])
def test_the_sdks_own_span_is_the_operations(by_keyword: bool, sdk: Any, capture: Capture) -> None:
    """What it sends on is the context of the one span there is."""
    answer = sdk.traced(MODEL, by_keyword=by_keyword)
    context = capture.span().context
    assert context is not None
    assert capture.span().name == f"chat {MODEL}"
    assert answer["sent"] == (context.trace_id, context.span_id)


def test_outside_of_an_operation_it_is_the_sdks(sdk: Any, capture: Capture) -> None:
    sdk.traced("none")
    assert [span.name for span in capture.spans()] == ["tiny"]


def test_who_asked_for_the_sdks_own_spans_has_them(capture: Capture) -> None:
    client = object()
    observed = Observed(capture, is_wanted=lambda asked: asked is client)
    try:
        sdk = observed.on()
        sdk.traced(MODEL, client=client)
        theirs, ours = capture.spans()
        assert (theirs.name, ours.name) == ("tiny", f"chat {MODEL}")
        assert theirs.parent == ours.context
        sdk.traced(MODEL, client=object())
        assert [span.name for span in capture.spans()][2:] == [f"chat {MODEL}"]
    finally:
        observed.off()
