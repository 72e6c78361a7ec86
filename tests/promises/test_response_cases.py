"""What an answer says: tokens, reasons, money, and failures that come with HTTP 200."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from ..support import answers
from ..support.capture import Capture
from ..support.clock import FakeClock
from ..support.provider import FakeProvider, Reply, http, json_reply
from ..support.sdk import needs_responses

REASONS = "gen_ai.response.finish_reasons"


def _chat(capture: Capture, body: Any, **settings: Any) -> Any:
    capture.instrument(**settings)
    client = FakeProvider(capture.clock).then(json_reply(body, after=0.5)).client()
    return client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "hi"}])


def _response(capture: Capture, body: Any, **more: Any) -> Any:
    capture.instrument()
    client: Any = FakeProvider(capture.clock).then(json_reply(body)).client()
    return client.responses.create(model="gpt-4o-mini", input="hi", **more)


def _tokens(capture: Capture) -> dict[str, Any]:
    prefix = "gen_ai.usage."
    return {
        name.removeprefix(prefix): value
        for name, value in capture.attributes().items()
        if name.startswith(prefix) and name.endswith("tokens")
    }


USAGES: dict[str, tuple[Any, dict[str, int]]] = {
    "details": (
        answers.CHAT_USAGE,
        {
            "input_tokens": 1000,
            "output_tokens": 200,
            "cache_read.input_tokens": 400,
            "reasoning.output_tokens": 50,
        },
    ),
    "zeroes": (
        {
            "prompt_tokens": 10,
            "completion_tokens": 0,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": None},
            "completion_tokens_details": {"reasoning_tokens": 0},
        },
        {"input_tokens": 10, "output_tokens": 0},
    ),
    "no_details": (
        {"prompt_tokens": 10, "completion_tokens": 2, "prompt_tokens_details": None},
        {"input_tokens": 10, "output_tokens": 2},
    ),
    "deepseek": (
        {"prompt_tokens": 10, "completion_tokens": 2, "prompt_cache_hit_tokens": 6, "prompt_cache_miss_tokens": 4},
        {"input_tokens": 10, "output_tokens": 2, "cache_read.input_tokens": 6},
    ),
    "modalities": (
        {
            "prompt_tokens": 10,
            "completion_tokens": 9,
            "prompt_tokens_details": {"audio_tokens": 7, "text_tokens": 3, "cache_write_tokens": 5},
            "completion_tokens_details": {"audio_tokens": 9},
        },
        {
            "input_tokens": 10,
            "output_tokens": 9,
            "cache_write.input_tokens": 5,
            "text.input_tokens": 3,
            "audio.input_tokens": 7,
            "audio.output_tokens": 9,
        },
    ),
    "missing": (None, {}),
    "nonsense": ({"prompt_tokens": "many", "completion_tokens": -1}, {}),
}


@pytest.mark.parametrize(("usage", "expected"), USAGES.values(), ids=USAGES)
def test_tokens(usage: Any, expected: dict[str, int], capture: Capture) -> None:
    _chat(capture, answers.chat(usage=usage))
    assert _tokens(capture) == expected
    assert capture.total("gen_ai.client.inference.usage.input_tokens") == expected.get("input_tokens", 0)
    assert capture.total("gen_ai.client.inference.usage.output_tokens") == expected.get("output_tokens", 0)


def test_finish_reasons_are_the_providers_own(capture: Capture) -> None:
    body = answers.chat(finish="tool_calls")
    body["choices"].append({**body["choices"][0], "index": 1, "finish_reason": "function_call"})
    _chat(capture, body, capture_content="span_only")
    assert capture.attributes()[REASONS] == ("tool_calls", "function_call")
    output = json.loads(capture.attributes()["gen_ai.output.messages"])
    assert [message["finish_reason"] for message in output] == ["tool_call", "tool_call"]


def test_arguments_as_an_object_reach_the_user(capture: Capture) -> None:
    """As compatible servers answer: nothing of ours stumbles over it, after a billed call."""
    body = answers.chat(None, "tool_calls")
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": {"a": 1}}}
    body["choices"][0]["message"]["tool_calls"] = [call]
    result = _chat(capture, body, capture_content="span_and_event")
    assert result.choices[0].message.tool_calls[0].function.arguments == {"a": 1}
    (message,) = json.loads(capture.attributes()["gen_ai.output.messages"])
    assert message["parts"] == [{"type": "tool_call", "name": "f", "id": "c", "arguments": {"a": 1}}]


def test_a_cost_that_the_provider_reports(capture: Capture) -> None:
    _chat(capture, answers.chat(usage={**answers.CHAT_USAGE, "cost": 0.125}))
    attributes = capture.attributes()
    assert attributes["gen_ai.usage.cost.amount"] == 0.125
    assert attributes["gen_ai.usage.cost.source"] == "provider"
    assert capture.total("gen_ai.client.operation.cost") == 0.125


def test_a_tier_and_a_fingerprint_of_the_same_name_are_two_series(capture: Capture) -> None:
    capture.instrument()
    bodies = (
        answers.chat(service_tier="a", system_fingerprint=None),
        answers.chat(service_tier=None, system_fingerprint="a"),
    )
    client = FakeProvider(capture.clock, *map(json_reply, bodies)).client()
    for _ in bodies:
        client.chat.completions.create(model="gpt-4o-mini", messages=[])
    points = capture.metrics()["gen_ai.client.inference.duration"]
    said = [{name for name in point["attributes"] if name.startswith("openai.")} for point in points]
    assert said == [{"openai.response.service_tier"}, {"openai.response.system_fingerprint"}]


def test_an_unknown_model_has_no_price(capture: Capture) -> None:
    capture.instrument()
    client = FakeProvider(capture.clock).then(json_reply(answers.chat(model="nobody-knows-it"))).client()
    client.chat.completions.create(model="nobody-knows-it", messages=[])
    assert capture.attributes()["otel_genai.cost.unpriced_reason"] == "unknown_model"
    assert "gen_ai.usage.cost.amount" not in capture.attributes()
    assert capture.total("otel_genai.unpriced_tokens") == 1200
    assert capture.count("gen_ai.client.operation.cost") == 0


def test_a_gateways_error_within_http_200(capture: Capture) -> None:
    _chat(capture, {"id": "gen-1", "choices": [], "error": {"code": 502, "message": "upstream said: hi"}})
    span = capture.span()
    assert span.status.status_code.name == "ERROR"
    assert span.status.description is None
    assert capture.attributes()["error.type"] == "502"
    assert capture.attributes()["otel_genai.error.code"] == "502"
    assert "http.response.status_code" not in capture.attributes()


@needs_responses
def test_a_response_that_failed(capture: Capture) -> None:
    _response(capture, answers.response("failed", error={"code": "server_error", "message": "Oh."}))
    assert capture.span().status.status_code.name == "ERROR"
    assert capture.attributes()["error.type"] == "server_error"
    assert capture.attributes()[REASONS] == ("error",)
    (point,) = capture.metrics()["gen_ai.client.inference.duration"]
    assert point["attributes"]["error.type"] == "server_error"


@needs_responses
def test_an_incomplete_response(capture: Capture) -> None:
    _response(capture, answers.response("incomplete", incomplete_details={"reason": "max_output_tokens"}))
    assert capture.span().status.status_code.name == "UNSET"
    assert capture.attributes()[REASONS] == ("length",)


@needs_responses
@pytest.mark.parametrize(
    "kind",
    ["function_call", "custom_tool_call", "computer_call", "local_shell_call", "shell_call", "apply_patch_call"],
)
def test_a_response_that_calls_tools(capture: Capture, kind: str) -> None:
    _response(capture, {**answers.response(), "output": [{"type": kind, "call_id": "c", "id": "i"}]})
    assert capture.attributes()[REASONS] == ("tool_calls",)


@needs_responses
def test_tools_that_the_provider_ran_itself_are_nobody_s_to_answer(capture: Capture) -> None:
    ran = [{"type": "shell_call", "call_id": "c"}, {"type": "shell_call_output", "call_id": "c"}]
    done = answers.response()
    _response(capture, {**done, "output": [*ran, {"type": "web_search_call", "id": "w"}, *done["output"]]})
    assert capture.attributes()[REASONS] == ("stop",)


@needs_responses
def test_a_conversation_that_the_server_shortened(capture: Capture) -> None:
    done = answers.response()
    shortened = {"type": "compaction", "id": "cmp_1", "encrypted_content": "..."}
    _response(capture, {**done, "output": [shortened, *done["output"]]})
    assert capture.attributes()["gen_ai.conversation.compacted"] is True


@needs_responses
@pytest.mark.parametrize("status", ["queued", "in_progress"])
def test_a_background_response_has_no_tokens_yet(status: str, capture: Capture) -> None:
    _response(capture, answers.response(status), background=True)
    assert capture.span().status.status_code.name == "UNSET"
    assert _tokens(capture) == {}
    assert REASONS not in capture.attributes()
    assert capture.attributes()["gen_ai.response.id"] == "resp_1"


@needs_responses
def test_fetching_it_later_counts_nothing_twice(capture: Capture) -> None:
    capture.instrument()
    provider = FakeProvider(capture.clock).then(json_reply(answers.response("queued")), json_reply(answers.response()))
    client = provider.client()
    client.responses.create(model="gpt-4o-mini", input="hi", background=True)
    client.responses.retrieve("resp_1")
    client.responses.retrieve("resp_1")
    assert [span.name for span in capture.spans()] == ["chat gpt-4o-mini", "fetch_response", "fetch_response"]
    assert capture.total("gen_ai.client.inference.usage.input_tokens") == 0
    assert capture.count("gen_ai.client.operation.cost") == 0
    assert capture.count("gen_ai.client.inference.duration") == 1
    assert capture.count("gen_ai.client.operation.duration") == 2


@needs_responses
def test_a_conversation_that_the_server_opened(capture: Capture) -> None:
    _response(capture, answers.response(conversation={"id": "conv_9"}))
    assert capture.attributes()["gen_ai.conversation.id"] == "conv_9"


def test_a_failure_keeps_what_was_asked(capture: Capture) -> None:
    capture.instrument()
    error = {"message": "No such model.", "type": "invalid_request_error", "param": None, "code": "model_not_found"}
    client = FakeProvider(capture.clock).then(json_reply({"error": error}, 404, after=0.25)).client()
    with pytest.raises(openai.NotFoundError, match="No such model"):
        client.chat.completions.create(model="nope", messages=[], temperature=0.5)
    assert capture.attributes() == {
        "error.type": "openai.NotFoundError",
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "nope",
        "gen_ai.request.temperature": 0.5,
        "http.response.status_code": 404,
        "openai.api.type": "chat_completions",
        "otel_genai.error.code": "model_not_found",
        "otel_genai.input.message_count": 0,
        "server.address": "api.openai.com",
        "server.port": 443,
    }
    assert capture.total("gen_ai.client.inference.duration", error__type="openai.NotFoundError") == 0.25


def test_a_timeout(capture: Capture) -> None:
    capture.instrument()
    client = FakeProvider(capture.clock).then(Reply(error=http.ReadTimeout("slow"))).client()
    with pytest.raises(openai.APITimeoutError):
        client.chat.completions.create(model="m", messages=[])
    assert capture.attributes()["error.type"] == "openai.APITimeoutError"


@pytest.mark.parametrize("mode", ["no_content", "span_only", "event_only", "span_and_event"])
def test_an_unsampled_call_is_counted_all_the_same(mode: str) -> None:
    """Metrics and events are taken from the call; only the span is dropped."""
    capture = Capture(FakeClock(), sampler=ALWAYS_OFF)
    _chat(capture, answers.chat(), capture_content=mode)
    assert capture.spans() == []
    assert capture.total("gen_ai.client.inference.duration") == 0.5
    assert capture.total("gen_ai.client.inference.usage.input_tokens") == 1000
    assert len(capture.events()) == ("event" in mode)


@needs_responses
def test_the_providers_own_tools_are_part_of_the_cost(capture: Capture) -> None:
    tools = [
        {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "q"}},
        {"type": "web_search_call", "id": "ws_2", "status": "completed", "action": {"type": "open_page", "url": "u"}},
        {"type": "file_search_call", "id": "fs_1", "status": "completed", "queries": ["q"]},
    ]
    answer = answers.response()
    _response(capture, {**answer, "output": [*tools, *answer["output"]]})
    # One search at 10 dollars a thousand and one at 2.50; opening a page is free.
    assert capture.attributes()["otel_genai.cost.other"] == pytest.approx(0.0125, abs=1e-12)
