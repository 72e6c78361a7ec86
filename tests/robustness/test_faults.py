"""Every function of ours on the call path is made to raise in turn: the app must not notice, and we must."""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from types import CodeType, FunctionType
from typing import Any, Final

import pytest
from opentelemetry import context
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor

from otel_genai_instr import guard
from otel_genai_instr.patching import hooks
from otel_genai_instr.patching.shapes import shape_of
from otel_genai_instr.pricing import Pricer
from otel_genai_instr.pricing.loading import LazySource, bundled_prices
from otel_genai_instr.providers import fields

from ..support.capture import Capture
from ..support.provider import FakeProvider
from . import injection
from .stories import HAS_RESPONSES, STORIES, Story

THE_GUARD: Final = {
    "patching.streams:StreamWatch.take": "nothing but a guarded block",
    "patching.streams:StreamWatch.drained": "nothing but a guarded block",
    "patching.streams:StreamWatch.failed": "nothing but a guarded block",
    "patching.streams:StreamWatch.closed": "nothing but a guarded block",
    "patching.streams:StreamWatch.__del__": "nothing but a guarded block",
    "patching.streams:observe": "a driver: the user's read, with guarded calls after it",
    "patching.streams:ObservedAsyncIterator.__aiter__": "returns itself",
    "patching.streams:ObservedAsyncIterator.__anext__": "a driver: the user's read, with guarded calls after it",
}
"""What holds the guard and so can't itself be made to fail; everything it calls is."""

NEVER_ENDS: Final = frozenset(
    {
        "telemetry.operation:Operation._end",
        "telemetry.operation:Operation.finish",
        "telemetry.operation:Operation.stop",
        "telemetry.operation:Operation.fail",
        "telemetry.steps:Step._end",
        "telemetry.steps:Step.fail",
        "telemetry.steps:Step.finish",
        "telemetry.steps:Step.stop",
    }
)
"""The doors to the end of a span: with one of them broken, it may stay open."""

OFF_THE_PATH: Final = {
    "at import or at instrument()": {
        "patching.bridge:wrap_async",
        "patching.bridge:wrap_attempt",
        "patching.bridge:wrap_sync",
        "patching.instrumentor:GenAIInstrumentor._instrument",
        "patching.instrumentor:GenAIInstrumentor._uninstrument",
        "patching.instrumentor:GenAIInstrumentor.instrumentation_dependencies",
        "patching.patcher:Patcher.__init__",
        "patching.patcher:Patcher._patch",
        "patching.patcher:Patcher._patch_module",
        "patching.patcher:Patcher._wrap",
        "patching.patcher:Patcher._wrap_attempt",
        "patching.patcher:Patcher.install",
        "patching.patcher:Patcher.uninstall",
        "pricing.cache:BoundedCache.__init__",
        "pricing.loading:LazySource.__init__",
        "pricing.loading:_Gate.__init__",
        "pricing.pricer:Pricer.__init__",
        "settings:_capture_content",
        "settings:_choice",
        "settings:_content_modes",
        "settings:_named",
        "settings:_pairs",
        "settings:_switch",
        "settings:_warn",
        "settings:from_environ",
        "settings:with_overrides",
        "pricing.loading:LazySource.when_replaced",
        "pricing.misses:MissLog.__init__",
        "pricing.pricer:Pricer.forget",
        "settings:_count",
        "settings:_names",
        "settings:_without_people",
        "telemetry.dimensions:DimensionGuard.__init__",
        "telemetry.metrics:_cells",
        "telemetry.series:Cell.__init__",
        "telemetry.step_metrics:StepMetrics.__init__",
        "telemetry.telemetry:share",
        "telemetry.telemetry:telemetry_with",
        "telemetry.metrics:Metrics.__init__",
        "telemetry.metrics:_histogram",
        "telemetry.metrics:_observable",
        "telemetry.metrics:metrics_of",
        "telemetry.series:SeriesTable.__init__",
        "telemetry.series:observer",
        "telemetry.telemetry:Telemetry.__init__",
    },
    "when metrics are collected, where the SDK logs what a callback raises": {
        "telemetry.metrics:_internal_errors",
        "telemetry.series:SeriesTable.observe",
    },
    "at a fork": {
        "pricing.loading:_Gate._after_fork_in_child",
        "pricing.loading:_Gate._after_fork_in_parent",
        "telemetry.tally:_free_the_lock",
        "pricing.loading:_Gate._before_fork",
        "telemetry.series:SeriesTable.free_the_lock",
        "telemetry.series:_free_all_locks",
    },
    "protocols, without code": {
        "patching.hooks:Watch.closed",
        "patching.hooks:Watch.drained",
        "patching.hooks:Watch.failed",
        "patching.methods:StreamReader.feed",
        "patching.methods:StreamReader.output",
        "patching.methods:StreamReader.response",
        "pricing.source:PriceSource.find",
        "telemetry.operation:Reading.output",
        "telemetry.operation:Reading.response",
    },
    "for the app, or a test, to ask": {
        "patching.streams:ObservedAsyncIterator.__getattr__",
        "pricing.cache:BoundedCache.total",
        "pricing.pricer:Pricer.cached_prices",
        "telemetry.series:SeriesTable.__len__",
    },
    "a watch before it has a reader; a stream gets one at once": {
        "patching.streams:_ignore",
    },
    "what was thought of an operation is no part of it; it has tests of its own": {
        "telemetry.events:emit_evaluation",
        "telemetry.metrics:Metrics.record_evaluation",
    },
    "for objects that are neither dictionaries nor models of this SDK": {
        "providers.fields:_fields_of_other",
        "providers.fields:is_mapping",
    },
    "where price data is missing": {
        "pricing.source:NoPrices.find",
    },
    "for streams of an API that has none": {
        "providers.openai.streams:NoStreamReader.__init__",
        "providers.openai.streams:NoStreamReader.feed",
        "providers.openai.streams:NoStreamReader.output",
        "providers.openai.streams:NoStreamReader.response",
    },
}
"""Functions that no story reaches, by the reason. Anything else that no story reaches needs a story."""

