"""Telemetry in files, as the Collector's file exporter writes it: spans and events with what a test says of them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, Final, cast

import pyarrow

from otel_genai_instr.cli.pricers import pricer_from
from otel_genai_instr.reports.asked import Window
from otel_genai_instr.reports.stored.ingest import ingest
from otel_genai_instr.reports.stored.manifest import Manifest
from otel_genai_instr.reports.stored.tables import stored_tables
from otel_genai_instr.reports.tables import Tables, rows_of

NOON: Final = datetime(2026, 11, 4, 12)
"""A Wednesday; when a span starts of which nothing else is said."""
DAY: Final = Window(datetime(2026, 11, 4), datetime(2026, 11, 5))
_ids = count(1)

Json = dict[str, Any]


def span(
    attributes: Mapping[str, object] | None = None,
    *,
    at: datetime = NOON,
    seconds: float = 1.0,
    trace: str | None = None,
    own_id: str | None = None,
    parent: str = "",
    name: str = "span",
    failed: bool = False,
) -> Json:
    """A span; ids are new ones, where nothing is said."""
    number = next(_ids)
    start = nanoseconds(at)
    return {
        "traceId": trace or f"{number:032x}",
        "spanId": own_id or f"{number:016x}",
        "parentSpanId": parent,
        "name": name,
        "kind": 3,
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(start + int(seconds * 1e9)),
        "attributes": written(attributes or {}),
        "status": {"code": 2} if failed else {},
    }


def call(
    *, model: str = "gpt-4o", tokens: tuple[int, int] = (100, 10), cost: float | None = 0.001, **said: Any
) -> Json:
    """A call as this package records one: its attributes by the short names that are known here, others as they are."""
    options = {
        name: said.pop(name) for name in ("at", "seconds", "trace", "own_id", "parent", "failed") if name in said
    }
    attributes: Json = {
        "gen_ai.operation.name": said.pop("operation", "chat"),
        "gen_ai.provider.name": said.pop("provider", "openai"),
        "gen_ai.request.model": model,
        "gen_ai.usage.input_tokens": tokens[0],
        "gen_ai.usage.output_tokens": tokens[1],
    }
    if cost is not None:
        attributes |= {"gen_ai.usage.cost.amount": cost, "gen_ai.usage.cost.currency": said.pop("currency", "USD")}
    for short, name in _SHORT.items():
        if short in said:
            attributes[name] = said.pop(short)
    return span(attributes | said, name=f"chat {model}", **options)


_SHORT: Final = {
    "feature": "app.feature",
    "user": "user.id",
    "prompt": "gen_ai.prompt.name",
    "version": "gen_ai.prompt.version",
    "finish": "gen_ai.response.finish_reasons",
    "first_chunk": "gen_ai.response.time_to_first_chunk",
    "attempts": "otel_genai.request.attempts",
    "error": "error.type",
    "unpriced": "otel_genai.cost.unpriced_reason",
    "cached": "gen_ai.usage.cache_read.input_tokens",
    "cost_input": "otel_genai.cost.input",
    "cost_cache_read": "otel_genai.cost.cache_read",
    "cost_output": "otel_genai.cost.output",
    "response_id": "gen_ai.response.id",
}


def evaluation(of: Json | None, name: str, score: float, *, at: datetime = NOON, **attributes: object) -> Json:
    """The event of an evaluation."""
    return {
        "timeUnixNano": str(nanoseconds(at)),
        "eventName": "gen_ai.evaluation.result",
        "traceId": of["traceId"] if of else "",
        "spanId": of["spanId"] if of else "",
        "attributes": written({"gen_ai.evaluation.name": name, "gen_ai.evaluation.score.value": score, **attributes}),
    }


def document(
    spans: Iterable[Json] = (), logs: Iterable[Json] = (), *, scope: str = "otel_genai_instr", service: str = "shop"
) -> Json:
    """A request with spans and log records."""
    resource = {"attributes": written({"service.name": service, "deployment.environment.name": "test"})}
    said: Json = {}
    if spans := list(spans):
        said["resourceSpans"] = [{"resource": resource, "scopeSpans": [{"scope": {"name": scope}, "spans": spans}]}]
    if logs := list(logs):
        said["resourceLogs"] = [{"resource": resource, "scopeLogs": [{"scope": {"name": scope}, "logRecords": logs}]}]
    return said


def written(attributes: Mapping[str, object]) -> list[Json]:
    """Attributes as OTLP JSON has them."""
    return [{"key": name, "value": _value(value)} for name, value in attributes.items()]


def _value(value: object) -> Json:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, list | tuple):
        return {"arrayValue": {"values": [_value(item) for item in cast("list[object]", value)]}}
    return {"stringValue": value}


def nanoseconds(moment: datetime) -> int:
    """A moment of UTC in nanoseconds since 1970."""
    return int((moment - datetime(1970, 1, 1)) / timedelta(microseconds=1)) * 1000


def line(said: Json) -> bytes:
    """A line of a file."""
    return json.dumps(said, separators=(",", ":")).encode() + b"\n"


def write(path: Path, *said: Json | bytes, packed: bool = False) -> Path:
    """Write a file of lines."""
    text = b"".join(item if isinstance(item, bytes) else line(item) for item in said)
    path.write_bytes(gzip.compress(text) if packed else text)
    return path


def zstd(text: bytes) -> bytes:
    """A frame."""
    packed = pyarrow.Codec("zstd").compress(text, asbytes=True)
    assert isinstance(packed, bytes)
    return packed


def message(packed: bytes) -> bytes:
    """As the Collector writes it with ``compression: zstd``."""
    return len(packed).to_bytes(4, "big") + packed


def read(source: Path, cache: Path) -> Manifest:
    """Read what is new."""
    manifest, unreadable = ingest(source, cache, pricer_from(None), lambda _done, _all: None)
    assert unreadable == []
    return manifest


def tables_of(source: Path, cache: Path) -> Tables:
    """Read a source, and return its tables."""
    return stored_tables(read(source, cache), cache)


def tables_with(folder: Path, *said: Json) -> Tables:
    """The tables of these documents alone."""
    source = folder / "telemetry"
    source.mkdir()
    write(source / "traces.jsonl", *said)
    return tables_of(source, folder / "cache")


def all_rows(tables: Tables) -> list[Json]:
    """Every span that counts."""
    return rows_of(tables.spans)


def now() -> datetime:
    """This moment, as the tables have it."""
    return datetime.now(UTC).replace(tzinfo=None)
