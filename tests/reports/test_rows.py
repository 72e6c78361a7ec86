"""Spans of three conventions become rows of one table, each call once, each sum once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from otel_genai_instr.reports.asked import Asked
from otel_genai_instr.reports.columns import NOT_RECORDED
from otel_genai_instr.reports.computed.cost import cost
from otel_genai_instr.reports.tables import rows_of

from .lines import DAY, NOON, Json, all_rows, call, document, span, tables_with

OPENLLMETRY: Json = {
    "gen_ai.system": "OpenAI",
    "llm.request.type": "chat",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.response.model": "gpt-4o-2024-08-06",
    "gen_ai.usage.prompt_tokens": 1000,
    "gen_ai.usage.completion_tokens": 100,
    "gen_ai.usage.cache_read_input_tokens": 400,
    "traceloop.association.properties.user_id": "ada",
    "traceloop.workflow.name": "answer",
    "gen_ai.completion.0.finish_reason": "stop",
}
OPENINFERENCE: Json = {
    "openinference.span.kind": "LLM",
    "llm.provider": "openai",
    "llm.model_name": "gpt-4o",
    "llm.token_count.prompt": 1000,
    "llm.token_count.completion": 100,
    "llm.token_count.prompt_details.cache_read": 400,
    "user.id": "ada",
    "session.id": "s1",
}
OLD: Json = {
    "gen_ai.system": "openai",
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.usage.input_tokens": 1000,
    "gen_ai.usage.output_tokens": 100,
    "gen_ai.usage.cache_creation.input_tokens": 0,
    "gen_ai.usage.cache_read_input_tokens": 400,
    "user.id": "ada",
}
PRICE = 600 * 2.5e-6 + 400 * 1.25e-6 + 100 * 10e-6
"""Of gpt-4o, by OpenAI's list: https://openai.com/api/pricing."""


@pytest.mark.parametrize("attributes", [OPENLLMETRY, OPENINFERENCE, OLD], ids=["openllmetry", "openinference", "old"])
def test_a_call_of_others_is_read_and_priced(tmp_path: Path, attributes: Json) -> None:
    (row,) = all_rows(tables_with(tmp_path, document([span(attributes)], scope="other")))
    read = {name: row[name] for name in ("kind", "operation", "provider", "model", "user")}
    assert read == {"kind": "call", "operation": "chat", "provider": "openai", "model": "gpt-4o", "user": "ada"}
    tokens = [row[name] for name in ("input_tokens", "output_tokens", "cache_read_tokens")]
    assert tokens == [1000, 100, 400]
    assert (row["cost"], row["currency"], row["cost_source"]) == (pytest.approx(PRICE), "USD", "report")
    assert row["cost_cache_read"] == pytest.approx(400 * 1.25e-6)


def test_a_cost_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    rows = all_rows(
        tables_with(
            tmp_path, document([span({**OPENINFERENCE, "llm.cost.total": 0.5}), call(cost=0.25, currency="EUR")])
        )
    )
    assert sorted((row["cost"], row["currency"]) for row in rows) == [(0.25, "EUR"), (0.5, "USD")]


def test_a_call_without_a_price_says_why(tmp_path: Path) -> None:
    tables = tables_with(
        tmp_path,
        document(
            [
                call(cost=None, model="my-own"),
                call(cost=None, unpriced="no_usage"),
                span({**OLD, "gen_ai.request.model": "llama-3.1-8b-instruct", "server.address": "x.y"}),
            ]
        ),
    )
    reasons = sorted(row["unpriced_reason"] for row in all_rows(tables))
    assert reasons == ["no_usage", "unknown_model", "unknown_seller"]


@pytest.mark.parametrize(
    ("attributes", "kind"),
    [
        ({"gen_ai.operation.name": "invoke_agent"}, "agent"),
        ({"gen_ai.operation.name": "invoke_workflow"}, "workflow"),
        ({"gen_ai.operation.name": "fetch_response"}, "step"),
        ({"openinference.span.kind": "CHAIN"}, "workflow"),
        ({"openinference.span.kind": "AGENT"}, "agent"),
        ({"traceloop.span.kind": "workflow"}, "workflow"),
    ],
)
def test_what_runs_calls_has_none_of_their_tokens_and_costs(
    tmp_path: Path, attributes: dict[str, Any], kind: str
) -> None:
    sums = {
        "gen_ai.usage.input_tokens": 500,
        "llm.token_count.prompt": 500,
        "gen_ai.usage.cost.amount": 0.5,
        "gen_ai.usage.cost.currency": "USD",
        "llm.cost.total": 0.5,
        "otel_genai.total.cost": 0.5,
    }
    (row,) = all_rows(tables_with(tmp_path, document([span({**attributes, **sums})])))
    assert row["kind"] == kind
    assert (row["input_tokens"], row["cost"], row["currency"]) == (None, None, None)


def test_an_operation_that_nobody_knows_is_a_call_if_it_used_tokens(tmp_path: Path) -> None:
    said = {"gen_ai.operation.name": "ponder"}
    spans = [span(said), span({**said, "gen_ai.usage.input_tokens": 5})]
    assert sorted(row["kind"] for row in all_rows(tables_with(tmp_path, document(spans)))) == ["call", "step"]


def test_spans_of_others_keep_their_place_in_the_trace(tmp_path: Path) -> None:
    (row,) = all_rows(tables_with(tmp_path, document([span({"http.response.status_code": 503}, name="GET /")])))
    assert (row["kind"], row["name"], row["http_status"], row["service"]) == (None, "GET /", 503, "shop")
    assert (row["started_at"], row["duration_ms"], row["environment"]) == (NOON, 1000.0, "test")


@pytest.mark.parametrize("ours_is_inside", [True, False])
def test_a_call_that_two_saw_counts_once(tmp_path: Path, ours_is_inside: bool) -> None:
    """Our span counts: it has what reports ask for."""
    trace = "a" * 32
    theirs = span(OPENLLMETRY, trace=trace, own_id="1" * 16, parent="" if ours_is_inside else "2" * 16)
    ours = call(trace=trace, own_id="2" * 16, parent="1" * 16 if ours_is_inside else "")
    tables = tables_with(tmp_path, document([theirs], scope="opentelemetry.instrumentation.openai"), document([ours]))
    (row,) = rows_of(tables.calls)
    assert row["span_id"] == "2" * 16


def test_two_calls_one_inside_the_other_of_one_instrumentation_are_two(tmp_path: Path) -> None:
    trace = "a" * 32
    outer = call(trace=trace, own_id="1" * 16)
    tables = tables_with(
        tmp_path, document([outer, call(trace=trace, parent="1" * 16)]), document([call()], scope="other")
    )
    assert len(rows_of(tables.calls)) == 3


def test_a_report_says_that_clickhouse_prices_no_call(tmp_path: Path) -> None:
    """There a call of others has this reason; where it is said, so is what to do."""
    known = [call(cost=None, unpriced="no_usage")]
    assert cost(tables_with(tmp_path, document(known)), Asked(DAY), None).sections["unpriced"].note == ""
    (tmp_path / "more").mkdir()
    tables = tables_with(tmp_path / "more", document([*known, call(cost=None, unpriced=NOT_RECORDED)]))
    assert cost(tables, Asked(DAY), None).sections["unpriced"].note.startswith("not_recorded: ")
