"""Answers that the SDK's own parser refuses: the call fails, and what the server answered is owed all the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pydantic
import pytest

from otel_genai_instr.patching.outcomes import watch_parser

from ..support import answers
from ..support.capture import Capture
from ..support.errors import error_type
from ..support.marking import names
from ..support.provider import FakeProvider, Reply, json_reply
from ..support.sdk import chat_with, needs_responses
from .either import Block, call, run

MODEL = "gpt-4o-mini-2024-07-18"
COST = (600 * 0.15 + 400 * 0.075 + 200 * 0.6) / 1e6
"""1000 tokens in, of which 400 from the cache, and 200 out."""


class Lamp(pydantic.BaseModel):
    """What the caller asks for; counts how often it is validated."""

    watts: int
    tries: list[object] = pydantic.Field(default=[], exclude=True)

    @pydantic.model_validator(mode="before")
    @classmethod
    def _count(cls, value: Any) -> Any:
        validated.append(value)
        return value


validated: list[object] = []


@pytest.fixture(autouse=True)
def _none_validated() -> None:
    validated.clear()


def _response(text: str, **more: Any) -> Any:
    body = answers.response(**more)
    body["output"][0]["content"][0]["text"] = text
    return body


def _incomplete(reason: str) -> Any:
    return {**_response('{"watts"'), "status": "incomplete", "incomplete_details": {"reason": reason}}


@dataclass(frozen=True)
class Case:
    """An answer, the exception that the SDK raises because of it, and the reason that the answer gives."""

    body: Any
    error: str
    reason: str


INVALID = "pydantic_core._pydantic_core.ValidationError"

CHATS = {
    "chat_length": Case(answers.chat('{"watts"', finish="length"), "openai.LengthFinishReasonError", "length"),
    "chat_filter": Case(
        answers.chat('{"watts"', finish="content_filter"), "openai.ContentFilterFinishReasonError", "content_filter"
    ),
    "chat_invalid": Case(answers.chat('{"watts": "many"}'), INVALID, "stop"),
}
RESPONSES = {
    "responses_length": Case(_incomplete("max_output_tokens"), INVALID, "length"),
    "responses_filter": Case(_incomplete("content_filter"), INVALID, "content_filter"),
    "responses_invalid": Case(_response('{"watts": "many"}'), INVALID, "stop"),
}
CASES = {**CHATS, **RESPONSES}
GOOD = {"chat": answers.chat('{"watts": 5}'), "responses": _response('{"watts": 5}')}


def _each(*cases: str) -> pytest.MarkDecorator:
    """Tests each of these cases, where the SDK has the API."""
    needing = [name for name in cases if name in RESPONSES or name == "responses"]
    return pytest.mark.parametrize("name", names(cases, dict.fromkeys(needing, needs_responses)))


every_case = _each(*CASES)
both_modes = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])


def _resource(client: Any, name: str) -> tuple[Any, dict[str, Any]]:
    """What has the ``parse`` of a case, and the arguments for it."""
    if name.startswith("responses"):
        return client.responses, {"model": "gpt-4o-mini", "input": "hi", "text_format": Lamp}
    arguments = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}], "response_format": Lamp}
    return chat_with("parse", client), arguments


async def _parse(client: Any, name: str) -> Any:
    resource, arguments = _resource(client, name)
    return await call(resource.parse, **arguments)


async def _parse_raw(client: Any, name: str) -> Any:
    resource, arguments = _resource(client, name)
    raw = await call(resource.with_raw_response.parse, **arguments)
    return await call(raw.parse)


async def _parse_streaming_raw(client: Any, name: str) -> Any:
    resource, arguments = _resource(client, name)
    async with Block(resource.with_streaming_response.parse(**arguments)) as raw:
        return await call(raw.parse)


def _ask(
    name: str, is_async: bool, *replies: Reply, how: Callable[[Any, str], Any] = _parse, **options: Any
) -> tuple[Any, BaseException | None]:
    """What reaches the user: a result, or an exception."""
    provider = FakeProvider(None, *replies)
    client = (provider.async_client if is_async else provider.client)(**options)
    try:
        return run(how(client, name), is_async=is_async), None
    except Exception as error:
        return None, error


def _tokens(capture: Capture) -> tuple[float, float, int]:
    return (
        capture.total("gen_ai.client.inference.usage.input_tokens"),
        capture.total("gen_ai.client.inference.usage.output_tokens"),
        capture.count("gen_ai.client.inference.duration"),
    )


@both_modes
@every_case
def test_what_was_answered_is_recorded(name: str, is_async: bool, capture: Capture) -> None:
    case = CASES[name]
    capture.instrument()
    _ask(name, is_async, json_reply(case.body))
    attributes = capture.attributes()
    assert capture.span().status.status_code.name == "ERROR"
    assert attributes["error.type"] == case.error
    assert attributes["gen_ai.response.id"] == case.body["id"]
    assert attributes["gen_ai.response.model"] == MODEL
    assert attributes["gen_ai.response.finish_reasons"] == (case.reason,)
    assert attributes["gen_ai.usage.input_tokens"] == 1000
    assert attributes["gen_ai.usage.output_tokens"] == 200
    assert attributes["gen_ai.usage.cache_read.input_tokens"] == 400
    assert attributes["gen_ai.usage.cost.amount"] == pytest.approx(COST)
    assert capture.total("gen_ai.client.operation.cost") == pytest.approx(COST)
    assert _tokens(capture) == (1000, 200, 1)


@both_modes
@every_case
def test_the_exception_is_the_sdks_own(name: str, is_async: bool, capture: Capture) -> None:
    reply = json_reply(CASES[name].body)
    _, alone = _ask(name, is_async, reply)
    tries = len(validated)
    capture.instrument()
    _, error = _ask(name, is_async, reply)
    assert error
    assert error_type(type(error)) == CASES[name].error
    assert type(error) is type(alone)
    assert str(error) == str(alone)
    assert repr(getattr(error, "completion", None)) == repr(getattr(alone, "completion", None))
    assert error is not None
    assert error.__cause__ is error.__context__ is None
    assert len(validated) == 2 * tries, "parsed as often as without us"


@both_modes
@_each(*GOOD)
def test_what_is_parsed_is_as_it_was(name: str, is_async: bool, capture: Capture) -> None:
    reply = json_reply(GOOD[name])
    alone, _ = _ask(name, is_async, reply)
    capture.instrument()
    result, error = _ask(name, is_async, reply)
    assert error is None
    assert type(result) is type(alone)
    assert repr(result) == repr(alone)
    assert len(validated) == 2
    assert capture.span().status.status_code.name == "UNSET"
    assert "error.type" not in capture.attributes()
    assert capture.attributes()["gen_ai.response.finish_reasons"] == ("stop",)
    assert capture.total("gen_ai.client.operation.cost") == pytest.approx(COST)
    assert _tokens(capture) == (1000, 200, 1)


@both_modes
@_each("chat_length", "responses_invalid")
def test_only_the_attempt_that_was_answered_counts(name: str, is_async: bool, capture: Capture) -> None:
    busy = json_reply({}, status=429, retry_after_ms="1")
    capture.instrument()
    _, error = _ask(name, is_async, busy, busy, json_reply(CASES[name].body), max_retries=2)
    assert error
    assert error_type(type(error)) == CASES[name].error
    assert capture.attributes()["otel_genai.request.attempts"] == 3
    assert _tokens(capture) == (1000, 200, 1)
    frames: list[str] = []
    assert error is not None
    trace = error.__traceback__
    while trace is not None:
        frames.append(trace.tb_frame.f_code.co_qualname)
        trace = trace.tb_next
    assert frames.count("WatchedParser.__call__") == 1


@both_modes
@_each("chat_length", "responses_invalid")
def test_a_call_that_was_not_answered_has_no_tokens(name: str, is_async: bool, capture: Capture) -> None:
    capture.instrument()
    _ask(name, is_async, json_reply({"error": {"message": "no"}}, status=400))
    assert capture.attributes()["error.type"] == "openai.BadRequestError"
    assert "gen_ai.usage.input_tokens" not in capture.attributes()
    assert _tokens(capture) == (0, 0, 1)


@both_modes
@pytest.mark.parametrize("how", [_parse_raw, _parse_streaming_raw], ids=["raw", "streaming"])
@_each(*CASES, *GOOD)
def test_raw_responses_count_once(name: str, how: Any, is_async: bool, capture: Capture) -> None:
    resource, _ = _resource(FakeProvider().client(), name)
    if not hasattr(resource.with_raw_response if how is _parse_raw else resource.with_streaming_response, "parse"):
        pytest.skip("this openai has no such method")
    reply = json_reply(CASES[name].body if name in CASES else GOOD[name])
    alone, alone_error = _ask(name, is_async, reply, how=how)
    tries = len(validated)
    capture.instrument()
    result, error = _ask(name, is_async, reply, how=how)
    assert (type(result), str(result)) == (type(alone), str(alone))
    assert (type(error), str(error)) == (type(alone_error), str(alone_error))
    assert (error and error_type(type(error))) == (CASES[name].error if name in CASES else None)
    assert len(validated) == 2 * tries
    assert capture.attributes()["gen_ai.usage.input_tokens"] == 1000
    assert _tokens(capture) == (1000, 200, 1)


@both_modes
@_each("chat_invalid", "responses_invalid")
def test_content_of_what_was_answered(name: str, is_async: bool, capture: Capture) -> None:
    capture.instrument(capture_content="span_only")
    _ask(name, is_async, json_reply(CASES[name].body))
    assert '{\\"watts\\": \\"many\\"}' in capture.attributes()["gen_ai.output.messages"]


def test_the_parser_gets_the_answer_itself_and_is_watched_once() -> None:
    answer, result = object(), object()
    seen: list[object] = []

    def parse(given: object) -> object:
        seen.append(given)
        return result

    watched = watch_parser(parse)
    assert watch_parser(watched) is watched
    assert watched(answer) is result
    assert seen == [answer]
