"""What a set-up lacks for anybody to see a call, said once and with what to type: no SDK, or no Collector."""

from __future__ import annotations

import logging
from typing import Final

from opentelemetry import _logs, metrics, trace

from .. import guard, log
from ..settings import sdk_is_disabled

_IN_THE_TERMINAL: Final = "OTEL_TRACES_EXPORTER=genai_console OTEL_METRICS_EXPORTER=none OTEL_LOGS_EXPORTER=none"
_IN_CODE: Final = """\
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from otel_genai_instr.exporters.console import GenAIConsoleExporter
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(GenAIConsoleExporter()))
    trace.set_tracer_provider(provider)"""
_NO_SDK: Final = f"""\
A call was observed and left nothing, because this process has no OpenTelemetry SDK. To see calls, start it like this:
    {_IN_THE_TERMINAL} opentelemetry-instrument python app.py
or, in a notebook and wherever you can't, run this:
{_IN_CODE}
This is said once."""
_NO_COLLECTOR: Final = f"""\
Nothing listens at localhost, where OpenTelemetry sends everything by default, and its exporters try on for some
10 seconds, at exit too. Set what you don't want to `none`, or, to see traces in the terminal,
    {_IN_THE_TERMINAL}
or OTEL_EXPORTER_OTLP_ENDPOINT to the address of your Collector. This is said once."""

_EXPORTERS: Final = (
    "grpc.exporter",
    "http.trace_exporter",
    "http.metric_exporter",
    "http._log_exporter",
)
"""The OTLP exporters, by what the names of their loggers end in."""
_NOBODY_THERE: Final = (("localhost",), ("4317", "4318"), ("refused", "failed to connect"))
"""One of each is in what they say when nobody listens at the default address; who is there fails in other words."""


def has_no_sdk() -> bool:
    """Whether nobody has set a TracerProvider so far. One that does nothing is somebody's wish."""
    return isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


def say_no_sdk() -> None:
    """Say that calls leave nothing, unless that is meant, or metrics and logs have somewhere to go."""
    others = metrics.get_meter_provider(), _logs.get_logger_provider()
    if not sdk_is_disabled() and all(_is_of_the_api(type(provider)) for provider in others):
        log.warning_once(has_no_sdk, _NO_SDK)


def _is_of_the_api(kind: type) -> bool:
    """Whether a provider has no SDK behind it: the one that waits for another has no public name."""
    return kind.__module__.startswith((metrics.__name__, _logs.__name__))


class _AtTheDefaultAddress(logging.Filter):
    """Lets every record pass. Of a failure to reach the Collector at the default address, it says what to do."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno >= logging.WARNING:  # a processor may export inside the app's call
            guard.run("set_up.no_collector", _say_no_collector, record)
        return True


def _say_no_collector(record: logging.LogRecord) -> None:
    said = record.getMessage().lower()
    if all(any(word in said for word in words) for words in _NOBODY_THERE):
        log.warning_once(_say_no_collector, _NO_COLLECTOR)


_at_the_default_address: Final = _AtTheDefaultAddress()


def listen_for_no_collector(listens: bool) -> None:
    """When an OTLP exporter says that it can't reach the default address, say what to do about it; or no longer.

    A filter: a handler would keep what the exporter says from who configures no logging.
    """
    for exporter in _EXPORTERS:
        logger = logging.getLogger(f"opentelemetry.exporter.otlp.proto.{exporter}")
        change = logger.addFilter if listens else logger.removeFilter  # added twice, it is there once
        change(_at_the_default_address)
