"""The hand-written minimum: what anyone has to pay who wants the same telemetry of the same call.

One SDK span with the same attributes, the same histogram records in the same context, counters as plain
increments. It knows these cases and no others: no guard, no retries, no early close, no raw response, one
choice, prices given. Names are spelled out, so that a renamed attribute of ours is noticed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter, time_ns
from typing import Any

from opentelemetry.context import Context
from opentelemetry.metrics import Histogram, Meter
from opentelemetry.trace import Span, SpanKind, set_span_in_context

from otel_genai_instr.model import Usage
from otel_genai_instr.pricing import Cost, Pricer
from otel_genai_instr.semconv import metrics as instruments

from .sinks import Sink

Arguments = Mapping[str, Any]
Attributes = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Prices:
    """Dollars per token of one model, resolved once."""

    input: float
    cached: float
    output: float
    version: str
    model: str | None

    @classmethod
    def of(cls, model: str) -> Prices:
        """The prices that our own price list has.

        Raises:
            LookupError: when it has none.
        """
        million = 1_000_000
        fresh, cached, output = (
            Pricer().price("openai", model, model, usage, at=time_ns() / 1e9)
            for usage in (
                Usage(input_tokens=million),
                Usage(input_tokens=million, cache_read_tokens=million),
                Usage(input_tokens=0, output_tokens=0 if model.startswith("text-embedding-") else million),
            )
        )
        if not isinstance(fresh, Cost) or not isinstance(cached, Cost) or not isinstance(output, Cost):
            raise LookupError(f"no price for {model}: {fresh}")
        return cls(
            input=fresh.amount / million,
            cached=cached.amount / million,
            output=output.amount / million,
            version=fresh.price_version or "",
            model=fresh.model,
        )


@dataclass(slots=True)
class Call:
    """A call under way."""

    span: Span
    context: Context
    start_ns: int
    started: float
    arguments: Arguments
    first_chunk: float | None = None


@dataclass(slots=True)
class Answer:
    """What the end of a call needs to know of its answer."""

    model: str
    attributes: Attributes
    dimensions: Attributes
    input_tokens: int
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    text: str | None = None
    is_whole: bool = True
    """Whether the text came as one."""


class Floor:
    """Start and end of the calls of one API."""

    def __init__(self, api: str, sink: Sink, capture: bool, prices: Prices) -> None:
        meter = sink.meter_provider.get_meter("floor")
        self.api = api
        self.capture = capture
        self.prices = prices
        self.totals: dict[tuple[str, str], int] = {}
        """Token counters, by name and modality."""
        self._tracer = sink.tracer_provider.get_tracer("floor")
        self._operation = "embeddings" if api == "embeddings" else "chat"
        duration = instruments.OPERATION_DURATION if api == "embeddings" else instruments.INFERENCE_DURATION
        self._duration = _histogram(meter, duration)
        self._first_chunk = _histogram(meter, instruments.INFERENCE_TIME_TO_FIRST_CHUNK)
        self._input_tokens = _histogram(meter, instruments.OPERATION_INPUT_TOKENS)
        self._output_tokens = _histogram(meter, instruments.OPERATION_OUTPUT_TOKENS)
        self._cost = _histogram(meter, instruments.OPERATION_COST)

    def start(self, arguments: Arguments) -> Call:
        """Start the span with what is known before the call."""
        attributes: Attributes = {
            "gen_ai.operation.name": self._operation,
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": arguments["model"],
            "server.address": "api.openai.com",
            "server.port": 443,
        }
        if self.api == "chat":
            attributes["openai.api.type"] = "chat_completions"
            attributes["otel_genai.input.message_count"] = len(arguments["messages"])
            attributes["gen_ai.request.max_tokens"] = arguments["max_tokens"]
            attributes["gen_ai.request.temperature"] = arguments["temperature"]
        elif self.api == "responses":
            attributes["openai.api.type"] = "responses"
            attributes["otel_genai.input.message_count"] = 1  # a text
            attributes["gen_ai.request.max_tokens"] = arguments["max_output_tokens"]
            attributes["gen_ai.request.temperature"] = arguments["temperature"]
        if arguments.get("stream"):
            attributes["gen_ai.request.stream"] = True
        start_ns = time_ns()
        span = self._tracer.start_span(
            f"{self._operation} {arguments['model']}",
            kind=SpanKind.CLIENT,
            attributes=attributes,
            start_time=start_ns,
        )
        return Call(span, set_span_in_context(span), start_ns, perf_counter(), arguments)

    def end(self, call: Call, answer: Answer) -> None:
        """Record the metrics, complete the span and end it."""
        seconds = perf_counter() - call.started
        end_ns = call.start_ns + round(seconds * 1e9)
        context = call.context
        prices = self.prices
        fresh = (answer.input_tokens - answer.cached_tokens) * prices.input
        cached = answer.cached_tokens * prices.cached
        output = answer.output_tokens * prices.output
        amount = fresh + cached + output
        dimensions: Attributes = {
            "gen_ai.operation.name": self._operation,
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": call.arguments["model"],
            "gen_ai.response.model": answer.model,
            "server.address": "api.openai.com",
            "server.port": 443,
            **answer.dimensions,
        }
        self._duration.record(seconds, dimensions, context)
        if call.first_chunk is not None:
            self._first_chunk.record(call.first_chunk - call.started, dimensions, context)
        if self.api != "embeddings":
            self._input_tokens.record(answer.input_tokens, dimensions, context)
            self._output_tokens.record(answer.output_tokens, dimensions, context)
            self._add("gen_ai.client.inference.usage.input_tokens", answer.input_tokens)
            self._add("gen_ai.client.inference.usage.output_tokens", answer.output_tokens)
            self._add("gen_ai.client.inference.usage.cache_read.input_tokens", answer.cached_tokens)
            self._add("gen_ai.client.inference.usage.reasoning.output_tokens", answer.reasoning_tokens)
        priced = {**dimensions, "gen_ai.usage.cost.currency": "USD", "gen_ai.usage.cost.source": "local"}
        self._cost.record(amount, priced, context)
        span = call.span
        if span.is_recording():
            attributes = {
                **answer.attributes,
                **answer.dimensions,
                "gen_ai.response.model": answer.model,
                "gen_ai.usage.input_tokens": answer.input_tokens,
                "gen_ai.usage.cost.amount": amount,
                "gen_ai.usage.cost.currency": "USD",
                "gen_ai.usage.cost.source": "local",
                "otel_genai.cost.input": fresh,
                "otel_genai.cost.price_version": prices.version,
            }
            if prices.model is not None:
                attributes["otel_genai.cost.model"] = prices.model
            if call.first_chunk is not None:
                attributes["gen_ai.response.time_to_first_chunk"] = call.first_chunk - call.started
            if self.api != "embeddings":
                attributes["gen_ai.usage.output_tokens"] = answer.output_tokens
                attributes["gen_ai.usage.cache_read.input_tokens"] = answer.cached_tokens
                attributes["gen_ai.usage.reasoning.output_tokens"] = answer.reasoning_tokens
                attributes["gen_ai.response.finish_reasons"] = ("stop",)
                attributes["otel_genai.cost.cache_read"] = cached
                attributes["otel_genai.cost.output"] = output
            if answer.text is not None:
                if answer.is_whole:
                    attributes["otel_genai.output.length"] = len(answer.text)
                if self.capture:
                    self._add_content(attributes, call.arguments, answer.text)
            span.set_attributes(attributes)
        span.end(end_ns)

    def _add(self, name: str, tokens: int) -> None:
        key = (name, "unknown")
        self.totals[key] = self.totals.get(key, 0) + tokens

    def _add_content(self, attributes: Attributes, arguments: Arguments, text: str) -> None:
        answer: dict[str, Any] = {"role": "assistant", "parts": [{"type": "text", "content": text}]}
        if self.api == "chat":
            messages = [
                {"role": message["role"], "parts": [{"type": "text", "content": message["content"]}]}
                for message in arguments["messages"]
            ]
            answer["finish_reason"] = "stop"
        else:
            messages = [{"role": "user", "parts": [{"type": "text", "content": arguments["input"]}]}]
            attributes["gen_ai.system_instructions"] = _json([{"type": "text", "content": arguments["instructions"]}])
        attributes["otel_genai.content.tier"] = "full"
        attributes["gen_ai.input.messages"] = _json(messages)
        attributes["gen_ai.output.messages"] = _json([answer])


def read_chat(completion: Any) -> Answer:
    """A chat completion."""
    usage = completion.usage
    return Answer(
        completion.model,
        {"gen_ai.response.id": completion.id},
        {
            "openai.response.service_tier": completion.service_tier,
            "openai.response.system_fingerprint": completion.system_fingerprint,
        },
        usage.prompt_tokens,
        usage.completion_tokens,
        usage.prompt_tokens_details.cached_tokens,
        usage.completion_tokens_details.reasoning_tokens,
        completion.choices[0].message.content if completion.object == "chat.completion" else None,
    )


def read_response(response: Any) -> Answer:
    """A response of the Responses API."""
    usage = response.usage
    return Answer(
        response.model,
        {"gen_ai.response.id": response.id},
        {"openai.response.service_tier": response.service_tier},
        usage.input_tokens,
        usage.output_tokens,
        usage.input_tokens_details.cached_tokens,
        usage.output_tokens_details.reasoning_tokens,
        response.output[0].content[0].text,
    )


def read_embeddings(result: Any) -> Answer:
    """Embeddings."""
    dimensions = {"gen_ai.embeddings.dimension.count": len(result.data[0].embedding)}
    return Answer(result.model, dimensions, {}, result.usage.prompt_tokens)


def _histogram(meter: Meter, instrument: instruments.Instrument) -> Histogram:
    return meter.create_histogram(
        instrument.name,
        instrument.unit,
        instrument.description,
        explicit_bucket_boundaries_advisory=instrument.buckets,
    )


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
