"""A day and some hours of two services, lived through with the real SDKs in a few seconds, up to now.

What it holds, so that the dashboards have something to show: two hours ago a provider limits the rate of one model for
forty minutes; an hour ago a prompt gets a new version, more than twice as long and not cached, with worse answers.
"""

from __future__ import annotations

import contextlib
import math
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
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
from ...support.replies import Reply, Step

HOUR: Final = 3600.0
LENGTH: Final = 33 * HOUR
_SHOWN: Final = 6 * HOUR
_RATE_LIMIT: Final = (-2 * HOUR, -2 * HOUR + 40 * 60)
_NEW_PROMPT: Final = -HOUR
_USUAL_STEP: Final = 180.0


class Service:
    """One app: where its telemetry goes, under which name."""

    def __init__(self, name: str, capture: Capture) -> None:
        self.name: Final = name
        self.reader: Final = InMemoryMetricReader()
        resource = Resource({"service.name": name, "service.instance.id": f"{name}-1", "service.version": "1.4.0"})
        self._provider: Final = MeterProvider([self.reader], resource=resource, shutdown_on_exit=False)
        self._capture: Final = capture
        self._births: Final[dict[tuple[str, str], float]] = {}

    def takes_over(self) -> None:
        """What is called from now on is called by this app."""
        self._capture.meter_provider = self._provider
        self._capture.instrument(prompt_length=True)

    def said(self, before: float, now: float) -> ExportMetricsServiceRequest | None:
        """All that it has measured, as an SDK sends it; ``before`` is when it did so last, in seconds since 1970."""
        data = self.reader.get_metrics_data()
        if data is None:
            return None
        request = encode_metrics(data)
        for name, point in _points(request):
            # As in an SDK, a series begins with its first value.
            born = self._births.setdefault((name, str(point.attributes)), before)
            point.start_time_unix_nano, point.time_unix_nano = round(born * 1e9), round(now * 1e9)
            for exemplar in getattr(point, "exemplars", ()):
                exemplar.time_unix_nano = round(now * 1e9)
        return request


@dataclass(frozen=True)
class Moment:
    """One step of the day."""

    capture: Capture
    dice: random.Random
    at: float
    """Seconds until the end, below zero."""
    step: float
    """Seconds since the one before."""

    @property
    def size(self) -> float:
        """How much larger prompts and answers are, to stand for more calls."""
        return max(1.0, self.step / _USUAL_STEP)

    def happens(self) -> bool:
        """Whether what happens once in a usual step happens in this one."""
        return self.dice.random() < self.step / _USUAL_STEP

    def around(self, middle: float, spread: float) -> float:
        """A positive number, most often near the middle."""
        return self.dice.lognormvariate(math.log(middle), spread)


def tell(capture: Capture, deliver: Callable[[ExportMetricsServiceRequest], None]) -> None:
    """Live through it, and deliver every few minutes what the apps have measured by then."""
    dice = random.Random(14)
    shop, desk = Service("shop", capture), Service("helpdesk", capture)
    now = time.time()
    for at, step in _moments():
        moment = Moment(capture, dice, at, step)
        # From -1 to 1 within a day, so that the traffic has a shape.
        day = math.sin((now + at) / (24 * HOUR) * 2 * math.pi)
        shop.takes_over()
        for _ in range(dice.randint(3, 4) + round(2 * day)):
            if moment.happens():
                _search(moment)
        if moment.happens():
            _buy(moment)
        desk.takes_over()
        for _ in range(dice.randint(1, 2)):
            if moment.happens():
                _help(moment)
        if at == -3 * HOUR:
            _fault_of_ours()
        for service in (shop, desk):
            if (request := service.said(now + at - step, now + at)) is not None:
                deliver(request)
    capture.uninstrument()
    guard.reset()


def _moments() -> Iterator[tuple[float, float]]:
    """Seconds until the end, below zero, and since the one before: close together where dashboards show minutes."""
    at = -LENGTH
    while at <= 0:
        step = 60.0 if at >= -600 else _USUAL_STEP if at >= -_SHOWN - HOUR else 1200.0
        yield at, step
        at += step


