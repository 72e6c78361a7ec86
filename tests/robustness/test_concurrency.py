"""Totals are exact under threads, and memory is bounded however many model names come."""

from __future__ import annotations

import threading
import tracemalloc
from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from otel_genai_instr.model import UNKNOWN_SELLER, Usage
from otel_genai_instr.patching.bridge import wrap_call
from otel_genai_instr.patching.contract import Asked, Call, Provider
from otel_genai_instr.pricing import Cost, Pricer
from otel_genai_instr.providers.openai.apis import CHAT
from otel_genai_instr.providers.openai.seams import PROVIDER
from otel_genai_instr.settings import Settings
from otel_genai_instr.telemetry.clock import Clock
from otel_genai_instr.telemetry.series import MAX_SERIES
from otel_genai_instr.telemetry.telemetry import Telemetry

from ..support import answers
from ..support.capture import Capture
from ..support.provider import FakeProvider, json_reply, sse_reply

THREADS: Final = 8
CALLS: Final = 10_000
NAMES: Final = 3_000
"""More model names, after the first ten thousand."""
SECONDS: Final = 0.25
"""What each call takes; a power of two, so that sums of it are exact."""
MESSAGES: Final[list[Any]] = [{"role": "user", "content": "hi"}]


class Switch:
    """An instrumentation that is on."""

    def __init__(self, telemetry: Telemetry) -> None:
        self.telemetry: Telemetry | None = telemetry
        self.provider: Provider = PROVIDER


class Resource:
    """Stands for a resource of the SDK: the call itself costs nothing."""


class Ticking:
    """A clock on which every call takes :data:`SECONDS`, in each thread by itself."""

    def __init__(self) -> None:
        self._local = threading.local()

    def monotonic(self) -> float:
        """Seconds; each reading is later than the one before."""
        self._local.now = getattr(self._local, "now", 0.0) + SECONDS
        return self._local.now


def answering(capture: Capture, pricer: Pricer | None = None) -> Callable[..., object]:
    """The real driver over the real telemetry, around a call that answers at once with the model it was asked for."""
    clock = Clock(monotonic=Ticking().monotonic)
    telemetry = Telemetry(Settings(), unsampled(), capture.meter_provider, capture.logger_provider, pricer, clock)

    def create(_resource: Resource, *, model: str, messages: object) -> object:
        return {"model": model, "usage": answers.CHAT_USAGE, "choices": [{"finish_reason": "stop"}]}

    return wrap_call(create, Call("sdk", "Resource.create", _unpack), Switch(telemetry))


def _unpack(args: tuple[Any, ...], kwargs: Mapping[str, object]) -> Asked:
    return CHAT, kwargs, args[0], None


def unsampled() -> TracerProvider:
    """No span is recorded: metrics come from the call."""
    return TracerProvider(sampler=ALWAYS_OFF, shutdown_on_exit=False)


def in_threads(work: Callable[[int], None]) -> None:
    """Run ``work`` in all threads at once.

    Raises:
        Exception: the first one that ``work`` raised.
    """
    errors: list[Exception] = []
    together = threading.Barrier(THREADS)

    def run(number: int) -> None:
        together.wait()
        try:
            work(number)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def price_of(model: str, usage: dict[str, Any]) -> float:
    """The cost of one call, by itself."""
    read = Usage(
        input_tokens=usage["prompt_tokens"],
        output_tokens=usage["completion_tokens"],
        cache_read_tokens=usage["prompt_tokens_details"]["cached_tokens"],
        reasoning_tokens=usage["completion_tokens_details"]["reasoning_tokens"],
    )
    cost = Pricer().price("openai", model, model, read, at=1_780_000_000.0)
    assert isinstance(cost, Cost)
    return cost.amount


def assert_totals(capture: Capture, calls: int, cost: float) -> None:
    inference = "gen_ai.client.inference"
    assert capture.total(f"{inference}.usage.input_tokens") == 1000 * calls
    assert capture.total(f"{inference}.usage.output_tokens") == 200 * calls
    assert capture.total(f"{inference}.usage.cache_read.input_tokens") == 400 * calls
    assert capture.total(f"{inference}.usage.reasoning.output_tokens") == 50 * calls
    assert capture.count(f"{inference}.operation.input_tokens") == calls
    assert capture.total(f"{inference}.operation.input_tokens") == 1000 * calls
    assert capture.total(f"{inference}.operation.output_tokens") == 200 * calls
    assert capture.count(f"{inference}.duration") == calls
    assert capture.count("gen_ai.client.operation.cost") == calls
    # A sum of floats: its last digits depend on the order.
    assert capture.total("gen_ai.client.operation.cost") == pytest.approx(cost * calls, rel=1e-9)


