"""An app that answers questions: real blocks, the real SDK, a provider that answers from a script."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import openai
from google.protobuf.json_format import MessageToDict
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan

import otel_genai_instr as genai

from ..support.answers import chat
from ..support.capture import Capture
from ..support.clock import FakeClock
from ..support.provider import FakeProvider, Reply, json_reply

WEATHER: Mapping[str, Any] = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
ANSWER = "It is 9 °C in Paris."


@dataclass
class Run:
    """One question. As it is here, all goes well."""

    documents: Sequence[Mapping[str, object]] = (
        {"id": "page-1", "score": 0.91, "content": "Paris"},
        {"id": "page-2", "score": 0.83, "content": "Rome"},
    )
    searches: bool = True
    prompt_version: str = "4"
    model: str = "gpt-4o-mini"
    answered: str = "gpt-4o-mini-2024-07-18"
    arguments: str = '{"city": "Paris"}'
    tool_error: Exception | None = None
    first: Sequence[Reply] = ()
    """What the provider answers before it calls the tool."""
    text: str | None = ANSWER
    finish: str = "stop"
    seconds: float = 1.0
    input_tokens: int = 1000
    output_tokens: int = 200
    max_tokens: int = 400
    user: str = "u-1"
    session: str = "s-1"
    replies: list[Reply] = field(default_factory=list[Reply])


class RagApp:
    """The app, and all spans that it made."""

    def __init__(self, capture: Capture, clock: FakeClock, **options: Any) -> None:
        self._capture, self._clock = capture, clock
        chosen: dict[str, Any] = {"capture_content": "span_only", **options}
        capture.instrument(**chosen)

    def usual(self, number: int, minutes: float = 3.0) -> None:
        """Questions on which all goes well, each a bit different."""
        for each in range(number):
            self.ask(
                Run(
                    seconds=0.8 + each % 5 / 10, input_tokens=900 + each % 7 * 30, user=f"u-{each}", session=f"s-{each}"
                )
            )
            self._clock.advance(60 * minutes)

    def ask(self, run: Run) -> str:
        """Answer a question; return the id of its trace."""
        provider = FakeProvider(self._clock, *run.first, self._calling(run), self._answering(run))
        client = provider.client(max_retries=3)
        seen = len(self._capture.spans())
        try:
            with (
                genai.attribute(user_id=run.user, session_id=run.session, feature="help"),
                genai.workflow("answer_question"),
                genai.prompt("help", run.prompt_version),
            ):
                self._answer(client, run)
        except (openai.OpenAIError, TimeoutError):
            pass
        (trace,) = {span.context.trace_id for span in self._capture.spans()[seen:] if span.context is not None}
        return f"{trace:032x}"

    def _answer(self, client: openai.OpenAI, run: Run) -> None:
        messages: list[Any] = [{"role": "user", "content": "Weather in Paris?"}]
        if run.searches:
            with genai.retrieval("handbook", query="weather Paris", top_k=2) as search:
                search.documents = list(run.documents)
                self._clock.advance(0.05)
        asked: Any = {"model": run.model, "tools": [WEATHER], "max_completion_tokens": run.max_tokens}
        called = cast("Any", client.chat.completions.create(messages=messages, **asked)).choices[0].message
        for call in called.tool_calls or ():
            function = call.function
            with genai.tool(function.name, call_id=call.id, arguments=function.arguments) as tool:
                if run.tool_error is not None:
                    raise run.tool_error
                self._clock.advance(0.02)
                tool.result = "9 °C"
            messages += [called, {"role": "tool", "tool_call_id": call.id, "content": "9 °C"}]
        client.chat.completions.create(messages=messages, **asked)

    def _calling(self, run: Run) -> Reply:
        function = {"name": "weather", "arguments": run.arguments}
        body = self._body(run, None, "tool_calls", run.seconds / 4, 60, 20)
        body["choices"][0]["message"]["tool_calls"] = [{"id": "c1", "type": "function", "function": function}]
        return json_reply(body, after=run.seconds / 4)

    def _answering(self, run: Run) -> Reply:
        body = self._body(run, run.text, run.finish, run.seconds, run.input_tokens, run.output_tokens)
        return json_reply(body, after=run.seconds)

    @staticmethod
    def _body(run: Run, text: str | None, finish: str, seconds: float, input_tokens: int, output_tokens: int) -> Any:
        usage = {
            "prompt_tokens": input_tokens,
            "completion_tokens": output_tokens,
            "total_tokens": input_tokens + output_tokens,
        }
        return chat(text, finish, run.answered, usage=usage)


def otlp_lines(spans: Sequence[ReadableSpan]) -> str:
    """A request of OTLP JSON in each line, for each span one, as files have them."""
    return "".join(json.dumps(_otlp(span)) + "\n" for span in spans)


def _otlp(span: ReadableSpan) -> Any:
    said: Any = MessageToDict(encode_spans([span]))
    for resource in said["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            for each in scope["spans"]:
                for name in ("traceId", "spanId", "parentSpanId"):
                    if name in each:  # protobuf's JSON has bytes as base64, that of OTLP has ids in hex
                        each[name] = base64.b64decode(each[name]).hex()
    return said
