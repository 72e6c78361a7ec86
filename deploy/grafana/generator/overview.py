"""Is it broken, is it expensive, since when: what whoever is on call looks at first."""

from __future__ import annotations

from typing import Final

from . import queries as q
from .board import Board
from .errors import failing_by_error
from .panels import MONEY, PER_MINUTE, SECONDS, SHARE, lines, number, row

_BROKEN: Final = (
    "Share of calls that failed in the last 5 minutes. Red (above 5 %): click for the kind of error and the model. One "
    "model or one provider only: look at the provider's status page and switch to the fallback. All of them: look at "
    "your last deployment and at the network."
)
_SLOW: Final = (
    "95 of 100 answers of the last 5 minutes came within this time. Red: click, and compare models and lengths of "
    "prompts. One model only: the provider is slow; lower its share. All of them: prompts have grown, or your service "
    "waits for itself."
)
_EXPENSIVE: Final = (
    "What the last hour cost, in multiples of the average hour of the last seven days. Red (above 3): click for the "
    "feature that spends. A loop that calls a model again and again has to be stopped now; more users are no incident. "
    "Says nothing during the first day."
)
_TRAFFIC: Final = (
    "Calls of all kinds in the last 5 minutes. Far below the usual: what calls us is down, or telemetry is lost (see "
    "GenAI: pipeline health). Far above: a loop, or a batch."
)

BOARD: Final = Board(
    uid="genai-overview",
    title="GenAI: overview",
    description="Is it broken, is it expensive, since when.",
    panels=(
        row("Is it broken? Is it expensive?"),
        number(
            "Failing calls",
            _BROKEN,
            q.failing(q.NOW),
            SHARE,
            steps=((0.02, "yellow"), (0.05, "red")),
            to="genai-errors",
            decimals=1,
        ),
        number(
            "95 % of answers come within",
            _SLOW,
            q.latency(0.95, q.NOW),
            SECONDS,
            steps=((10, "yellow"), (20, "red")),
            to="genai-latency",
        ),
        number(
            "Spend of the last hour, × the usual",
            _EXPENSIVE,
            q.times_the_usual(),
            "short",
            steps=((1.5, "yellow"), (3, "red")),
            to="genai-cost",
            decimals=1,
            nothing="not known yet",
        ),
        number("Calls per minute", _TRAFFIC, f"{q.calls(q.NOW)} * 60", PER_MINUTE, to="genai-latency"),
        row("Since when?"),
        lines(
            "Failing calls, by service",
            "Share of calls that failed. The red marks are alerts that fired: whatever was deployed just before is "
            "the first suspect.",
            ((q.failing(q.STEP, "service_name"), "{{service_name}}"),),
            SHARE,
            steps=((0.05, "red"),),
        ),
        lines(
            "Spent per hour, against the usual (${currency})",
            "Each point is the hour before it. A step up that stays is a change of prompt, model or price; a peak "
            "that ends is traffic. `usual` is the average hour of the seven days before.",
            (
                (q.recorded("service:gen_ai_cost:increase1h"), "spent"),
                (q.recorded("service:gen_ai_cost:avg7d"), "usual"),
                (f"3 * {q.recorded('service:gen_ai_cost:avg7d')}", "alert"),
            ),
            MONEY,
        ),
        row("Where?"),
        failing_by_error(width=8),
        lines(
            "95 % of answers come within, by model",
            "Click a dot to open the trace of a call that was that slow.",
            ((q.latency(0.95, q.STEP, "gen_ai_request_model"), "{{gen_ai_request_model}}"),),
            SECONDS,
            steps=((10, "red"),),
            exemplars=True,
            width=8,
        ),
        lines(
            "Spent per hour, by feature (${currency})",
            "The feature that grows is the one to look at. No name: calls outside of `attribute(feature=...)`.",
            ((q.spent(q.HOUR, "app_feature"), "{{app_feature}}"),),
            MONEY,
            stacked=True,
            width=8,
        ),
    ),
)
