"""The fake model, as the real SDK in another process sees it. Its streams are README's: tests/first_hour."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

ASK = """
from openai import NotFoundError, OpenAI

client = OpenAI()
told = [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "Hello?"}]
for messages in (told, told[1:]):
    answer = client.chat.completions.create(model="gpt-4o-mini", messages=messages)
    print(answer.choices[0].message.content, answer.usage.prompt_tokens, answer.usage.completion_tokens)
asked = {"model": "text-embedding-3-small", "input": ["a", "b"]}
first, second = (each.embedding for each in client.embeddings.create(**asked, encoding_format="float").data)
again = client.embeddings.create(**asked).data[0].embedding  # as base64, which the SDK asks for by itself
print(len(first), max(map(abs, first)) <= 1, first != second, max(abs(a - b) for a, b in zip(first, again)) < 1e-6)
with client.chat.completions.create(model="gpt-4o-mini", messages=told, stream=True) as stream:
    print(next(iter(stream)).choices[0].delta.content)  # and the others are left
try:
    client.responses.create(model="gpt-4o-mini", input="Hello?")
except NotFoundError as error:
    print("/v1/responses needs a real one" in str(error))
"""


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "otel_genai_instr.fake_model", *command],
        env={**os.environ, "OPENAI_API_KEY": "a real one", "OPENAI_BASE_URL": "https://elsewhere.example.com"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_sdk_is_answered() -> None:
    ran = run(sys.executable, "-c", ASK)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines() == [
        "Be brief. 5 3",
        "You said: Hello? 2 4",
        "1536 True True True",
        "Be b",
        "True",
    ]
    assert ran.stderr == ""


@pytest.mark.parametrize(("program", "code"), [("exit 7", 7), ("kill -9 $$", 128 + signal.SIGKILL), ("true", 0)])
def test_it_ends_as_the_command_ends(program: str, code: int) -> None:
    assert run("sh", "-c", program).returncode == code


@pytest.mark.parametrize(("command", "said"), [((), "name the command"), (("no-such-program",), "No such file")])
def test_what_cannot_be_run_is_said(command: tuple[str, ...], said: str) -> None:
    ran = run(*command)
    assert ran.returncode == 2
    assert said in ran.stderr
