"""The example server, by the real SDK."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from openai import (
    APIConnectionError,
    APIError,
    BadRequestError,
    InternalServerError,
    NotFoundError,
    OpenAI,
    RateLimitError,
)
from pydantic import BaseModel

from examples.openai_server import FAULT_HEADER, INSTANT, Fault, OpenAIServer, Timing

if TYPE_CHECKING:
    from openai.types.chat import (
        ChatCompletionChunk,
        ChatCompletionFunctionToolParam,
        ChatCompletionMessageParam,
    )
    from openai.types.responses import FunctionToolParam

EXAMPLES = Path(__file__).parents[2] / "examples"
KNOWN = "The Aurora lamp has a warranty of five years. Returns are free within 30 days."
SYSTEM: ChatCompletionMessageParam = {"role": "system", "content": KNOWN}
QUESTION: ChatCompletionMessageParam = {"role": "user", "content": "How long is the warranty of the lamp?"}
WARRANTY = "The Aurora lamp has a warranty of five years."
ORDERS: ChatCompletionMessageParam = {"role": "user", "content": "Where are my orders A-1041 and A-1042?"}
TOOL: ChatCompletionFunctionToolParam = {
    "type": "function",
    "function": {
        "name": "get_order_status",
        "parameters": {"type": "object", "properties": {"order_id": {"type": "string"}}},
    },
}


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer(INSTANT) as server:
        yield server


@pytest.fixture
def client(server: OpenAIServer) -> Iterator[OpenAI]:
    with OpenAI(base_url=server.url, api_key="none") as client:
        yield client


def _text(chunks: list[ChatCompletionChunk], choice: int = 0) -> str:
    return "".join(part.delta.content or "" for chunk in chunks for part in chunk.choices if part.index == choice)


def test_chat_quotes_the_sentence_that_answers(client: OpenAI) -> None:
    result = client.chat.completions.create(model="gpt-5-mini", messages=[SYSTEM, QUESTION])
    assert result.choices[0].message.content == WARRANTY
    assert result.choices[0].finish_reason == "stop"
    assert result.model == "gpt-5-mini-2025-08-07"


def test_usage_follows_from_the_request(client: OpenAI) -> None:
    short = client.chat.completions.create(model="gpt-5-mini", messages=[QUESTION]).usage
    long = client.chat.completions.create(model="gpt-5-mini", messages=[SYSTEM, QUESTION]).usage
    again = client.chat.completions.create(model="gpt-5-mini", messages=[SYSTEM, QUESTION]).usage
    assert short is not None
    assert long is not None
    assert long == again
    assert long.prompt_tokens > short.prompt_tokens
    assert long.total_tokens == long.prompt_tokens + long.completion_tokens
    assert long.completion_tokens_details is not None
    assert 0 < (long.completion_tokens_details.reasoning_tokens or 0) < long.completion_tokens


def test_a_model_that_does_not_reason_has_no_reasoning_tokens(client: OpenAI) -> None:
    usage = client.chat.completions.create(model="gpt-4.1-mini", messages=[SYSTEM, QUESTION]).usage
    assert usage is not None
    assert usage.completion_tokens_details is not None
    assert usage.completion_tokens_details.reasoning_tokens == 0


def test_what_was_sent_before_is_cached(client: OpenAI) -> None:
    first: list[ChatCompletionMessageParam] = [SYSTEM, QUESTION, ORDERS] * 3
    second: list[ChatCompletionMessageParam] = [*first, {"role": "assistant", "content": WARRANTY}, QUESTION]
    fresh, known = (
        client.chat.completions.create(model="gpt-4.1-mini", messages=messages).usage for messages in (first, second)
    )
    assert fresh is not None
    assert known is not None
    assert fresh.prompt_tokens_details is not None
    assert known.prompt_tokens_details is not None
    assert fresh.prompt_tokens_details.cached_tokens == 0
    assert 0 < (known.prompt_tokens_details.cached_tokens or 0) <= fresh.prompt_tokens


def test_a_stream_says_the_same_as_a_plain_answer(client: OpenAI) -> None:
    plain = client.chat.completions.create(model="gpt-5-mini", messages=[SYSTEM, QUESTION], n=2)
    stream = client.chat.completions.create(
        model="gpt-5-mini",
        messages=[SYSTEM, QUESTION],
        n=2,
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    assert [_text(chunks, choice) for choice in (0, 1)] == [choice.message.content for choice in plain.choices]
    assert plain.choices[0].message.content != plain.choices[1].message.content
    assert chunks[-1].choices == []
    assert chunks[-1].usage == plain.usage
    assert all(chunk.usage is None for chunk in chunks[:-1])


def test_a_stream_has_no_usage_unless_asked(client: OpenAI) -> None:
    chunks = list(client.chat.completions.create(model="gpt-5-mini", messages=[SYSTEM, QUESTION], stream=True))
    assert all(chunk.usage is None and chunk.choices for chunk in chunks)
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_max_tokens_cuts_the_answer(client: OpenAI) -> None:
    result = client.chat.completions.create(model="gpt-4.1-mini", messages=[SYSTEM, QUESTION], max_completion_tokens=3)
    assert result.choices[0].finish_reason == "length"
    assert result.usage is not None
    assert result.usage.completion_tokens == 3
    assert WARRANTY.startswith(result.choices[0].message.content or "?")


def test_tool_calls_plain_and_streamed_are_the_same(client: OpenAI) -> None:
    plain = client.chat.completions.create(model="gpt-5-mini", messages=[SYSTEM, ORDERS], tools=[TOOL])
    calls = plain.choices[0].message.tool_calls or []
    streamed: dict[int, list[str]] = {}
    for chunk in client.chat.completions.create(
        model="gpt-5-mini", messages=[SYSTEM, ORDERS], tools=[TOOL], stream=True
    ):
        for delta in chunk.choices[0].delta.tool_calls or []:
            assert delta.function is not None
            streamed.setdefault(delta.index, []).append(delta.function.arguments or "")
    arguments = [json.loads("".join(parts)) for parts in streamed.values()]
    assert arguments == [{"order_id": "A-1041"}, {"order_id": "A-1042"}]
    assert all(len(parts) > 2 for parts in streamed.values())
    assert [json.loads(call.function.arguments) for call in calls if call.type == "function"] == arguments
    assert plain.choices[0].finish_reason == "tool_calls"


def test_the_answer_uses_what_the_tool_returned(client: OpenAI) -> None:
    messages: list[ChatCompletionMessageParam] = [
        SYSTEM,
        ORDERS,
        {
            "role": "assistant",
            "tool_calls": [
                {
                    "id": "call_1",
                    "type": "function",
                    "function": {"name": "get_order_status", "arguments": "{}"},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": '{"order": "A-1041", "status": "delivered"}'},
    ]
    result = client.chat.completions.create(model="gpt-5-mini", messages=messages, tools=[TOOL])
    assert "delivered" in (result.choices[0].message.content or "")


class Lamp(BaseModel):
    name: str
    years: int
    colours: list[str]


def test_a_structured_answer_fits_its_schema(client: OpenAI) -> None:
    chat = client.chat.completions.parse(model="gpt-5-mini", messages=[SYSTEM, QUESTION], response_format=Lamp)
    response = client.responses.parse(model="gpt-5-mini", input="Describe lamp 7.", text_format=Lamp)
    assert chat.choices[0].message.parsed is not None
    assert response.output_parsed is not None
    assert response.output_parsed.years == 7


def test_embeddings_put_like_texts_together(client: OpenAI) -> None:
    texts = ["warranty of the lamp", "the lamp's warranty", "sailing in winter"]
    result = client.embeddings.create(model="text-embedding-3-small", input=texts, dimensions=256)
    one, like, unlike = (item.embedding for item in result.data)
    assert len(one) == 256
    assert _dot(one, one) == pytest.approx(1.0, abs=1e-5)
    assert _dot(one, like) > 0.5 > _dot(one, unlike)
    assert result.usage.prompt_tokens == result.usage.total_tokens > 0


def test_embeddings_as_floats_and_as_base64_agree(client: OpenAI, server: OpenAIServer) -> None:
    floats = client.embeddings.create(model="m", input="a lamp", encoding_format="float").data[0].embedding
    packed = client.embeddings.create(model="m", input="a lamp").data[0].embedding
    assert json.loads(server.received[-1].body)["encoding_format"] == "base64"
    assert packed == pytest.approx(floats, abs=1e-6)
    assert len(floats) == 1536


def _dot(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def test_responses_plain_streamed_and_fetched_agree(client: OpenAI) -> None:
    plain = client.responses.create(model="gpt-5-mini", instructions=KNOWN, input="What warranty?")
    with client.responses.stream(model="gpt-5-mini", instructions=KNOWN, input="What warranty?") as stream:
        kinds = [event.type for event in stream]
        streamed = stream.get_final_response()
    fetched = client.responses.retrieve(plain.id)
    assert plain.output_text == streamed.output_text == fetched.output_text == WARRANTY
    assert plain.usage == streamed.usage == fetched.usage
    assert plain.usage is not None
    assert plain.usage.output_tokens_details.reasoning_tokens > 0
    assert kinds[:4] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
    ]
    assert kinds[-1] == "response.completed"
    assert kinds.count("response.output_text.delta") > 3


def test_a_fetched_stream_goes_on_where_it_was_left(client: OpenAI) -> None:
    response = client.responses.create(model="gpt-5-mini", input="Tell me.")
    events = list(client.responses.retrieve(response.id, stream=True, starting_after=3))
    assert events[0].sequence_number == 4
    assert events[-1].type == "response.completed"


def test_responses_call_tools_and_continue(client: OpenAI) -> None:
    function = TOOL["function"]
    tool: FunctionToolParam = {
        "type": "function",
        "name": function["name"],
        "parameters": function.get("parameters"),
        "strict": False,
    }
    asked = client.responses.create(model="gpt-5-mini", input="Where is order A-1041?", tools=[tool])
    call = asked.output[0]
    assert call.type == "function_call"
    assert json.loads(call.arguments) == {"order_id": "A-1041"}
    told = client.responses.create(
        model="gpt-5-mini",
        previous_response_id=asked.id,
        input=[{"type": "function_call_output", "call_id": call.call_id, "output": '{"status": "delivered"}'}],
    )
    assert "delivered" in told.output_text
    assert told.previous_response_id == asked.id


def test_an_incomplete_response_says_why(client: OpenAI) -> None:
    response = client.responses.create(model="gpt-4.1-mini", input="Tell me about lamps.", max_output_tokens=2)
    assert response.status == "incomplete"
    assert response.incomplete_details is not None
    assert response.incomplete_details.reason == "max_output_tokens"


def test_the_sdk_retries_after_a_429(server: OpenAIServer, client: OpenAI) -> None:
    server.faults.add(Fault("rate_limit", when="warranty", retry_after=0.05))
    other = client.chat.completions.create(model="m", messages=[ORDERS])
    result = client.chat.completions.create(model="m", messages=[SYSTEM, QUESTION])
    assert other.choices
    assert result.choices[0].message.content == WARRANTY
    assert [one.headers["x-stainless-retry-count"] for one in server.received] == ["0", "0", "1"]


def test_a_429_carries_when_to_come_back(client: OpenAI) -> None:
    with pytest.raises(RateLimitError) as caught:
        client.with_options(max_retries=0).chat.completions.create(
            model="m", messages=[QUESTION], extra_headers={FAULT_HEADER: "rate_limit"}
        )
    assert caught.value.response.headers["retry-after"] == "0.3"
    assert caught.value.code == "rate_limit_exceeded"


def test_a_header_asks_for_several_failures(client: OpenAI, server: OpenAIServer) -> None:
    with pytest.raises(InternalServerError):
        client.with_options(max_retries=1).embeddings.create(
            model="m", input="x", extra_headers={FAULT_HEADER: "server_error*2"}
        )
    assert len(server.received) == 2


@pytest.mark.parametrize(("kind", "error"), [("stream_error", APIError), ("hang_up", APIConnectionError)])
def test_a_stream_that_breaks_off(client: OpenAI, kind: str, error: type[Exception]) -> None:
    stream = client.chat.completions.create(
        model="m", messages=[SYSTEM, QUESTION], stream=True, extra_headers={FAULT_HEADER: kind}
    )
    chunks: list[ChatCompletionChunk] = []
    with pytest.raises(error):
        chunks.extend(stream)
    assert 0 < len(_text(chunks)) < len(WARRANTY)


def test_a_connection_that_ends_without_an_answer(client: OpenAI) -> None:
    with pytest.raises(APIConnectionError):
        client.with_options(max_retries=0).chat.completions.create(
            model="m", messages=[QUESTION], extra_headers={FAULT_HEADER: "hang_up"}
        )


def test_wrong_requests_are_refused(client: OpenAI) -> None:
    with pytest.raises(NotFoundError):
        client.responses.retrieve("resp_none")
    with pytest.raises(BadRequestError):
        client.responses.create(model="m", input="x", previous_response_id="resp_none")
    with pytest.raises(BadRequestError, match="x-fault"):
        client.embeddings.create(model="m", input="x", extra_headers={FAULT_HEADER: "nonsense"})
    with pytest.raises(BadRequestError):
        client.post("/chat/completions", body={"model": "m"}, cast_to=object)


def test_models_have_names(client: OpenAI) -> None:
    assert "gpt-4o-mini" in [model.id for model in client.models.list()]
    assert client.models.retrieve("any").id == "any"


def test_a_port_that_is_taken_is_said_in_a_line(server: OpenAIServer) -> None:
    port = server.url.rpartition(":")[2].partition("/")[0]
    command = [sys.executable, "-m", "openai_server", "--port", port]
    run = subprocess.run(command, cwd=EXAMPLES, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 2
    assert run.stderr.splitlines()[-1].startswith(f"openai_server: error: --port {port}: ")


def test_tokens_take_time() -> None:
    timing = Timing(first_chunk=0.2, token=0.01)
    with OpenAIServer(timing) as server, OpenAI(base_url=server.url, api_key="none") as client:
        started = time.monotonic()
        arrivals = [
            time.monotonic() - started
            for _ in client.chat.completions.create(model="m", messages=[SYSTEM, QUESTION], stream=True)
        ]
    assert arrivals[0] >= 0.2
    assert arrivals[-1] - arrivals[0] >= (len(arrivals) - 1) * 0.01 * 2 / 3


def test_many_clients_at_once(client: OpenAI, server: OpenAIServer) -> None:
    def ask(number: int) -> str:
        messages: list[ChatCompletionMessageParam] = [{"role": "user", "content": f"number {number}"}]
        stream = client.chat.completions.create(model="m", messages=messages, stream=True)
        return _text(list(stream))

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(100)))
    assert all(text.endswith(f"number {number}") for number, text in enumerate(answers))
    assert len(server.received) == 100
