"""Metrics of finished operations: taken from the call, never from the span, so sampling can't change them."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Final

from opentelemetry.context import Context
from opentelemetry.metrics import CallbackOptions, Histogram, Meter, MeterProvider, Observation

from .. import guard, pricing
from .._version import __version__
from ..model import Failure, Request, Usage
from ..semconv import SCHEMA_URL, own, values
from ..semconv import attributes as names
from ..semconv import metrics as instruments
from ..settings import MetricsCompat
from .series import Cell, Series, SeriesTable, observer
from .step_metrics import StepMetrics

SCOPE: Final = "otel_genai_instr"

MAX_EVALUATION_SERIES: Final = 500
"""Distinct combinations of an evaluation's name, label and evaluator; further ones share the overflow series."""

_TOKEN_COUNTERS: Final = (
    instruments.USAGE_INPUT_TOKENS,
    instruments.USAGE_OUTPUT_TOKENS,
    instruments.USAGE_CACHE_READ_INPUT_TOKENS,
    instruments.USAGE_CACHE_WRITE_INPUT_TOKENS,
    instruments.USAGE_REASONING_OUTPUT_TOKENS,
)


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
        self._evaluation_score = _histogram(meter, instruments.EVALUATION_SCORE)
        self._evaluations: Final[set[tuple[str, str | None, str]]] = set()
        self._legacy_time_to_first_chunk = _histogram(meter, instruments.LEGACY_TIME_TO_FIRST_CHUNK)
        self._legacy_token_usage = _histogram(meter, instruments.LEGACY_TOKEN_USAGE)
        for counter in _TOKEN_COUNTERS:
            _observable(meter, counter, observer(self.table, counter.name, names.TOKEN_MODALITY))
        _observable(
            meter,
            instruments.UNPRICED_TOKENS,
            observer(self.table, instruments.UNPRICED_TOKENS.name, own.COST_UNPRICED_REASON),
        )
        _observable(meter, instruments.INTERNAL_ERRORS, _internal_errors)

    def record_duration(
        self,
        series: Series,
        request: Request,
        failure: Failure | None,
        seconds: float,
        compat: MetricsCompat,
        context: Context,
    ) -> None:
        """The duration of any operation, with ``error.type`` when it failed."""
        attributes = series.attributes
        if failure is not None:
            # Not kept: the type of a failure is low-cardinality by intent, but not by guarantee.
            attributes = {**attributes, names.ERROR_TYPE: failure.type}
        inference = request.operation in values.INFERENCE_OPERATIONS
        if inference and compat.emits_latest:
            self._inference_duration.record(seconds, attributes, context)
        if not inference or compat.emits_legacy:
            self._operation_duration.record(seconds, attributes, context)

    def record_stream(
        self,
        series: Series,
        first_chunk: float | None,
        gaps: Sequence[float],
        compat: MetricsCompat,
        context: Context,
    ) -> None:
        """Seconds to the first chunk and, if they were collected, between the chunks."""
        attributes = series.attributes
        if first_chunk is not None:
            if compat.emits_latest:
                self._time_to_first_chunk.record(first_chunk, attributes, context)
            if compat.emits_legacy:
                self._legacy_time_to_first_chunk.record(first_chunk, attributes, context)
        for gap in gaps:
            self._time_per_output_chunk.record(gap, attributes, context)

    def record_usage(
        self, series: Series, request: Request, usage: Usage, compat: MetricsCompat, context: Context
    ) -> None:
        """Tokens that the provider reported. Embeddings have no token metric in today's conventions."""
        mark = _ESTIMATED if usage.estimated else ()
        if compat.emits_latest and request.operation in values.INFERENCE_OPERATIONS:
            attributes = series.plus(*mark) if mark else series.attributes
            if usage.input_tokens is not None:
                self._input_tokens.record(usage.input_tokens, attributes, context)
            if usage.output_tokens is not None:
                self._output_tokens.record(usage.output_tokens, attributes, context)
            self.table.add(series, _token_counts(usage))
        if compat.emits_legacy:
            for kind, tokens in (("input", usage.input_tokens), ("output", usage.output_tokens)):
                if tokens is not None:
                    attributes = series.plus((names.TOKEN_TYPE, kind), *mark)
                    self._legacy_token_usage.record(tokens, attributes, context)

    def record_cost(self, series: Series, cost: pricing.Cost, context: Context) -> None:
        """What the call cost, in its own currency."""
        currency, source = (names.USAGE_COST_CURRENCY, cost.currency), (names.USAGE_COST_SOURCE, cost.source)
        mark = _ESTIMATED if cost.estimated else ()
        self._cost.record(cost.amount, series.plus(currency, source, *mark), context)

    def record_unpriced(self, series: Series, usage: Usage, reason: pricing.Unpriced) -> None:
        """Tokens that have no price, so that missing money is seen."""
        tokens = (usage.input_tokens or 0) + (usage.output_tokens or 0)
        if tokens:
            self.table.add(series, ((_UNPRICED[reason], tokens),))

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


