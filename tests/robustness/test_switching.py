"""On, off, on again, suppressed, disabled, unsampled: the app's calls go on, and nothing is counted twice."""

from __future__ import annotations

import asyncio
import dataclasses
import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import openai
import pytest
from openai._base_client import SyncAPIClient
from opentelemetry.context import Context
from opentelemetry.instrumentation.utils import suppress_instrumentation
from opentelemetry.metrics._internal import _ProxyMeterProvider  # pyright: ignore[reportPrivateUsage]
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, Decision, Sampler, SamplingResult
from opentelemetry.trace import Link, NonRecordingSpan, SpanKind, TraceState
from opentelemetry.util.types import Attributes

import otel_genai_instr
from otel_genai_instr import OpenAIInstrumentor, semconv
from otel_genai_instr.patching.patcher import Patcher
from otel_genai_instr.providers.openai.seams import PROVIDER
from otel_genai_instr.telemetry import content, series
from otel_genai_instr.telemetry.telemetry import telemetry_with

from ..support import answers
from ..support.capture import Capture
from ..support.clock import FakeClock
from ..support.provider import FakeProvider, json_reply, sse_reply

MESSAGES: Final[list[Any]] = [{"role": "user", "content": "hi"}]
INPUT_TOKENS: Final = "gen_ai.client.inference.usage.input_tokens"
DURATION: Final = "gen_ai.client.inference.duration"


def ask(client: openai.OpenAI) -> str | None:
    """One chat completion."""
    return client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES).choices[0].message.content


def a_client() -> openai.OpenAI:
    return FakeProvider(None, json_reply(answers.chat())).client()


def methods() -> dict[str, object]:
    """Everything that is written in the classes that the table of seams names, as it stands now."""
    found: dict[str, object] = {}
    for module, owner in dict.fromkeys((seam.module, seam.path.split(".")[0]) for seam in PROVIDER.seams):
        try:
            kind: Any = getattr(importlib.import_module(module), owner, None)
        except ImportError:  # this openai doesn't have it
            continue
        if kind is not None:
            entries: dict[str, object] = {**kind.__dict__}
            found.update({f"{module}.{owner}.{name}": value for name, value in entries.items()})
    return found


def test_uninstrument_restores_every_method(capture: Capture) -> None:
    before = methods()
    capture.instrument()
    during = methods()
    changed = {name for name in during if name not in before or during[name] is not before[name]}
    calls = {
        "openai._base_client.SyncAPIClient.request",
        "openai._base_client.AsyncAPIClient.request",
        "openai._base_client.BaseClient._build_request",
    }
    # Sessions and tools only where another test has imported them.
    assert calls <= changed <= {f"{seam.module}.{seam.path}" for seam in PROVIDER.seams}
    capture.uninstrument()
    assert methods() == before


@pytest.fixture
def foreign_wrapper(capture: Capture) -> Iterator[Callable[..., Any]]:
    """Someone else's wrapper around ours, put there while we were on."""
    original: Any = SyncAPIClient.request
    capture.instrument()
    ours: Any = SyncAPIClient.request
    assert ours is not original

    def theirs(*args: Any, **kwargs: Any) -> Any:
        return ours(*args, **kwargs)

    SyncAPIClient.request = theirs
    yield theirs
    capture.uninstrument()
    SyncAPIClient.request = original


def test_a_wrapper_of_someone_else_stays(capture: Capture, foreign_wrapper: Callable[..., Any]) -> None:
    capture.uninstrument()
    assert SyncAPIClient.request is foreign_wrapper
    assert ask(a_client()) == "Hello"
    assert capture.spans() == []


@pytest.mark.usefixtures("foreign_wrapper")
def test_on_again_below_a_wrapper_of_someone_else_observes_once(capture: Capture) -> None:
    capture.uninstrument()
    capture.instrument()
    ask(a_client())
    assert len(capture.spans()) == 1


def test_wrappers_that_the_sdk_cached_pass_through_afterwards(capture: Capture) -> None:
    capture.instrument()
    client = a_client()
    raw = client.chat.completions.with_raw_response
    streaming = client.chat.completions.with_streaming_response
    method = client.chat.completions.create
    raw.create(model="m", messages=MESSAGES)
    assert len(capture.spans()) == 1
    capture.uninstrument()
    raw.create(model="m", messages=MESSAGES)
    with streaming.create(model="m", messages=MESSAGES) as response:
        response.parse()
    method(model="m", messages=MESSAGES)
    assert len(capture.spans()) == 1


def test_an_operation_that_is_under_way_still_ends(capture: Capture) -> None:
    capture.instrument()
    client = FakeProvider(None, sse_reply(*answers.chat_chunks())).client()
    stream = client.chat.completions.create(model="m", messages=MESSAGES, stream=True)
    next(stream)
    capture.uninstrument()
    assert len(list(stream)) == len(answers.chat_chunks()) - 1
    assert capture.attributes()["gen_ai.usage.input_tokens"] == 1000


