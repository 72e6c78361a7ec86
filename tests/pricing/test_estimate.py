"""Counting tokens without a provider's help, with small encodings made of tiktoken's own parts."""

from __future__ import annotations

import faulthandler
import logging
import os
import socket
import sys
import threading
from pathlib import Path

import pytest

pytest.importorskip("tiktoken", reason="the extra `estimate` is not installed")

import tiktoken
from tiktoken import registry

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


def test_names_instructions_and_calls_count(estimator: Estimator) -> None:
    content = sent(said("user", Text("a"), name="bob"))
    assert counted(estimator.estimate("gpt-4", content, [])) == (3 + 3 + 4 + 1 + 1 + 3, 0)

    content.system_instructions = [Text("be nice")]  # a message of the role "system"
    assert counted(estimator.estimate("gpt-4", content, [])) == (15 + 3 + 6 + 7, 0)

    called = said(
        "assistant",
        ToolCall("f", arguments={"x": 1}),
        ToolCall("g", arguments="{broken"),
        Reasoning("hm"),
        ToolCallResponse("done"),
        ServerToolCall("s", {"q": None}),
    )
    expected = 1 + len('{"x":1}') + 1 + len("{broken") + 2 + 4 + 1 + len('{"q":null}')
    assert counted(estimator.estimate("gpt-4", content, [called])) == (31, expected)


def offered(*tools: dict[str, object]) -> Content:
    content = sent(said("user", Text("a")))
    content.tools = list(tools)
    return content


ALONE = 3 + 3 + 4 + 1
"""What the message costs without tools."""
PARAMETERS = {
    "type": "object",
    "properties": {
        "town": {"type": "string", "description": "A town."},
        "unit": {"type": "string", "enum": ["c", "fa"]},
    },
    "required": ["town"],
}
# Three before the parameters, three for each; an enumeration is three less and three for each value.
PARAMETER_TOKENS = 3 + (3 + len("town:string:A town")) + (3 + len("unit:string:") - 3 + 3 + 1 + 3 + 2)


def test_functions_count_as_they_are_told_to_the_model(estimator: Estimator) -> None:
    function: dict[str, object] = {"name": "f", "description": "Do it.", "parameters": PARAMETERS}
    chat = offered({"type": "function", "function": function})
    responses = offered({"type": "function", **function})

    expected = ALONE + 10 + len("f:Do it") + PARAMETER_TOKENS + 12
    assert counted(estimator.estimate("gpt-4", chat, [])) == (expected, 0)
    assert counted(estimator.estimate("gpt-4", responses, [])) == (expected, 0)
    # The newer format needs less around a function, and 12 around all of them, not around each.
    assert counted(estimator.estimate("gpt-4o", chat, [])) == (expected - 3, 0)
    twice = offered({"type": "function", "function": function}, {"type": "function", "function": function})
    assert counted(estimator.estimate("gpt-4", twice, [])) == (2 * (expected - ALONE - 12) + ALONE + 12, 0)


def test_tools_that_the_rule_says_nothing_about_count_as_their_text(estimator: Estimator) -> None:
    bare = offered({"type": "function", "name": "f"})
    assert counted(estimator.estimate("gpt-4", bare, [])) == (ALONE + 10 + len("f:") + 12, 0)

    search: dict[str, object] = {"type": "web_search", "size": "low"}
    found = offered(search)
    assert counted(estimator.estimate("gpt-4", found, [])) == (ALONE + len('{"type":"web_search","size":"low"}'), 0)

    inner: dict[str, object] = {"at": {"type": "object", "properties": {"x": {"type": "number"}}}}
    nested = offered({"type": "function", "name": "f", "parameters": {"properties": inner}})
    rest = len('{"properties":{"x":{"type":"number"}}}')
    expected = ALONE + 10 + len("f:") + 3 + (3 + len("at:object:") + rest) + 12
    assert counted(estimator.estimate("gpt-4", nested, [])) == (expected, 0)


@pytest.mark.parametrize(
    "tool",
    [{}, {"type": None}, {"type": "function", "name": None}, {"name": "f", "parameters": {"properties": [1]}}],
    ids=str,
)
def test_odd_tools_do_no_harm(estimator: Estimator, tool: dict[str, object]) -> None:
    tokens, _ = counted(estimator.estimate("gpt-4", offered(tool), []))

    assert tokens is not None
    assert tokens >= ALONE


