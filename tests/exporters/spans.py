"""Records to draw: a small language for the pure tests, and the story that the snapshots tell."""

from __future__ import annotations

from typing import Any

from otel_genai_instr.exporters.traces import Mark, Piece, SpanRecord

TRACE = 0x4BF92F3577B34DA6A3CE929D0E0E4736
MS = 1_000_000


def span(
    span_id: int,
    parent_id: int | None,
    name: str = "work",
    start: float = 0,
    end: float = 1,
    *,
    trace_id: int = TRACE,
    remote: bool = False,
    **said: Any,
) -> SpanRecord:
    """A record; times in milliseconds."""
    root = parent_id is None or remote
    return SpanRecord(trace_id, span_id, parent_id, root, name, int(start * MS), int(end * MS), **said)


def piece(spans: list[SpanRecord], mark: Mark = Mark.WHOLE, omitted: int = 0) -> Piece:
    """These spans in the window that they fill."""
    window = min(one.start_ns for one in spans), max(one.end_ns for one in spans)
    return Piece(TRACE, spans, mark, *window, omitted=omitted)


def story() -> list[SpanRecord]:
    """A question to a RAG server: HTTP, DB, embeddings, a retried stream, a tool, an unknown model, an error."""
    return [
        span(1, None, "POST /ask", 0, 2431, detail="200", service="rag-demo"),
        span(
            2, 1, "embeddings text-embedding-3-small", 4, 316,
            operation="embeddings", is_call=True, input_tokens=8, cost=1.6e-7,
        ),
        span(3, 2, "POST", 5, 315, detail="200"),
        span(4, 1, "SELECT", 318, 321.4, detail="sqlite docs"),
        span(
            5, 1, "chat gpt-5-mini", 325, 1290,
            operation="chat", is_call=True, input_tokens=1240, cache_read_tokens=1024, output_tokens=212,
            reasoning_tokens=128, first_chunk_ns=640 * MS, cost=0.00050365, detail="2 attempts tool_calls",
        ),
        span(6, 5, "POST", 326, 410, error="429"),
        span(7, 5, "POST", 700, 900, detail="200"),
        span(8, 1, "execute_tool 天気", 1292, 1401, operation="execute_tool"),
        span(9, 8, "GET", 1293, 1400, detail="200"),
        span(
            10, 1, "chat llama-9-private", 1405, 1800,
            operation="chat", is_call=True, input_tokens=1500, output_tokens=90, unpriced_reason="unknown_model",
        ),
        span(
            11, 1, "chat gpt-5-mini", 1805, 2420,
            operation="chat", is_call=True, error="RateLimitError", detail="3 attempts",
        ),
    ]  # fmt: skip