PRICING: Final = "pricing."
"""All of it runs below one guard. What the stories reach is broken one by one all the same."""

ELSEWHERE: Final = {
    "pricing.bundled:BundledSource.__init__": "logged as a missing price list",
    "pricing.corrected:CorrectedSource.__init__": "logged as a missing price list",
    "pricing.loading:_load_bundled_prices": "logged as a missing price list",
    "pricing.genai_prices_source:GenaiPricesSource.__init__": "logged as a missing price list",
}
"""Faults that are reported otherwise than by the guard."""


@dataclass
class Ended(SpanProcessor):
    """Which spans were started and not ended."""

    open: set[int] = field(default_factory=set[int])

    def on_start(self, span: Any, parent_context: context.Context | None = None) -> None:
        self.open.add(span.context.span_id)

    def on_end(self, span: ReadableSpan) -> None:
        self.open.discard(span.context.span_id)  # pyright: ignore[reportOptionalMemberAccess]


@pytest.fixture(autouse=True)
def lenient(monkeypatch: pytest.MonkeyPatch, clean_world: None) -> None:
    """As in production, but for the log: pytest keeps its records, and they keep the frames of a fault alive."""
    monkeypatch.setattr(guard, "strict", False)
    monkeypatch.setattr(logging.getLogger("otel_genai_instr"), "disabled", True)


@pytest.fixture(autouse=True, scope="module")
def quick_collection() -> Iterator[None]:
    """Each run is followed by a collection; what was there before need not be looked at again."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def outcome(story: Story) -> object:
    """What the app sees: a value, or an exception with all that led to it."""
    provider = FakeProvider(None, *story.replies())
    try:
        return "returned", story.tell(provider)
    except Exception as error:
        causes: list[BaseException] = []
        link: BaseException | None = error
        while link is not None:
            causes.append(link)
            link = link.__cause__ or link.__context__
        return "raised", [(type(cause), str(cause)) for cause in causes]


def observed(story: Story, around: AbstractContextManager[Any] | None = None) -> tuple[object, Ended]:
    """The same with a new instrumentation that remembers nothing; returns spans that stayed open, too."""
    capture = Capture()
    ended = Ended()
    capture.tracer_provider.add_span_processor(ended)
    for remembered in (shape_of, hooks.is_async, fields.is_mapping):
        remembered.cache_clear()
    source = LazySource(bundled_prices._load)  # pyright: ignore[reportPrivateUsage]
    # Prices are loaded in the call: a thread would hide what happens in it.
    source._started_in = os.getpid()  # pyright: ignore[reportPrivateUsage]
    capture.instrument(
        capture_content="span_and_event",
        metrics_compat="both",
        time_per_output_chunk=True,
        pricer=Pricer(source),
    )
    try:
        with around or nullcontext():
            seen = outcome(story)
            if ended.open:
                gc.collect()  # what was dropped ends when it is collected
    finally:
        capture.uninstrument()
    return seen, ended


def reached(story: Story) -> dict[str, FunctionType]:
    """Functions of ours that run while the app tells this story."""
    outcome(story)  # what the SDK imports at first use is patched then, and not in the call
    called: set[CodeType] = set()
    observed(story, injection.recording(called))
    return {name: function for name, function in injection.functions().items() if function.__code__ in called}


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_fault_of_ours_is_counted_and_never_seen(story: Story) -> None:
    expected = outcome(story)
    assert observed(story)[0] == expected
    wrong: list[str] = []
    for name, function in reached(story).items():
        if name in THE_GUARD:
            continue
        guard.reset()
        before = context.get_current()
        seen, ended = observed(story, injection.raising(function))
        if seen != expected:
            wrong.append(f"{name}: the app saw {seen}")
        if context.get_current() != before:
            wrong.append(f"{name}: the context changed")
        if ended.open and name not in NEVER_ENDS:
            wrong.append(f"{name}: the span stayed open")
        faults = sum(count for (_, kind), count in guard.counts().items() if kind == "Fault")
        if injection.hits and not faults and name not in ELSEWHERE:
            wrong.append(f"{name}: swallowed silently, {injection.hits} times")
    assert not wrong, "\n".join(wrong)


@pytest.mark.skipif(not HAS_RESPONSES, reason="this openai has no Responses API, so its readers are not reached")
def test_every_function_is_reached_by_a_story_or_is_known_to_be_off_the_path() -> None:
    on_path = {name for story in STORIES for name in reached(story)}
    off_path = set(injection.functions()) - on_path
    known = {name for names in OFF_THE_PATH.values() for name in names}
    known |= {name for name in off_path if name.startswith(PRICING)}
    assert off_path - known == set(), "needs a story"
    assert known & on_path == set(), "is reached after all"
