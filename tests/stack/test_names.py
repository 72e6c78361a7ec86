"""Spans of other libraries get today's names on their way through the Collector."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from .otlp_receiver import OTLPReceiver
from .passing import KEY, RunCollector, pseudonym, through, values
from .telemetry import Call

pytestmark = pytest.mark.stack

OPENINFERENCE = "openinference.instrumentation.openai"
OPENLLMETRY = "opentelemetry.instrumentation.openai.v1"

FOREIGN: Sequence[tuple[str, Call, Mapping[str, Any]]] = [
    (
        # opentelemetry-instrumentation-openai 0.62: a chat, as it writes it.
        "openllmetry",
        Call(
            {
                "gen_ai.operation.name": "chat",
                "gen_ai.provider.name": "openai",
                "gen_ai.request.model": "gpt-4o-mini",
                "gen_ai.request.max_tokens": 50,
                "gen_ai.request.temperature": 0.5,
                "gen_ai.user": "u-1",
                "gen_ai.is_streaming": True,
                "gen_ai.openai.api_base": "http://127.0.0.1/v1/",
                "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
                "gen_ai.response.finish_reasons": ("stop",),
                "gen_ai.openai.response.system_fingerprint": "fp_example",
                "openai.response.service_tier": "default",
                "gen_ai.usage.total_tokens": 13,
                "gen_ai.usage.output_tokens": 9,
                "gen_ai.usage.input_tokens": 4,
                "gen_ai.usage.cache_read.input_tokens": 0,
                "gen_ai.usage.reasoning_tokens": 3,
            },
            scope=OPENLLMETRY,
        ),
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "gpt-4o-mini",
            "gen_ai.request.max_tokens": 50,
            "gen_ai.request.temperature": 0.5,
            "gen_ai.request.stream": True,
            "gen_ai.openai.api_base": "http://127.0.0.1/v1/",
            "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
            "gen_ai.response.finish_reasons": ["stop"],
            "openai.response.system_fingerprint": "fp_example",
            "openai.response.service_tier": "default",
            "gen_ai.usage.output_tokens": 9,
            "gen_ai.usage.input_tokens": 4,
            "gen_ai.usage.cache_read.input_tokens": 0,
            "gen_ai.usage.reasoning.output_tokens": 3,
        },
    ),
    (
        # The same library before it took the official names.
        "openllmetry_older",
        Call(
            {
                "llm.request.type": "completion",
                "gen_ai.system": "OpenAI",
                "gen_ai.request.model": "gpt-3.5-turbo-instruct",
                "llm.is_streaming": False,
                "llm.frequency_penalty": 0.25,
                "llm.user": "u-1",
                "gen_ai.usage.prompt_tokens": 12,
                "gen_ai.usage.completion_tokens": 5,
                "llm.usage.total_tokens": 17,
                "gen_ai.usage.cache_read_input_tokens": 8,
                "gen_ai.usage.cache_creation_input_tokens": 2,
                "llm.response.finish_reason": "length",
                "traceloop.association.properties.session_id": "s-1",
                "gen_ai.prompt.0.content": "hi",
                "gen_ai.prompt.name": "greeting",
            },
            scope=OPENLLMETRY,
        ),
        {
            "gen_ai.operation.name": "text_completion",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "gpt-3.5-turbo-instruct",
            "gen_ai.request.frequency_penalty": 0.25,
            "gen_ai.usage.input_tokens": 12,
            "gen_ai.usage.output_tokens": 5,
            "gen_ai.usage.cache_read.input_tokens": 8,
            "gen_ai.usage.cache_write.input_tokens": 2,
            "gen_ai.response.finish_reasons": ["length"],
            "session.id": "s-1",
            "gen_ai.prompt.0.content": "hi",
            "gen_ai.prompt.name": "greeting",
        },
    ),
    (
        "openllmetry_tool",
        Call(
            {"traceloop.span.kind": "tool", "traceloop.entity.name": "search"},
            scope="opentelemetry.instrumentation.langchain",
        ),
        {
            "traceloop.span.kind": "tool",
            "traceloop.entity.name": "search",
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": "search",
        },
    ),
    (
        # openinference-instrumentation-openai 0.1.66: a chat, as it writes it, less its answer.
        "openinference",
        Call(
            {
                "llm.system": "openai",
                "input.value": '{"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "?"}], "user":"u-1"}',
                "input.mime_type": "application/json",
                "llm.invocation_parameters": '{"model":"gpt-4o-mini","max_tokens":50,"temperature":0.5,"user":"u-1"}',
                "llm.input_messages.0.message.role": "user",
                "llm.input_messages.0.message.content": "hi",
                "llm.model_name": "gpt-4o-mini-2024-07-18",
                "llm.token_count.total": 13,
                "llm.token_count.prompt": 4,
                "llm.token_count.completion": 9,
                "llm.token_count.prompt_details.cache_read": 2,
                "llm.token_count.prompt_details.audio": 0,
                "llm.token_count.completion_details.reasoning": 1,
                "llm.token_count.completion_details.audio": 0,
                "llm.cost.total": 0.00025,
                "llm.finish_reason": "stop",
                "openinference.span.kind": "LLM",
            },
            scope=OPENINFERENCE,
        ),
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "gpt-4o-mini",
            "gen_ai.request.max_tokens": 50,
            "gen_ai.request.temperature": 0.5,
            "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
            "gen_ai.response.finish_reasons": ["stop"],
            "gen_ai.usage.input_tokens": 4,
            "gen_ai.usage.output_tokens": 9,
            "gen_ai.usage.cache_read.input_tokens": 2,
            "gen_ai.usage.audio.input_tokens": 0,
            "gen_ai.usage.audio.output_tokens": 0,
            "gen_ai.usage.reasoning.output_tokens": 1,
            "gen_ai.usage.cost.amount": 0.00025,
            "gen_ai.usage.cost.currency": "USD",
            "openinference.span.kind": "LLM",
            "input.value": '{"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "?"}], "user": ""}',
            "input.mime_type": "application/json",
            "llm.invocation_parameters": '{"model":"gpt-4o-mini","max_tokens":50,"temperature":0.5,"user": ""}',
            "llm.input_messages.0.message.role": "user",
            "llm.input_messages.0.message.content": "hi",
        },
    ),
    (
        "openinference_embedding",
        Call(
            {
                "llm.system": "openai",
                "llm.provider": "azure",
                "embedding.model_name": "text-embedding-3-small",
                "llm.token_count.prompt": 1,
                "llm.token_count.total": 1,
                "openinference.span.kind": "EMBEDDING",
            },
            scope=OPENINFERENCE,
        ),
        {
            "gen_ai.operation.name": "embeddings",
            "gen_ai.provider.name": "azure.ai.openai",
            "gen_ai.request.model": "text-embedding-3-small",
            "gen_ai.usage.input_tokens": 1,
            "openinference.span.kind": "EMBEDDING",
        },
    ),
    (
        # The official conventions until 1.36, and what they called OpenAI's own.
        "official_older",
        Call(
            {
                "gen_ai.operation.name": "chat",
                "gen_ai.system": "az.ai.openai",
                "gen_ai.request.model": "gpt-4o",
                "gen_ai.openai.request.response_format": "json_schema",
                "gen_ai.openai.request.seed": 7,
                "gen_ai.openai.request.service_tier": "flex",
                "gen_ai.openai.response.service_tier": "flex",
                "gen_ai.usage.cache_creation.input_tokens": 6,
                "gen_ai.usage.input_tokens": 10,
                "gen_ai.usage.cost": 0.5,
            },
            scope="opentelemetry.instrumentation.openai_v2",
        ),
        {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "azure.ai.openai",
            "gen_ai.request.model": "gpt-4o",
            "gen_ai.output.type": "json",
            "gen_ai.request.seed": 7,
            "openai.request.service_tier": "flex",
            "openai.response.service_tier": "flex",
            "gen_ai.usage.cache_write.input_tokens": 6,
            "gen_ai.usage.input_tokens": 10,
            "gen_ai.usage.cost.amount": 0.5,
            "gen_ai.usage.cost.currency": "USD",
        },
    ),
    (
        # Today's name is right, whatever stands beside it.
        "both_names",
        Call(
            {
                "gen_ai.operation.name": "chat",
                "gen_ai.provider.name": "openai",
                "gen_ai.system": "other",
                "gen_ai.usage.input_tokens": 10,
                "gen_ai.usage.prompt_tokens": 11,
            },
            scope="their_package",
        ),
        {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.usage.input_tokens": 10},
    ),
    (
        "no_llm_span",
        Call({"db.system.name": "sqlite", "gen_ai_is_no_prefix": "x", "llm.user": "u-1"}, scope="a.database"),
        {"db.system.name": "sqlite", "gen_ai_is_no_prefix": "x"},
    ),
]


def test_spans_of_other_libraries_get_todays_names(run_collector: RunCollector, receiver: OTLPReceiver) -> None:
    collector = run_collector(receiver.otlp_endpoint)
    found = through(collector, receiver, *(call for _, call, _ in FOREIGN))
    for (name, _, expected), span in zip(FOREIGN, found, strict=True):
        assert values(span) == expected, name
    assert "failed to" not in collector.log()


def test_users_in_parameters_of_openinference_become_the_spans_user(
    run_collector: RunCollector, receiver: OTLPReceiver
) -> None:
    call = next(call for name, call, _ in FOREIGN if name == "openinference")
    (span,) = through(run_collector(receiver.otlp_endpoint, OTELCOL_USER_KEY=KEY), receiver, call)
    assert span.value("user.id") == pseudonym("u-1")
    assert "u-1" not in json.dumps(values(span))
