"""The estimate with the encodings themselves, from a call of the SDK to its span.

Runs where their files are: ``TIKTOKEN_CACHE_DIR=... pytest``. docs/cost.md says how to get them; nothing is downloaded.
"""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from otel_genai_instr.model import Content, Message, Text
from otel_genai_instr.pricing import Estimator

from ..support import answers
from ..support.capture import Capture
from ..support.provider import FakeProvider, Reply, sse_reply
from ..support.sdk import needs_responses

pytest.importorskip("tiktoken", reason="the extra `estimate` is not installed")

# The names under which tiktoken keeps the two files.
FILES = ("fb374d419588a4632f3f557e76b4b70aebbca790", "9b5ad71b2ce5302211f9c61530b329a4922fc6a4")
FOLDER = os.environ.get("TIKTOKEN_CACHE_DIR")
pytestmark = pytest.mark.skipif(
    FOLDER is None or not all((Path(FOLDER) / name).exists() for name in FILES),
    reason="TIKTOKEN_CACHE_DIR names no folder with the two encodings",
)

INSTRUCTIONS = "Answer in one short sentence."
QUESTION = "Which river flows through Prague, and how long is it?"
ANSWER = ("The Vltava, ", "which is 430 kilometres long.")
MESSAGES = [{"role": "system", "content": INSTRUCTIONS}, {"role": "user", "name": "ada", "content": QUESTION}]
# The same in both encodings: 6 tokens of instructions, 12 of the question, 12 of the answer, 1 of a role or of `ada`.
MESSAGE_TOKENS = (3 + 1 + 6) + (3 + 1 + 12 + 1 + 1) + 3
ANSWER_TOKENS = 12
CALL = ('{"town"', ': "Prague"}')
CALL_TOKENS = 2 + 6  # get_weather {"town":"Prague"}

MODELS = pytest.mark.parametrize("model", ["gpt-4o-mini-2024-07-18", "gpt-4-0613"])
BOTH_SDKS = pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])


@pytest.fixture(scope="module")
def estimator() -> Estimator:
    made = Estimator()
    made.load()
    return made


@pytest.fixture(autouse=True)
def instrumented(capture: Capture, estimator: Estimator) -> None:
    capture.instrument(estimate_usage=True, estimator=estimator)


def drain(capture: Capture, reply: Reply, asynchronous: bool, api: str, **arguments: Any) -> tuple[object, object]:
    """Make the call, read its stream to the end, and return the tokens on its span."""
    provider = FakeProvider(capture.clock).then(reply)

    async def read_all() -> None:
        client: Any = provider.async_client()
        resource = client.responses if api == "responses" else client.chat.completions
        async for _ in await resource.create(stream=True, **arguments):
            pass

    if asynchronous:
        asyncio.run(read_all())
    else:
        client: Any = provider.client()
        resource = client.responses if api == "responses" else client.chat.completions
        for _ in resource.create(stream=True, **arguments):
            pass
    attributes = capture.attributes()
    assert attributes["otel_genai.cost.estimated"] is True
    assert attributes["gen_ai.usage.cost.amount"] > 0
    return attributes["gen_ai.usage.input_tokens"], attributes["gen_ai.usage.output_tokens"]


