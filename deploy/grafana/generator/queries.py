"""Queries of the dashboards, from few parts: which calls, how they are counted, what is divided by what.

Names are those that Prometheus makes of docs/reference.md. Two generations of them are read, the new one first: a
process that emits both has the same labels on both, so that ``or`` counts it once.
"""

from __future__ import annotations

from typing import Final

CALLS: Final = (
    'service_name=~"$service", gen_ai_request_model=~"$model", app_feature=~"$feature", '
    'gen_ai_prompt_version=~"$prompt_version"'
)
"""Labels of what is measured of calls."""
STEPS: Final = 'service_name=~"$service", app_feature=~"$feature"'
"""Labels of what is measured of agents and tools: they have no model."""
SERVICE: Final = 'service_name=~"$service"'
"""Labels of evaluations, of spend as the rules record it, and of what the Collector makes of spans."""
MONEY: Final = 'gen_ai_usage_cost_currency="$currency"'
"""Amounts in two currencies are never added."""
ANSWERS: Final = 'gen_ai_operation_name=~"chat|text_completion|generate_content"'
"""The calls in which a model writes an answer; the others (embeddings, searches, ...) are much faster."""
FAILED: Final = 'error_type!=""'

SPANS: Final = 'resource.service.name =~ "${service:regex}"'
"""Spans of the services that are chosen, in TraceQL."""
CALL_SPANS: Final = f'{SPANS} && span.gen_ai.request.model =~ "${{model:regex}}"'
"""Those of them that are calls of the models that are chosen."""

NOW: Final = "5m"
"""Window of what is shown as one number; the alerts have it too."""
STEP: Final = "$__rate_interval"
"""Window of what is shown over time."""
HOUR: Final = "1h"
"""Of money and scores: over minutes ``increase`` makes many of one dear call."""


def either(function: str, new: str, old: str, labels: str, window: str) -> str:
    """A function of a range of a metric by its new name, or by its old one."""
    return f"{function}({new}{{{labels}}}[{window}]) or {function}({old}{{{labels}}}[{window}])"


def by(labels: str) -> str:
    """``sum``, by these labels if there are any."""
    return f"sum by ({labels}) " if labels else "sum"


def calls(window: str, group: str = "", labels: str = CALLS) -> str:
    """Calls per second, of whatever operation."""
    rates = either("rate", _duration("inference", "count"), _duration("operation", "count"), labels, window)
    return f"{by(group)}({rates})"


def failing(window: str, group: str = "") -> str:
    """Share of the calls that failed, from 0 to 1; nothing where there are no calls."""
    return share(calls(window, group, f"{CALLS}, {FAILED}"), calls(window, group))


def share(part: str, whole: str) -> str:
    """What part of the whole is; 0 where there is no part, and nothing where there is no whole."""
    return f"({part} or {whole} * 0) / ({whole} > 0)"


def latency(quantile: float, window: str, group: str = "", shift: str = "") -> str:
    """Seconds that so many of the answers take at most."""
    new, old = _duration("inference", "bucket"), _duration("operation", "bucket")
    return _quantile(quantile, new, old, f"{CALLS}, {ANSWERS}", window, group, shift)


def first_chunk(quantile: float, window: str, group: str = "") -> str:
    """Seconds until the first piece of a streamed answer comes."""
    new = "gen_ai_client_inference_time_to_first_chunk_seconds_bucket"
    old = "gen_ai_client_operation_time_to_first_chunk_seconds_bucket"
    return _quantile(quantile, new, old, f"{CALLS}, {ANSWERS}", window, group)


def spent(window: str, group: str = "", labels: str = CALLS) -> str:
    """Money in so much time."""
    return f"{by(group)}(increase(gen_ai_client_operation_cost_sum{{{labels}, {MONEY}}}[{window}]))"


def recorded(name: str, labels: str = f"{SERVICE}, {MONEY}") -> str:
    """A series of deploy/prometheus/rules, of all chosen services together."""
    return f"sum({name}{{{labels}}})"


def times_the_usual() -> str:
    """What the last hour cost, in multiples of the average hour of the last seven days."""
    return f"{recorded('service:gen_ai_cost:increase1h')} / ({recorded('service:gen_ai_cost:avg7d')} > 0)"


def tokens(kind: str, group: str = "", window: str = STEP) -> str:
    """Tokens per second: ``input``, ``output``, ``cache_read_input``, ``cache_write_input``, ``reasoning_output``."""
    return f"{by(group)}(rate(gen_ai_client_inference_usage_{kind}_tokens_total{{{CALLS}}}[{window}]))"


def counted(counter: str, labels: str, group: str = "", window: str = HOUR) -> str:
    """How much a counter grew that SDKs read only when they send: such a one is born with its first value.

    ``increase`` sees no growth in a birth, and there is no zero before it that Prometheus could know of.
    """
    series = f"{counter}{{{labels}}}"
    grown = f"{by(group)}(increase({series}[{window}]))"
    born = f"{by(group)}(min_over_time({series}[{window}]) unless {series} offset {window})"
    return f"{grown} + ({born} or {grown} * 0)"


def mean(metric: str, labels: str, group: str, window: str = HOUR) -> str:
    """Mean of a histogram's values."""
    total, count = (f"{by(group)}(increase({metric}_{part}{{{labels}}}[{window}]))" for part in ("sum", "count"))
    return f"{total} / ({count} > 0)"


def tools(window: str, group: str = "", more: str = "") -> str:
    """Runs of tools per second."""
    labels = f"{STEPS}, {more}" if more else STEPS
    return f"{by(group)}(rate(gen_ai_execute_tool_duration_seconds_count{{{labels}}}[{window}]))"


def one_quantile(quantile: float, metric: str, labels: str, window: str, group: str) -> str:
    """Quantile of a histogram that has one name only."""
    labelled = f"{metric}_bucket{{{labels}}}[{window}]"
    return f"histogram_quantile({quantile}, sum by (le, {group}) (rate({labelled})))"


def _quantile(quantile: float, new: str, old: str, labels: str, window: str, group: str, shift: str = "") -> str:
    later = f" offset {shift}" if shift else ""
    labels_of_sum = f"le, {group}" if group else "le"
    rates = f"rate({new}{{{labels}}}[{window}]{later}) or rate({old}{{{labels}}}[{window}]{later})"
    return f"histogram_quantile({quantile}, sum by ({labels_of_sum}) ({rates}))"


def _duration(generation: str, part: str) -> str:
    return f"gen_ai_client_{generation}_duration_seconds_{part}"
