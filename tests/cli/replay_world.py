"""What is asked again: real SDKs ask servers on loopback, and their spans go to files."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openai
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import otel_genai_instr as genai
from examples.anthropic_server import AnthropicServer
from examples.openai_server import OpenAIServer
from otel_genai_instr.cli import main
from otel_genai_instr.exporters.files import GenAIFileSpanExporter
from otel_genai_instr.file_settings import FileSettings

PARAMETERS: Any = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
DESCRIBED: Any = {"name": "weather", "description": "Tells the weather.", "parameters": PARAMETERS}
TOOL: Any = {"type": "function", "function": DESCRIBED}
CALL: Any = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Paris"}'}}
IMAGE = "https://example.com/cat.png"
PIXEL = "data:image/png;base64,iVBORw0KGgo="
TALK: Any = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Weather in Paris?", "name": "ann"},
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "c1", "content": "9 °C"},
    {
        "role": "user",
        "content": [{"type": "text", "text": "And here?"}, {"type": "image_url", "image_url": {"url": IMAGE}}],
    },
]
SAMPLING: Any = {"temperature": 0.5, "top_p": 0.9, "seed": 7, "stop": ["END"], "max_completion_tokens": 300}
Ask = Callable[[], object]


class World:
    """Two servers, the environment that points there, and where the telemetry is."""

    def __init__(self, servers: tuple[OpenAIServer, AnthropicServer], folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.openai, self.anthropic = servers
        self.folder = folder
        self.kept = InMemorySpanExporter()
        """The spans of the last record."""
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        patch.setenv("OPENAI_BASE_URL", self.openai.url)
        patch.setenv("OPENAI_API_KEY", "sk-of-the-app")
        patch.setenv("ANTHROPIC_BASE_URL", self.anthropic.url)
        patch.setenv("ANTHROPIC_API_KEY", "sk-of-the-app")
        patch.setattr("sys.stdin", io.StringIO())
        for server in servers:
            server.received.clear()

    def record(self, *asks: Ask, **options: Any) -> str:
        """Have calls made under instrumentation, in one trace, and return its id."""
        provider = TracerProvider(shutdown_on_exit=False)
        exporter = GenAIFileSpanExporter(FileSettings(str(self.folder / "telemetry")))
        self.kept = InMemorySpanExporter()
        for each in (exporter, self.kept):
            provider.add_span_processor(SimpleSpanProcessor(each))
        chosen: Any = {"content": "full", "tracer_provider": provider, **options}
        genai.instrument(**chosen)
        with provider.get_tracer("app").start_as_current_span("request") as span:
            for ask in asks:
                ask()
        genai.uninstrument()
        provider.shutdown()
        return f"{span.get_span_context().trace_id:032x}"

    def replay(self, which: str, *words: str, yes: bool = True, source: str | None = None) -> int:
        """Run the command on the files, or on another source; the servers remember its requests alone."""
        self.openai.received.clear()
        self.anthropic.received.clear()
        place = ("--from", source or str(self.folder / "telemetry"))
        return main(["replay", which, *place, *(("--yes", "--to", "127.0.0.1") if yes else ()), *words])


def asked_chat(model: str = "gpt-4o-mini", **asked: Any) -> Ask:
    def ask() -> object:
        client: Any = openai.OpenAI()
        return client.chat.completions.create(**{"model": model, "messages": TALK, **asked})

    return ask


def body_of(server: Any) -> Any:
    (received,) = server.received
    return json.loads(received.body)
