"""A day and some hours of two services, lived through with the real SDKs in a few seconds, up to now.

What it holds, so that the dashboards have something to show: two hours ago a provider limits the rate of one model for
forty minutes; an hour ago a prompt gets a new version, twice as long, and its answers worse.
"""

from __future__ import annotations

import contextlib
import math
import random
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.resources import Resource

import otel_genai_instr as genai
from otel_genai_instr import guard

from ...support import answers
from ...support.capture import Capture
from ...support.provider import FakeProvider, json_reply, sse
from ...support.replies import Reply

HOUR: Final = 3600.0
LENGTH: Final = 27 * HOUR
_SHOWN: Final = 6 * HOUR
_RATE_LIMIT: Final = (-2 * HOUR, -2 * HOUR + 40 * 60)
_NEW_PROMPT: Final = -HOUR


class Service:
    """One app: where its telemetry goes, under which name."""

    def __init__(self, name: str, capture: Capture) -> None:
        self.name: Final = name
        self.reader: Final = InMemoryMetricReader()
        resource = Resource({"service.name": name, "service.instance.id": f"{name}-1", "service.version": "1.4.0"})
        self._provider: Final = MeterProvider([self.reader], resource=resource, shutdown_on_exit=False)
        self._capture: Final = capture

    def takes_over(self) -> None:
        """What is called from now on is called by this app."""
        self._capture.meter_provider = self._provider
        self._capture.instrument(prompt_length=True)

    def said(self, begun: float, now: float) -> ExportMetricsServiceRequest | None:
        """All that it has measured, as an SDK sends it; times are seconds since 1970."""
        data = self.reader.get_metrics_data()
        if data is None:
            return None
        request = encode_metrics(data)
        for point in _points(request):
            point.start_time_unix_nano, point.time_unix_nano = round(begun * 1e9), round(now * 1e9)
            for exemplar in getattr(point, "exemplars", ()):
                exemplar.time_unix_nano = round(now * 1e9)
        return request


def tell(capture: Capture, deliver: Callable[[ExportMetricsServiceRequest], None]) -> None:
    """Live through it, and deliver every few minutes what the apps have measured by then."""
    dice = random.Random(14)
    shop, desk = Service("shop", capture), Service("helpdesk", capture)
    now = time.time()
    begun = now - LENGTH
    for at in _moments():
        # From -1 to 1 within a day, so that the traffic has a shape.
        day = math.sin((now + at) / (24 * HOUR) * 2 * math.pi)
        shop.takes_over()
        for _ in range(dice.randint(2, 3) + round(2 * day)):
            _search(capture, dice, at)
        _buy(capture, dice, at)
        desk.takes_over()
        for _ in range(dice.randint(1, 2)):
            _help(capture, dice, at)
        if at == -3 * HOUR:
            _fault_of_ours()
        for service in (shop, desk):
            if (request := service.said(begun, now + at)) is not None:
                deliver(request)
    capture.uninstrument()


def _moments() -> Iterator[float]:
    """Seconds until the end, below zero: close together only where the dashboards show single minutes."""
    at = -LENGTH
    while at <= 0:
        yield at
        at += 180.0 if at >= -_SHOWN - HOUR else 1200.0


