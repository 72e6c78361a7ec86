"""The record of a call: what is in it, where it goes, and that nothing else comes along. Right values by hand."""

from __future__ import annotations

import importlib
import json
import logging
from collections.abc import Callable, Iterator
from importlib import resources
from typing import Any, Final

import pytest
from opentelemetry import trace
from opentelemetry._logs import NoOpLogger
from opentelemetry.instrumentation.utils import is_instrumentation_enabled
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON

import otel_genai_instr
from otel_genai_instr import guard
from otel_genai_instr.settings import RecordTo
from otel_genai_instr.telemetry.record import FIELDS, LOGGER, emit_record, record_of

from ..support import answers
from ..support.capture import Capture
from ..support.provider import FakeProvider, json_reply
from ..support.tables import ATTRIBUTES

TRACE_ID: Final = 0x0AF7651916CD43DD8448EB211C80319C
SPAN_ID: Final = 0x00F067AA0BA902B7
START_NS: Final = 1_795_960_800_004_999_999  # 4.999999 ms after 2026-11-29 14:00:00 UTC
SECRET: Final = "what the user said"

ATTRIBUTES_OF_A_CALL: Final[dict[str, object]] = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "server.address": "api.openai.com",
    "server.port": 443,
    "gen_ai.request.model": "gpt-4o-mini",
    "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
    "gen_ai.response.id": "chatcmpl-1",
    "gen_ai.response.finish_reasons": ["stop"],
    "gen_ai.usage.input_tokens": 1000,
    "gen_ai.usage.output_tokens": 200,
    "gen_ai.usage.cost.amount": 0.00024,
    "gen_ai.usage.cost.currency": "USD",
    "otel_genai.input.message_count": 2,
    "otel_genai.output.length": 5,
    "otel_genai.output.tool_names": ("weather", "tide"),
    "app.feature": "search",
    "user.id": "u-1",
}
RECORD: Final[dict[str, object]] = {
    "time": "2026-11-29T14:00:00.004Z",
    "trace_id": "0af7651916cd43dd8448eb211c80319c",
    "span_id": "00f067aa0ba902b7",
    "otel_genai.call.duration": 1.25,
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "server.address": "api.openai.com",
    "gen_ai.request.model": "gpt-4o-mini",
    "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
    "gen_ai.response.id": "chatcmpl-1",
    "gen_ai.response.finish_reasons": ["stop"],
    "gen_ai.usage.input_tokens": 1000,
    "gen_ai.usage.output_tokens": 200,
    "gen_ai.usage.cost.amount": 0.00024,
    "gen_ai.usage.cost.currency": "USD",
    "otel_genai.input.message_count": 2,
    "otel_genai.output.length": 5,
    "otel_genai.output.tool_names": ["weather", "tide"],
    "app.feature": "search",
    "user.id": "u-1",
}


def _record(attributes: dict[str, Any]) -> dict[str, Any]:
    return dict(record_of(attributes, TRACE_ID, SPAN_ID, START_NS, 1.25))


def _with_lists(attributes: dict[str, Any]) -> dict[str, Any]:
    return {name: [*value] if type(value) is tuple else value for name, value in attributes.items()}


def _is_no_record(line: logging.LogRecord) -> bool:
    return line.name != "otel_genai_instr.record"


def test_a_record() -> None:
    assert _record(ATTRIBUTES_OF_A_CALL) == RECORD


def test_it_is_plain_json_in_an_order_that_stays() -> None:
    record = _record(dict(reversed(ATTRIBUTES_OF_A_CALL.items())))
    assert list(record) == list(RECORD)
    assert json.loads(json.dumps(record)) == RECORD


def test_no_attribute_of_ours_comes_along_that_is_not_in_the_table() -> None:
    every = {**dict.fromkeys(ATTRIBUTES, SECRET), "gen_ai.prompt.variable.city": SECRET, "app.of_my_own": SECRET}
    record = _record(every)
    assert set(record) <= set(FIELDS)
    assert {"gen_ai.response.id", "otel_genai.output.preview"} <= set(record)


