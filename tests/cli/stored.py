"""Files of spans: made by the real instrumentation, encoded as the OTLP exporter and the Collector do."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from google.protobuf.json_format import MessageToJson
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan

from ..support.answers import chat, embeddings
from ..support.capture import Capture
from ..support.clock import FakeClock
from ..support.provider import FakeProvider, json_reply

DAY = 86_400.0


def otlp_json(spans: Sequence[ReadableSpan], indent: int | None = None) -> str:
    """One export request as OTLP JSON."""
    return MessageToJson(encode_spans(spans), indent=indent)


def chat_spans(
    capture: Capture,
    clock: FakeClock,
    *answers: Any,
    days_between: float = 0,
    host: str = "api.openai.com",
    **options: Any,
) -> list[Any]:
    """Spans of chat calls with these answers, one after the other."""
    capture.instrument(**options)
    provider = FakeProvider(clock, *map(json_reply, answers))
    client = provider.client(base_url=f"https://{host}/v1")
    for _ in answers:
        client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "Hi"}])
        clock.advance(days_between * DAY)
    return capture.spans()


def embedding_spans(capture: Capture, clock: FakeClock) -> list[Any]:
    """The span of an embeddings call."""
    capture.instrument()
    client = FakeProvider(clock, json_reply(embeddings())).client()
    client.embeddings.create(model="text-embedding-3-small", input="Hi")
    return capture.spans()


def answer(model: str = "gpt-4o-mini-2024-07-18", prompt: int = 1000, cached: int = 400, out: int = 200) -> Any:
    """A chat completion that used so many tokens."""
    usage = {
        "prompt_tokens": prompt,
        "completion_tokens": out,
        "total_tokens": prompt + out,
        "prompt_tokens_details": {"cached_tokens": cached},
    }
    return chat(model=model, usage=usage)


def packed(path: Path, text: str) -> Path:
    """Write the text packed by gzip, whatever the file is called."""
    path.write_bytes(gzip.compress(text.encode()))
    return path
