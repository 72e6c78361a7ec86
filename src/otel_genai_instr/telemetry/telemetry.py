"""What the operations of one instrumentation share: providers, settings, prices and clocks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol, TypeVar

from opentelemetry import _logs, metrics, trace

from .. import guard
from .. import settings as environment
from .._version import __version__
from ..pricing import Estimator, Pricer, pricing_from
from ..semconv import SCHEMA_URL, SCOPE
from ..settings import Settings
from . import limits, set_up, workers
from .clock import Clock
from .content_counters import ContentCounters
from .dimensions import DimensionGuard
from .first_spans import FirstSpans, Look
from .metrics import Metrics, metrics_of
from .policy import ContentPolicy
from .privately import Privacy

_T = TypeVar("_T")


class Store(Protocol):
    """Where content goes in place of spans and events."""

    def put(
        self, trace_id: int, span_id: int, at_ns: int, content: Mapping[str, object], about: Mapping[str, object]
    ) -> str:
        """Take it, to be stored soon; return where it will be. Raises ``Withheld`` when no more is taken."""
        ...


class Hook(Protocol):
    """Is given content as well."""

    def feed(self, content: Mapping[str, object], span: object) -> None:
        """Take the content of a call, and change its span if it likes."""
        ...


class Telemetry:
    """Everything an operation needs to leave its signals. Absent providers mean the global ones."""

    def __init__(
        self,
        settings: Settings,
        tracer_provider: trace.TracerProvider | None = None,
        meter_provider: metrics.MeterProvider | None = None,
        logger_provider: _logs.LoggerProvider | None = None,
        pricer: Pricer | None = None,
        clock: Clock | None = None,
        estimator: Estimator | None = None,
    ) -> None:
        self.settings = settings
        self.is_by_environment = False
        """Whether it was made without any option."""
        self._tracer_provider = tracer_provider
        self._has_others = settings.record.is_logging or bool(meter_provider or logger_provider)
        """Whether something is recorded where there are no spans."""
        self.first_looks: list[Look] = []
        """Asked about others at the first calls."""
        self._take_tracer()
        self.metrics = _asked_for(
            "meter",
            lambda: metrics_of(meter_provider or metrics.get_meter_provider()),
            lambda: Metrics(metrics.NoOpMeter(SCOPE)),
        )
        self.logger = _asked_for(
            "logger",
            lambda: (logger_provider or _logs.get_logger_provider()).get_logger(
                SCOPE, __version__, schema_url=SCHEMA_URL
            ),
            lambda: _logs.NoOpLogger(SCOPE),
        )
        self.pricer = pricer or (shared_pricer if settings.prices is None else pricing_from(settings.prices))
        self.clock = clock or Clock()
        self.estimator = estimator or (Estimator() if settings.estimate_usage else None)
        """Counts the tokens that no provider reported; only for who asked."""
        if self.estimator is not None:
            self.estimator.warm_up()
        self.policy = ContentPolicy(settings)
        self.privacy = Privacy(settings)
        self.store = _store_of(settings, self.metrics.content)
        self.hook = _hook_of(settings)
        self.reads_messages = self.policy.may_read or self.estimator is not None
        """Whether messages of calls outside any block are read."""
        self.uses_bodies = (
            self.reads_messages or self.policy.on_event or settings.stream_usage or settings.record.is_anywhere
        )
        """Whether more is done with calls outside any block than with every call."""
        self.dimensions = DimensionGuard(settings.metric_dimensions, settings.metric_dimension_values)

    def _take_tracer(self) -> None:
        # A provider may be anybody's: what it can't give is not recorded, and the others are.
        tracer = _asked_for(
            "tracer",
            lambda: (self._tracer_provider or trace.get_tracer_provider()).get_tracer(
                SCOPE, __version__, schema_url=SCHEMA_URL
            ),
            trace.NoOpTracer,
        )
        self.tracer: trace.Tracer | FirstSpans = tracer
        self.spans_are_tight = limits.are_tight(tracer)
        """Whether all attributes may be too many for a span."""

    def look_at_first_spans(self) -> None:
        """Say what there is to say about a set-up that records nothing, or everything twice."""
        if not isinstance(self.tracer, FirstSpans):
            self.tracer = FirstSpans(self.tracer, self._has_others, self._take_tracer, self.first_looks)


def _store_of(settings: Settings, counters: ContentCounters) -> Store | None:
    if settings.content_store is None:
        return None
    from ..store.store import ContentStore  # for who has one

    return ContentStore(settings.content_store, settings.content_store_keys, counters.became)


def flush_stores(seconds: float) -> int:
    """Wait until what was given to any store is stored, for so long at most; return how many contents are left."""
    from ..store.store import flush_all  # for who asks

    return flush_all(seconds)


def _hook_of(settings: Settings) -> Hook | None:
    if settings.completion_hook is None:
        return None
    from ..store.hook import completion_hook  # for who has one

    return completion_hook(settings.completion_hook)


def _asked_for(what: str, ask: Callable[[], _T], otherwise: Callable[[], _T]) -> _T:
    try:
        return ask()
    except Exception as fault:
        guard.report(f"telemetry.{what}", fault)
        return otherwise()


shared_pricer = Pricer()
"""One for all instrumentations: resolved prices are the same for everyone."""

_PARTS: Final = ("tracer_provider", "meter_provider", "logger_provider", "pricer", "clock", "estimator")


def telemetry_with(options: Mapping[str, Any]) -> Telemetry:
    """Telemetry by the environment and by ``options``, which win: parts of :class:`Telemetry`, and settings.

    Without options it is that in force, where it was made so: under ``opentelemetry-instrument`` the instrumentors of
    several SDKs have one, which reads a price file, and says what is wrong with it, once.

    Raises:
        TypeError: for an option that doesn't exist.
        ValueError: for a value that an option can't have.
    """
    parts = {name: value for name, value in options.items() if name in _PARTS}
    chosen = {name: value for name, value in options.items() if name not in _PARTS}
    settings = environment.with_overrides(environment.from_environ(), chosen)
    if not options and _shared is not None and _shared.is_by_environment and _shared.settings == settings:
        return _shared
    telemetry = Telemetry(settings, **parts)
    telemetry.is_by_environment = not options
    return telemetry


_shared: Telemetry | None = None


def share(telemetry: Telemetry | None) -> None:
    """Let everything that no SDK shows use ``telemetry`` too; ``None`` goes back to the environment's."""
    global _shared
    if telemetry is not None and telemetry is not _shared:
        telemetry.look_at_first_spans()
    set_up.listen_for_no_collector(telemetry is not None)
    if telemetry is not None:
        guard.run("workers", workers.watch)
    _shared = telemetry


def shared() -> Telemetry:
    """The telemetry of the latest ``instrument()``, else one by the environment on the global providers."""
    global _shared
    if _shared is None:
        _shared = Telemetry(environment.from_environ())
    return _shared