@pytest.mark.parametrize(
    "content",
    [
        "gen_ai.system_instructions",
        "gen_ai.input.messages",
        "gen_ai.output.messages",
        "gen_ai.tool.definitions",
        "gen_ai.tool.call.arguments",
        "gen_ai.tool.call.result",
        "gen_ai.retrieval.query.text",
        "gen_ai.retrieval.documents",
        "gen_ai.memory.query.text",
        "gen_ai.memory.records",
        "gen_ai.prompt.variable",
        "gen_ai.evaluation.explanation",
        "exception.message",
        "exception.stacktrace",
    ],
)
def test_content_is_no_field(content: str) -> None:
    assert content in ATTRIBUTES
    assert content not in FIELDS


@pytest.mark.parametrize(
    ("name", "odd"),
    [
        ("gen_ai.response.id", 7),
        ("gen_ai.response.id", None),
        ("gen_ai.response.finish_reasons", "stop"),
        ("gen_ai.usage.input_tokens", "1000"),
        ("gen_ai.usage.input_tokens", 1.5),
        ("gen_ai.usage.input_tokens", True),
        ("gen_ai.usage.input_tokens", -1),
        ("gen_ai.usage.cost.amount", float("nan")),
        ("gen_ai.usage.cost.amount", float("inf")),
        ("gen_ai.request.stream", 1),
    ],
)
def test_a_value_of_another_kind_is_left_out(name: str, odd: object) -> None:
    assert name not in _record({**ATTRIBUTES_OF_A_CALL, name: odd})


def test_what_is_no_attribute_is_never_read_from_them() -> None:
    others = dict.fromkeys(["time", "trace_id", "span_id", "otel_genai.call.duration"], "something else")
    assert _record({**ATTRIBUTES_OF_A_CALL, **others}) == RECORD


def test_a_list_keeps_its_texts() -> None:
    assert _record({"app.tags": ("a", 1, None, "b")})["app.tags"] == ["a", "b"]


@pytest.mark.parametrize(("trace_id", "span_id"), [(0, 0), (0, 7), (7, 0)])
def test_ids_of_nothing_are_none(trace_id: int, span_id: int) -> None:
    record = record_of({"gen_ai.operation.name": "chat"}, trace_id, span_id, 0, 0.5)
    assert record == {
        "time": "1970-01-01T00:00:00.000Z",
        "otel_genai.call.duration": 0.5,
        "gen_ai.operation.name": "chat",
    }


# The schema


@pytest.fixture(scope="module")
def schema() -> Any:
    """As the docs say to get it."""
    return json.loads(resources.files("otel_genai_instr.telemetry").joinpath("record.schema.json").read_text())


def test_the_schema_says_what_the_table_says(schema: Any) -> None:
    assert {name: said["type"] for name, said in schema["properties"].items()} == FIELDS
    assert list(schema["properties"]) == list(FIELDS)
    assert schema["additionalProperties"] is False
    assert all(said["description"] for said in schema["properties"].values())
    assert all(said["items"] == {"type": "string"} for said in schema["properties"].values() if said["type"] == "array")


@pytest.fixture(scope="module")
def errors_of(schema: Any) -> Callable[[Any], list[str]]:
    jsonschema: Any = importlib.import_module("jsonschema")
    kind = jsonschema.Draft202012Validator
    kind.check_schema(schema)
    validator = kind(schema, format_checker=kind.FORMAT_CHECKER)
    return lambda record: [error.message for error in validator.iter_errors(record)]


def test_records_are_as_the_schema_says(errors_of: Callable[[Any], list[str]]) -> None:
    assert errors_of(RECORD) == []
    assert errors_of(_record(ATTRIBUTES_OF_A_CALL)) == []
    assert errors_of(record_of({"gen_ai.operation.name": "chat"}, 0, 0, 0, 0.0)) == []
    odd: list[object] = [None, True, -1, -1.5, float("nan"), "text", ["text", 1], ("a",), {"a": "b"}, b"bytes"]
    for value in odd:
        record = _record({**dict.fromkeys(FIELDS, value), "gen_ai.operation.name": "chat"})
        assert errors_of(json.loads(json.dumps(record))) == []


