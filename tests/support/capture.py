"""Everything that was exported, as plain data, with fixed ids and a fixed clock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import Sampler

from otel_genai_instr import instrument, uninstrument

from .clock import FakeClock
from .settling import settle


class CountingIds(IdGenerator):
    """1, 2, 3, ..."""

    def __init__(self) -> None:
        self.traces = 0
        self.spans = 0

    def generate_trace_id(self) -> int:
        self.traces += 1
        return self.traces

    def generate_span_id(self) -> int:
        self.spans += 1
        return self.spans


class Capture:
    """Real SDK providers of their own, never the global ones."""

    def __init__(self, clock: FakeClock | None = None, sampler: Sampler | None = None) -> None:
        self.clock = clock or FakeClock()
        self._spans = InMemorySpanExporter()
        self._logs = InMemoryLogRecordExporter()
        self._reader = InMemoryMetricReader()
        resource = Resource.get_empty()  # detecting the real one takes three threads for each provider
        self.tracer_provider = TracerProvider(
            sampler=sampler, resource=resource, id_generator=CountingIds(), shutdown_on_exit=False
        )
        self.tracer_provider.add_span_processor(SimpleSpanProcessor(self._spans))
        self.meter_provider = MeterProvider([self._reader], resource=resource, shutdown_on_exit=False)
        self.logger_provider = LoggerProvider(resource=resource, shutdown_on_exit=False)
        self.logger_provider.add_log_record_processor(SimpleLogRecordProcessor(self._logs))

    def instrument(self, *, real_clock: bool = False, **options: Any) -> None:
        """Turn the instrumentation on, into this capture."""
        if not real_clock:
            options["clock"] = self.clock.as_clock()
        providers: dict[str, Any] = {
            "tracer_provider": self.tracer_provider,
            "meter_provider": self.meter_provider,
            "logger_provider": self.logger_provider,
        }
        instrument(**{**providers, **options})

    def uninstrument(self) -> None:
        """Turn it off."""
        uninstrument()

    def spans(self) -> list[ReadableSpan]:
        """Finished spans in the order they ended."""
        settle()
        return list(self._spans.get_finished_spans())

    def span(self) -> ReadableSpan:
        """The only finished span."""
        (span,) = self.spans()
        return span

    def attributes(self) -> dict[str, Any]:
        """Attributes of the only finished span."""
        return dict(self.span().attributes or {})

    def events(self) -> list[dict[str, Any]]:
        """Log events, as plain data."""
        settle()
        return [
            {
                "name": log.log_record.event_name,
                "severity": log.log_record.severity_number.name if log.log_record.severity_number else None,
                "attributes": dict(log.log_record.attributes or {}),
                "span_id": log.log_record.span_id,
            }
            for log in self._logs.get_finished_logs()
        ]

    def metrics(self) -> dict[str, list[dict[str, Any]]]:
        """Metric points by name, as plain data; collecting is cumulative."""
        return {name: list(points) for name, points in self._metrics()}

    def total(self, name: str, **attributes: Any) -> float:
        """Sum of a counter, or of a histogram's values, over the points that have these attributes.

        Attribute names are given with ``__`` for the dot.
        """
        wanted = {key.replace("__", "."): value for key, value in attributes.items()}
        return sum(
            point.get("value", point.get("sum", 0.0))
            for point in self.metrics().get(name, [])
            if wanted.items() <= point["attributes"].items()
        )

    def count(self, name: str) -> int:
        """Number of values in a histogram."""
        return sum(point["count"] for point in self.metrics().get(name, []))

    def snapshot(self) -> dict[str, Any]:
        """Spans, metrics and events of one story in one value."""
        return {
            "spans": [
                {
                    "name": span.name,
                    "kind": span.kind.name,
                    "status": span.status.status_code.name,
                    "description": span.status.description,
                    "parent": span.parent.span_id if span.parent else None,
                    "span_id": span.context.span_id if span.context else None,
                    "seconds": round(((span.end_time or 0) - (span.start_time or 0)) / 1e9, 6),
                    "attributes": dict(span.attributes or {}),
                    "events": [event.name for event in span.events],
                }
                for span in self.spans()
            ],
            "metrics": self.metrics(),
            "events": self.events(),
        }

    def _metrics(self) -> Iterator[tuple[str, Iterator[dict[str, Any]]]]:
        settle()
        data: Any = self._reader.get_metrics_data()
        resources: list[Any] = data.resource_metrics if data else []
        for resource in resources:
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    yield metric.name, (_point(point) for point in metric.data.data_points)


def _point(point: Any) -> dict[str, Any]:
    attributes = dict(point.attributes)
    if isinstance(point, HistogramDataPoint):
        return {"attributes": attributes, "count": point.count, "sum": point.sum}
    return {"attributes": attributes, "value": point.value}