_metrics: weakref.WeakKeyDictionary[MeterProvider, Metrics] = weakref.WeakKeyDictionary()


def metrics_of(provider: MeterProvider) -> Metrics:
    """The instruments on ``provider``, made once: registering a callback twice would count twice."""
    metrics = _metrics.get(provider)
    if metrics is None:
        meter = provider.get_meter(SCOPE, __version__, SCHEMA_URL)
        metrics = _metrics[provider] = Metrics(meter)
    return metrics


def token_parts(total: int | None, text: int | None, image: int | None, audio: int | None) -> list[tuple[str, int]]:
    """Split ``total`` by modality; what the provider doesn't attribute is ``unknown``. Adds up to ``total``."""
    if not total:
        return []
    if not text and not image and not audio:
        return [(values.MODALITY_UNKNOWN, total)]
    parts = [
        (modality, tokens)
        for modality, tokens in (
            (values.MODALITY_TEXT, text),
            (values.MODALITY_IMAGE, image),
            (values.MODALITY_AUDIO, audio),
        )
        if tokens
    ]
    rest = total - sum(tokens for _, tokens in parts)
    if rest < 0:  # a provider whose parts exceed their total: believe the total
        return [(values.MODALITY_UNKNOWN, total)]
    if rest:
        parts.append((values.MODALITY_UNKNOWN, rest))
    return parts


def _cells(counter: instruments.Instrument, dimensions: Iterable[str]) -> dict[str, Cell]:
    return {dimension: Cell(counter.name, dimension) for dimension in dimensions}


_MODALITIES: Final = (values.MODALITY_TEXT, values.MODALITY_IMAGE, values.MODALITY_AUDIO, values.MODALITY_UNKNOWN)
_INPUT: Final = _cells(instruments.USAGE_INPUT_TOKENS, _MODALITIES)
_OUTPUT: Final = _cells(instruments.USAGE_OUTPUT_TOKENS, _MODALITIES)
_UNPRICED: Final = _cells(instruments.UNPRICED_TOKENS, pricing.Unpriced)
_CACHE_READ: Final = Cell(instruments.USAGE_CACHE_READ_INPUT_TOKENS.name, values.MODALITY_UNKNOWN)
_CACHE_WRITE: Final = Cell(instruments.USAGE_CACHE_WRITE_INPUT_TOKENS.name, values.MODALITY_UNKNOWN)
_REASONING: Final = Cell(instruments.USAGE_REASONING_OUTPUT_TOKENS.name, values.MODALITY_UNKNOWN)
_ESTIMATED: Final = ((own.COST_ESTIMATED, True),)


def _token_counts(usage: Usage) -> Iterable[tuple[Cell, int]]:
    counts = [
        (_INPUT[modality], tokens)
        for modality, tokens in token_parts(
            usage.input_tokens, usage.text_input_tokens, usage.image_input_tokens, usage.audio_input_tokens
        )
    ]
    for modality, tokens in token_parts(
        usage.output_tokens, usage.text_output_tokens, usage.image_output_tokens, usage.audio_output_tokens
    ):
        counts.append((_OUTPUT[modality], tokens))
    if usage.cache_read_tokens:
        counts.append((_CACHE_READ, usage.cache_read_tokens))
    if usage.cache_write_tokens:
        counts.append((_CACHE_WRITE, usage.cache_write_tokens))
    if usage.reasoning_tokens:
        counts.append((_REASONING, usage.reasoning_tokens))
    return counts


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
