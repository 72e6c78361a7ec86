"""What stands below the first waterfall that lacks something, with the spans of real calls."""

from __future__ import annotations

import io
from itertools import islice
from typing import Any

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from otel_genai_instr.exporters.console import GenAIConsoleExporter

from ..support import answers
from ..support.capture import Capture
from ..support.provider import FakeProvider, sse_reply

MESSAGES: list[Any] = [{"role": "user", "content": "How long is the warranty?"}]
HINT = "no usage: a stream tells"


@pytest.fixture
def printed(capture: Capture) -> io.StringIO:
    """Observed, and printed at once."""
    out = io.StringIO()
    capture.tracer_provider.add_span_processor(SimpleSpanProcessor(GenAIConsoleExporter(out, width=60)))
    capture.instrument()
    return out


def stream(*steps: Any, chunks: int | None = None) -> None:
    client = FakeProvider(None, sse_reply(*steps)).client()
    with client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, stream=True) as opened:
        assert list(islice(opened, chunks))


def test_a_stream_without_usage_says_once_what_brings_it(printed: io.StringIO) -> None:
    steps = [step for step in answers.chat_chunks() if not step.get("usage")]
    stream(*steps)
    stream(*steps)
    shown = printed.getvalue()
    assert shown.count("no usage\n") == 2
    assert shown.count(HINT) == 1
    hint = shown[shown.index(HINT) :].partition("\n\n")[0]
    assert 'stream_options={"include_usage": True}' in " ".join(hint.split())
    assert "OTEL_GENAI_STREAM_USAGE=true" in hint
    assert all(len(line) <= 60 for line in hint.splitlines())


def test_a_stream_that_told_it_or_was_left_before_it_could(printed: io.StringIO) -> None:
    stream(*answers.chat_chunks())
    stream(*answers.chat_chunks(), chunks=1)
    assert printed.getvalue().count("trace ") == 2
    assert HINT not in printed.getvalue()
