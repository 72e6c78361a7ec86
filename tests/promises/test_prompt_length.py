"""How long the prompt was, on the times of inference: only when asked for, and how many series that makes."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from otel_genai_instr.pricing import Estimator
from otel_genai_instr.semconv import metrics as instruments

from ..support import answers
from ..support.answers import chunk
from ..support.capture import Capture
from ..support.provider import FakeProvider, json_reply, sse_reply

LENGTH = "otel_genai.prompt_length"
DURATION = "gen_ai.client.inference.duration"
FIRST_CHUNK = "gen_ai.client.inference.time_to_first_chunk"
MESSAGES: list[Any] = [{"role": "user", "content": "hi"}]


def usage(input_tokens: int) -> dict[str, Any]:
    return {"prompt_tokens": input_tokens, "completion_tokens": 10, "total_tokens": input_tokens + 10}


def ask(capture: Capture, **answer: Any) -> None:
    client: Any = FakeProvider(capture.clock).then(json_reply({**answers.chat(), **answer})).client()
    client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)


def stream(capture: Capture, input_tokens: int) -> None:
    chunks = [*answers.chat_chunks()[:-1], chunk(usage=usage(input_tokens), choices=[])]
    client: Any = FakeProvider(capture.clock).then(sse_reply(0.2, *chunks)).client()
    list(client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, stream=True))


def lengths(capture: Capture, metric: str) -> dict[object, int]:
    """How many values each length of prompts has; ``None`` is the series without one."""
    return {point["attributes"].get(LENGTH): point["count"] for point in capture.metrics().get(metric, [])}


@pytest.mark.parametrize(
    ("tokens", "length"),
    [
        (1, "0-1k"),
        (1024, "0-1k"),
        (1025, "1k-4k"),
        (4096, "1k-4k"),
        (4097, "4k-16k"),
        (16384, "4k-16k"),
        (16385, "16k-64k"),
        (65536, "16k-64k"),
        (65537, "64k+"),
        (2_000_000, "64k+"),
    ],
)
def test_a_limit_belongs_to_the_shorter_prompts(capture: Capture, tokens: int, length: str) -> None:
    capture.instrument(prompt_length=True)
    ask(capture, usage=usage(tokens))
    assert lengths(capture, DURATION) == {length: 1}
    assert LENGTH not in capture.attributes()


def test_limits_are_buckets_of_input_tokens() -> None:
    assert {1024, 4096, 16384, 65536} <= set(instruments.OPERATION_INPUT_TOKENS.buckets or ())


@pytest.mark.parametrize("compat", ["latest", "legacy", "both"])
def test_all_times_of_a_stream_have_it_and_nothing_else(capture: Capture, compat: str) -> None:
    capture.instrument(prompt_length=True, metrics_compat=compat, time_per_output_chunk=True)
    stream(capture, 5000)
    with_length = {name for name, points in capture.metrics().items() if any(LENGTH in p["attributes"] for p in points)}
    latest = {DURATION, FIRST_CHUNK}
    legacy = {"gen_ai.client.operation.duration", "gen_ai.client.operation.time_to_first_chunk"}
    chosen = {"latest": latest, "legacy": legacy, "both": latest | legacy}[compat]
    assert with_length == chosen | {"gen_ai.client.inference.time_per_output_chunk"}
    assert all(lengths(capture, metric) == {"4k-16k": 1} for metric in chosen)


def test_it_is_off_unless_asked_for(capture: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    capture.instrument()
    stream(capture, 5000)
    assert lengths(capture, DURATION) == lengths(capture, FIRST_CHUNK) == {None: 1}
    capture.uninstrument()
    monkeypatch.setenv("OTEL_GENAI_PROMPT_LENGTH", "true")
    capture.instrument()
    stream(capture, 5000)
    assert lengths(capture, DURATION) == lengths(capture, FIRST_CHUNK) == {None: 1, "4k-16k": 1}


def test_what_nobody_reported_has_none(capture: Capture) -> None:
    capture.instrument(prompt_length=True)
    ask(capture, usage=None)
    client: Any = (
        FakeProvider(capture.clock)
        .then(json_reply({"error": {"code": "rate_limit_exceeded"}}, 429))
        .client(max_retries=0)
    )
    with pytest.raises(openai.RateLimitError):
        client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
    points = capture.metrics()[DURATION]
    assert sorted((point["count"], "error.type" in point["attributes"]) for point in points) == [(1, False), (1, True)]
    assert not any(LENGTH in point["attributes"] for point in points)


def test_counted_tokens_are_not_reported_ones(capture: Capture) -> None:
    tiktoken = pytest.importorskip("tiktoken")
    ranks = {bytes([value]): value for value in range(256)}
    estimator = Estimator(
        lambda name: tiktoken.Encoding(name, pat_str=r"[\s\S]", mergeable_ranks=ranks, special_tokens={})
    )
    estimator.load()
    capture.instrument(prompt_length=True, estimate_usage=True, estimator=estimator)
    ask(capture, usage=None)
    assert capture.attributes()["otel_genai.cost.estimated"] is True
    assert lengths(capture, DURATION) == {None: 1}


def test_embeddings_have_no_prompt(capture: Capture) -> None:
    capture.instrument(prompt_length=True)
    client: Any = FakeProvider(capture.clock).then(json_reply(answers.embeddings())).client()
    client.embeddings.create(model="text-embedding-3-small", input=["hi"])
    assert lengths(capture, "gen_ai.client.operation.duration") == {None: 1}


@pytest.mark.parametrize(("prompt_length", "series"), [(False, 89), (True, 225)])
def test_series_of_one_model(capture: Capture, prompt_length: bool, series: int) -> None:
    """The numbers of docs/reference.md: one model, streamed, prompts of every length."""
    capture.instrument(prompt_length=prompt_length)
    for input_tokens in (500, 2000, 8000, 32_000, 128_000):
        stream(capture, input_tokens)
    assert sum(_series(name) * len(points) for name, points in capture.metrics().items()) == series


def _series(metric: str) -> int:
    """What Prometheus makes of one point: of a histogram its buckets, that without limit, the sum and the count."""
    (instrument,) = (it for it in vars(instruments).values() if getattr(it, "name", None) == metric)
    return 1 if instrument.kind == "counter" else len(instrument.buckets) + 3
