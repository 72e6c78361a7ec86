"""The demo, through the real Collector into the real Jaeger: HTTP, database and LLM spans in one trace."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from otel_genai_instr.semconv import attributes as names
from otel_genai_instr.semconv import own

from .collector import ROOT, Collector
from .conftest import Backend
from .programs import Program, wait_until
from .spans import CLIENT, INTERNAL, SERVER, SpanRecord

pytestmark = pytest.mark.stack

SERVICE = "lamp-shop-assistant"
DEMO_SECONDS = 120.0
DELIVERY_SECONDS = 60.0
Trace = list[SpanRecord]


@pytest.fixture
def traces(backend: Backend, collector: Collector, tmp_path: Path) -> list[Trace]:
    """The traces of the demo's questions, read back and the same as in the app; oldest first, spans by start."""
    backend.start()
    demo = Program(
        "demo",
        [sys.executable, ROOT / "examples" / "demo.py"],
        env={
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.grpc_endpoint,
            # What the demo does by itself, and the SDK's own exporter beside it: a record of what was sent.
            "OTEL_TRACES_EXPORTER": "genai_console,otlp,console",
        },
        log=tmp_path / "demo.log",
    )
    output = demo.run(DEMO_SECONDS)
    sent = printed_spans(output)
    assert sent
    wait_until(
        lambda: len(backend.find(SERVICE)) >= len(sent),
        what=f"{backend.name} has all {len(sent)} spans of the demo",
        seconds=DELIVERY_SECONDS,
    )
    found = backend.find(SERVICE)
    assert {id: as_printed(span) for id, span in found.items()} == sent

    by_trace: dict[str, Trace] = {}
    for span in sorted(found.values(), key=lambda span: span.start):
        by_trace.setdefault(span.trace_id, []).append(span)
    # The waterfalls in the terminal are of the same traces.
    assert set(re.findall(r"^trace (\w{32}) ", output, flags=re.MULTILINE)) == by_trace.keys()
    return [trace for trace in by_trace.values() if root_of(trace).value("http.route") == "/ask"]


Printed = tuple[str, str, str, str, dict[str, Any]]
"""Trace id, parent id, name, kind and attributes."""


def printed_spans(output: str) -> dict[str, Printed]:
    """What the SDK's console exporter printed among other things, by span id."""
    spans: dict[str, Printed] = {}
    for text in re.findall(r"^\{\n.*?^\}$", output, flags=re.MULTILINE | re.DOTALL):
        span = json.loads(text)
        where = span["context"]
        spans[where["span_id"].removeprefix("0x")] = (
            where["trace_id"].removeprefix("0x"),
            (span["parent_id"] or "").removeprefix("0x"),
            span["name"],
            span["kind"],
            span["attributes"],
        )
    return spans


def as_printed(span: SpanRecord) -> Printed:
    """A span that was read back, in the form of ``printed_spans``."""
    kind = {INTERNAL: "SpanKind.INTERNAL", SERVER: "SpanKind.SERVER", CLIENT: "SpanKind.CLIENT"}[span.kind]
    return span.trace_id, span.parent_id, span.name, kind, {name: span.value(name) for name in span.attributes}


def root_of(trace: Trace) -> SpanRecord:
    """The one span without a parent; asserts that every other has its parent in the trace."""
    ids = {span.span_id for span in trace}
    (root,) = (span for span in trace if not span.parent_id)
    assert all(span.parent_id in ids for span in trace if span is not root)
    return root


def llm_spans(trace: Trace, *operations: str) -> Trace:
    """The model calls of a trace, in order."""
    return [span for span in trace if span.value(names.OPERATION_NAME) in operations]


def attempts(call: SpanRecord) -> int:
    """How often the SDK sent the request."""
    return call.value(own.REQUEST_ATTEMPTS) or 1


def http_status(span: SpanRecord) -> int | None:
    """By either name: which of the two the HTTP instrumentations use is up to OTEL_SEMCONV_STABILITY_OPT_IN."""
    return span.value("http.response.status_code") or span.value("http.status_code")


def test_demo_traces_show_http_database_and_priced_model_calls(traces: list[Trace]) -> None:
    assert len(traces) == 3
    for trace in traces:
        request = root_of(trace)
        assert (request.kind, http_status(request)) == (SERVER, 200)
        queries = [span for span in trace if span.scope == "opentelemetry.instrumentation.sqlite3"]
        assert [query for query in queries if query.kind == CLIENT and query.name == "SELECT"]

        embeddings, chats = llm_spans(trace, "embeddings"), llm_spans(trace, "chat")
        assert embeddings
        assert chats
        for call in (*embeddings, *chats):
            assert call.kind == CLIENT
            assert call.value(names.REQUEST_MODEL)
            assert call.value(names.RESPONSE_MODEL)
            assert call.value(names.USAGE_INPUT_TOKENS) > 0
            assert call.value(names.USAGE_COST_AMOUNT) > 0
            assert call.value(names.USAGE_COST_CURRENCY) == "USD"
            # Its HTTP requests are below it: one, and one more for each time that it was refused.
            statuses = [http_status(span) for span in trace if span.parent_id == call.span_id]
            assert statuses == [429] * (attempts(call) - 1) + [200]
        for chat in chats:
            assert chat.value(names.USAGE_OUTPUT_TOKENS) > 0
            assert 0 < chat.value(names.RESPONSE_TIME_TO_FIRST_CHUNK) < (chat.end - chat.start) / 1e9
            assert chat.value(names.RESPONSE_FINISH_REASONS)
        # Nobody asked for content.
        assert not any(span.value(names.INPUT_MESSAGES) or span.value(names.OUTPUT_MESSAGES) for span in trace)

    with_tool = [llm_spans(trace, "chat") for trace in traces if len(llm_spans(trace, "chat")) == 2]
    assert [[chat.value(names.RESPONSE_FINISH_REASONS) for chat in chats] for chats in with_tool] == [
        [["tool_calls"], ["stop"]]
    ]
    assert sorted(attempts(chat) for trace in traces for chat in llm_spans(trace, "chat")) == [1, 1, 1, 2]
