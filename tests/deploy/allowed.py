"""Names that our files may use though no app emits them: short lists, each with whose names they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .files import COLLECTOR, document
from .prometheus_names import label

RESOURCE: Final = frozenset({"service.name", "service.namespace", "service.version", "deployment.environment.name"})
"""Resource attributes that Prometheus is told to make labels of."""
COMMON_LABELS: Final = frozenset({"job", "instance", "otel_metric_overflow", *map(label, RESOURCE)})
"""On every series that comes over OTLP."""

_OF_EXPORTERS: Final = frozenset({"exporter", "data_type", "job", "instance"})
_OF_RECEIVERS: Final = frozenset({"receiver", "transport", "job", "instance"})
_OF_PROCESSORS: Final = frozenset({"processor", "job", "instance"})
_SIGNALS: Final = ("spans", "metric_points", "log_records")
COLLECTOR_SERIES: Final[Mapping[str, frozenset[str]]] = {
    **{
        f"otelcol_receiver_{what}_{signal}": _OF_RECEIVERS
        for what in ("accepted", "refused", "failed")
        for signal in _SIGNALS
    },
    **{
        f"otelcol_exporter_{what}_{signal}": _OF_EXPORTERS
        for what in ("sent", "send_failed", "enqueue_failed")
        for signal in _SIGNALS
    },
    **{f"otelcol_exporter_queue_{what}": _OF_EXPORTERS for what in ("size", "capacity")},
    **{f"otelcol_processor_memory_limiter_refused_{signal}": _OF_PROCESSORS for signal in _SIGNALS},
    "otelcol_process_memory_rss": frozenset({"job", "instance"}),
    "otelcol_processor_tail_sampling_sampling_trace_dropped_too_early": _OF_PROCESSORS,
}
"""The Collector's own: https://opentelemetry.io/docs/collector/internal-telemetry/"""
PROMETHEUS_SERIES: Final[Mapping[str, frozenset[str]]] = {
    "up": frozenset({"job", "instance"}),
    "ALERTS": frozenset({"alertname", "alertstate", "severity", *COMMON_LABELS}),
    "prometheus_rule_evaluation_failures_total": frozenset({"rule_group", "job", "instance"}),
    "alertmanager_notifications_failed_total": frozenset({"integration", "reason", "job", "instance"}),
}
"""Of Prometheus and Alertmanager themselves."""

SPAN_METRICS_LABELS: Final = frozenset({"span_name", "span_kind", "status_code", "collector_instance_id"})
"""What ``span_metrics`` adds to the dimensions that it is told."""

FOREIGN: Final = frozenset(
    {
        *("gen_ai.system", "gen_ai.user", "gen_ai.is_streaming", "gen_ai.prompt", "gen_ai.completion"),
        *("gen_ai.request.n", "gen_ai.request.max_completion_tokens", "gen_ai.request.reasoning_effort"),
        *("gen_ai.openai.request.seed", "gen_ai.openai.request.response_format"),
        *("gen_ai.openai.request.service_tier", "gen_ai.openai.response.service_tier"),
        *("gen_ai.openai.response.system_fingerprint", "gen_ai.openai.system_fingerprint"),
        *("gen_ai.response.finish_reason", "gen_ai.usage.cost"),
        *("gen_ai.usage.prompt_tokens", "gen_ai.usage.completion_tokens", "gen_ai.usage.total_tokens"),
        *("gen_ai.usage.cache_read_input_tokens", "gen_ai.usage.cache_creation_input_tokens"),
        *("gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.reasoning_tokens"),
    }
)
"""Older names of the conventions and of other libraries in our namespaces, which the Collector brings up to date."""


def span_series() -> tuple[dict[str, frozenset[str]], set[str]]:
    """The series that the Collector's configuration makes of spans, and the attributes that they are made from."""
    made: dict[str, frozenset[str]] = {}
    read: set[str] = set()
    for path in COLLECTOR:
        connectors: Mapping[str, Any] = document(path).get("connectors") or {}
        for name, connector in connectors.items():
            match name.split("/")[0]:
                case "span_metrics":
                    dimensions = [dimension["name"] for dimension in connector["dimensions"]]
                    read |= {*dimensions}
                    labels = {*map(label, dimensions), *SPAN_METRICS_LABELS, *COMMON_LABELS}
                    for series in ("calls_total", "duration_seconds_sum", "duration_seconds_count"):
                        made[f"traces_span_metrics_{series}"] = frozenset(labels)
                    made["traces_span_metrics_duration_seconds_bucket"] = frozenset(labels | {"le"})
                case "signal_to_metrics":
                    for span in connector["spans"]:
                        attributes = [attribute["key"] for attribute in span.get("attributes", [])]
                        read |= {*attributes}
                        labels = {*map(label, attributes), *COMMON_LABELS}
                        made[f"{label(span['name'])}_total"] = frozenset(labels)
                case _:
                    pass
    return made, read
