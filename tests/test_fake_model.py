"""The fake model, as real SDKs in another process see it. Streams of chat, and batches: tests/first_hour."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

CHAT: Final = """
from openai import BadRequestError, NotFoundError, OpenAI

client = OpenAI()
told = [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "Hello?"}]
parts = [{"role": "user", "content": [{"type": "text", "text": "Hello?"}]}]
for messages in (told, told[1:], parts):
    answer = client.chat.completions.create(model="gpt-4o-mini", messages=messages)
    print(answer.choices[0].message.content, answer.usage.prompt_tokens, answer.usage.completion_tokens)
asked = {"model": "text-embedding-3-small", "input": ["a", "b"]}
first, second = (each.embedding for each in client.embeddings.create(**asked, encoding_format="float").data)
again = client.embeddings.create(**asked).data[0].embedding  # as base64, which the SDK asks for by itself
print(len(first), max(map(abs, first)) <= 1, first != second, max(abs(a - b) for a, b in zip(first, again)) < 1e-6)
with client.chat.completions.create(model="gpt-4o-mini", messages=told, stream=True) as stream:
    print(next(iter(stream)).choices[0].delta.content)  # and the others are left
print(client.models.retrieve("ft:a/b").id, *(model.id for model in client.models.list()))
for ask in (
    lambda: client.images.generate(prompt="a lamp"),
    lambda: client.batches.retrieve("batch_1"),
    lambda: client.post("/chat/completions", body={"model": "gpt-4o-mini"}, cast_to=object),
):
    try:
        ask()
    except (BadRequestError, NotFoundError) as error:
        print(error.body["message"])
"""
RESPONSES: Final = """
import asyncio
from openai import AsyncOpenAI, OpenAI

asked = {"model": "gpt-4o-mini", "instructions": "Be brief.", "input": "Hello?"}
seen = []

def note(response):
    seen.append((response.output_text, response.usage.input_tokens, response.usage.output_tokens, response.status))

with OpenAI() as client:
    note(client.responses.create(**asked))
    note(client.responses.create(model="gpt-4o-mini", input=[{"role": "user", "content": "Hello?"}]))
    print(*(event.type.removeprefix("response.") for event in client.responses.create(**asked, stream=True)))
    with client.responses.stream(**asked) as stream:  # puts the parts together by itself
        note(stream.get_final_response())

async def again():
    async with AsyncOpenAI() as client:
        note(await client.responses.create(**asked))
        async with client.responses.stream(**asked) as stream:
            note(await stream.get_final_response())

asyncio.run(again())
print(*seen, sep="\\n")
"""
MESSAGES: Final = """
import asyncio
from anthropic import Anthropic, AsyncAnthropic, NotFoundError

hello = [{"role": "user", "content": "Hello?"}]
asked = {"model": "claude-haiku-4-5", "max_tokens": 99, "system": "Be brief.", "messages": hello}
seen = []

def note(message):
    seen.append((message.content[0].text, message.usage.input_tokens, message.usage.output_tokens, message.stop_reason))

with Anthropic() as client:
    note(client.messages.create(**asked))
    note(client.beta.messages.create(model="claude-haiku-4-5", max_tokens=99, messages=hello))
    print(*(event.type for event in client.messages.create(**asked, stream=True)))
    with client.messages.stream(**asked) as stream:  # puts the parts together by itself
        note(stream.get_final_message())
    del asked["max_tokens"]
    print(client.messages.count_tokens(**asked).input_tokens, *(model.id for model in client.models.list()))
    asked["max_tokens"] = 99
    try:
        client.messages.batches.list()
    except NotFoundError as error:
        print(error.body["error"]["message"])

async def again():
    async with AsyncAnthropic() as client:
        note(await client.messages.create(**asked))
        async with client.messages.stream(**asked) as stream:
            note(await stream.get_final_message())

asyncio.run(again())
print(*seen, sep="\\n")
"""
OBSERVED: Final = """
from anthropic import Anthropic
from openai import OpenAI
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

import otel_genai_instr as genai

kept = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(kept))
genai.instrument(tracer_provider=provider)
hello = [{"role": "user", "content": "Hello?"}]
for stream in (False, True):
    for answer in (
        OpenAI().responses.create(model="gpt-4o-mini", input="Hello?", stream=stream),
        Anthropic().messages.create(model="claude-haiku-4-5", max_tokens=99, messages=hello, stream=stream),
    ):
        if stream:
            list(answer)
