"""The Collector drops content by itself, whoever recorded it, and nothing else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor

import otel_genai_instr as genai

from ..deploy.one_run import EVERYTHING, live
from ..support.capture import Capture
from ..support.under_test import ANSWER, PROMPT
from .collector import Collector
from .content_keys import BARE, CONTENT, KEPT, flat
from .http_receiver import HTTPReceiver
from .passing import SECONDS, RunCollector, values
from .programs import http_post, wait_until
from .spans import SpanRecord, sent_spans, spans_of_json

pytestmark = pytest.mark.stack

CANARY = "where did I bury the treasure"
OPERATION = {"gen_ai.operation.name": "chat"}
DROPS: Mapping[str, str | None] = {"OTELCOL_CONTENT": None}
"""The variable isn't set: what a Collector does of itself."""


def text(value: str) -> AnyValue:
    return AnyValue(string_value=value)


def structured(value: str) -> AnyValue:
    """As events have it: a list of messages."""
    message = AnyValue()
    message.kvlist_value.values.add(key="role", value=text("user"))
    message.kvlist_value.values.add(key="content", value=text(value))
    messages = AnyValue()
    messages.array_value.values.append(message)
    return messages


def pairs(attributes: Mapping[str, str | AnyValue]) -> list[KeyValue]:
    return [
        KeyValue(key=key, value=text(as_is) if isinstance(as_is, str) else as_is) for key, as_is in attributes.items()
    ]


def everything(content: AnyValue) -> list[KeyValue]:
    """Each key that holds content with content, and each other one."""
    return pairs(OPERATION | dict.fromkeys([*flat(CONTENT), *flat(BARE)], content) | dict.fromkeys(flat(KEPT), "kept"))


STAYS = {**OPERATION, **dict.fromkeys(flat(KEPT), "kept")}


def span(number: int, attributes: list[KeyValue], events: Sequence[Span.Event] = (), message: str = "") -> Span:
    return Span(
        trace_id=bytes(15) + b"\1",
        span_id=bytes(7) + bytes([number]),
        name="call",
        start_time_unix_nano=number,
        end_time_unix_nano=number + 1,
        attributes=attributes,
        events=events,
        status=Status(code=Status.STATUS_CODE_ERROR, message=message),
    )


def send_spans(collector: Collector, *spans: Span, scope: str = "otel_genai_instr") -> None:
    request = ExportTraceServiceRequest()
    scope_spans = request.resource_spans.add().scope_spans.add(spans=spans)
    scope_spans.scope.name = scope
    post(collector, "traces", request.SerializeToString())


def send_logs(collector: Collector, *records: tuple[str, LogRecord]) -> None:
    """Each by its logger."""
    request = ExportLogsServiceRequest()
    for scope, record in records:
        scope_logs = request.resource_logs.add().scope_logs.add(log_records=[record])
        scope_logs.scope.name = scope
    post(collector, "logs", request.SerializeToString())


def post(collector: Collector, signal: str, message: bytes) -> None:
    assert http_post(f"{collector.http_endpoint}/v1/{signal}", message, "application/x-protobuf") == 200


