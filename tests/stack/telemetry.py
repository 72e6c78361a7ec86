"""Traces as an instrumented application makes them, by the plain SDK, so that every attribute is known."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from grpc import ssl_channel_credentials
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GRPCSpanExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HTTPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ScopeSpans
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, Status, StatusCode

from otel_genai_instr.semconv import attributes as names

from .collector import Collector

Protocol = Literal["grpc", "http"]

QUESTION = 'Wie viele Urlaubstage habe ich? 🏖 "quoted", a \\ and a\nnew line'


def rag_trace(service: str) -> list[ReadableSpan]:
    """One question to a RAG service: a request that embeds, looks up, asks a model twice and once fails."""
    provider, finished = _provider(service)
    tracer = provider.get_tracer("otel_genai_instr", "0.0.0")
    with tracer.start_as_current_span("POST /ask", kind=SpanKind.SERVER) as request:
        request.set_attributes({"http.request.method": "POST", "http.route": "/ask"})
        request.set_attribute(names.HTTP_RESPONSE_STATUS_CODE, 200)
        with tracer.start_as_current_span("embeddings", kind=SpanKind.CLIENT) as embeddings:
            embeddings.set_attributes(
                {
                    names.OPERATION_NAME: "embeddings",
                    names.PROVIDER_NAME: "openai",
                    names.REQUEST_MODEL: "text-embedding-3-small",
                    names.USAGE_INPUT_TOKENS: 9,
                    names.USAGE_COST_AMOUNT: 1.8e-07,
                    names.USAGE_COST_CURRENCY: "USD",
                }
            )
        with tracer.start_as_current_span("SELECT passages", kind=SpanKind.CLIENT) as query:
            query.set_attributes({"db.system.name": "sqlite", "db.query.text": "SELECT text FROM passages"})
        with tracer.start_as_current_span("chat gpt-4o-mini", kind=SpanKind.CLIENT) as chat:
            chat.set_attributes(
                {
                    names.OPERATION_NAME: "chat",
                    names.PROVIDER_NAME: "openai",
                    names.REQUEST_MODEL: "gpt-4o-mini",
                    names.REQUEST_STREAM: True,
                    names.REQUEST_TEMPERATURE: 1.0,
                    names.RESPONSE_MODEL: "gpt-4o-mini-2024-07-18",
                    names.RESPONSE_FINISH_REASONS: ("stop", "length"),
                    names.RESPONSE_TIME_TO_FIRST_CHUNK: 0.21,
                    names.USAGE_INPUT_TOKENS: 2_400_000_000,
                    names.USAGE_OUTPUT_TOKENS: 0,
                    names.USAGE_COST_AMOUNT: 0.00042,
                    names.USAGE_COST_CURRENCY: "USD",
                    names.USAGE_COST_SOURCE: "genai-prices",
                    names.INPUT_MESSAGES: _messages(QUESTION),
                }
            )
            with tracer.start_as_current_span("POST", kind=SpanKind.CLIENT) as http:
                http.set_attributes({"http.request.method": "POST", names.SERVER_ADDRESS: "127.0.0.1"})
        with tracer.start_as_current_span("chat gpt-4o-mini", kind=SpanKind.CLIENT) as refused:
            refused.set_attributes({names.OPERATION_NAME: "chat", names.ERROR_TYPE: "openai.RateLimitError"})
            refused.add_event("exception", {names.EXCEPTION_TYPE: "openai.RateLimitError"})
            refused.set_status(Status(StatusCode.ERROR, "429"))
    return list(finished.get_finished_spans())


def prompt_trace(service: str, prompt_bytes: int, spans: int = 1) -> list[ReadableSpan]:
    """LLM spans below one request span, each with a prompt of this size in its attributes."""
    provider, finished = _provider(service)
    tracer = provider.get_tracer("otel_genai_instr")
    with tracer.start_as_current_span("POST /ask", kind=SpanKind.SERVER):
        for number in range(spans):
            prompt = f"{number}: " + "word " * (prompt_bytes // 5)
            with tracer.start_as_current_span("chat gpt-4o-mini", kind=SpanKind.CLIENT) as chat:
                chat.set_attribute(names.INPUT_MESSAGES, _messages(prompt))
    return list(finished.get_finished_spans())


@dataclass(frozen=True)
class Call:
    """A span to be made: its attributes, who made it, whether it failed and how long it took."""

    attributes: Mapping[str, Any]
    scope: str = "otel_genai_instr"
    failed: bool = False
    seconds: float = 0.001


def calls_trace(service: str, calls: Sequence[Call]) -> list[ReadableSpan]:
    """One request in which these calls are made one after the other."""
    provider, finished = _provider(service)
    now = time.time_ns()
    request = provider.get_tracer("app").start_span("POST /ask", kind=SpanKind.SERVER, start_time=now)
    for call in calls:
        tracer = provider.get_tracer(call.scope)
        span = tracer.start_span("call", trace.set_span_in_context(request), SpanKind.CLIENT, start_time=now)
        span.set_attributes(call.attributes)
        if call.failed:
            span.set_status(Status(StatusCode.ERROR))
        now += round(call.seconds * 1e9)
        span.end(now)
    request.end(now)
    return list(finished.get_finished_spans())


def copies(request: ExportTraceServiceRequest, messages: int, spans: int) -> Iterator[bytes]:
    """Messages of so many spans: those of the one resource of ``request`` again and again, as traces of their own."""
    kept = ExportTraceServiceRequest()
    kept.resource_spans.add().resource.CopyFrom(request.resource_spans[0].resource)
    templates = [(scope, span) for scope in request.resource_spans[0].scope_spans for span in scope.spans]
    for _ in range(messages):
        message = ExportTraceServiceRequest()
        message.CopyFrom(kept)
        scopes: dict[str, ScopeSpans] = {}
        made = 0
        while made < spans:
            trace_ids: dict[bytes, bytes] = {}
            ids = {span.span_id: os.urandom(8) for _, span in templates}
            for scope, span in templates[: spans - made]:
                if scope.scope.name not in scopes:
                    scopes[scope.scope.name] = message.resource_spans[0].scope_spans.add(scope=scope.scope)
                copy = scopes[scope.scope.name].spans.add()
                copy.CopyFrom(span)
                copy.trace_id = trace_ids.setdefault(span.trace_id, os.urandom(16))
                copy.span_id = ids[span.span_id]
                copy.parent_span_id = ids.get(span.parent_span_id, b"")
                made += 1
        yield message.SerializeToString()


def export(
    spans: Sequence[ReadableSpan],
    collector: Collector,
    protocol: Protocol = "grpc",
    ca_file: Path | None = None,
    token: str | None = None,
    seconds: float = 30,
) -> bool:
    """Send spans in one message; whether the Collector took them. Over TLS where there is a ``ca_file``."""
    exporter = _exporter(collector, protocol, ca_file, {"authorization": f"Bearer {token}"} if token else {}, seconds)
    try:
        return exporter.export(spans) is SpanExportResult.SUCCESS
    finally:
        exporter.shutdown()


def _exporter(
    collector: Collector, protocol: Protocol, ca_file: Path | None, headers: dict[str, str], seconds: float
) -> SpanExporter:
    endpoint = collector.grpc_endpoint if protocol == "grpc" else f"{collector.http_endpoint}/v1/traces"
    if ca_file is not None:
        endpoint = endpoint.replace("http:", "https:")
    if protocol == "http":
        certificate = str(ca_file) if ca_file else None
        return HTTPSpanExporter(endpoint=endpoint, certificate_file=certificate, headers=headers, timeout=seconds)
    if ca_file is None:
        return GRPCSpanExporter(endpoint=endpoint, insecure=True, headers=headers, timeout=seconds)
    credentials = ssl_channel_credentials(ca_file.read_bytes())
    return GRPCSpanExporter(endpoint=endpoint, credentials=credentials, headers=headers, timeout=seconds)


def _provider(service: str) -> tuple[TracerProvider, InMemorySpanExporter]:
    finished = InMemorySpanExporter()
    provider = TracerProvider(resource=Resource({SERVICE_NAME: service}), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(finished))
    return provider, finished


def _messages(prompt: str) -> str:
    return json.dumps([{"role": "user", "parts": [{"type": "text", "content": prompt}]}], ensure_ascii=False)
