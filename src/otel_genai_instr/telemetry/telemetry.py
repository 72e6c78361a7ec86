"""What the operations of one instrumentation share: providers, settings, prices and clocks."""

from __future__ import annotations

from opentelemetry import _logs, metrics, trace

from .._version import __version__
from ..pricing import Pricer
from ..semconv import SCHEMA_URL
from ..settings import Settings
from .clock import Clock
from .metrics import SCOPE, metrics_of


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
    ) -> None:
        self.settings = settings
        self.tracer = (tracer_provider or trace.get_tracer_provider()).get_tracer(
            SCOPE, __version__, schema_url=SCHEMA_URL
        )
        self.metrics = metrics_of(meter_provider or metrics.get_meter_provider())
        self.logger = (logger_provider or _logs.get_logger_provider()).get_logger(
            SCOPE, __version__, schema_url=SCHEMA_URL
        )
        self.pricer = pricer or shared_pricer
        self.clock = clock or Clock()


shared_pricer = Pricer()
"""One for all instrumentations: resolved prices are the same for everyone."""
