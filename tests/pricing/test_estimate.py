"""Counting tokens without a provider's help, with small encodings made of tiktoken's own parts."""

from __future__ import annotations

import logging
import os
import socket
import threading
from pathlib import Path

import pytest

pytest.importorskip("tiktoken", reason="the extra `estimate` is not installed")

import tiktoken

from otel_genai_instr.model import (
    Blob,
    Content,
    Generic,
    Message,
    Part,
    Reasoning,
    ServerToolCall,
    Text,
    ToolCall,
    ToolCallResponse,
    Uri,
    Usage,
)
from otel_genai_instr.pricing.estimate import Estimator, encoding_of

BYTES = {bytes([number]): number for number in range(256)}


def encoding_by_letter(name: str) -> tiktoken.Encoding:
    """Make an encoding with a token for each byte; the newer one knows the word "hello" besides."""
    ranks = dict(BYTES)
    if name == "o200k_base":
        for piece in (b"he", b"ll", b"hell", b"hello"):
            ranks[piece] = len(ranks)
    return tiktoken.Encoding(name, pat_str=r"\S+|\s+", mergeable_ranks=ranks, special_tokens={"<|end|>": 999})


@pytest.fixture(scope="module")
def estimator() -> Estimator:
    made = Estimator(encoding_by_letter)
    made.load()
    return made


def said(role: str, *parts: Part, name: str | None = None) -> Message:
    return Message(role=role, parts=list(parts), name=name)


def sent(*messages: Message) -> Content:
    return Content(messages=list(messages))


def counted(usage: Usage | None) -> tuple[int | None, int | None]:
    assert usage is not None
    assert usage.estimated is True
    return usage.input_tokens, usage.output_tokens


def test_messages_and_answer(estimator: Estimator) -> None:
    usage = estimator.estimate("gpt-4o", sent(said("user", Text("hello ab"))), [said("assistant", Text("ok"))])

    # 3 for the answer's beginning, 3 for the message, 4 for "user", 1 + 1 + 2 for its text
    assert counted(usage) == (3 + 3 + 4 + 4, 2)


def test_the_model_decides_the_encoding(estimator: Estimator) -> None:
    content = sent(said("user", Text("hello")))

    assert counted(estimator.estimate("gpt-4o", content, [])) == (3 + 3 + 4 + 1, 0)
    assert counted(estimator.estimate("gpt-4", content, [])) == (3 + 3 + 4 + 5, 0)


def test_names_instructions_tools_and_calls_count(estimator: Estimator) -> None:
    content = sent(said("user", Text("a"), name="bob"))
    assert counted(estimator.estimate("gpt-4", content, [])) == (3 + 3 + 4 + 1 + 1 + 3, 0)

    content.system_instructions = [Text("be nice")]
    assert counted(estimator.estimate("gpt-4", content, [])) == (15 + 3 + 7, 0)

    content.tools = [{"type": "function"}]
    assert counted(estimator.estimate("gpt-4", content, [])) == (25 + len('{"type":"function"}'), 0)

    called = said(
        "assistant",
        ToolCall("f", arguments={"x": 1}),
        ToolCall("g", arguments="{broken"),
        Reasoning("hm"),
        ToolCallResponse("done"),
        ServerToolCall("s", {"q": None}),
    )
    expected = 1 + len('{"x":1}') + 1 + len("{broken") + 2 + 4 + 1 + len('{"q":null}')
    assert counted(estimator.estimate("gpt-4", content, [called])) == (25 + 19, expected)


def test_special_tokens_in_a_text_are_text(estimator: Estimator) -> None:
    usage = estimator.estimate("gpt-4", None, [said("assistant", Text("<|end|>"))])

    assert counted(usage) == (None, len("<|end|>"))