def test_instrumenting_twice_observes_once(capture: Capture) -> None:
    capture.instrument()
    capture.instrument()
    OpenAIInstrumentor().instrument(tracer_provider=capture.tracer_provider)
    ask(a_client())
    assert len(capture.spans()) == 1


def test_on_off_on_counts_once_on_the_same_provider(capture: Capture) -> None:
    client = a_client()
    for _ in range(3):
        capture.instrument()
        ask(client)
        capture.uninstrument()
        ask(client)
    assert len(capture.spans()) == 3
    assert capture.total(INPUT_TOKENS) == 3000
    assert capture.count(DURATION) == 3


def test_another_instrumentor_object_has_the_same_state(capture: Capture) -> None:
    capture.instrument()
    another = OpenAIInstrumentor()
    assert another.is_instrumented_by_opentelemetry
    another.uninstrument()
    assert not OpenAIInstrumentor().is_instrumented_by_opentelemetry
    ask(a_client())
    assert capture.spans() == []


def test_each_time_has_its_own_providers(capture: Capture) -> None:
    client = a_client()
    capture.instrument()
    ask(client)
    capture.uninstrument()
    second = Capture(FakeClock())
    second.instrument()
    ask(client)
    ask(client)
    assert (len(capture.spans()), len(second.spans())) == (1, 2)
    assert (capture.total(INPUT_TOKENS), second.total(INPUT_TOKENS)) == (1000, 2000)


def test_a_client_made_before_is_observed(capture: Capture) -> None:
    client = a_client()
    completions = client.chat.completions
    capture.instrument()
    completions.create(model="m", messages=MESSAGES)
    assert len(capture.spans()) == 1


def test_suppressed_calls_leave_nothing(capture: Capture) -> None:
    capture.instrument(capture_content="span_and_event")
    stream_client = FakeProvider(None, sse_reply(*answers.chat_chunks())).client()
    with suppress_instrumentation():
        ask(a_client())
        list(stream_client.chat.completions.create(model="m", messages=MESSAGES, stream=True))
        a_client().chat.completions.with_raw_response.create(model="m", messages=MESSAGES).parse()

        async def suppressed() -> None:
            client = FakeProvider(None, json_reply(answers.chat())).async_client()
            await client.chat.completions.create(model="m", messages=MESSAGES)
            streaming = FakeProvider(None, sse_reply(*answers.chat_chunks())).async_client()
            async for _ in await streaming.chat.completions.create(model="m", messages=MESSAGES, stream=True):
                pass

        asyncio.run(suppressed())
    assert capture.snapshot() == {"spans": [], "metrics": {}, "events": []}
    ask(a_client())
    assert len(capture.spans()) == 1