def test_what_a_real_call_says_makes_a_record(capture: Capture, errors_of: Callable[[Any], list[str]]) -> None:
    capture.instrument(capture_content="span_only")
    client: Any = FakeProvider(capture.clock).then(json_reply(answers.chat(SECRET), after=0.5)).client()
    with otel_genai_instr.attribute(user_id="u-1", feature="search", tags=["a", "b"], team="blue"):
        client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": SECRET}])
    span, attributes = capture.span(), capture.attributes()
    assert SECRET in attributes["gen_ai.output.messages"]
    record = record_of(attributes, 1, 2, span.start_time or 0, 0.5)
    assert errors_of(json.loads(json.dumps(record))) == []
    assert SECRET not in json.dumps(record)
    told = {"user.id": "u-1", "app.feature": "search", "app.tags": ["a", "b"], "gen_ai.response.id": "chatcmpl-1"}
    counts = {"otel_genai.input.message_count": 1, "otel_genai.output.length": len(SECRET)}
    assert {**told, **counts}.items() <= record.items()
    assert "app.team" not in record


@pytest.mark.parametrize(
    "wrong",
    [
        {"gen_ai.input.messages": "[]"},
        {"time": "yesterday"},
        {"time": "2026-11-29T14:00:00Z"},
        {"trace_id": "7"},
        {"gen_ai.usage.input_tokens": "1000"},
        {"gen_ai.usage.input_tokens": -1},
        {"otel_genai.output.tool_names": "weather"},
        {"otel_genai.output.tool_names": [1]},
        {"gen_ai.request.stream": "true"},
    ],
)
def test_the_schema_sees_what_is_wrong(wrong: dict[str, object], errors_of: Callable[[Any], list[str]]) -> None:
    assert len(errors_of({**RECORD, **wrong})) >= 1


@pytest.mark.parametrize("name", ["time", "otel_genai.call.duration", "gen_ai.operation.name"])
def test_the_schema_sees_what_is_missing(name: str, errors_of: Callable[[Any], list[str]]) -> None:
    assert len(errors_of({key: value for key, value in RECORD.items() if key != name})) == 1


# Where it goes


class Pipeline:
    """Real providers of the SDK, and a call that is over in their midst."""

    def __init__(self, *, sampled: bool = True) -> None:
        resource = Resource.get_empty()
        self._exporter = InMemoryLogRecordExporter()
        self.provider = LoggerProvider(resource=resource, shutdown_on_exit=False)
        self.provider.add_log_record_processor(SimpleLogRecordProcessor(self._exporter))
        sampler = ALWAYS_ON if sampled else ALWAYS_OFF
        tracer = TracerProvider(sampler=sampler, resource=resource, shutdown_on_exit=False).get_tracer("test")
        self.span = tracer.start_span("chat gpt-4o-mini")
        self.where = trace.set_span_in_context(self.span)
        self.ids = self.span.get_span_context()

    def emit(self, to: RecordTo, **more: Any) -> None:
        """As an operation does at its end."""
        attributes = {**ATTRIBUTES_OF_A_CALL, **more}
        logger = self.provider.get_logger("otel_genai_instr")
        emit_record(logger, to, attributes, self.ids.trace_id, self.ids.span_id, START_NS, 1.25, self.where)

    def expected(self, **more: Any) -> dict[str, Any]:
        """The record."""
        ids = {"trace_id": f"{self.ids.trace_id:032x}", "span_id": f"{self.ids.span_id:016x}"}
        return {**RECORD, **ids, **more}

    def logs(self) -> list[Any]:
        """What was exported."""
        return [log.log_record for log in self._exporter.get_finished_logs()]


