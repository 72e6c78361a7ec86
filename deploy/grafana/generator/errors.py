"""What fails: calls of models, tools, agents."""

from __future__ import annotations

from typing import Any, Final

from . import queries as q
from .board import Board
from .panels import COUNT, PER_MINUTE, SECONDS, SHARE, lines, number, row, trace_lines, trace_list

_TOOL: Final = "gen_ai_tool_name"


def _tool_success(window: str, group: str = "") -> str:
    failing = q.share(q.tools(window, group, q.FAILED), q.tools(window, group))
    return f"1 - {failing}"


def failing_by_error(width: int = 12) -> Any:
    """Which errors there are; the overview shows it, too."""
    return lines(
        "Failing calls per minute, by error",
        "Rate limits (429): ask for a higher limit, or slow the callers down. Timeouts: look at latency. "
        "Authentication: a key has expired or was rotated.",
        ((f"{q.calls(q.STEP, 'error_type', f'{q.CALLS}, {q.FAILED}')} * 60", "{{error_type}}"),),
        PER_MINUTE,
        stacked=True,
        width=width,
    )


BOARD: Final = Board(
    uid="genai-errors",
    title="GenAI: errors and tools",
    description="What fails: calls of models, tools, agents; and answers that a model refused.",
    panels=(
        number(
            "Failing calls",
            "Of the last 5 minutes. Red (above 5 %): see below which error and which model.",
            q.failing(q.NOW),
            SHARE,
            steps=((0.02, "yellow"), (0.05, "red")),
            decimals=1,
        ),
        number(
            "Refused answers, last hour",
            "Answers that the model refused or a filter cut off; they are no errors. Many at once: a new prompt or a "
            "changed model; open some traces below. Counted by the Collector.",
            f"sum(increase(otel_genai_span_refusals_total{{{q.SERVICE}}}[1h])) or vector(0)",
            COUNT,
            decimals=0,
        ),
        number(
            "Tools that succeed",
            "Of the last hour. Red (below 90 %): see below which tool; then look at what it calls.",
            _tool_success(q.HOUR),
            SHARE,
            steps=((0, "red"), (0.9, "yellow"), (0.95, "green")),
            decimals=1,
            nothing="no tools",
        ),
        number(
            "Calls of models in one run of an agent",
            "Mean of the last hour. Far above the usual: an agent goes round in circles, and costs; give it a limit "
            "of steps.",
            q.mean("gen_ai_invoke_agent_inference_calls", q.STEPS, ""),
            COUNT,
            steps=((10, "yellow"), (20, "red")),
            decimals=1,
            nothing="no agents",
        ),
        row("Calls of models"),
        failing_by_error(),
        lines(
            "Failing calls, by model",
            "One model alone: the provider's status page, then the fallback. All: your network, keys, or last "
            "deployment.",
            ((q.failing(q.STEP, "gen_ai_request_model"), "{{gen_ai_request_model}}"),),
            SHARE,
            steps=((0.05, "red"),),
        ),
        row("Tools and agents"),
        lines(
            "Tools that succeed, by tool",
            "Each point is the hour before it. One tool: its backend. All: the model fills in arguments wrongly, most "
            "often after a change of model or prompt.",
            ((_tool_success(q.HOUR, _TOOL), "{{gen_ai_tool_name}}"),),
            SHARE,
            most=1,
        ),
        lines(
            "95 % of runs of tools end within",
            "A slow tool makes the answer slow. Click a dot for the trace of a run.",
            (
                (
                    q.one_quantile(0.95, "gen_ai_execute_tool_duration_seconds", q.STEPS, q.STEP, _TOOL),
                    "{{gen_ai_tool_name}}",
                ),
            ),
            SECONDS,
            exemplars=True,
        ),
        lines(
            "In one run of an agent",
            "Means of an hour. Calls of models grow and those of tools don't: it thinks in circles. Both grow: it "
            "tries the same tool again and again.",
            (
                (
                    q.mean("gen_ai_invoke_agent_inference_calls", q.STEPS, "gen_ai_agent_name"),
                    "{{gen_ai_agent_name}}: calls of models",
                ),
                (
                    q.mean("gen_ai_invoke_agent_tool_calls", q.STEPS, "gen_ai_agent_name"),
                    "{{gen_ai_agent_name}}: calls of tools",
                ),
            ),
            COUNT,
        ),
        lines(
            "95 % of runs of agents end within",
            "Click a dot for the trace of a run, and see in it which step takes the time.",
            (
                (
                    q.one_quantile(0.95, "gen_ai_invoke_agent_duration_seconds", q.STEPS, q.STEP, "gen_ai_agent_name"),
                    "{{gen_ai_agent_name}}",
                ),
            ),
            SECONDS,
            exemplars=True,
        ),
        row("Single calls (from traces: only those that were kept)"),
        trace_lines(
            "Calls that were sent again, per second, by model",
            "The SDK repeats what failed, and the call succeeds later: no error, but slow. Growing: a rate limit is "
            "near.",
            f"{{ span.otel_genai.request.attempts > 1 && {q.SPANS} }} | rate() by (span.gen_ai.request.model)",
            "reqps",
        ),
        trace_list(
            "Calls that failed",
            "Open one: it has the status, the provider's code and the number of attempts.",
            f"{{ span.gen_ai.operation.name != nil && status = error && {q.SPANS} }} | select(span.error.type, "
            "span.otel_genai.error.code, span.http.response.status_code, span.gen_ai.request.model, "
            "span.gen_ai.tool.name)",
        ),
    ),
)
