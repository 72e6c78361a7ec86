"""Whether telemetry arrives: the other dashboards are worth what this one says."""

from __future__ import annotations

from typing import Final

from . import queries as q
from .board import Board
from .panels import COUNT, SHARE, lines, number, row

_SIGNALS: Final = ("spans", "metric_points", "log_records")
_LOSSES: Final = ("exporter_send_failed", "exporter_enqueue_failed", "receiver_refused")
_UNPRICED: Final = "otel_genai_unpriced_tokens_total"
_FAULTS: Final = "otel_genai_internal_errors_total"
_QUEUE: Final = "otelcol_exporter_queue_size / (otelcol_exporter_queue_capacity > 0)"


def _lost() -> str:
    """Of all kinds and signals, in the last 15 minutes; 0 while none of them exists."""
    each = [f"sum(increase(otelcol_{loss}_{signal}[15m]))" for loss in _LOSSES for signal in _SIGNALS]
    return " + ".join(f"({one} or vector(0))" for one in each)


def _rates(what: str) -> tuple[tuple[str, str], ...]:
    return tuple((f"sum(rate(otelcol_{what}_{signal}[{q.STEP}]))", signal.replace("_", " ")) for signal in _SIGNALS)


BOARD: Final = Board(
    uid="genai-pipeline",
    title="GenAI: pipeline health",
    description="Whether telemetry arrives: the other dashboards are worth what this one says.",
    panels=(
        number(
            "Refused or lost, last 15 minutes",
            "By the Collector: spans, points and records. Refused: the memory limit or the queue; senders try again "
            "for a while. Failed: what a backend does not take; the Collector's log says why (docs/stack.md).",
            _lost(),
            COUNT,
            steps=((1, "red"),),
            decimals=0,
            nothing="no Collector",
        ),
        number(
            "Fullest queue",
            "Share of the disk queue that is in use. Growing: a backend is slow or down. At 80 % you have minutes to "
            "hours.",
            f"max({_QUEUE})",
            SHARE,
            steps=((0.5, "yellow"), (0.8, "red")),
            nothing="no Collector",
        ),
        number(
            "Tokens without a price, last hour",
            "Missing in all amounts. The reasons are below; most often a model needs a price file of your own "
            "(docs/prices.md).",
            f"{q.counted(_UNPRICED, q.SERVICE)} or vector(0)",
            COUNT,
            steps=((1, "yellow"),),
            decimals=0,
        ),
        number(
            "Faults of the instrumentation, last hour",
            "Calls were not affected, but their telemetry may be incomplete. Above zero: report it, with the place "
            "below.",
            f"{q.counted(_FAULTS, q.SERVICE)} or vector(0)",
            COUNT,
            steps=((1, "red"),),
            decimals=0,
        ),
        row("Does it arrive?"),
        lines(
            "Received by the Collector, per second",
            "Nothing, while apps are busy: they send to another address, or are refused.",
            _rates("receiver_accepted"),
            "cps",
        ),
        lines(
            "Handed on by the Collector, per second",
            "Below what is received, for long: a backend does not keep up, see the queue. Spans that sampling drops "
            "are missing here, too.",
            _rates("exporter_sent"),
            "cps",
        ),
        lines(
            "Queues, by exporter",
            "Which backend is slow or down. What is queued is on disk, and is delivered when it is back.",
            ((_QUEUE, "{{exporter}}"),),
            SHARE,
            steps=((0.8, "red"),),
            most=1,
        ),
        lines(
            "Memory of the Collector",
            "Near its limit it refuses. Prompts in spans are the usual reason.",
            (("max(otelcol_process_memory_rss)", "resident"),),
            "bytes",
        ),
        row("Is it right?"),
        lines(
            "Spent per hour: by metrics, and by the spans that arrived (${currency})",
            "Both count the same calls. Spans below metrics: spans are lost, or sampled in the app. Metrics below "
            "spans: the metrics of a service do not arrive.",
            (
                (q.spent(q.HOUR, labels=q.SERVICE), "metrics"),
                (f"sum(increase(otel_genai_span_cost_total{{{q.SERVICE}, {q.MONEY}}}[1h]))", "spans"),
            ),
            "short",
        ),
        lines(
            "Tokens without a price per hour, by model and reason",
            "`unknown_model`: a price file. `no_usage`: a stream that does not ask for its usage (docs/cost.md).",
            (
                (
                    q.counted(_UNPRICED, q.SERVICE, "gen_ai_request_model, otel_genai_cost_unpriced_reason"),
                    "{{gen_ai_request_model}}: {{otel_genai_cost_unpriced_reason}}",
                ),
            ),
            COUNT,
        ),
        lines(
            "Faults of the instrumentation per hour, by place",
            "What to report. A new one after an upgrade of an SDK: the SDK has changed.",
            (
                (
                    q.counted(_FAULTS, q.SERVICE, "otel_genai_internal_error_place, error_type"),
                    "{{otel_genai_internal_error_place}}: {{error_type}}",
                ),
            ),
            COUNT,
            width=24,
        ),
    ),
)