class Lines(logging.Handler):
    """Keeps what comes, and what was so when it came."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []
        self.current: list[trace.SpanContext] = []
        self.enabled: list[bool] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)
        self.current.append(trace.get_current_span().get_span_context())
        self.enabled.append(is_instrumentation_enabled())

    def lines(self) -> list[str]:
        """The messages."""
        return [record.getMessage() for record in self.records]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """A handler of the app, and the level that the docs say."""
    handler, logger = Lines(), logging.getLogger("otel_genai_instr.record")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


def test_nowhere(lines: Lines) -> None:
    pipeline = Pipeline()
    pipeline.emit(RecordTo.NOWHERE)
    assert pipeline.logs() == []
    assert lines.records == []


@pytest.mark.parametrize("sampled", [True, False])
def test_to_opentelemetry(sampled: bool, lines: Lines) -> None:
    pipeline = Pipeline(sampled=sampled)
    pipeline.emit(RecordTo.OTEL)
    (log,) = pipeline.logs()
    assert log.event_name == "otel_genai.call"
    assert log.severity_number.name == "INFO"
    assert log.timestamp == START_NS + 1_250_000_000
    assert (log.trace_id, log.span_id) == (pipeline.ids.trace_id, pipeline.ids.span_id)
    assert log.trace_flags == pipeline.ids.trace_flags
    attributes: dict[str, Any] = dict(log.attributes)
    assert _with_lists(attributes) == pipeline.expected()
    assert lines.records == []


def test_to_logging(lines: Lines) -> None:
    pipeline = Pipeline()
    pipeline.emit(RecordTo.LOGGING, **{"app.feature": "søk\n\u2028%s"})
    (line,) = lines.lines()
    assert line.isascii()
    assert line.isprintable(), "one line"
    assert ", " not in line
    assert json.loads(line) == pipeline.expected(**{"app.feature": "søk\n\u2028%s"})
    (record,) = lines.records
    assert (record.name, record.levelname) == (LOGGER, "INFO")
    assert pipeline.logs() == []


def test_a_line_is_written_in_the_context_of_the_call_and_is_not_instrumented(lines: Lines) -> None:
    pipeline = Pipeline()
    outer = trace.get_current_span().get_span_context()
    pipeline.emit(RecordTo.LOGGING)
    assert lines.current == [pipeline.ids]
    assert lines.enabled == [False]
    assert trace.get_current_span().get_span_context() == outer
    assert is_instrumentation_enabled()


def test_to_both(lines: Lines) -> None:
    pipeline = Pipeline()
    pipeline.emit(RecordTo.BOTH)
    assert len(pipeline.logs()) == 1
    assert [json.loads(line) for line in lines.lines()] == [pipeline.expected()]


def test_nobody_who_did_not_ask_sees_a_line(capfd: pytest.CaptureFixture[str]) -> None:
    """Python's own logging, as it is before an app configures it, shows warnings."""
    root = Lines()
    logging.getLogger().addHandler(root)
    try:
        Pipeline().emit(RecordTo.LOGGING)
    finally:
        logging.getLogger().removeHandler(root)
    assert root.records == []
    assert capfd.readouterr() == ("", "")


@pytest.mark.filterwarnings("ignore:`LoggingHandler`:DeprecationWarning")
def test_both_and_opentelemetrys_own_handler(lines: Lines) -> None:
    """It sends the line a second time; the filter of the docs keeps it from that."""
    sdk: Any = importlib.import_module("opentelemetry.sdk._logs")
    pipeline = Pipeline()
    handler = sdk.LoggingHandler(logger_provider=pipeline.provider)
    logger = logging.getLogger(LOGGER)
    logger.addHandler(handler)
    try:
        pipeline.emit(RecordTo.BOTH)
        assert [log.event_name for log in pipeline.logs()] == ["otel_genai.call", None]
        handler.addFilter(_is_no_record)
        pipeline.emit(RecordTo.BOTH)
        assert [log.event_name for log in pipeline.logs()] == ["otel_genai.call", None, "otel_genai.call"]
    finally:
        logger.removeHandler(handler)
    assert len(lines.records) == 2


class Fault(Exception):
    """Of a handler or a processor of the app."""


def test_a_logger_that_raises_costs_no_line(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(NoOpLogger):
        def emit(self, *_: Any, **__: Any) -> None:
            raise Fault

    monkeypatch.setattr(guard, "strict", False)
    emit_record(Broken("x"), RecordTo.BOTH, ATTRIBUTES_OF_A_CALL, 1, 2, 0, 0.5, Pipeline().where)
    assert len(lines.records) == 1
    assert guard.counts() == {("record.otel", "Fault"): 1}


def test_a_handler_that_raises_fails_nobody(lines: Lines, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(record: logging.LogRecord) -> bool:
        raise Fault

    monkeypatch.setattr(guard, "strict", False)
    lines.addFilter(refuse)
    pipeline = Pipeline()
    pipeline.emit(RecordTo.BOTH)
    assert len(pipeline.logs()) == 1
    assert guard.counts() == {("record.logging", "Fault"): 1}
    assert is_instrumentation_enabled()
    assert not trace.get_current_span().get_span_context().is_valid
