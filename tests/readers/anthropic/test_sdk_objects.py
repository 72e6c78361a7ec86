"""The objects of the installed SDK read as the bodies that they were made of. Runs where ``anthropic`` is installed."""

from __future__ import annotations

import importlib
import json
from typing import Any

import pytest

from otel_genai_instr.model import Details, Message, Text, ToolCall, ToolCallResponse
from otel_genai_instr.providers.anthropic.answers import MessageAnswer, TokenCount
from otel_genai_instr.providers.anthropic.content import read_content
from otel_genai_instr.providers.anthropic.streams import open_message_stream

from . import messages
from .messages import CALL, FOUND, REDACTED, SEARCH, TEXT, THINKING, block_events, end, start

anthropic: Any = pytest.importorskip("anthropic")
base_client: Any = importlib.import_module("anthropic._base_client")
http: Any = getattr(base_client, "httpx2", None) or base_client.httpx

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
WHOLE = messages.message(THINKING, REDACTED, SEARCH, FOUND, TEXT, CALL, stop_reason="tool_use")
ASKED: dict[str, Any] = {
    "model": "claude-opus-5-5",
    "max_tokens": 10,
    "messages": [{"role": "user", "content": "Hi"}],
}


def events() -> list[dict[str, Any]]:
    texts = {2: json.dumps(SEARCH["input"]), 5: json.dumps(CALL["input"])}
    blocks = [event for at, block in enumerate(WHOLE["content"]) for event in block_events(at, block, texts.get(at))]
    return [start(WHOLE), {"type": "ping"}, *blocks, *end(WHOLE)]


def answer(request: Any) -> Any:
    body = json.loads(request.content)
    sent.append(body)
    if request.url.path.endswith("/count_tokens"):
        return http.Response(200, json={"input_tokens": 42})
    if not body.get("stream"):
        return http.Response(200, json=WHOLE)
    text = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events())
    return http.Response(200, headers={"content-type": "text/event-stream"}, content=text.encode())


sent: list[Any] = []


@pytest.fixture(params=["messages", "beta.messages"])
def resource(request: pytest.FixtureRequest) -> Any:
    sent.clear()
    client = anthropic.Anthropic(api_key="none", http_client=http.Client(transport=http.MockTransport(answer)))
    return client.messages if request.param == "messages" else client.beta.messages


def test_a_message(resource: Any) -> None:
    read, plain = MessageAnswer(resource.create(**ASKED)), MessageAnswer(WHOLE)
    assert read.response() == plain.response()
    assert read.details() == plain.details()
    assert read.output() == plain.output()


@pytest.mark.parametrize("capture", [True, False])
def test_a_stream(resource: Any, capture: bool) -> None:
    reader, plain = open_message_stream(capture), MessageAnswer(WHOLE)
    for event in resource.create(**ASKED, stream=True):
        reader.feed(event)
    assert reader.response() == plain.response()
    assert reader.details() == messages.without_length(plain.details())
    assert reader.output() == (plain.output() if capture else [])


def test_a_count(resource: Any) -> None:
    counted = resource.count_tokens(model=ASKED["model"], messages=ASKED["messages"])
    assert TokenCount(counted).details() == Details(attributes={"otel_genai.count_tokens.input_tokens": 42})


def test_an_answer_that_is_sent_back(resource: Any) -> None:
    said = resource.create(**ASKED).content[-2:]
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "Sunny"}
    history = [{"role": "assistant", "content": said}, {"role": "user", "content": [result]}]
    resource.create(**{**ASKED, "messages": history})
    expected = [
        Message("assistant", [Text("It is sunny."), ToolCall("weather", "toolu_1", {"city": "Oslo"})]),
        Message("tool", [ToolCallResponse("Sunny", "toolu_1")]),
    ]
    assert read_content(sent[-1]).messages == expected
    assert read_content({"messages": history}).messages == expected
