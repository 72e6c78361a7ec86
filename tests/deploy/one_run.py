"""One run of the package over the real SDKs: everything that it can emit, as plain data."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader, MetricsData

import otel_genai_instr as genai
from otel_genai_instr import guard

from ..providers import installed
from ..support import answers, batch_files
from ..support.capture import Capture
from ..support.provider import FakeProvider, json_reply
from ..support.replies import Reply
from ..support.sdk import HAS_RESPONSES
from ..support.under_test import ApiUnderTest, Form, UnderTest

EVERYTHING: Final[Mapping[str, Any]] = {
    "metrics_compat": "both",
    "capture_content": "span_and_event",
    "error_messages": True,
    "time_per_output_chunk": True,
    "prompt_length": True,
}
"""Settings with which nothing is left out."""
PRICES_OF_BATCHES: Final = 160 * 86_400.0
"""Seconds after the clock's start: price lists have batches since October 2026."""
_CACHED_USAGE: Final = {
    "input_tokens": 1000,
    "output_tokens": 200,
    "cache_read_input_tokens": 300,
    "cache_creation_input_tokens": 400,
    "cache_creation": {"ephemeral_5m_input_tokens": 300, "ephemeral_1h_input_tokens": 100},
}
_SPOKEN_USAGE: Final = {
    "prompt_tokens": 1000,
    "completion_tokens": 200,
    "prompt_tokens_details": {"audio_tokens": 300, "text_tokens": 700},
    "completion_tokens_details": {"audio_tokens": 150, "text_tokens": 50},
}


@dataclass(frozen=True)
class Metric:
    """A metric as it came out of the SDK."""

    kind: str
    """``histogram`` or ``counter``."""
    unit: str
    attributes: frozenset[str]
    """Of all its points together."""


@dataclass(frozen=True)
class Emitted:
    """All names of one run."""

    metrics: Mapping[str, Metric]
    spans: frozenset[str]
    """Attributes of spans."""
    events: frozenset[str]
    """Names of log events, and their attributes."""


def live(capture: Capture) -> None:
    """Do what apps do: every API of every installed SDK, blocks around them, failures, evaluations."""
    capture.clock.advance(PRICES_OF_BATCHES)
    with (
        genai.attribute(
            user_id="u-1", session_id="s-1", conversation_id="c-1", feature="search", tenant="acme", tags=["beta"]
        ),
        genai.prompt("reply", version="2", template="{tone}", variables={"tone": "kind"}),
    ):
        for provider in installed():
            for api in provider.apis:
                _ask_in_all_ways(capture, provider, api)
        _in_blocks(capture)
    _with_all_options(capture)
    _without_a_price(capture)
    _retried(capture)
    _batch(capture)
    _evaluated()
    _fault_of_ours()


def emitted(capture: Capture) -> Emitted:
    """The names that a run in ``capture`` leaves; it turns the instrumentation on."""
    reader = InMemoryMetricReader()
    capture.meter_provider = MeterProvider([reader], shutdown_on_exit=False)
    capture.instrument(**EVERYTHING)
    live(capture)
    data = reader.get_metrics_data()
    assert data is not None
    events = capture.events()
    return Emitted(
        metrics=dict(_metrics(data)),
        spans=frozenset(name for span in capture.spans() for name in span.attributes or {}),
        events=frozenset(name for event in events for name in (event["name"], *event["attributes"])),
    )


def _metrics(data: MetricsData) -> Iterator[tuple[str, Metric]]:
    for resource in data.resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                points: Iterable[Any] = metric.data.data_points
                kind = "histogram" if any(isinstance(point, HistogramDataPoint) for point in points) else "counter"
                attributes = frozenset(name for point in points for name in point.attributes or {})
                yield metric.name, Metric(kind, metric.unit or "", attributes)


def _ask_in_all_ways(capture: Capture, provider: UnderTest, api: ApiUnderTest) -> None:
    headers = {"content-type": "application/json", **provider.headers}
    answer = Reply(200, [0.4, json.dumps(api.answer()).encode()], headers)
    _ask(capture, provider, api, Form.PLAIN, answer)
    with contextlib.suppress(Exception):
        _ask(capture, provider, api, Form.PLAIN, provider.refusal())
    if chunks := api.chunks():
        pieces = [step for chunk in chunks for step in (0.1, provider.frame(chunk))]
        stream = Reply(200, [*pieces, api.end], {"content-type": provider.stream_type, **provider.headers})
        _ask(capture, provider, api, Form.STREAM, stream)