def test_totals_of_many_threads_are_exact(capture: Capture) -> None:
    create = answering(capture)
    models = ("gpt-4o-mini", "gpt-4o-mini-2024-07-18")
    assert len({price_of(model, answers.CHAT_USAGE) for model in models}) == 1

    def work(number: int) -> None:
        for call in range(CALLS):
            create(Resource(), model=models[(number + call) % 2], messages=MESSAGES)

    in_threads(work)
    assert_totals(capture, THREADS * CALLS, price_of(models[0], answers.CHAT_USAGE))
    assert capture.total("gen_ai.client.inference.duration") == THREADS * CALLS * SECONDS
    assert capture.total("otel_genai.unpriced_tokens") == 0


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_totals_of_the_real_sdk_in_many_threads_are_exact(capture: Capture, stream: bool) -> None:
    capture.tracer_provider = unsampled()
    capture.instrument()
    reply = sse_reply(*answers.chat_chunks()) if stream else json_reply(answers.chat())
    client = FakeProvider(capture.clock).then(reply).client()
    calls = 100 if stream else 300

    def work(_number: int) -> None:
        for _ in range(calls):
            answer = client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, stream=stream)
            if stream:
                assert sum(1 for _ in answer) == len(answers.chat_chunks())

    in_threads(work)
    assert_totals(capture, THREADS * calls, price_of("gpt-4o-mini-2024-07-18", answers.CHAT_USAGE))


def test_counts_are_exact_while_metrics_are_being_collected(capture: Capture) -> None:
    create = answering(capture)
    done = threading.Event()
    seen: list[float] = []

    def collect() -> None:
        while not done.is_set():
            seen.append(capture.total("gen_ai.client.inference.usage.input_tokens"))

    collector = threading.Thread(target=collect)
    collector.start()

    def work(number: int) -> None:
        for call in range(500):
            create(Resource(), model=f"m-{number}-{call}", messages=MESSAGES)

    in_threads(work)
    done.set()
    collector.join()
    assert seen == sorted(seen)
    assert capture.total("gen_ai.client.inference.usage.input_tokens") == 1000 * 500 * THREADS


def test_ten_thousand_model_names_keep_totals_exact_and_memory_bounded(capture: Capture) -> None:
    pricer = Pricer()
    create = answering(capture, pricer)
    create(Resource(), model="gpt-4o-mini", messages=MESSAGES)

    def ask(first: int, count: int) -> None:
        for number in range(first, first + count):
            create(Resource(), model=f"{'model-' * 10}{number}", messages=MESSAGES)

    ask(0, CALLS)
    points = _points(capture)
    tracemalloc.start()
    try:
        before = tracemalloc.take_snapshot()
        ask(CALLS, NAMES)
        after = tracemalloc.take_snapshot()
    finally:
        tracemalloc.stop()
    grown = sum(change.size_diff for change in after.compare_to(before, "filename"))
    assert grown < 100 * NAMES, "less than the names alone, of 110 bytes each"
    calls = CALLS + NAMES + 1
    assert capture.total("gen_ai.client.inference.usage.input_tokens") == 1000 * calls
    assert capture.count("gen_ai.client.inference.duration") == calls
    assert capture.total("otel_genai.unpriced_tokens") == 1200 * (calls - 1)
    assert _points(capture) == points, "the overflow series takes what is new"
    assert max(points.values()) <= MAX_SERIES + 1
    # Known prices survive the flood of unknown names.
    assert pricer._priced[f"openai{UNKNOWN_SELLER}", "gpt-4o-mini", None, None] is not None  # pyright: ignore[reportPrivateUsage]
    assert pricer._priced.total + pricer._unpriced.total <= 2 * (768 + 256)  # pyright: ignore[reportPrivateUsage]


def _points(capture: Capture) -> dict[str, int]:
    return {name: len(points) for name, points in capture.metrics().items()}