@pytest.mark.parametrize("text", ["", "grüße 👋", "lone \ud83d surrogate", "x" * 100_000])
def test_any_text(estimator: Estimator, text: str) -> None:
    _, output = counted(estimator.estimate("gpt-4", None, [said("assistant", Text(text))]))

    assert output == len(text.encode("utf-8", "replace")) or "\ud83d" in text


@pytest.mark.parametrize(
    "part",
    [Blob("image", "AAAA"), Uri("audio", "https://example.com/a.wav"), Generic("unknown")],
    ids=lambda part: type(part).__name__,
)
def test_what_is_not_text_is_not_counted(estimator: Estimator, part: Part) -> None:
    text = said("user", Text("a"))

    assert estimator.estimate("gpt-4o", sent(text, said("user", part)), []) is None
    assert estimator.estimate("gpt-4o", sent(text), [said("assistant", part)]) is None


def test_nothing_known_is_no_usage(estimator: Estimator) -> None:
    assert estimator.estimate("gpt-4o", None, []) is None
    assert counted(estimator.estimate(None, sent(said("user", Text("a"))), []))[0] == 11
    # What was sent isn't known when there is no message in it: nobody sends nothing.
    assert counted(estimator.estimate("gpt-4o", Content(), [said("assistant", Text("a"))])) == (None, 1)


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("gpt-4o-mini-2024-07-18", "o200k_base"),
        ("gpt-4.1", "o200k_base"),
        ("gpt-5.4", "o200k_base"),
        ("o3", "o200k_base"),
        ("claude-haiku-4-5", "o200k_base"),
        (None, "o200k_base"),
        ("gpt-4-turbo", "cl100k_base"),
        ("GPT-4", "cl100k_base"),
        ("gpt-35-turbo", "cl100k_base"),
        ("ft:gpt-3.5-turbo-0125:acme::x", "cl100k_base"),
        ("text-embedding-3-small", "cl100k_base"),
    ],
)
def test_encodings_of_models(model: str | None, name: str) -> None:
    assert encoding_of(model) == name


def test_before_it_is_loaded_nothing_is_counted_and_no_call_waits() -> None:
    release = threading.Event()

    def slow(name: str) -> tiktoken.Encoding:
        release.wait(10)
        return encoding_by_letter(name)

    estimator = Estimator(slow)
    estimator.warm_up()
    assert estimator.estimate("gpt-4o", sent(said("user", Text("a"))), []) is None
    release.set()
    for thread in threading.enumerate():
        if thread.name == "otel-genai-encodings":
            thread.join(10)
    assert counted(estimator.estimate("gpt-4o", sent(said("user", Text("a"))), [])) == (11, 0)


def test_many_warm_ups_start_one_thread() -> None:
    loads: list[str] = []

    def counting(name: str) -> tiktoken.Encoding:
        loads.append(name)
        return encoding_by_letter(name)

    estimator = Estimator(counting)
    for _ in range(100):
        estimator.warm_up()
    for thread in threading.enumerate():
        if thread.name == "otel-genai-encodings":
            thread.join(10)
    assert sorted(loads) == ["cl100k_base", "o200k_base"]


def test_a_failed_load_is_said_and_leaves_calls_alone(caplog: pytest.LogCaptureFixture) -> None:
    def broken(name: str) -> tiktoken.Encoding:
        raise OSError(f"no network for {name}")

    estimator = Estimator(broken)
    estimator.load()

    assert estimator.estimate("gpt-4o", sent(said("user", Text("a"))), []) is None
    messages = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(messages) == 2
    assert all("TIKTOKEN_CACHE_DIR" in message for message in messages)


def test_without_a_cache_the_loader_of_tiktoken_asks_the_network_and_may_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def offline(*_: object, **__: object) -> None:
        raise OSError("offline")

    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(socket, "getaddrinfo", offline)
    for proxy in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(proxy)

    estimator = Estimator()
    estimator.load()
    assert estimator.estimate("gpt-4o", sent(said("user", Text("a"))), []) is None
    assert not list(tmp_path.iterdir())
