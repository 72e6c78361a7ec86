"""Metrics of finished operations: taken from the call, never from the span, so sampling can't change them."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import pairwise
from typing import Final

from opentelemetry.context import Context
from opentelemetry.metrics import CallbackOptions, Histogram, Meter, MeterProvider, Observation

from .. import guard, pricing
from .._version import __version__
from ..model import Failure, Usage
from ..semconv import SCHEMA_URL, SCOPE, own
from ..semconv import attributes as names
from ..semconv import metrics as instruments
from ..settings import MetricsCompat
from .attributes import Attributes
from .content_counters import ContentCounters
from .series import Series, SeriesTable
from .step_metrics import StepMetrics
from .token_sums import COUNTERS, Counter

MAX_EVALUATION_SERIES: Final = 500
"""Distinct combinations of an evaluation's name, label and evaluator; further ones share the overflow series."""


class Metrics:
    """All instruments on one meter provider."""

    def __init__(self, meter: Meter) -> None:
        self.table: Final = SeriesTable()
        self._inference_duration = _histogram(meter, instruments.INFERENCE_DURATION)
        self._operation_duration = _histogram(meter, instruments.OPERATION_DURATION)
        self.steps: Final = StepMetrics(partial(_histogram, meter), self._operation_duration)
        self._time_to_first_chunk = _histogram(meter, instruments.INFERENCE_TIME_TO_FIRST_CHUNK)
        self._time_per_output_chunk = _histogram(meter, instruments.INFERENCE_TIME_PER_OUTPUT_CHUNK)
        self._input_tokens = _histogram(meter, instruments.OPERATION_INPUT_TOKENS)
        self._output_tokens = _histogram(meter, instruments.OPERATION_OUTPUT_TOKENS)
        self._cost = _histogram(meter, instruments.OPERATION_COST)
        self.content: Final = ContentCounters(meter)
        self._evaluation_score = _histogram(meter, instruments.EVALUATION_SCORE)
        self._evaluations: Final[set[tuple[str, str | None, str]]] = set()
        self._legacy_time_to_first_chunk = _histogram(meter, instruments.LEGACY_TIME_TO_FIRST_CHUNK)
        self._legacy_token_usage = _histogram(meter, instruments.LEGACY_TOKEN_USAGE)
        for counter in COUNTERS:
            _observable(meter, counter.instrument, partial(_observed, self.table, counter))
        _observable(meter, instruments.INTERNAL_ERRORS, _internal_errors)

    def record_duration(
        self,
        attributes: Attributes,
        inference: bool,
        failure: Failure | None,
        seconds: float,
        compat: MetricsCompat,
        context: Context,
    ) -> None:
        """The duration of any operation, with ``error.type`` when it failed."""
        if failure is not None:
            # Not kept: the type of a failure is low-cardinality by intent, but not by guarantee.
            attributes = {**attributes, names.ERROR_TYPE: failure.type}
        if inference and compat.emits_latest:
            self._inference_duration.record(seconds, attributes, context)
        if not inference or compat.emits_legacy:
            self._operation_duration.record(seconds, attributes, context)

    def record_stream(
        self,
        attributes: Attributes,
        first_chunk: float,
        chunks: Sequence[float],
        compat: MetricsCompat,
        context: Context,
    ) -> None:
        """Seconds to the first chunk and, if the times of all chunks were collected, between them."""
        if compat.emits_latest:
            self._time_to_first_chunk.record(first_chunk, attributes, context)
        if compat.emits_legacy:
            self._legacy_time_to_first_chunk.record(first_chunk, attributes, context)
        for before, after in pairwise(chunks):
            self._time_per_output_chunk.record(after - before, attributes, context)

    def record_usage(
        self,
        series: Series,
        inference: bool,
        usage: Usage,
        outcome: pricing.Cost | pricing.Unpriced | None,
        compat: MetricsCompat,
        context: Context,
    ) -> None:
        """The tokens of a call, and what they cost in their own currency, or that they have no price.

        Embeddings have no token metric in today's conventions.
        """
        if inference and compat.emits_latest:
            attributes = series.plus(_ESTIMATED) if usage.estimated else series.attributes
            tokens = usage.input_tokens
            if tokens is not None:
                self._input_tokens.record(tokens, attributes, context)
            tokens = usage.output_tokens
            if tokens is not None:
                self._output_tokens.record(tokens, attributes, context)
            self.table.add(series, usage)
        if compat.emits_legacy:
            self._record_legacy_usage(series, usage, context)
        if isinstance(outcome, pricing.Cost):
            attributes = series.of_cost(outcome.currency, outcome.source, outcome.estimated)
            self._cost.record(outcome.amount, attributes, context)
        elif outcome is not None:
            unpriced = (usage.input_tokens or 0) + (usage.output_tokens or 0)
            if unpriced:
                self.table.add_unpriced(series, unpriced, outcome.value)

    def _record_legacy_usage(self, series: Series, usage: Usage, context: Context) -> None:
        mark = (_ESTIMATED,) if usage.estimated else ()
        for kind, tokens in (("input", usage.input_tokens), ("output", usage.output_tokens)):
            if tokens is not None:
                self._legacy_token_usage.record(tokens, series.plus((names.TOKEN_TYPE, kind), *mark), context)

    def record_evaluation(self, name: str, label: str | None, evaluator: str, score: float, context: Context) -> None:
        """The score of one evaluation. Names and labels may come from anywhere, so their number is bounded."""
        key = (name, label, evaluator)
        # No lock, so that a forked child can't find it held; threads that race for the last place add a series each.
        if key not in self._evaluations and len(self._evaluations) >= MAX_EVALUATION_SERIES:
            self._evaluation_score.record(score, {names.METRIC_OVERFLOW: True}, context)
            return
        self._evaluations.add(key)
        attributes = {names.EVALUATION_NAME: name, own.EVALUATION_EVALUATOR: evaluator}
        if label is not None:
            attributes[names.EVALUATION_SCORE_LABEL] = label
        self._evaluation_score.record(score, attributes, context)