def test_tools_in_full_are_what_counts(estimator: Estimator) -> None:
    content = offered({"type": "function", "name": "f"})
    content.tools_in_full = [{"type": "function", "name": "f", "description": "Do it."}]
    assert counted(estimator.estimate("gpt-4", content, [])) == (ALONE + 10 + len("f:Do it") + 12, 0)


def test_of_an_incomplete_input_only_the_answer_counts(estimator: Estimator) -> None:
    content = sent(said("user", Text("a")))
    content.complete = False
    assert counted(estimator.estimate("gpt-4", content, [said("assistant", Text("ab"))])) == (None, 2)


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
        ("davinci-002", "cl100k_base"),
        ("openai/gpt-4-turbo", "cl100k_base"),
        ("openai/gpt-4o", "o200k_base"),
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
    wait_for_the_loader()
    assert counted(estimator.estimate("gpt-4o", sent(said("user", Text("a"))), [])) == (11, 0)


def test_many_warm_ups_start_one_thread() -> None:
    loads: list[str] = []

    def counting(name: str) -> tiktoken.Encoding:
        loads.append(name)
        return encoding_by_letter(name)

    estimator = Estimator(counting)
    for _ in range(100):
        estimator.warm_up()
    wait_for_the_loader()
    assert sorted(loads) == ["cl100k_base", "o200k_base"]


def wait_for_the_loader() -> None:
    for thread in threading.enumerate():
        if thread.name == "otel-genai-encodings":
            thread.join(10)


def test_what_could_not_be_loaded_is_not_tried_again() -> None:
    tries: list[str] = []

    def broken(name: str) -> tiktoken.Encoding:
        tries.append(name)
        raise OSError("no network")

    estimator = Estimator(broken)
    estimator.warm_up()
    wait_for_the_loader()
    for _ in range(100):
        assert estimator.estimate("gpt-4o", sent(said("user", Text("a"))), []) is None
    wait_for_the_loader()
    assert tries == ["o200k_base", "cl100k_base"]


@pytest.mark.skipif(sys.platform == "win32", reason="no fork")
def test_a_child_forked_before_they_were_loaded_loads_its_own() -> None:
    estimator = Estimator(encoding_by_letter)
    content = sent(said("user", Text("a")))
    child = os.fork()
    if child == 0:
        status = 1
        try:
            first = estimator.estimate("gpt-4", content, [])
            wait_for_the_loader()
            status = 0 if first is None and estimator.estimate("gpt-4", content, []) is not None else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # a fork among threads is what this is about
@pytest.mark.skipif(sys.platform == "win32", reason="no fork")
def test_the_apps_own_tiktoken_works_in_a_child_forked_while_ours_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock of tiktoken's that our thread held at that moment would never be released in the child."""
    loading, forked = threading.Event(), threading.Event()

    def slow(*_: object, **__: object) -> dict[bytes, int]:
        loading.set()
        forked.wait(10)
        raise OSError("no network")

    monkeypatch.setattr(registry, "ENCODINGS", {})
    monkeypatch.setattr("tiktoken_ext.openai_public.load_tiktoken_bpe", slow)
    estimator = Estimator()
    estimator.warm_up()
    assert loading.wait(10)
    child = os.fork()
    if child == 0:
        with open(os.devnull, "w") as nowhere:
            faulthandler.dump_traceback_later(5, exit=True, file=nowhere)
            registry.list_encoding_names()
            os._exit(0)
    forked.set()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    wait_for_the_loader()


def test_a_failed_load_is_said_and_leaves_calls_alone(caplog: pytest.LogCaptureFixture) -> None:
    def broken(name: str) -> tiktoken.Encoding:
        raise OSError(f"no network for {name}")

    estimator = Estimator(broken)
    estimator.load()

    assert estimator.estimate("gpt-4o", sent(said("user", Text("a"))), []) is None
    (message,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert "o200k_base and cl100k_base" in message
    assert "no network for o200k_base" in message
    assert "TIKTOKEN_CACHE_DIR" in message


def test_without_a_cache_the_loader_of_tiktoken_asks_the_network_and_may_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def offline(*_: object, **__: object) -> None:
        raise OSError("offline")

    monkeypatch.setattr(registry, "ENCODINGS", {})
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(socket, "getaddrinfo", offline)
    for proxy in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(proxy)

    estimator = Estimator()
    estimator.load()
    assert estimator.estimate("gpt-4o", sent(said("user", Text("a"))), []) is None
    assert not list(tmp_path.iterdir())
    assert len([record for record in caplog.records if record.name == "otel_genai_instr"]) == 1
