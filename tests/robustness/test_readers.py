"""Readers against any data: they never raise, give only what they declare, and all of it can be exported."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final, cast

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans

from otel_genai_instr import guard
from otel_genai_instr.model import Details, Message
from otel_genai_instr.patching.contract import Api, StreamReader
from otel_genai_instr.providers import fields
from otel_genai_instr.providers.anthropic import seams as anthropic
from otel_genai_instr.providers.errors import read_error
from otel_genai_instr.providers.openai import apis as openai
from otel_genai_instr.providers.openai import content, usage
from otel_genai_instr.providers.openai.apis import CHAT, COMPLETION, RESPONSES
from otel_genai_instr.providers.openai.seams import ENDPOINTS
from otel_genai_instr.semconv import own
from otel_genai_instr.settings import CaptureContent, MetricsCompat, Settings
from otel_genai_instr.telemetry.life import Reading
from otel_genai_instr.telemetry.operation import Operation
from otel_genai_instr.telemetry.telemetry import Telemetry

from ..support import answers
from ..support.capture import Capture
from .shapes import JSON, OBJECTS, assert_declared

APIS: Final = tuple({api.name: api for each in (openai, anthropic) for api in each.ROUTES.values()}.values())
each_api = pytest.mark.parametrize("api", APIS, ids=lambda api: api.name)
each_stream = pytest.mark.parametrize("api", [api for api in APIS if api.open_stream], ids=lambda api: api.name)
JSON_LISTS: Final = (
    "gen_ai.input.messages",
    "gen_ai.output.messages",
    "gen_ai.tool.definitions",
    "gen_ai.retrieval.documents",
)
NOBODY: Final = ENDPOINTS.read(None, None, {})
"""The endpoint of a client that says nothing of it."""
# The machine that runs this may be slow; what is found is printed and can be replayed.
quick = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=(HealthCheck.function_scoped_fixture, HealthCheck.too_slow),
    print_blob=True,
)


class Raising(logging.Handler):
    """Raises what is logged: the encoder logs an attribute that it can't encode, and drops it."""

    def emit(self, record: logging.LogRecord) -> None:
        raise AssertionError(record.getMessage())


@pytest.fixture(autouse=True, scope="module")
def strict_encoder() -> Iterator[None]:
    logger, handler = logging.getLogger("opentelemetry.exporter.otlp.proto.common"), Raising()
    logger.addHandler(handler)
    yield
    logger.removeHandler(handler)


class Model:
    """As an SDK object: declared fields in ``__dict__``, undeclared ones beside."""

    def __init__(self, declared: Mapping[str, object], undeclared: Mapping[str, object]) -> None:
        self.__dict__.update(declared)
        self.__pydantic_extra__ = dict(undeclared)


def read_stream(api: Api, chunks: list[Any], *, wants_content: bool = True) -> StreamReader:
    """A stream's reader, fed."""
    assert api.open_stream is not None
    reader = api.open_stream(wants_content)
    for chunk in chunks:
        reader.feed(chunk)
    return reader


def assert_reading(reading: Reading) -> None:
    """All that it tells is as it is declared."""
    assert_declared(reading.response())
    details = reading.details()
    assert_declared(details)
    if details.content is not None:
        assert_declared(details.content())
    assert_declared(reading.output())


@each_api
@quick
@given(arguments=OBJECTS)
def test_requests(api: Api, arguments: dict[str, object]) -> None:
    assert_declared(api.read_request(arguments))
    if api.read_content is not None:
        assert_declared(api.read_content(arguments))


@each_api
@quick
@given(body=OBJECTS | JSON, extra=OBJECTS)
def test_responses(api: Api, body: Any, extra: dict[str, object]) -> None:
    for result in (body, Model(cast("dict[str, object]", body), extra) if isinstance(body, dict) else extra):
        assert_reading(api.read_answer(result))


@each_stream
@quick
@given(chunks=st.lists(OBJECTS | JSON, max_size=6))
def test_streams(api: Api, chunks: list[object]) -> None:
    reader = read_stream(api, [])
    for chunk in chunks:
        reader.feed(chunk)
        assert_reading(reader)


@quick
@given(counts=OBJECTS | JSON)
def test_usage(counts: object) -> None:
    for read in (usage.read_chat_usage, usage.read_responses_usage):
        assert_declared(read(counts))


@quick
@given(value=JSON)
def test_fields(value: object) -> None:
    count, number, text = fields.as_count(value), fields.as_float(value), fields.as_str(value)
    assert count is None or (type(count) is int and 0 <= count < 2**63)
    assert number is None or type(number) is float
    assert text is None or text.encode()
    assert all(item.encode() or not item for item in fields.as_texts(value) or ())
    assert isinstance(fields.fields_of(value), Mapping)
    assert not isinstance(fields.as_list(value), str)