_metrics: list[tuple[Callable[[], MeterProvider | None], Metrics]] = []
"""By the provider itself: one that is somebody else's may compare by value, and have no hash."""


def metrics_of(provider: MeterProvider) -> Metrics:
    """The instruments on ``provider``, made once: it reads one callback of each observable counter."""
    _metrics[:] = [entry for entry in _metrics if entry[0]() is not None]
    for known, metrics in _metrics:
        if known() is provider:
            return metrics
    metrics = _made_ahead_of(provider) or Metrics(provider.get_meter(SCOPE, __version__, SCHEMA_URL))
    _metrics.append((_reference_to(provider), metrics))
    return metrics


def _made_ahead_of(provider: MeterProvider) -> Metrics | None:
    """Those of the stand-in that the API gave out before the app set ``provider``: they are on its meter by now."""
    ahead = (made for known, made in _metrics if getattr(known(), "_real_meter_provider", None) is provider)
    return next(ahead, None)


def _reference_to(provider: MeterProvider) -> Callable[[], MeterProvider | None]:
    try:
        return weakref.ref(provider)
    except TypeError:  # one that can't be referred to weakly is kept
        return lambda: provider


_ESTIMATED: Final = (own.COST_ESTIMATED, True)


def _observed(table: SeriesTable, counter: Counter, _options: CallbackOptions) -> Iterable[Observation]:
    return table.observe(counter)


def _internal_errors(_options: CallbackOptions) -> Iterable[Observation]:
    return [
        Observation(count, {own.INTERNAL_ERROR_PLACE: place, names.ERROR_TYPE: kind})
        for (place, kind), count in guard.counts().items()
    ]


def _histogram(meter: Meter, instrument: instruments.Instrument) -> Histogram:
    return meter.create_histogram(
        instrument.name,
        instrument.unit,
        instrument.description,
        explicit_bucket_boundaries_advisory=instrument.buckets,
    )


def _observable(
    meter: Meter,
    instrument: instruments.Instrument,
    callback: Callable[[CallbackOptions], Iterable[Observation]],
) -> None:
    meter.create_observable_counter(instrument.name, [callback], instrument.unit, instrument.description)
