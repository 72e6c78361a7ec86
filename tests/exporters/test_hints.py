"""What the log says of the first waterfall that lacks something, with the spans of real calls."""

from __future__ import annotations

import io
from itertools import islice
from typing import Any

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from otel_genai_instr import log
from otel_genai_instr.exporters.console import GenAIConsoleExporter

from ..support import answers
from ..support.capture import Capture
from ..support.provider import FakeProvider, sse_reply

MESSAGES: list[Any] = [{"role": "user", "content": "How long is the warranty?"}]


@pytest.fixture
def printed(capture: Capture, monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Observed, and printed at once."""
    monkeypatch.setattr(log, "_said", {})
    out = io.StringIO()
    capture.tracer_provider.add_span_processor(SimpleSpanProcessor(GenAIConsoleExporter(out)))
    capture.instrument()
    return out


def stream(*steps: Any, chunks: int | None = None) -> None:
    client = FakeProvider(None, sse_reply(*steps)).client()
    with client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, stream=True) as opened:
        assert list(islice(opened, chunks))


def test_a_stream_without_usage_says_once_what_brings_it(
    printed: io.StringIO, caplog: pytest.LogCaptureFixture
) -> None:
    steps = [step for step in answers.chat_chunks() if not step.get("usage")]
    stream(*steps)
    stream(*steps)
    assert printed.getvalue().count("no usage\n") == 2
    (said,) = caplog.messages
    assert 'stream_options={"include_usage": True}' in said
    assert "OTEL_GENAI_STREAM_USAGE=true" in said


def test_a_stream_that_told_it_or_was_left_before_it_could(
    printed: io.StringIO, caplog: pytest.LogCaptureFixture
) -> None:
    stream(*answers.chat_chunks())
    stream(*answers.chat_chunks(), chunks=1)
    assert printed.getvalue().count("trace ") == 2
    assert caplog.messages == []