@quick
@given(host=JSON, port=JSON, code=JSON)
@example(host="assistant", port=False, code=False)
@example(host="assistant", port=10**400, code=10**400)
def test_endpoints_and_errors(host: object, port: object, code: object) -> None:
    client = Model({"base_url": Model({"host": host, "port": port, "scheme": host}, {})}, {})
    assert_declared(ENDPOINTS.read(client, None, {}))
    assert_declared(ENDPOINTS.read(client, f"https://{host}:{port}/{code}", {}))
    error = Exception()
    error.__dict__.update(status_code=port, code=code)
    assert_declared(read_error(error))


@each_api
@quick
@given(arguments=OBJECTS, body=OBJECTS, chunks=st.lists(OBJECTS, max_size=4))
def test_what_is_read_can_be_exported(
    api: Api, arguments: dict[str, object], body: dict[str, object], chunks: list[object]
) -> None:
    capture = Capture()
    telemetry = _telemetry(capture)
    readings = [api.read_answer(body)]
    if api.open_stream is not None:
        readings.append(read_stream(api, chunks))
    for reading in readings:
        operation = Operation(telemetry, api.read_request(arguments), NOBODY, read_error)
        operation.chunk()
        operation.chunk()
        if api.read_content is not None:
            operation.sent(partial(api.read_content, arguments))
        operation.finish(partial(_same, reading))
    _export(capture)


_ODD_NUMBERS: Final = ("NaN", "Infinity", "-Infinity", "1e999", "9" * 400, "-" + "9" * 30)


# core bug: json.loads reads NaN, json.dumps writes it again, which is no JSON; OTLP has no integer beyond 64 bits.
@pytest.mark.parametrize("number", _ODD_NUMBERS, ids=lambda number: number[:9])
def test_numbers_that_json_or_otlp_lack_lose_nothing_else(number: str) -> None:
    capture = Capture()
    operation = Operation(_telemetry(capture), CHAT.read_request({}), NOBODY, read_error)
    body = answers.chat()
    call = {"id": "c1", "function": {"name": "f", "arguments": f'{{"n": {number}}}'}}
    body["choices"][0]["message"]["tool_calls"] = [call]
    operation.finish(partial(CHAT.read_answer, body))
    _export(capture)


# core bug: names are not made encodable, and one lone surrogate loses the whole batch.
def test_names_in_content_that_are_no_text() -> None:
    capture = Capture()
    operation = Operation(_telemetry(capture), CHAT.read_request({}), NOBODY, read_error)
    body = answers.chat()
    call = {"id": "c1", "function": {"name": "f", "arguments": '{"\\ud800": {"\\udfff": 1}}'}}
    body["choices"][0]["message"]["tool_calls"] = [call]
    operation.finish(partial(CHAT.read_answer, body))
    _export(capture)


def test_numbers_in_a_request_that_json_lacks() -> None:
    capture = Capture()
    request = CHAT.read_request({"model": "m", "temperature": float("nan"), "top_p": float("inf")})
    operation = Operation(_telemetry(capture), request, NOBODY, read_error)
    sent = {"messages": [{"role": "tool", "content": float("nan")}]}
    operation.sent(partial(content.read_chat_content, sent))  # core bug: as above
    operation.finish()
    _export(capture)


# core bug: membership of an unhashable value in a frozenset.
@pytest.mark.parametrize("odd", [[], {}], ids=["list", "object"])
def test_a_type_that_is_no_string_is_no_type(odd: object) -> None:
    answer = {"status": "completed", "output": [{"type": odd}], "usage": answers.RESPONSES_USAGE}
    assert_reading(RESPONSES.read_answer(answer))
    assert_reading(read_stream(RESPONSES, [{"type": odd, "response": {}}]))


def test_nesting_without_end_costs_no_more_than_the_content(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "strict", False)
    deep: Any = "x"
    for _ in range(100_000):
        deep = [deep]
    body = answers.chat()
    body["choices"][0]["message"]["content"] = deep
    body["choices"][0]["message"]["tool_calls"] = [{"function": {"name": "f", "arguments": "[" * 100_000}}]
    capture = Capture()
    telemetry = _telemetry(capture)
    request = CHAT.read_request({"model": "gpt-4o-mini", "stop": deep, "n": deep})
    operation = Operation(telemetry, request, NOBODY, read_error)
    operation.finish(partial(CHAT.read_answer, body))
    assert capture.attributes()["gen_ai.usage.input_tokens"] == 1000
    _export(capture)