class Files:
    """What the Collector has written with the overlay ``file``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def wait(self, signal: str, items: int) -> str:
        """All of a signal, once there are so many spans or logs."""
        file, sign = (
            self.folder / f"{signal}.jsonl",
            {"traces": '"startTimeUnixNano"', "logs": '"timeUnixNano"'}[signal],
        )

        def written() -> str:
            return file.read_text() if file.exists() else ""

        wait_until(lambda: written().count(sign) >= items, what=f"{items} of {signal}", seconds=SECONDS)
        return written()

    def spans(self, count: int) -> list[Any]:
        """In the order of their numbers."""
        found = [span for _, span in leaves(self.wait("traces", count), "resourceSpans", "scopeSpans", "spans")]
        return sorted(found, key=lambda span: span["spanId"])

    def logs(self, count: int) -> list[Any]:
        """In the order in which they were sent."""
        found = [log for _, log in leaves(self.wait("logs", count), "resourceLogs", "scopeLogs", "logRecords")]
        return sorted(found, key=lambda log: int(log["timeUnixNano"]))


def leaves(lines: str, resources: str, scopes: str, items: str) -> Iterator[tuple[str, Any]]:
    for line in lines.splitlines():
        for resource in json.loads(line).get(resources, []):
            for scope in resource[scopes]:
                yield from ((scope.get("scope", {}).get("name", ""), item) for item in scope[items])


def plain(owner: Any) -> dict[str, Any]:
    """Attributes with texts as texts."""
    pairs = owner.get("attributes", owner.get("values", []))
    return {pair["key"]: pair["value"].get("stringValue", pair["value"]) for pair in pairs}


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path / "files")


@pytest.fixture
def collector(run_collector: RunCollector, files: Files) -> Collector:
    """One that was told nothing about content."""
    return run_collector("nowhere.invalid:4317", "file", OTELCOL_FILE_DIR=str(files.folder), **DROPS)


@pytest.mark.parametrize("content", [text(CANARY), structured(CANARY)], ids=["text", "structured"])
def test_content_goes_from_spans_and_events_and_the_rest_stays(
    collector: Collector, files: Files, content: AnyValue
) -> None:
    said = Span.Event(name="gen_ai.user.message", attributes=everything(content), time_unix_nano=1)
    other = Span.Event(name="step", attributes=everything(content), time_unix_nano=1)
    send_spans(collector, span(1, everything(content), [said, other], message=CANARY))
    (found,) = files.spans(1)
    assert plain(found) == STAYS
    assert found["status"] == {"code": 2}
    assert plain(found["events"][1]) == STAYS
    # Of a message only what is known to be none of it.
    assert plain(found["events"][0]) == {key: value for key, value in STAYS.items() if key.startswith("gen_ai.")}
    assert CANARY not in files.wait("traces", 1)


def test_of_spans_that_are_not_genai_only_content_goes(collector: Collector, files: Files) -> None:
    others = dict.fromkeys([*flat(BARE), *KEPT["everybody"]], "kept")
    refused = {"exception.type": "openai.BadRequestError", "exception.message": CANARY, "exception.stacktrace": CANARY}
    unpaid = {"exception.type": "shop.Unpaid", "exception.message": "order 17", "exception.stacktrace": "line 3"}
    send_spans(
        collector,
        span(1, pairs(others | {"input.value": CANARY}), message="no stock"),
        # The call's error on its way through the app's own span.
        span(2, pairs({"http.route": "/"}), [Span.Event(name="exception", attributes=pairs(refused))], message=CANARY),
        span(3, pairs({"http.route": "/"}), [Span.Event(name="exception", attributes=pairs(unpaid))], message="unpaid"),
        scope="app",
    )
    first, passed_through, own = files.spans(3)
    assert (plain(first), first["status"]["message"]) == (others, "no stock")
    assert plain(passed_through["events"][0]) == {"exception.type": "openai.BadRequestError"}
    assert passed_through["status"] == {"code": 2}
    assert (plain(own["events"][0]), own["status"]["message"]) == (unpaid, "unpaid")


@pytest.mark.parametrize("content", [text(CANARY), structured(CANARY)], ids=["text", "structured"])
def test_content_goes_from_logs_and_the_rest_stays(collector: Collector, files: Files, content: AnyValue) -> None:
    order = AnyValue()
    order.kvlist_value.values.extend(pairs({"order": "17", **dict.fromkeys(flat(CONTENT), content)}))
    refused = {"exception.type": "openai.BadRequestError", "exception.message": CANARY, "exception.stacktrace": CANARY}
    bare = dict.fromkeys([*flat(BARE), *KEPT["everybody"]], "kept")
    bare["exception.type"] = "shop.Unpaid"
    named = pairs({"event.name": "gen_ai.choice", "index": "0"})
    send_logs(
        collector,
        (
            "x",
            LogRecord(time_unix_nano=1, event_name="gen_ai.user.message", body=content, attributes=everything(content)),
        ),
        ("x", LogRecord(time_unix_nano=2, body=content, attributes=named)),
        ("x", LogRecord(time_unix_nano=3, body=content, attributes=pairs({"llm.request.type": "chat"}))),
        ("openai._base_client", LogRecord(time_unix_nano=4, body=content)),
        ("shop", LogRecord(time_unix_nano=5, body=order)),
        ("shop", LogRecord(time_unix_nano=6, body=text("call failed"), attributes=pairs(refused))),
        ("shop", LogRecord(time_unix_nano=7, body=text("order 17"), attributes=pairs(bare))),
    )
    event, choice, by_name, of_the_sdk, of_a_map, failed, own = files.logs(7)
    assert plain(event) == STAYS
    assert plain(choice) == {"event.name": "gen_ai.choice", "index": "0"}
    for emptied in (event, choice, by_name, of_the_sdk):
        assert emptied["body"] in ({"stringValue": ""}, {})
    assert plain(of_a_map["body"]["kvlistValue"]) == {"order": "17"}
    assert (plain(failed), failed["body"]) == (
        {"exception.type": "openai.BadRequestError"},
        {"stringValue": "call failed"},
    )
    assert (plain(own), own["body"]) == (bare, {"stringValue": "order 17"})
    assert CANARY not in files.wait("logs", 7)


@pytest.mark.parametrize("value", ["", "Keep", "kept", "true", "drop"])
def test_what_isnt_keep_drops(run_collector: RunCollector, files: Files, value: str) -> None:
    run = run_collector("nowhere.invalid:4317", "file", OTELCOL_FILE_DIR=str(files.folder), OTELCOL_CONTENT=value)
    send_spans(run, span(1, everything(text(CANARY)), message=CANARY))
    assert plain(files.spans(1)[0]) == STAYS


def test_one_switch_lets_all_of_it_through(run_collector: RunCollector, files: Files) -> None:
    run = run_collector("nowhere.invalid:4317", "file", OTELCOL_FILE_DIR=str(files.folder), OTELCOL_CONTENT="keep")
    event = Span.Event(name="gen_ai.user.message", attributes=everything(text(CANARY)), time_unix_nano=1)
    send_spans(run, span(1, everything(text(CANARY)), [event], message=CANARY))
    body = structured(CANARY)
    send_logs(
        run, ("openai", LogRecord(time_unix_nano=1, event_name="gen_ai.choice", body=body, attributes=everything(body)))
    )
    (kept,), (log,) = files.spans(1), files.logs(1)
    all_keys = {*OPERATION, *flat(CONTENT), *flat(BARE), *flat(KEPT)}
    assert {*plain(kept)} == {*plain(kept["events"][0])} == {*plain(log)} == all_keys
    assert kept["status"] == {"code": 2, "message": CANARY}
    assert CANARY in json.dumps(log["body"])


def test_no_overlay_puts_it_back(run_collector: RunCollector, http_receiver: HTTPReceiver, files: Files) -> None:
    """Phoenix's copies messages to the names that it reads, Langfuse's gets all: after what is left."""
    run = run_collector(
        "nowhere.invalid:4317",
        *("file", "phoenix", "langfuse", "tail-sampling"),
        PHOENIX_ENDPOINT=f"{http_receiver.endpoint}/phoenix",
        LANGFUSE_HOST=f"{http_receiver.endpoint}/langfuse",
        LANGFUSE_AUTH="cGs6c2s=",
        OTELCOL_DECISION_WAIT="1s",
        OTELCOL_FILE_DIR=str(files.folder),
        **DROPS,
    )
    # OpenInference's parameters are read for model and user before they go.
    theirs = {
        "openinference.span.kind": "LLM",
        "llm.invocation_parameters": json.dumps({"model": "gpt-4o-mini", "tools": [CANARY]}),
        "input.value": CANARY,
        "llm.input_messages.0.message.content": CANARY,
    }
    ours = pairs(OPERATION | {"gen_ai.request.model": "gpt-4o-mini", "gen_ai.input.messages": CANARY})
    send_spans(run, span(1, ours, message=CANARY), span(2, pairs(theirs)))
    paths = ("/phoenix/v1/traces", "/langfuse/api/public/otel/v1/traces")
    for path in paths:
        wait_until(lambda path=path: len(http_receiver.spans(path)) == 2, what=path, seconds=SECONDS)
        assert CANARY not in repr(http_receiver.spans(path))
    for arrived in http_receiver.spans(paths[0]).values():
        assert values(arrived) == {
            "openinference.span.kind": "LLM",
            "llm.model_name": "gpt-4o-mini",
            "gen_ai.request.model": "gpt-4o-mini",
            "gen_ai.operation.name": "chat",
        }
    assert CANARY not in files.wait("traces", 2)


def test_second_tier_drops_it_too(run_collector: RunCollector, files: Files) -> None:
    run = run_collector("nowhere.invalid:4317", "scale/sampler", "file", OTELCOL_FILE_DIR=str(files.folder), **DROPS)
    send_spans(run, span(1, everything(text(CANARY)), message=CANARY))
    assert plain(files.spans(1)[0]) == STAYS


MARKS = (PROMPT, f'"{ANSWER}"', f'\\"{ANSWER}\\"', "a cat", "Be brief.", "on topic", CANARY)
"""What the run below says, and is answered."""
GONE = (r"gen_ai\.prompt\.variable\..*", r"exception\.(message|stacktrace)", r"user\.id")
"""Beside the names of content: variables, what errors say, and users, of whom there are no pseudonyms without a key."""


def speak() -> None:
    """Content in every place that the package has for it."""
    with genai.prompt("reply", version="2", variables={"tone": CANARY}), genai.workflow("answer") as run:
        with genai.tool("look", arguments={"for": CANARY}) as tool:
            tool.result = {"seen": CANARY}
        with genai.retrieval("kb", query=CANARY) as found:
            found.documents = [{"id": "d", "score": 0.9, "content": CANARY}]
        with genai.memory("search_memory", query=CANARY) as remembered:
            remembered.records = [{"id": "r", "content": CANARY}]
        with pytest.raises(ValueError, match=CANARY), genai.agent("planner"), genai.tool("fail"):
            raise ValueError(CANARY)
    genai.evaluate(run, "relevance", score=0.9, explanation=CANARY, evaluator="judge")


def test_nothing_that_was_said_in_a_run_of_the_package_is_left(collector: Collector, files: Files) -> None:
    """Every API of every SDK that is installed, with content in spans and events, and what is no content arrives."""
    capture, logs = Capture(), InMemoryLogRecordExporter()
    capture.logger_provider.add_log_record_processor(SimpleLogRecordProcessor(logs))
    capture.instrument(**EVERYTHING)
    try:
        live(capture)
        speak()
        spans = capture.spans()
    finally:
        capture.uninstrument()
    records = logs.get_finished_logs()
    before = "".join(span.to_json() for span in spans), "".join(record.to_json() for record in records)
    for mark in MARKS:
        assert mark in before[0] or mark in before[1], mark
    for signal, message in (("traces", encode_spans(spans)), ("logs", encode_logs(records))):
        post(collector, signal, message.SerializeToString())

    after = files.wait("traces", len(spans)), files.wait("logs", len(records))
    for mark in MARKS:
        assert mark not in after[0], mark
        assert mark not in after[1], mark
    sent = {id: without_content(record) for id, record in sent_spans(spans).items()}
    arrived = [spans_of_json(json.loads(line)["resourceSpans"]) for line in after[0].splitlines()]
    assert {id: record for found in arrived for id, record in found.items()} == sent


def without_content(record: SpanRecord) -> SpanRecord:
    """A span of ours as it has to arrive."""
    gone = re.compile("|".join([*map(re.escape, CONTENT["docs/reference.md: ours"]), *GONE]))

    def kept(attributes: Mapping[str, Any]) -> Mapping[str, Any]:
        return {name: value for name, value in attributes.items() if not gone.fullmatch(name)}

    events = tuple((name, time, kept(attributes)) for name, time, attributes in record.events)
    return replace(record, attributes=kept(record.attributes), events=events, status=(record.status[0], ""))
