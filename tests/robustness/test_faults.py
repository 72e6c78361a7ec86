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
from otel_genai_instr.patching.shapes import shape_of
from otel_genai_instr.pricing import Pricer
from otel_genai_instr.pricing.loading import LazySource, bundled_prices

from ..support.capture import Capture
from ..support.provider import FakeProvider
from . import injection
from .stories import STORIES, Story

THE_GUARD: Final = {
    "patching.streams:StreamWatch.take": "nothing but a guarded block",
    "patching.streams:StreamWatch.drained": "nothing but a guarded block",
    "patching.streams:StreamWatch.failed": "nothing but a guarded block",
    "patching.streams:StreamWatch.closed": "nothing but a guarded block",
    "patching.streams:StreamWatch.__del__": "nothing but a guarded block",
    "patching.streams:ObservedIterator.__iter__": "returns itself",
    "patching.streams:ObservedIterator.__next__": "a driver: the user's read, with guarded calls after it",
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
    }
)
"""The doors to the end of a span: with one of them broken, it may stay open."""

OFF_THE_PATH: Final = frozenset[str]()

ELSEWHERE: Final = {
    "pricing.loading:_load_genai_prices": "logged as a missing price list",
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
    shape_of.cache_clear()
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
            gc.collect()
    finally:
        capture.uninstrument()
    return seen, ended


def reached(story: Story) -> dict[str, FunctionType]:
    """Functions of ours that run while the app tells this story."""
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


def test_every_function_is_reached_by_a_story_or_listed_as_off_the_path() -> None:
    on_path = {name for story in STORIES for name in reached(story)}
    off_path = sorted(set(injection.functions()) - on_path)
    assert off_path == sorted(OFF_THE_PATH)
