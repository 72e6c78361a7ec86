"""Runs all forms of one framework, in a process of its own: ``python -m tests.frameworks.program NAME ORDER FILE``.

Writes as JSON, for each form, what it printed, what reached the server, what that answered, our spans and what our
metrics added up to. It judges nothing. ``ORDER`` is who comes first: ``app``, then us; ``ours``, then the app; or
``alone``, without us.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
import importlib
import inspect
import io
import json
import os
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from examples.anthropic_server import AnthropicServer
from examples.model_server import INSTANT, Answered, Fault, ModelServer, Timing
from examples.openai_server import OpenAIServer

from .forms import Form, Forms
from .table import ALONE, APP_FIRST, FRAMEWORKS

OURS: Final = "otel_genai_instr"
SLOW: Final = Timing(0, 0.01, 0)
"""So slow that a stream that is left has not come whole."""
SERVERS: Final[Mapping[str, tuple[type[ModelServer], tuple[str, ...]]]] = {
    "openai": (OpenAIServer, ("OPENAI_BASE_URL", "OPENAI_API_BASE", "OPENAI_API_KEY")),
    "anthropic": (AnthropicServer, ("ANTHROPIC_BASE_URL", "ANTHROPIC_API_URL", "ANTHROPIC_API_KEY")),
}
"""And the variables that send an app there."""
IDLE: Final = 0.05
"""Seconds for what a framework does after its answer."""


class Process:
    """The app, its server, and where our telemetry goes."""

    def __init__(self, server: ModelServer, ours: bool) -> None:
        self.server = server
        self.ours = ours
        self.spans = InMemorySpanExporter()
        self.reader = InMemoryMetricReader()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self.spans))
        trace.set_tracer_provider(provider)
        metrics.set_meter_provider(MeterProvider([self.reader]))
        self.runner = asyncio.Runner()

    def turn_on(self) -> None:
        """Turn us on, as a user does."""
        import otel_genai_instr

        otel_genai_instr.instrument()

    def run(self, form: Form) -> dict[str, Any]:
        """Run one form inside a span of the app."""
        self.server.received.clear()
        self.server.answered.clear()
        self.spans.clear()
        self.server.timing = SLOW if form.left else INSTANT
        before = self.totals()
        if form.refused:
            self.server.faults.add(Fault("rate_limit", times=form.refused, retry_after=0.01))
        printed = io.StringIO()
        with trace.get_tracer("app").start_as_current_span("app") as app, contextlib.redirect_stdout(printed):
            try:
                if inspect.iscoroutinefunction(form.run):
                    self.runner.run(form.run(), context=contextvars.copy_context())
                else:
                    form.run()
            except Exception as error:
                print(f"{type(error).__name__}: {error}")
        self.end_what_was_left()
        finished = [span for span in self.spans.get_finished_spans() if is_ours(span)]
        trace_id = app.get_span_context().trace_id
        totals = self.totals()
        totals.subtract(before)
        return {
            "form": {name: value for name, value in vars(form).items() if name not in ("name", "run")},
            "printed": printed.getvalue(),
            "sent": sorted([request.path, request.body] for request in self.server.received),
            "answered": [told(answered) for answered in self.server.answered],
            "spans": [{**seen(span), "in trace": trace_id_of(span) == trace_id} for span in finished],
            "totals": dict(totals),
        }

    def totals(self) -> Counter[str]:
        """The sum of every metric of ours, and the number of values of every histogram."""
        totals: Counter[Any] = Counter()
        data: Any = self.reader.get_metrics_data()
        for resource in data.resource_metrics if data else ():
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    for point in metric.data.data_points:
                        totals[metric.name] += point.value if hasattr(point, "value") else point.sum
                        totals[f"{metric.name} count"] += getattr(point, "count", 0)
        return totals

    def end_what_was_left(self) -> None:
        """The collector finds it, the loop closes generators, and a thread of ours ends the operation."""
        for _ in range(3):
            gc.collect()
            self.runner.run(asyncio.sleep(IDLE / 3))
        if self.ours:
            from otel_genai_instr.telemetry import later

            later.finish()


def is_ours(span: ReadableSpan) -> bool:
    return span.instrumentation_scope is not None and span.instrumentation_scope.name == OURS


def trace_id_of(span: ReadableSpan) -> int:
    return span.context.trace_id if span.context is not None else 0


def told(answered: Answered) -> dict[str, Any]:
    """One line of the ledger."""
    body, usage = answered.body, answered.usage
    details: dict[str, Any] = usage.get("prompt_tokens_details") or usage.get("input_tokens_details") or {}
    options: dict[str, Any] = body.get("stream_options") or {}
    told_anyway = not body.get("stream") or answered.path.endswith(("/responses", "/messages"))
    cached: int = details.get("cached_tokens", usage.get("cache_read_input_tokens", 0))
    written: int = usage.get("cache_creation_input_tokens", 0)
    # Anthropic's input leaves out what was read from the cache or written to it.
    beside = cached + written if answered.path.endswith("/messages") else 0
    return {
        "operation": "embeddings" if answered.path.endswith("/embeddings") else "chat",
        "model": answered.model,
        "input": usage.get("prompt_tokens", usage.get("input_tokens", 0)) + beside,
        "output": usage.get("completion_tokens", usage.get("output_tokens", 0)),
        "cached": cached,
        "written": written,
        "streamed": bool(body.get("stream")),
        "told": told_anyway or bool(options.get("include_usage")),
    }


def seen(span: ReadableSpan) -> dict[str, Any]:
    """One span, with the attributes that the ledger can speak about."""
    attributes = dict(span.attributes or {})
    return {
        "operation": attributes.get("gen_ai.operation.name"),
        "model": attributes.get("gen_ai.response.model"),
        "input": attributes.get("gen_ai.usage.input_tokens"),
        "output": attributes.get("gen_ai.usage.output_tokens", 0),
        "cached": attributes.get("gen_ai.usage.cache_read.input_tokens", 0),
        "written": attributes.get("gen_ai.usage.cache_write.input_tokens", 0),
        "streamed": attributes.get("gen_ai.request.stream", False),
        "dollars": attributes.get("gen_ai.usage.cost.amount"),
        "currency": attributes.get("gen_ai.usage.cost.currency"),
        "unpriced": attributes.get("otel_genai.cost.unpriced_reason"),
        "attempts": attributes.get("otel_genai.request.attempts", 1),
        "status": span.status.status_code.name,
        "error": attributes.get("error.type"),
    }


def main(name: str, order: str, target: Path) -> None:
    """Run all forms in the order in which the app has them."""
    made, variables = SERVERS[FRAMEWORKS[name].server]
    with made(INSTANT) as server:
        os.environ |= {variable: "none" if variable.endswith("KEY") else server.url for variable in variables}
        process = Process(server, ours=order != ALONE)
        load = f"tests.frameworks.apps.{FRAMEWORKS[name].app}"
        if order == APP_FIRST:
            importlib.import_module(load)
        if process.ours:
            process.turn_on()
        forms: Forms = importlib.import_module(load).FORMS
        gc.collect()
        gc.freeze()  # so that the collections to come cost little
        result: dict[str, Any] = {"forms": {form.name: process.run(form) for form in forms}}
        if process.ours:
            from otel_genai_instr import guard

            result["internal errors"] = {" ".join(place): count for place, count in guard.counts().items()}
        target.write_text(json.dumps(result))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