class Hostile:
    """Its attributes raise."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError(name)


@each_api
def test_objects_that_raise_cost_no_more_than_what_they_hold(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "strict", False)
    capture = Capture()
    telemetry = _telemetry(capture)
    operation = Operation(telemetry, api.read_request({"model": "m"}), NOBODY, read_error)
    operation.finish(partial(api.read_answer, Hostile()))
    assert capture.attributes()["gen_ai.operation.name"]
    assert guard.counts()
    _export(capture)


def _same(reading: Reading) -> Reading:
    return reading


def _telemetry(capture: Capture) -> Telemetry:
    chosen = Settings(CaptureContent.SPAN_AND_EVENT, metrics_compat=MetricsCompat.BOTH, time_per_output_chunk=True)
    return Telemetry(chosen, capture.tracer_provider, capture.meter_provider, capture.logger_provider)


def _export(capture: Capture) -> None:
    """Through the encoder that every OTLP exporter uses; one bad value would lose the whole batch."""
    assert encode_spans(capture.spans()).SerializeToString()
    logs: Any = capture._logs.get_finished_logs()  # pyright: ignore[reportPrivateUsage]
    encode_logs(logs).SerializeToString()
    data: Any = capture._reader.get_metrics_data()  # pyright: ignore[reportPrivateUsage]
    assert encode_metrics(data).SerializeToString()
    for span in capture.spans():
        for name in JSON_LISTS:
            text = (span.attributes or {}).get(name)
            if isinstance(text, str):
                assert isinstance(json.loads(text, parse_constant=_not_json), list)


def _not_json(constant: str) -> object:
    raise AssertionError(f"{constant} is not JSON")


def _chat_answer(texts: list[str], reason: str, call: bool, count: int) -> tuple[dict[str, Any], list[Any]]:
    """A completion of ``count`` choices, and the same as chunks."""
    text = "".join(texts)
    calls: list[Any] = [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}]
    message = {"role": "assistant", "content": text, **({"tool_calls": calls} if call else {})}
    whole = answers.chat()
    whole["choices"] = [{"index": i, "message": message, "finish_reason": reason} for i in range(count)]
    chunks: list[Any] = []
    for index in range(count):
        chunks.append(answers.chunk({"role": "assistant", "content": ""}, index=index))
        chunks.extend(answers.chunk({"content": piece}, index=index) for piece in texts)
        if call:
            first = {"index": 0, "id": "c1", "function": {"name": "f", "arguments": '{"a"'}}
            second = {"index": 0, "function": {"arguments": ": 1}"}}
            chunks.extend(answers.chunk({"tool_calls": [piece]}, index=index) for piece in (first, second))
        chunks.append(answers.chunk({}, finish=reason, index=index))
    last = {name: whole[name] for name in ("usage", "service_tier", "system_fingerprint")}
    return whole, [*chunks, answers.chunk(**last)]


@quick
@given(
    texts=st.lists(st.text(st.characters(codec="utf-8"), max_size=5), max_size=5),
    reason=st.sampled_from(["stop", "length", "tool_calls"]),
    call=st.booleans(),
    count=st.integers(1, 3),
)
def test_a_streamed_chat_reads_as_the_whole_one(texts: list[str], reason: str, call: bool, count: int) -> None:
    whole, chunks = _chat_answer(texts, reason, call, count)
    assert_stream_agrees(CHAT, whole, chunks, lambda prefix, read: _is_prefix_of_chat(read, texts))


def test_a_streamed_response_reads_as_the_whole_one() -> None:
    assert_stream_agrees(
        RESPONSES,
        answers.response(),
        answers.response_events(),
        lambda _, read: all("Hello".startswith(_text(message)) for message in read),
    )


def test_a_streamed_completion_reads_as_the_whole_one() -> None:
    assert_stream_agrees(
        COMPLETION,
        answers.completion(),
        answers.completion_chunks(),
        lambda _, read: all("Hello".startswith(_text(message)) for message in read),
    )


def _without_counts(read: Details) -> tuple[object, object]:
    """Chunks aren't counted: of a stream, only content says how long it is, and which tools it calls."""
    counts = (own.OUTPUT_LENGTH, own.OUTPUT_TOOL_NAMES)
    said = {name: value for name, value in (read.attributes or {}).items() if name not in counts}
    return read.finish_reasons, said


def assert_stream_agrees(
    api: Api, whole: object, chunks: list[Any], is_part: Callable[[list[Any], list[Message]], bool]
) -> None:
    """Whole as the plain reader has it; cut off anywhere, a part of that and never a count that didn't come."""
    plain, drained = api.read_answer(whole), read_stream(api, chunks)
    assert drained.response() == plain.response()
    assert _without_counts(drained.details()) == _without_counts(plain.details())
    assert drained.output() == plain.output()
    silent = read_stream(api, chunks, wants_content=False)
    assert (silent.response(), silent.details()) == (drained.response(), drained.details())
    assert silent.output() == []
    for end in range(len(chunks)):
        cut = read_stream(api, chunks[:end])
        assert cut.response().usage is None
        assert is_part(chunks[:end], cut.output())


def _is_prefix_of_chat(read: list[Message], texts: list[str]) -> bool:
    return all("".join(texts).startswith(_text(message)) for message in read)


def _text(message: Message) -> str:
    return "".join(part.content for part in message.parts if part.type == "text" and hasattr(part, "content"))  # pyright: ignore