def _search(now: Moment) -> None:
    """A question to the shop: something is found, then the answer comes as a stream."""
    dice, clock = now.dice, now.capture.clock
    is_new = now.at >= _NEW_PROMPT
    is_limited = _RATE_LIMIT[0] <= now.at < _RATE_LIMIT[1]
    with (
        genai.attribute(user_id=f"u-{dice.randint(1, 40)}", feature="search"),
        genai.prompt("answer", version="7" if is_new else "6"),
        genai.workflow("search") as run,
    ):
        _embed(now)
        with genai.retrieval("catalogue", query="lamp", top_k=5):
            clock.advance(now.around(0.12, 0.4))
        if is_limited and dice.random() < 0.25:
            _refused(now, "gpt-4o", 429)
            return
        slow = 3.0 if is_limited else 1.0
        tokens = round(now.around(3600 if is_new else 1400, 0.5))
        usage = _usage(now, tokens, dice.randint(80, 400), cached=0 if is_new else tokens // 2)
        _stream(now, slow * now.around(0.6, 0.35), slow * dice.uniform(0.8, 3.0), usage)
    if dice.random() < 0.4:
        score = min(1.0, max(0.0, dice.gauss(0.68 if is_new else 0.87, 0.12)))
        genai.evaluate(run, "relevance", score=score, label="pass" if score > 0.7 else "fail", evaluator="judge")
    if dice.random() < 0.15:
        liked = dice.random() < (0.6 if is_new else 0.9)
        genai.evaluate(run, "user_feedback", score=float(liked), label="up" if liked else "down", evaluator="human")


def _buy(now: Moment) -> None:
    """An agent of the shop: it asks a model, looks something up, and asks again."""
    dice = now.dice
    with (
        genai.attribute(user_id=f"u-{dice.randint(1, 40)}", feature="checkout"),
        genai.prompt("checkout", version="2"),
        genai.agent("cashier"),
    ):
        for _ in range(dice.choice((1, 1, 2, 3))):
            _chat(now, "gpt-4.1-mini", 5000)
            tool = dice.choice(("look_up_order", "look_up_order", "reserve_item"))
            with contextlib.suppress(TimeoutError), genai.tool(tool, type="function"):
                now.capture.clock.advance(now.around(0.3, 0.5))
                if dice.random() < (0.1 if tool == "reserve_item" else 0.02):
                    raise TimeoutError
        _chat(now, "gpt-4.1-mini", 6000)


def _help(now: Moment) -> None:
    """Somebody asks the help desk, which has a model of its own for some questions."""
    dice = now.dice
    with genai.attribute(user_id=f"u-{dice.randint(1, 40)}", feature="support"), genai.prompt("reply", version="3"):
        if dice.random() < 0.03:
            _refused(now, "gpt-4o-mini", 500)
        elif dice.random() < 0.08:
            _chat(now, "our-own-7b", 600)
        else:
            _chat(now, "gpt-4o-mini", 900)


def _chat(now: Moment, model: str, usual_tokens: int) -> None:
    tokens = round(now.around(usual_tokens, 0.5))
    body = answers.chat(model=model, usage=_usage(now, tokens, now.dice.randint(40, 300), cached=tokens // 3))
    _create(_client(now, json_reply(body, after=now.around(1.4, 0.45))), model)


def _stream(now: Moment, first: float, rest: float, usage: Any) -> None:
    chunks = answers.chat_chunks()
    chunks = [*({**chunk, "model": "gpt-4o-2024-08-06"} for chunk in chunks[:-1]), answers.chunk(usage=usage)]
    steps: list[Step] = [
        first,
        *(step for chunk in chunks for step in (sse(chunk), rest / len(chunks))),
        b"data: [DONE]\n\n",
    ]
    reply = Reply(200, steps, {"content-type": "text/event-stream"})
    for _ in _create(_client(now, reply), "gpt-4o", stream=True, stream_options={"include_usage": True}):
        pass


def _refused(now: Moment, model: str, status: int) -> None:
    reply = json_reply({"error": {"message": "no", "code": "busy"}}, status, after=now.dice.uniform(0.1, 0.4))
    with contextlib.suppress(Exception):
        _create(_client(now, reply), model)


def _embed(now: Moment) -> None:
    client = _client(now, json_reply(answers.embeddings(1), after=now.around(0.2, 0.3)))
    client.embeddings.create(model="text-embedding-3-small", input=["lamp"], encoding_format="float")


def _client(now: Moment, reply: Reply) -> Any:
    return FakeProvider(now.capture.clock, reply).client()


def _create(client: Any, model: str, **more: Any) -> Any:
    return client.chat.completions.create(model=model, messages=[{"role": "user", "content": "Hello"}], **more)


def _usage(now: Moment, prompt: int, completion: int, cached: int) -> Any:
    prompt, completion, cached = (round(count * now.size) for count in (prompt, completion, cached))
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


def _points(request: ExportMetricsServiceRequest) -> Iterator[tuple[str, Any]]:
    for resource in request.resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                data: Any = getattr(metric, str(metric.WhichOneof("data")))
                yield from ((metric.name, point) for point in data.data_points)