def _ask(capture: Capture, provider: UnderTest, api: ApiUnderTest, form: Form, reply: Reply) -> None:
    with provider.transport(capture.clock) as transport:
        transport.then(reply)
        result = provider.forms[form](provider.connect(transport, False), api)
        if form.streams:
            for _ in result:
                pass


def _client(capture: Capture, *replies: Reply, **options: Any) -> Any:
    return FakeProvider(capture.clock).then(*replies).client(**options)


def _chat(client: Any, model: str = "gpt-4o-mini", **more: Any) -> Any:
    asked: dict[str, Any] = {"model": model, "messages": [{"role": "user", "content": "Hello"}]}
    return client.chat.completions.create(**asked, **more)


def _with_all_options(capture: Capture) -> None:
    asked: dict[str, Any] = {
        **{"temperature": 0.5, "top_p": 0.9, "max_tokens": 300, "seed": 1, "stop": ["x"], "n": 2},
        **{"frequency_penalty": 0.1, "presence_penalty": 0.1, "reasoning_effort": "low"},
        "tools": [{"type": "function", "function": {"name": "look", "description": "d", "parameters": {}}}],
        "extra_body": {"service_tier": "flex", "response_format": {"type": "json_object"}},
    }
    choices: Any = answers.chat()
    choices["choices"] *= 2
    _chat(_client(capture, json_reply(choices)), **asked)
    _chat(_client(capture, json_reply(answers.chat(usage=_SPOKEN_USAGE))), "gpt-4o-audio-preview")
    if HAS_RESPONSES:
        client: Any = _client(capture, json_reply(answers.response()))
        client.responses.create(
            model="gpt-4o-mini", input="Hello", instructions="Be brief.", previous_response_id="resp_0"
        )
    for provider in installed():
        for api in (api for api in provider.apis if api.name == "messages"):
            options = replace(api, arguments={**api.arguments, "system": "Be brief.", "extra_body": {"top_k": 5}})
            usage = {**_CACHED_USAGE, "service_tier": "standard"}
            _ask(capture, provider, options, Form.PLAIN, json_reply({**api.answer(), "usage": usage}))


def _in_blocks(capture: Capture) -> None:
    client = _client(capture, json_reply(answers.chat(), after=0.5))
    with genai.workflow("answer"), genai.agent("planner", description="plans"):
        _chat(client)
        for failure in (None, KeyError("x")):
            tool = genai.tool("look", type="function", description="d", call_id="c", arguments={"at": 1})
            with contextlib.suppress(KeyError), tool:
                tool.result = {"seen": "a cat"}
                _raise(failure)
        with genai.retrieval("kb", query="q", top_k=3) as found:
            found.documents = [{"id": "d", "score": 0.9}]
        with genai.memory("search_memory", store_id="m", record_id="r", query="q") as remembered:
            remembered.records = [{"id": "r"}]
        with genai.rerank("rerank-1", provider="cohere", top_k=3), genai.plan(), genai.guardrail("check"):
            pass
    for block in (genai.workflow("answer"), genai.agent("planner")):
        with contextlib.suppress(KeyError), block:
            raise KeyError("x")


def _raise(failure: Exception | None) -> None:
    if failure is not None:
        raise failure


def _without_a_price(capture: Capture) -> None:
    with genai.workflow("answer"):
        _chat(_client(capture, json_reply(answers.chat(model="nobody-knows-it"))), "nobody-knows-it")


def _retried(capture: Capture) -> None:
    replies = (json_reply({}, status=429, retry_after_ms="1"), json_reply(answers.chat()))
    _chat(_client(capture, *replies, max_retries=1))


def _batch(capture: Capture) -> None:
    usage = {"prompt_tokens": 8000, "completion_tokens": 500, "total_tokens": 8500}
    line = batch_files.answered(answers.chat(usage=usage))
    refused = batch_files.answered({"error": {"code": "x"}}, status=400, custom_id="request-2")
    client = _client(capture, json_reply(batch_files.batch()), batch_files.file_reply(batch_files.lines(line, refused)))
    client.batches.retrieve("batch_1")
    client.files.content("file-out")


def _evaluated() -> None:
    with genai.workflow("answer") as run:
        pass
    genai.evaluate(run, "relevance", score=0.9, label="pass", explanation="on topic", evaluator="judge")


def _fault_of_ours() -> None:
    """One that is kept from the app, as outside of tests."""
    strict, guard.strict = guard.strict, False
    try:
        guard.run("metrics.duration", _faulty())
    finally:
        guard.strict = strict


def _faulty() -> Callable[[], object]:
    def fault() -> object:
        raise ZeroDivisionError

    return fault
