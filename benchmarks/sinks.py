"""Real SDK providers whose telemetry goes nowhere, unless it is asked for to be compared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON


class _Drop(SpanProcessor):
    """Drops what ends, as cheaply as can be; keeps it only while ``kept`` is a list."""

    def __init__(self) -> None:
        self.kept: list[ReadableSpan] | None = None

    def on_end(self, span: ReadableSpan) -> None:
        if self.kept is not None:
            self.kept.append(span)


class Sink:
    """The providers of one arm."""

    def __init__(self, sampled: bool) -> None:
        self._drop = _Drop()
        self._reader = InMemoryMetricReader()
        self.tracer_provider = TracerProvider(sampler=ALWAYS_ON if sampled else ALWAYS_OFF, shutdown_on_exit=False)
        self.tracer_provider.add_span_processor(self._drop)
        self.meter_provider = MeterProvider([self._reader], shutdown_on_exit=False)

    def keep(self) -> list[ReadableSpan]:
        """Keep the spans that end from now on."""
        spans: list[ReadableSpan] = []
        self._drop.kept = spans
        return spans

    def drop(self) -> None:
        """Drop the spans that end from now on."""
        self._drop.kept = None

    def points(self) -> dict[tuple[str, frozenset[tuple[str, Any]]], Any]:
        """Histogram points by name and attributes: count, and the sum where it is no time; sums of counters."""
        return {(name, frozenset(point.attributes.items())): _value(name, point) for name, point in self._points()}

    def _points(self) -> Iterator[tuple[str, Any]]:
        data: Any = self._reader.get_metrics_data()
        resources: list[Any] = data.resource_metrics if data else []
        for resource in resources:
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    for point in metric.data.data_points:
                        yield metric.name, point


def _value(name: str, point: Any) -> Any:
    if not isinstance(point, HistogramDataPoint):
        return point.value
    is_time = name.endswith(("duration", "chunk"))
    return (point.count, tuple(point.explicit_bounds), None if is_time else round(point.sum, 9))
