"""Every function of ours on the call path is made to raise in turn: the app must not notice, and we must."""

from __future__ import annotations

import gc
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, EntryPoints
from types import CodeType, FunctionType
from typing import Any, Final

import pytest
from opentelemetry import context
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor

import otel_genai_instr
from otel_genai_instr import guard, text
from otel_genai_instr.patching import hooks
from otel_genai_instr.pricing import Pricer, loading
from otel_genai_instr.pricing.loading import LazySource, bundled_prices
from otel_genai_instr.providers import fields, stainless
from otel_genai_instr.providers.openai.seams import ENDPOINTS
from otel_genai_instr.store import hook, store
from otel_genai_instr.telemetry import batches, telemetry
from otel_genai_instr.telemetry.record import LOGGER

from ..support.canaries import Kept
from ..support.capture import Capture
from ..support.settling import settle
from . import injection, tiny_stories
from .anthropic_stories import ANTHROPIC_STORIES, HAS_ANTHROPIC
from .batch_stories import BATCH_STORIES
from .content_stories import CONTENT_STORIES
from .price_stories import HAS_TIKTOKEN, HAS_YAML, PRICE_STORIES
from .route_stories import ROUTE_STORIES
from .session_stories import HAS_LANES, SESSION_STORIES
from .stories import HAS_RESPONSES, Story
from .stories import STORIES as CALL_STORIES
from .text_stories import TEXT_STORIES
from .tiny_stories import TINY_STORIES
from .tool_stories import HAS_RUNNERS, TOOL_STORIES

# Of blocks that only the beta's types have.
pytestmark = pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
STORIES: Final = (
    *CALL_STORIES,
    *TEXT_STORIES,
    *CONTENT_STORIES,
    *ROUTE_STORIES,
    *BATCH_STORIES,
    *PRICE_STORIES,
    *TINY_STORIES,
    *ANTHROPIC_STORIES,
    *SESSION_STORIES,
    *TOOL_STORIES,
)

THE_GUARD: Final = {
    "patching.bridge:_Standing.start_span": "called by the SDK; returns what it holds",
    "patching.generators:_begun": "nothing but a guarded block",
    "patching.generators:observe_generator": "a driver: the user's generator, with guarded calls after it",
    "patching.generators:observe_async_generator": "a driver: the user's generator, with guarded calls after it",
    "patching.outcomes:WatchedParser.__call__": "a driver: the SDK's parser, with a guarded call after it",
    "patching.streams:StreamWatch.drained": "nothing but a guarded block",
    "patching.streams:StreamWatch.failed": "nothing but a guarded block",
    "patching.streams:StreamWatch.closed": "nothing but a guarded block",
    "patching.streams:StreamWatch.dropped": "nothing but a guarded block",
    "telemetry.later:do_now": "nothing but guarded blocks",
    "text:as_text": "nothing but a guarded block",
    "text:_said_by": "an object of the app's may fail in it, which is logged once for its class",
    "telemetry.later:_note_collection": "called by the collector; notes a number",
    "patching.streams:observe": "a driver: the user's read, with guarded calls after it",
    "patching.streams:ObservedAsyncIterator.__aiter__": "returns itself",
    "patching.streams:ObservedAsyncIterator.__del__": "nothing but a guarded block",
    "patching.streams:observe_async": "a driver: the user's read, with guarded calls after it",
}
"""What holds the guard and so can't itself be made to fail; everything it calls is."""

NEVER_ENDS: Final = frozenset(
    {
        "patching.bridge:fail",
        "telemetry.late:Late.end_after_all",
        "telemetry.later:do",
        "telemetry.later:in_collection",
        "telemetry.life:Life._end",
        "telemetry.life:Life.drop",
        "telemetry.life:Life.fail",
        "telemetry.life:Life.finish",
        "telemetry.life:Life.stop",
        "telemetry.tools:ToolStep.answered",
        "telemetry.unsuppressed:UnsuppressedOperation._end",
    }
)
"""The doors to the end of a span: with one of them broken, it may stay open."""