def chat_stream(model: str, choices: int = 1, called: bool = False) -> Reply:
    """A chat without usage."""
    chunks: list[Any] = []
    for index in range(choices):
        function = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "get_weather"}}
        deltas: list[Any] = [{"role": "assistant", "content": ""}]
        if called:
            deltas += [{"tool_calls": [function]}]
            deltas += [{"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in CALL]
        else:
            deltas += [{"content": piece} for piece in ANSWER]
        chunks += [answers.chunk(delta, index=index, model=model) for delta in deltas]
        chunks.append(answers.chunk({}, finish="tool_calls" if called else "stop", index=index, model=model))
    return sse_reply(*chunks)


def response_stream(model: str) -> Reply:
    """A response without usage."""
    events = answers.response_events()
    text = "".join(ANSWER)
    for event in events:
        if "response" in event:
            event["response"] = {**event["response"], "model": model, "usage": None}
    part: dict[str, Any] = {"type": "output_text", "text": text, "annotations": []}
    last = events[-1]["response"]
    last["output"] = [{**last["output"][0], "content": [part]}]
    return sse_reply(*events, done=False)


@MODELS
@BOTH_SDKS
def test_a_chat(capture: Capture, model: str, asynchronous: bool) -> None:
    tokens = drain(capture, chat_stream(model), asynchronous, "chat", model=model, messages=MESSAGES)
    assert tokens == (MESSAGE_TOKENS, ANSWER_TOKENS)


@MODELS
@BOTH_SDKS
def test_each_choice_is_output(capture: Capture, model: str, asynchronous: bool) -> None:
    tokens = drain(capture, chat_stream(model, 3), asynchronous, "chat", model=model, messages=MESSAGES, n=3)
    assert tokens == (MESSAGE_TOKENS, 3 * ANSWER_TOKENS)


@MODELS
@BOTH_SDKS
def test_a_tool_call_is_output(capture: Capture, model: str, asynchronous: bool) -> None:
    reply = chat_stream(model, called=True)
    _, output = drain(capture, reply, asynchronous, "chat", model=model, messages=MESSAGES)
    assert output == CALL_TOKENS


@needs_responses
@MODELS
@BOTH_SDKS
def test_a_response(capture: Capture, model: str, asynchronous: bool) -> None:
    reply = response_stream(model)
    tokens = drain(capture, reply, asynchronous, "responses", model=model, input=QUESTION, instructions=INSTRUCTIONS)
    assert tokens == ((3 + 1 + 6) + (3 + 1 + 12) + 3, ANSWER_TOKENS)


@MODELS
@BOTH_SDKS
def test_a_function_on_offer_is_input(capture: Capture, model: str, asynchronous: bool) -> None:
    town = {"type": "string", "description": "Name of the town."}
    unit = {"type": "string", "description": "Unit of the temperature", "enum": ["celsius", "fahrenheit"]}
    parameters = {"type": "object", "properties": {"town": town, "unit": unit}, "required": ["town"]}
    weather = {"name": "get_weather", "description": "Tells the weather of a town.", "parameters": parameters}
    reply = chat_stream(model, called=True)
    tools = [{"type": "function", "function": weather}]
    given, _ = drain(capture, reply, asynchronous, "chat", model=model, messages=MESSAGES, tools=tools)
    # get_weather:Tells the weather of a town | town:string:Name of the town | unit:string:Unit of the temperature
    lines, values = 9 + 7 + 7, 2 + 2
    function = 10 if model == "gpt-4-0613" else 7
    assert given == MESSAGE_TOKENS + function + lines + values + (3 + 3 + 3 - 3 + 2 * 3) + 12


@pytest.mark.parametrize(
    ("model", "text", "tokens"),
    [
        ("gpt-4o", "naïve Übermut: 你好世界", 9),
        ("gpt-4", "naïve Übermut: 你好世界", 12),
        ("gpt-4o", "def add(a, b):\n    return a + b\n", 12),
        ("gpt-4", "def add(a, b):\n    return a + b\n", 12),
    ],
)
def test_the_encoding_is_the_models(estimator: Estimator, model: str, text: str, tokens: int) -> None:
    usage = estimator.estimate(model, None, [Message("assistant", [Text(text)])])
    assert usage is not None
    assert usage.output_tokens == tokens


def test_a_long_text_is_counted_in_pieces_and_hardly_too_high(estimator: Estimator) -> None:
    import tiktoken

    text = "Every morning the baker counts 144 loaves, and twice a week somebody counts them again. " * 2_000
    exact = len(tiktoken.get_encoding("o200k_base").encode_ordinary(text))
    usage = estimator.estimate("gpt-4o", Content(messages=[Message("user", [Text(text)])]), [])
    assert usage is not None
    assert usage.input_tokens is not None
    assert exact <= usage.input_tokens <= exact * 1.002


def test_they_load_in_the_background_and_no_call_waits(capture: Capture) -> None:
    capture.uninstrument()
    capture.instrument(estimate_usage=True)
    for thread in threading.enumerate():
        if thread.name == "otel-genai-encodings":
            thread.join(60)
    tokens = drain(capture, chat_stream("gpt-4o"), False, "chat", model="gpt-4o", messages=MESSAGES)
    assert tokens == (MESSAGE_TOKENS, ANSWER_TOKENS)