def _search(capture: Capture, dice: random.Random, at: float) -> None:
    """A question to the shop: found, then answered in a stream."""
    is_new = at >= _NEW_PROMPT
    is_limited = _RATE_LIMIT[0] <= at < _RATE_LIMIT[1]
    tokens = round(dice.lognormvariate(math.log(2400 if is_new else 1200), 0.5))
    with (
        genai.attribute(user_id=f"u-{dice.randint(1, 40)}", feature="search"),
        genai.prompt("answer", version="7" if is_new else "6"),
        genai.workflow("search") as run,
    ):
        _embed(capture, dice)
        with genai.retrieval("catalogue", query="lamp", top_k=5):
            capture.clock.advance(dice.lognormvariate(math.log(0.12), 0.4))
        slow = 3.0 if is_limited else 1.0
        if is_limited and dice.random() < 0.25:
            _refused(capture, dice, "gpt-4o-mini", 429)
            return
        first = slow * dice.lognormvariate(math.log(0.6), 0.35)
        usage = _usage(tokens, dice.randint(80, 400), cached=0 if is_new else tokens // 2)
        _stream(capture, first, slow * dice.uniform(0.8, 3.0), usage)
    if dice.random() < 0.4:
        score = min(1.0, max(0.0, dice.gauss(0.68 if is_new else 0.87, 0.12)))
        genai.evaluate(run, "relevance", score=score, label="pass" if score > 0.7 else "fail", evaluator="judge")
    if dice.random() < 0.15:
        liked = dice.random() < (0.6 if is_new else 0.9)
        genai.evaluate(run, "user_feedback", score=float(liked), label="up" if liked else "down", evaluator="human")


def _buy(capture: Capture, dice: random.Random, at: float) -> None:
    """An agent of the shop: it asks a model, looks something up, and asks again."""
    with (
        genai.attribute(user_id=f"u-{dice.randint(1, 40)}", feature="checkout"),
        genai.prompt("checkout", version="2"),
        genai.agent("cashier"),
    ):
        for _ in range(dice.choice((1, 1, 2, 3))):
            _chat(capture, dice, "gpt-4o", round(dice.lognormvariate(math.log(5000), 0.4)))
            tool = dice.choice(("look_up_order", "look_up_order", "reserve_item"))
            with contextlib.suppress(TimeoutError), genai.tool(tool, type="function"):
                capture.clock.advance(dice.lognormvariate(math.log(0.3), 0.5))
                if dice.random() < (0.1 if tool == "reserve_item" else 0.02):
                    raise TimeoutError
        _chat(capture, dice, "gpt-4o", round(dice.lognormvariate(math.log(6000), 0.4)))


def _help(capture: Capture, dice: random.Random, at: float) -> None:
    """Somebody asks the help desk, which has a model of its own for short questions."""
    with genai.attribute(user_id=f"u-{dice.randint(1, 40)}", feature="support"), genai.prompt("reply", version="3"):
        if dice.random() < 0.03:
            _refused(capture, dice, "gpt-4.1-mini", 500)
        elif dice.random() < 0.08:
            _chat(capture, dice, "our-own-7b", 600)
        else:
            _chat(capture, dice, "gpt-4.1-mini", round(dice.lognormvariate(math.log(900), 0.6)))


def _chat(capture: Capture, dice: random.Random, model: str, tokens: int) -> None:
    body = answers.chat(model=model, usage=_usage(tokens, dice.randint(40, 300), cached=tokens // 3))
    reply = json_reply(body, after=dice.lognormvariate(math.log(1.4), 0.45))
    _create(_client(capture, reply), model)


def _stream(capture: Capture, first: float, rest: float, usage: Any) -> None:
    chunks = answers.chat_chunks()
    chunks[-1] = answers.chunk(usage=usage)
    steps = [first, *(step for chunk in chunks for step in (sse(chunk), rest / len(chunks))), b"data: [DONE]\n\n"]
    reply = Reply(200, steps, {"content-type": "text/event-stream"})
    for _ in _create(_client(capture, reply), "gpt-4o-mini", stream=True, stream_options={"include_usage": True}):
        pass


def _refused(capture: Capture, dice: random.Random, model: str, status: int) -> None:
    reply = json_reply({"error": {"message": "no", "code": "busy"}}, status, after=dice.uniform(0.1, 0.4))
    with contextlib.suppress(Exception):
        _create(_client(capture, reply), model)


def _embed(capture: Capture, dice: random.Random) -> None:
    client = _client(capture, json_reply(answers.embeddings(1), after=dice.lognormvariate(math.log(0.2), 0.3)))
    client.embeddings.create(model="text-embedding-3-small", input=["lamp"], encoding_format="float")


def _client(capture: Capture, *replies: Reply) -> Any:
    return FakeProvider(capture.clock).then(*replies).client()


def _create(client: Any, model: str, **more: Any) -> Any:
    return client.chat.completions.create(model=model, messages=[{"role": "user", "content": "Hello"}], **more)


def _usage(prompt: int, completion: int, cached: int) -> Any:
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": cached},
        "completion_tokens_details": {"reasoning_tokens": completion // 5},
    }


def _fault_of_ours() -> None:
    strict, guard.strict = guard.strict, False
    with contextlib.suppress(Exception):
        guard.run("pricing.price", _divide)
    guard.strict = strict


def _divide() -> float:
    return 1 / 0


def _points(request: ExportMetricsServiceRequest) -> Iterable[Any]:
    for resource in request.resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                data: Any = getattr(metric, str(metric.WhichOneof("data")))
                yield from data.data_points