for span in kept.get_finished_spans():
    said = span.attributes
    print(span.name, *(said[f"gen_ai.usage.{each}_tokens"] for each in ("input", "output")))
    print(sum(said[f"otel_genai.cost.{each}"] for each in ("input", "output")))
"""
NAMED: Final = "gpt-4o-mini text-embedding-3-small claude-haiku-4-5"
UNKNOWN: Final = "The fake model answers chat completions, responses, messages, embeddings, batches and models"
REAL: Final = {
    "OPENAI_API_KEY": "a real one",
    "OPENAI_BASE_URL": "https://elsewhere.example.com",
    "ANTHROPIC_API_KEY": "a real one",
    "ANTHROPIC_BASE_URL": "https://elsewhere.example.com",
}


def run(*command: str, environ: Mapping[str, str] = REAL) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "otel_genai_instr.fake_model", *command],
        env={**{name: value for name, value in os.environ.items() if name not in REAL}, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def printed(program: str) -> list[str]:
    ran = run(sys.executable, "-W", "error", "-c", program)
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""
    return ran.stdout.splitlines()


def test_chat_completions_and_embeddings() -> None:
    assert printed(CHAT) == [
        "Be brief. 5 3",
        "You said: Hello? 2 4",
        "You said: Hello? 2 4",
        "1536 True True True",
        "Be b",
        f"ft:a/b {NAMED}",
        f"{UNKNOWN}; /v1/images/generations needs a real one.",
        f"{UNKNOWN}; /v1/batches/batch_1 needs a real one.",
        "'messages' is missing.",
    ]


def test_responses() -> None:
    deltas = " ".join(["output_text.delta"] * 3)
    assert printed(RESPONSES) == [
        "created in_progress output_item.added content_part.added "
        f"{deltas} output_text.done content_part.done output_item.done completed",
        *("('Be brief.', 5, 3, 'completed')", "('You said: Hello?', 2, 4, 'completed')"),
        *["('Be brief.', 5, 3, 'completed')"] * 3,
    ]


def test_messages() -> None:
    pytest.importorskip("anthropic")
    deltas = " ".join(["content_block_delta"] * 3)
    assert printed(MESSAGES) == [
        f"message_start content_block_start {deltas} content_block_stop message_delta message_stop",
        f"5 {NAMED}",
        f"{UNKNOWN}; /v1/messages/batches needs a real one.",
        *("('Be brief.', 5, 3, 'end_turn')", "('You said: Hello?', 2, 4, 'end_turn')"),
        *["('Be brief.', 5, 3, 'end_turn')"] * 3,
    ]


def test_tokens_and_cost_are_seen_of_each() -> None:
    pytest.importorskip("anthropic")
    said = printed(OBSERVED)
    assert said[::2] == ["chat gpt-4o-mini 2 4", "chat claude-haiku-4-5 2 4"] * 2
    per_million = [2 * 0.15 + 4 * 0.6, 2 * 1.0 + 4 * 5.0]
    assert [float(cost) * 1e6 for cost in said[1::2]] == pytest.approx(per_million * 2)


@pytest.mark.parametrize("environ", [{}, REAL], ids=["nothing set", "real ones set"])
def test_the_command_has_no_real_key(environ: Mapping[str, str]) -> None:
    ran = run("sh", "-c", "env", environ=environ)
    said = dict(line.split("=", 1) for line in ran.stdout.splitlines() if line.partition("=")[0] in REAL)
    server = said["ANTHROPIC_BASE_URL"]
    assert server.startswith("http://127.0.0.1:")
    assert said == {
        "OPENAI_API_KEY": "none",
        "OPENAI_BASE_URL": f"{server}/v1",
        "ANTHROPIC_API_KEY": "none",
        "ANTHROPIC_BASE_URL": server,
    }


@pytest.mark.parametrize(("program", "code"), [("exit 7", 7), ("kill -9 $$", 128 + signal.SIGKILL), ("true", 0)])
def test_it_ends_as_the_command_ends(program: str, code: int) -> None:
    assert run("sh", "-c", program).returncode == code


@pytest.mark.parametrize(("command", "said"), [((), "name the command"), (("no-such-program",), "No such file")])
def test_what_cannot_be_run_is_said(command: tuple[str, ...], said: str) -> None:
    ran = run(*command)
    assert ran.returncode == 2
    assert said in ran.stderr


def test_no_part_of_the_instrumentation_imports_it() -> None:
    code = "import sys, otel_genai_instr as genai; genai.instrument(); print([m for m in sys.modules if 'fake' in m])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True, cwd=Path(__file__).parent) == "[]\n"
