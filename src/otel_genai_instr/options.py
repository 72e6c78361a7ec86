"""What ``instrument()`` takes, by name and type: for type checkers and editors, no app imports it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Literal, TypedDict

from opentelemetry._logs import LoggerProvider
from opentelemetry.metrics import MeterProvider
from opentelemetry.trace import TracerProvider

from .pricing import Estimator, Pricer
from .settings import CaptureContent, ChooseTier, MetricsCompat, RecordTo, Tier
from .telemetry.clock import Clock


class Options(TypedDict, total=False):
    """The providers, each the global one when absent; other parts; and every setting, which wins over the environment.

    What a setting means is said in :class:`otel_genai_instr.settings.Settings`.
    """

    tracer_provider: TracerProvider | None
    meter_provider: MeterProvider | None
    logger_provider: LoggerProvider | None
    pricer: Pricer | None
    clock: Clock | None
    estimator: Estimator | None

    capture_content: CaptureContent | Literal["no_content", "span_only", "event_only", "span_and_event"] | bool | None
    content: Tier | Literal["none", "digest", "full"] | None
    content_for: ChooseTier | None
    content_sample: float
    content_on_error: Tier | Literal["none", "digest", "full"]
    content_key: str | None
    content_preview: int
    content_max_bytes: int
    content_store: str | None
    content_store_keys: tuple[str, ...]
    completion_hook: str | None
    redact: object
    pseudonym_keys: tuple[str, ...]
    record: RecordTo | Literal["logging", "both"] | bool
    error_messages: bool
    metrics_compat: MetricsCompat | Literal["latest", "legacy", "both"]
    time_per_output_chunk: bool
    propagate_baggage: bool
    cost: bool
    provider_by_host: Mapping[str, str]
    prices: str | os.PathLike[str] | Mapping[str, object] | None
    estimate_usage: bool
    stream_usage: bool
    metric_dimensions: tuple[str, ...]
    metric_dimension_values: int
    prompt_length: bool
    feedback_key: str | None