class Noting(Sampler):
    """Notes what it is asked, and drops."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, SpanKind | None, dict[str, Any]]] = []

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        self.asked.append((name, kind, dict(attributes or {})))
        return SamplingResult(Decision.DROP)

    def get_description(self) -> str:
        return "Noting"


def test_samplers_see_the_request() -> None:
    sampler = Noting()
    capture = Capture(sampler=sampler)
    capture.instrument()
    a_client().chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, temperature=0.5, seed=7)
    (asked,) = sampler.asked
    assert asked == (
        "chat gpt-4o-mini",
        SpanKind.CLIENT,
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "gpt-4o-mini",
            "gen_ai.request.temperature": 0.5,
            "gen_ai.request.seed": 7,
            "openai.api.type": "chat_completions",
            "otel_genai.input.message_count": len(MESSAGES),
            "server.address": "api.openai.com",
            "server.port": 443,
        },
    )


def test_unsampled_calls_are_counted_and_their_content_is_not_serialised(monkeypatch: pytest.MonkeyPatch) -> None:
    capture = Capture(sampler=ALWAYS_OFF)
    serialised: list[object] = []
    fit = content.fit

    def noted(structure: content.Structure, room: int) -> content.Fitted:
        serialised.append(structure)
        return fit(structure, room)

    monkeypatch.setattr(content, "fit", noted)
    capture.instrument(capture_content="span_only")
    ask(a_client())
    assert capture.spans() == []
    assert serialised == []
    assert (capture.total(INPUT_TOKENS), capture.count(DURATION)) == (1000, 1)
    assert capture.events() == []


def test_unsampled_calls_keep_their_events() -> None:
    capture = Capture(sampler=ALWAYS_OFF)
    capture.instrument(capture_content="span_and_event")
    ask(a_client())
    (details,) = capture.events()
    assert details["attributes"]["gen_ai.usage.input_tokens"] == 1000
    assert details["attributes"]["gen_ai.output.messages"]
    with pytest.raises(openai.NotFoundError):
        ask(FakeProvider(None, json_reply({}, status=404)).client())
    assert [event["name"] for event in capture.events()][-1] == "gen_ai.client.operation.exception"


def test_without_an_sdk_calls_go_through_and_nothing_is_kept() -> None:
    from opentelemetry._logs import NoOpLoggerProvider
    from opentelemetry.metrics import NoOpMeterProvider
    from opentelemetry.trace import NoOpTracerProvider

    providers: dict[str, Any] = {
        "tracer_provider": NoOpTracerProvider(),
        "meter_provider": NoOpMeterProvider(),
        "logger_provider": NoOpLoggerProvider(),
    }
    otel_genai_instr.instrument(**providers, capture_content="span_and_event")
    client = a_client()
    assert ask(client) == "Hello"
    telemetry = OpenAIInstrumentor.patcher.telemetry
    assert telemetry is not None
    assert isinstance(telemetry.tracer.start_span("probe"), NonRecordingSpan)
    for _ in range(100):
        ask(client)
    assert len(telemetry.metrics.table) <= series.MAX_SERIES


def test_a_wrong_option_changes_nothing(capture: Capture) -> None:
    before = methods()
    with pytest.raises(TypeError, match="unknown setting typo"):
        capture.instrument(typo=True)
    assert methods() == before
    capture.instrument()
    ask(a_client())
    assert len(capture.spans()) == 1


def test_the_scope_names_the_schema(capture: Capture) -> None:
    capture.instrument()
    ask(a_client())
    scope = capture.span().instrumentation_scope
    assert scope is not None
    assert (scope.name, scope.schema_url) == ("otel_genai_instr", semconv.SCHEMA_URL)


def test_options_given_later_take_the_place_of_the_former(capture: Capture) -> None:
    """As in an app that was started by ``opentelemetry-instrument``, and has settings in its code."""
    otel_genai_instr.instrument()
    capture.instrument(capture_content="span_only")
    ask(a_client())
    assert "gen_ai.input.messages" in capture.attributes()
    otel_genai_instr.instrument()  # nothing new is said
    ask(a_client())
    assert [("gen_ai.input.messages" in (span.attributes or {})) for span in capture.spans()] == [True, True]


@pytest.mark.parametrize(("option", "error"), [("capture_contnt", TypeError), ("capture_content", ValueError)])
def test_a_wrong_option_given_later_changes_nothing(option: str, error: type[Exception], capture: Capture) -> None:
    capture.instrument()
    untyped: Any = otel_genai_instr.instrument
    with pytest.raises(error):
        untyped(**{option: "x"})
    ask(a_client())
    assert capture.span().name == "chat gpt-4o-mini"


def test_a_provider_that_the_app_sets_later_goes_on_counting() -> None:
    """What instruments ahead of it is given a stand-in, which then passes everything on to the real one's meter."""
    capture, ahead = Capture(), _ProxyMeterProvider()
    client = FakeProvider(capture.clock, json_reply(answers.chat())).client()
    try:
        otel_genai_instr.instrument(meter_provider=ahead)
        ahead.on_set_meter_provider(capture.meter_provider)
        client.chat.completions.create(model="m", messages=[])
        otel_genai_instr.instrument(meter_provider=capture.meter_provider)
        client.chat.completions.create(model="m", messages=[])
    finally:
        otel_genai_instr.uninstrument()
    assert capture.total("gen_ai.client.inference.usage.input_tokens") == 2 * answers.CHAT_USAGE["prompt_tokens"]
    assert capture.count("gen_ai.client.inference.duration") == 2


@pytest.mark.parametrize("cost", [True, False])
def test_a_module_that_the_sdk_may_find_half_made_is_imported_ahead(
    cost: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some of openai's 2.x take whatever ``sys.modules`` has for httpx2, which the price data imports in a thread."""
    for name in ("sdk_that_looks", "half_made"):
        (tmp_path / f"{name}.py").write_text("")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    importlib.invalidate_caches()
    patcher = Patcher(dataclasses.replace(PROVIDER, seams=(), imported_with=(("sdk_that_looks", "half_made"),)))
    patcher.install(telemetry_with({"cost": cost}))
    assert "half_made" not in sys.modules
    try:
        importlib.import_module("sdk_that_looks")
        assert ("half_made" in sys.modules) is cost
    finally:
        patcher.uninstall()
        for name in ("sdk_that_looks", "half_made"):
            sys.modules.pop(name, None)


@pytest.mark.skipif(find_spec("openai._httpx2") is None, reason="this openai doesn't look for httpx2")
def test_this_sdk_finds_httpx2_complete(capture: Capture) -> None:
    capture.instrument()
    assert hasattr(sys.modules["httpx2"], "Response")
