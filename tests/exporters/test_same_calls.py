"""One call that several instrumentations tell of counts once. Their spans are as they made them beside us."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import SpanKind

from otel_genai_instr.exporters.reading import read_span
from otel_genai_instr.exporters.totals import Totals, totals_of
from otel_genai_instr.exporters.traces import SpanRecord

MS = 1_000_000
OURS = "otel_genai_instr"
TOLD = {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "gpt-4o-mini",
    "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
    "gen_ai.response.id": "resp_1",
    "gen_ai.usage.input_tokens": 26,
    "gen_ai.usage.output_tokens": 10,
}
COST = {"gen_ai.usage.cost.amount": 0.01, "gen_ai.usage.cost.currency": "USD"}
NO_ID = {name: value for name, value in TOLD.items() if name != "gen_ai.response.id"}
OPENINFERENCE = {
    "openinference.span.kind": "LLM",
    "llm.model_name": "gpt-4o-mini-2024-07-18",
    "llm.token_count.prompt": 26,
    "llm.token_count.completion": 10,
}


class Trace:
    """Spans that the SDK made, as the exporter reads them."""

    def __init__(self) -> None:
        self._provider = TracerProvider(shutdown_on_exit=False)
        self.records: list[SpanRecord] = []

    def span(
        self, scope: str, begin: float, end: float, told: dict[str, Any], below: trace.Span | None = None
    ) -> trace.Span:
        """One that lasts from ``begin`` to ``end``, in milliseconds."""
        made = self._provider.get_tracer(scope).start_span(
            str(told.get("gen_ai.operation.name", "work")),
            trace.set_span_in_context(below) if below is not None else None,
            SpanKind.CLIENT,
            told,
            start_time=int(begin * MS),
        )
        made.end(int(end * MS))
        record = read_span(made)  # type: ignore[arg-type]  # of the SDK
        assert record is not None
        self.records.append(record)
        return made

    def totals(self) -> Totals:
        """What the last line says."""
        return totals_of(self.records)


def once(totals: Totals) -> bool:
    """Whether one call was counted."""
    told = (totals.calls, totals.input_tokens, totals.output_tokens, totals.cost, totals.unpriced)
    return told == (1, 26, 10, {"USD": 0.01}, 0)


def beside(scope: str, theirs: dict[str, Any], ours: dict[str, Any]) -> Totals:
    """Both below the app's span: theirs wasn't current while the SDK worked."""
    seen = Trace()
    app = seen.span("app", 0, 170, {})
    seen.span(scope, 0.06, 164.7, theirs, app)
    seen.span(OURS, 1.15, 161.5, {**ours, **COST}, app)
    return seen.totals()


def test_openllmetry_beside_us() -> None:
    assert once(beside("opentelemetry.instrumentation.openai.v1", TOLD, TOLD))


@pytest.mark.parametrize("told", [NO_ID, {k: v for k, v in NO_ID.items() if "usage" not in k}])
def test_one_beside_us_without_an_id(told: dict[str, Any]) -> None:
    assert once(beside("somebody", told, TOLD))


@pytest.mark.parametrize(
    "scope", ["opentelemetry.instrumentation.openai_v2", "opentelemetry.instrumentation.openai.v1"]
)
def test_one_above_us(scope: str) -> None:
    seen = Trace()
    theirs = seen.span(scope, 0, 9, TOLD)
    seen.span(OURS, 1, 8, {**TOLD, **COST}, theirs)
    assert once(seen.totals())


def test_openinference_below_us_and_above_us() -> None:
    below = Trace()
    below.span("openinference.instrumentation.openai", 1, 4, OPENINFERENCE, below.span(OURS, 0, 5, {**TOLD, **COST}))
    assert once(below.totals())
    above = Trace()
    above.span(OURS, 1, 4, {**TOLD, **COST}, above.span("openinference.instrumentation.openai", 0, 5, OPENINFERENCE))
    assert once(above.totals())


def test_three_instrumentations_of_one_call() -> None:
    seen = Trace()
    app = seen.span("app", 0, 20, {})
    seen.span("opentelemetry.instrumentation.openai.v1", 1, 9, TOLD, app)
    middle = seen.span("opentelemetry.instrumentation.openai_v2", 2, 8, TOLD, app)
    seen.span(OURS, 3, 7, {**TOLD, **COST}, middle)
    assert once(seen.totals())


def test_calls_at_the_same_time_are_matched_each_with_its_own() -> None:
    seen = Trace()
    app = seen.span("app", 0, 60, {})
    for begin, end in ((0, 43), (1.7, 37)):
        seen.span("opentelemetry.instrumentation.openai.v1", begin, end, NO_ID, app)
        seen.span(OURS, begin + 1, end - 1, {**NO_ID, **COST}, app)
    totals = seen.totals()
    assert (totals.calls, totals.input_tokens, totals.cost) == (2, 52, {"USD": 0.02})


def test_two_real_calls_stay_two() -> None:
    agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.usage.input_tokens": 52, "gen_ai.usage.output_tokens": 20}
    both = Trace()
    above = both.span("framework", 0, 100, agent)
    for at in (10, 50):
        both.span(OURS, at, at + 20, {**TOLD, **COST}, above)
    assert (both.totals().calls, both.totals().input_tokens) == (2, 52)


@pytest.mark.parametrize(
    "theirs",
    [
        {**TOLD, "gen_ai.response.id": "resp_2"},
        {**NO_ID, "gen_ai.usage.input_tokens": 27},
        {**NO_ID, "gen_ai.request.model": "gpt-5", "gen_ai.response.model": "gpt-5"},
    ],
    ids=["another answer", "other tokens", "another model"],
)
def test_another_call_around_ours_in_time_is_counted(theirs: dict[str, Any]) -> None:
    assert beside("somebody", theirs, TOLD).calls == 2


def test_where_several_could_be_meant_nothing_is_dropped() -> None:
    seen = Trace()
    app = seen.span("app", 0, 100, {})
    seen.span("somebody", 1, 90, NO_ID, app)
    for at in (10, 50):
        seen.span(OURS, at, at + 20, {**NO_ID, **COST}, app)
    assert seen.totals().calls == 3


def test_a_call_that_only_overlaps_is_another() -> None:
    seen = Trace()
    app = seen.span("app", 0, 100, {})
    seen.span("somebody", 1, 50, NO_ID, app)
    seen.span(OURS, 10, 60, {**NO_ID, **COST}, app)
    assert seen.totals().calls == 2
