"""What the programs share. Importing it sets up OpenTelemetry as an app does, with us or without us.

``KIT`` says how: ``without``; ``ledger``, a line for each finished span in a file that all processes share;
``waterfall``, in the terminal; ``launcher``, by ``opentelemetry-instrument``, so that nothing is to do here.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult

HELLO: Any = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}
STREAMED: Any = {**HELLO, "stream": True, "stream_options": {"include_usage": True}}
HOW = os.environ["KIT"]


class Ledger(SpanExporter):
    """Takes no lock, holds nothing back: what was written before ``os._exit`` stays."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        file = os.open(os.environ["LEDGER"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        for span in spans:
            untyped: Any = span
            os.write(file, f"{untyped.get_span_context().span_id:016x} {span.name}\n".encode())
        os.close(file)
        return SpanExportResult.SUCCESS


def _turn_on() -> None:
    if HOW == "launcher":
        return
    provider = TracerProvider()
    trace.set_tracer_provider(provider)
    if HOW == "without":
        return
    import otel_genai_instr
    from otel_genai_instr.exporters.console import GenAIConsoleExporter

    exporter = GenAIConsoleExporter(width=100) if HOW == "waterfall" else Ledger()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    otel_genai_instr.instrument()


def client() -> Any:
    """Of the SDK as it is imported at this moment."""
    import openai

    return openai.OpenAI(base_url=os.environ["SERVER"], api_key="none", max_retries=0)


def async_client() -> Any:
    """The same, asynchronous."""
    import openai

    return openai.AsyncOpenAI(base_url=os.environ["SERVER"], api_key="none", max_retries=0)


def ask(_: object = None) -> str:
    """One call; the argument is for pools."""
    with client() as asked:
        return asked.chat.completions.create(**HELLO).choices[0].message.content[:12]


def begun() -> Any:
    """A stream of which one chunk was read."""
    stream = client().chat.completions.create(**STREAMED)
    next(iter(stream))
    return stream


_turn_on()