WAITING: Final = frozenset({"otel-genai-content-store", "otel-genai-redactor"})
"""Threads that wait for work."""

OFF_THE_PATH: Final = {
    "at import or at instrument()": {
        "patching.binding:as_function",
        "privacy.engine:Pattern.__init__",
        "privacy.engine:Pattern._compile",
        "privacy.folding:Folding.__init__",
        "privacy.paths:parsed",
        "privacy.pseudonyms:Pseudonyms.__init__",
        "privacy.redaction:_checked",
        "privacy.redaction:_listed",
        "privacy.redaction:_mapped",
        "privacy.redaction:_of_file",
        "privacy.redaction:_of_list",
        "privacy.redaction:_of_mapping",
        "privacy.redaction:_of_word",
        "privacy.redaction:_paths",
        "privacy.redaction:_patterns",
        "privacy.redaction:_presidio",
        "privacy.redaction:_read",
        "privacy.redaction:redaction_from",
        "privacy.redactor:Redactor.__init__",
        "privacy.redactor:_Closed.__init__",
        "privacy.redactor:_check_pattern",
        "privacy.redactor:_made",
        "privacy.redactor:_missing",
        "privacy.redactor:_presidio",
        "privacy.redactor:redactor_from",
        "privacy.scanner:Scanner.__init__",
        "privacy.tools:Masks.__init__",
        "privacy.worker:Worker.__init__",
        "privacy.presidio:names_and_places",
        "store.folder:Folder.__init__",
        "store.hook:Hook.__init__",
        "store.hook:completion_hook",
        "store.location:located",
        "store.location:scheme_of",
        "store.sealing:cipher_of",
        "store.store:ContentStore.__init__",
        "store.store:ContentStore._begin",
        "store.store:_usable",
        "telemetry.privately:Privacy.__init__",
        "telemetry.telemetry:_hook_of",
        "telemetry.telemetry:_store_of",
        "telemetry.limits:are_tight",
        "patching.binding:standing_for",
        "patching.bridge:_around",
        "patching.bridge:_around_coroutine",
        "patching.bridge:_around_generators",
        "patching.bridge:wrap_attempt",
        "patching.bridge:wrap_call",
        "patching.bridge:wrap_own_spans",
        "patching.tools:_around",
        "patching.tools:_around_coroutine",
        "patching.tools:wrap_tool",
        "patching.sessions:_around",
        "patching.sessions:_around_coroutine",
        "patching.sessions:_around_opening",
        "patching.sessions:_around_receiving",
        "patching.sessions:wrap_session",
        "patching.instrumentor:GenAIInstrumentor._instrument",
        "patching.instrumentor:GenAIInstrumentor._uninstrument",
        "patching.instrumentor:GenAIInstrumentor.use",
        "patching.instrumentor:GenAIInstrumentor.instrumentation_dependencies",
        "patching.patcher:Patcher.__init__",
        "patching.patcher:Patcher._patch",
        "patching.patcher:Patcher._patch_module",
        "patching.patcher:Patcher._restore",
        "patching.patcher:Patcher._wrap",
        "patching.patcher:Patcher.install",
        "patching.patcher:Patcher.uninstall",
        "pricing.configured:WatchedBook.__init__",
        "pricing.configured:WatchedBook.when_replaced",
        "pricing.configured:pricing_from",
        "pricing.estimate:Estimator.__init__",
        "pricing.estimate:Estimator.load",
        "pricing.estimate:Estimator.warm_up",
        "pricing.loading:LazySource.__init__",
        "pricing.loading:_Gate.__init__",
        "pricing.lists.own_table:_none",
        "pricing.pricer:Pricer.__init__",
        "providers.endpoints:Endpoints.__init__",
        "providers.stainless:_Router.__init__",
        "providers.openai.apis:_telling_usage",
        "providers.openai.stream_usage:hiding",
        "providers.stainless:_unpacker",
        "providers.stainless:seams",
        "settings:CaptureContent.__init__",
        "telemetry.content_counters:ContentCounters.__init__",
        "telemetry.content_counters:_counter",
        "telemetry.policy:ContentPolicy.__init__",
        "settings:MetricsCompat.__init__",
        "settings:RecordTo.__init__",
        "settings:Tier.__init__",
        "settings:_capture_content",
        "settings:_content_modes",
        "settings:_named",
        "settings:from_environ",
        "settings:with_overrides",
        "pricing.loading:LazySource.when_replaced",
        "pricing.misses:MissLog.__init__",
        "settings:_feedback_key",
        "settings:_names",
        "settings:_too_short",
        "settings:feedback_keys",
        "settings:_without_people",
        "telemetry.dimensions:DimensionGuard.__init__",
        "telemetry.token_sums:_of_no_modality",
        "telemetry.step_metrics:StepMetrics.__init__",
        "telemetry.operation:tables",
        "telemetry.telemetry:_asked_for",
        "telemetry.telemetry:share",
        "telemetry.telemetry:telemetry_with",
        "telemetry.metrics:Metrics.__init__",
        "telemetry.metrics:_histogram",
        "telemetry.metrics:_observable",
        "telemetry.metrics:_made_ahead_of",
        "telemetry.metrics:_reference_to",
        "telemetry.metrics:metrics_of",
        "telemetry.series:SeriesTable.__init__",
        "telemetry.telemetry:Telemetry.__init__",
        "telemetry.telemetry:Telemetry._take_tracer",
        "telemetry.telemetry:Telemetry.look_at_first_spans",
        "telemetry.first_spans:FirstSpans.__init__",
        "telemetry.set_up:listen_for_no_collector",
        "patching.instrumentor:GenAIInstrumentor.conflict",
        "patching.instrumentor:GenAIInstrumentor.instrument",
        "patching.neighbours:named",
        "settings:_switched",
    },
    "no SDK, no Collector, somebody else, workers: test_first_hour.py, test_twelve_mistakes.py": {
        "patching.neighbours:_observed_by",
        "telemetry.set_up:_AtTheDefaultAddress.filter",
        "telemetry.set_up:_is_of_the_api",
        "telemetry.set_up:_say_no_collector",
        "telemetry.set_up:has_no_sdk",
        "telemetry.set_up:say_no_sdk",
        "telemetry.workers:watch",
        "telemetry.workers:_watch",
        "telemetry.workers:_look_at_the_end",
        "telemetry.workers:_say",
        "telemetry.workers:_processors",
        "telemetry.workers:_waits",
    },
    "when metrics are collected, where the SDK logs what a callback raises": {
        "telemetry.metrics:_internal_errors",
        "telemetry.metrics:_observed",
        "telemetry.series:SeriesTable.observe",
        "telemetry.token_sums:_input",
        "telemetry.token_sums:_output",
        "telemetry.token_sums:_with_unknown",
    },
    "in a thread of its own, around what is guarded": {
        "telemetry.later:_work",
    },
    "when the process ends": {
        "pricing.loading:_Gate._close",
        "store.store:ContentStore._end",
        "store.store:ContentStore.flush",
        "store.store:_end_all",
        "telemetry.later:finish",
        "patching.streams:end_all",
    },
    "at a fork": {
        "privacy.engine:_count_fork",
        "store.store:ContentStore.after_fork",
        "store.store:_after_fork",
        "patching.streams:_leave_to_parent",
        "telemetry.life:Life.disown",
        "telemetry.batches:_free_the_lock",
        "telemetry.later:_start_empty",
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
        "patching.contract:SessionReader.breaks",
        "patching.contract:SessionReader.forget",
        "patching.contract:SessionReader.read_error",
        "patching.contract:SessionReader.received",
        "patching.contract:SessionReader.request",
        "patching.contract:SessionReader.sent",
        "patching.contract:StreamReader.feed",
        "pricing.source:PriceSource.find",
        "telemetry.life:Reading.details",
        "telemetry.life:Reading.output",
        "telemetry.life:Reading.response",
        "telemetry.privately:Pseudonyms.of",
        "telemetry.privately:Redactor.structure",
        "telemetry.privately:Redactor.text",
        "telemetry.telemetry:Hook.feed",
        "telemetry.telemetry:Store.put",
    },
    "for the app, the command, or a test, to ask": {
        "pricing.context_window:_source",
        "pricing.context_window:context_window",
        "pricing.lists.genai_prices_source:GenaiPricesSource.context_window",
        "store.store:flush_all",
        "telemetry.telemetry:flush_stores",
        "settings:console_shows_http_messages",
        "settings:disabled_instrumentations",
        "settings:is_set",
        "settings:sdk_is_disabled",
        "telemetry.batches:forget",
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
    "the call itself, where somebody else's descriptor stands in the class: test_beside_others.py": {
        "patching.binding:_bound",
    },
    "where somebody else leaves a context behind, after the call: test_beside_others.py": {
        "patching.bridge:give_way",
    },
    "where price data takes too long, or comes too late: test_price_patience.py": {
        "pricing.source:NotLoaded.find",
    },
    "where price data isn't there yet: tests/spans/test_price_wait.py": {
        "telemetry.later:settle",
        "telemetry.life:Life._end_after_all",
        "telemetry.price_wait:PriceWait._do",
        "telemetry.price_wait:PriceWait.put_off",
    },
    "where price data is missing": {
        "pricing.source:NoPrices.find",
    },
    "reads tiktoken's files, which are downloaded: the stories bring an encoding of their own": {
        "pricing.estimate:_load_encoding",
    },
    "the default of a price list without units, which no source makes": {
        "pricing.charging.rates:_no_units",
    },
    "for the messages of a stream whose content isn't kept": {
        "providers.anthropic.streams:MessageStreamReader.output",
        "providers.openai.streams:ChatStreamReader.output",
    },
    "where nobody asks for the time of each chunk: tests/sessions": {
        "patching.sessions:_enough",
    },
    "what a session never asks for: no answer is returned": {
        "providers.openai.sessions:_never",
    },
    "where a store is far away, refuses or is full: tests/store": {
        "store.folder:_asked",
        "store.folder:_fault",
        "store.folder:_together",
        "store.store:ContentStore._lose",
        "store.store:ContentStore._say",
        "store.store:ContentStore._say_full",
        "store.store:_reason",
        "store.store:_uncounted",
    },
    "when what was recorded is read again: tests/store, tests/cli": {
        "store.folder:Folder.names",
        "store.folder:Folder.read",
        "store.reading:Reader.__init__",
        "store.reading:Reader._days",
        "store.reading:Reader._decrypted",
        "store.reading:Reader._names",
        "store.reading:Reader._nothing",
        "store.reading:Reader._unreachable",
        "store.reading:Reader.by_ids",
        "store.reading:Reader.by_path",
        "store.reading:_numbers",
        "store.reading:_record",
        "store.reading:_shown",
        "store.reading:by_reference",
        "store.sealing:_named",
        "privacy.pseudonyms:Pseudonyms.all_of",
    },
    "needs Presidio and its models: tests/privacy": {
        "privacy.presidio:_without_names",
    },
    "of what content has seldom: tests of its own": {
        "privacy.checks:_is_code",
        "privacy.paths:_masked_text",
        "privacy.paths:_masked_texts",
        "telemetry.digests:_shortened",
    },
    "where a span is full: tests/engine/test_span_limits.py": {
        "telemetry.limits:places",
    },
    "what each kind of life has of its own": {
        "telemetry.late:Late.look",
        "telemetry.life:Life._parts",
        "telemetry.life:Life._waits_for_prices",
        "telemetry.life:Life._seen",
    },
}
"""Functions that no story reaches, by the reason. Anything else that no story reaches needs a story."""


@dataclass
class Ended(SpanProcessor):
    """Which spans were started and not ended."""

    open: set[int] = field(default_factory=set[int])

    def on_start(self, span: Any, parent_context: context.Context | None = None) -> None:
        self.open.add(span.context.span_id)

    def on_end(self, span: ReadableSpan) -> None:
        self.open.discard(span.context.span_id)  # pyright: ignore[reportOptionalMemberAccess]


class SaidFaults(logging.Filter):
    """Counts log lines about a fault, and lets none through: pytest keeps them, and they keep its frames alive."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        # A redactor is warned about once, whatever it fails of; each content that is withheld is counted.
        self.count += injection.Fault.__name__ in message or "Content is withheld" in message
        return False


@pytest.fixture(autouse=True)
def said(monkeypatch: pytest.MonkeyPatch, clean_world: None) -> Iterator[SaidFaults]:
    """As in production, where price files and lists that can't be used are logged; the guard counts everything else."""
    monkeypatch.setattr(guard, "strict", False)
    loggers = [logging.getLogger(name) for name in ("otel_genai_instr", loading.__name__)]
    faults = SaidFaults()
    record_log = logging.getLogger(LOGGER)
    before = record_log.level
    record_log.setLevel(logging.INFO)
    for logger in loggers:
        logger.addFilter(faults)
    yield faults
    record_log.setLevel(before)
    for logger in loggers:
        logger.removeFilter(faults)


@pytest.fixture(autouse=True)
def tiny_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more SDK is instrumented."""
    known = otel_genai_instr._INSTRUMENTORS  # pyright: ignore[reportPrivateUsage]
    monkeypatch.setitem(known, "TinyInstrumentor", (tiny_stories.SDK, tiny_stories.__name__))


@pytest.fixture(autouse=True)
def no_threads(monkeypatch: pytest.MonkeyPatch, said: SaidFaults) -> None:
    """A thread of ours does its work where it is started: elsewhere it would be hidden what happens in it.

    Not those that wait for work: what happens in them is noted.
    """

    class AtOnce(threading.Thread):
        def start(self) -> None:
            if self.name.startswith("otel-genai-") and self.name not in WAITING:
                self.run()
            else:
                super().start()

        def run(self) -> None:
            try:
                super().run()
            except injection.Fault:  # it ends the thread, and Python says so on standard error
                said.count += 1

    monkeypatch.setattr(threading, "Thread", AtOnce)
    monkeypatch.setattr(store, "IDLE_SECONDS", 0.05)
    monkeypatch.setattr(store, "PAUSE", 0.0)


@pytest.fixture(autouse=True)
def hooks_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    """One completion hook more is installed."""
    monkeypatch.setattr(Kept, "calls", [])

    def offered(group: str) -> EntryPoints:
        return EntryPoints([EntryPoint("Kept", f"{Kept.__module__}:Kept", group)])

    monkeypatch.setattr(hook, "entry_points", offered)


def outcome(story: Story) -> object:
    """What the app sees: a value, or an exception with all that led to it."""
    provider = story.transport(None, *story.replies())
    try:
        return "returned", story.tell(provider)
    except Exception as error:
        causes: list[BaseException] = []
        link: BaseException | None = error
        while link is not None:
            causes.append(link)
            link = link.__cause__ or link.__context__
        return "raised", [(type(cause), str(cause)) for cause in causes]


def observed(
    story: Story,
    around: AbstractContextManager[Any] | None = None,
    interrupt: type[BaseException] = injection.Fault,
) -> tuple[object, Ended]:
    """The same with a new instrumentation that remembers nothing; returns spans that stayed open, too.

    What the app sees can also be an ``interrupt``.
    """
    capture = Capture()
    ended = Ended()
    capture.tracer_provider.add_span_processor(ended)
    for remembered in (stainless._kind_of, hooks.is_async, fields.is_mapping):  # pyright: ignore[reportPrivateUsage]
        remembered.cache_clear()
    hook._class.cache_clear()  # pyright: ignore[reportPrivateUsage]
    text._speechless.clear()  # pyright: ignore[reportPrivateUsage]
    batches.forget()
    ENDPOINTS._known.clear()  # pyright: ignore[reportPrivateUsage]
    options: dict[str, Any] = {
        "capture_content": "span_and_event",
        "metrics_compat": "both",
        "time_per_output_chunk": True,
        "prompt_length": True,
        "pricer": Pricer(LazySource(bundled_prices._load)),  # pyright: ignore[reportPrivateUsage]
        **story.options(),
    }
    capture.instrument(**options)
    try:
        with around or nullcontext():
            seen: object = interrupt
            with suppress(interrupt):
                seen = outcome(story)
            settle()
            _let_store_write()
            if ended.open:
                gc.collect()  # what was dropped ends when it is collected
                settle()
    finally:
        capture.uninstrument()
    return seen, ended


def _let_store_write() -> None:
    """Until it has, or its thread has died of a fault."""
    ours = telemetry._shared  # pyright: ignore[reportPrivateUsage]  # not by a function that may be broken
    target: Any = None if ours is None else ours.store
    while target is not None and (target._waiting or target._busy):
        thread = target._thread
        if thread is None or not thread.is_alive():
            return
        time.sleep(0.001)


def reached(story: Story) -> dict[str, FunctionType]:
    """Functions of ours that run while the app tells this story."""
    outcome(story)  # what the SDK imports at first use is patched then, and not in the call
    called: set[CodeType] = set()
    written = injection.functions()  # imports all of them: what runs at import is no part of a call
    observed(story, injection.recording(called))
    return {name: function for name, function in written.items() if function.__code__ in called}


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_fault_of_ours_is_counted_or_said_and_never_seen(
    story: Story, said: SaidFaults, pytestconfig: pytest.Config
) -> None:
    if story in TINY_STORIES and pytestconfig.getoption("--provider"):
        pytest.skip("tells nothing of an SDK: runs without a choice of one have it")
    expected = outcome(story)
    assert observed(story)[0] == expected
    wrong: list[str] = []
    for name, function in reached(story).items():
        if name in THE_GUARD:
            continue
        guard.reset()
        said.count = 0
        before = context.get_current()
        seen, ended = observed(story, injection.raising(function))
        if seen != expected:
            wrong.append(f"{name}: the app saw {seen}")
        if context.get_current() != before:
            wrong.append(f"{name}: the context changed")
        if ended.open and name not in NEVER_ENDS:
            wrong.append(f"{name}: the span stayed open")
        faults = sum(count for (_, kind), count in guard.counts().items() if kind == "Fault")
        if injection.hits and not faults and not said.count:
            wrong.append(f"{name}: swallowed silently, {injection.hits} times")
    assert not wrong, "\n".join(wrong)


@pytest.mark.skipif(
    not (HAS_RESPONSES and HAS_LANES and HAS_RUNNERS and HAS_YAML and HAS_TIKTOKEN and HAS_ANTHROPIC),
    reason="what reads responses, lanes, tools, YAML, text or messages is not reached",
)
def test_every_function_is_reached_by_a_story_or_is_known_to_be_off_the_path() -> None:
    on_path = {name for story in STORIES for name in reached(story)}
    off_path = set(injection.functions()) - on_path
    known = {name for names in OFF_THE_PATH.values() for name in names}
    assert off_path - known == set(), "needs a story"
    assert known & on_path == set(), "is reached after all"
    assert (known | set(THE_GUARD) | NEVER_ENDS) - set(injection.functions()) == set(), "is gone"
