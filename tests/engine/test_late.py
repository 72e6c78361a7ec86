"""Calls of which only the answer tells whether they are an operation: results of a batch that come as a stream.

Anthropic's ``messages.batches.results(id)`` gives out lines as they come. So do the tiny SDK's stream and generators.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from otel_genai_instr.model import Details, Message, Request, Response, Usage
from otel_genai_instr.patching.contract import READS_BATCH, Api, Asked, Call
from otel_genai_instr.patching.patcher import Patcher
from otel_genai_instr.providers.fields import as_count, fields_of
from otel_genai_instr.semconv import own
from otel_genai_instr.telemetry.telemetry import telemetry_with

from ..promises.either import Chunks, call, run
from ..support.capture import Capture
from . import tiny_sdk
from .tiny_sdk import CHUNKS, MODEL, Refused

NOTHING: dict[str, Any] = {"spans": [], "metrics": {}, "events": []}
KINDS = {"plain": False, "coroutine": True, "generator": False, "async_generator": True, "held": False}
_numbers = itertools.count()


class Lines:
    """Reads results line by line; the tiny SDK's texts are answers without tokens."""

    def __init__(self) -> None:
        self._answers: list[tuple[str | None, Response]] = []

    def feed(self, chunk: object) -> None:
        """One line."""
        said = fields_of(chunk)
        usage = Usage(input_tokens=as_count(said.get("input")), output_tokens=as_count(said.get("output")))
        self._answers.append(("chat", Response(model="tiny-1", usage=usage if said else None)))

    def response(self) -> Response:
        """What has come."""
        return Response(answers=self._answers)

    def details(self) -> Details:
        """Nobody asks."""
        return Details()

    def output(self) -> list[Message]:
        """Nobody asks."""
        return []


RESULTS = Api(
    name="results",
    read_request=lambda asked: Request("batch", attributes={own.BATCH_ID: str(asked["id"])}),
    read_content=None,
    read_answer=lambda _result: Lines(),
    open_stream=lambda _content: Lines(),
    begin=READS_BATCH,
)


def _unpack(args: tuple[Any, ...], _kwargs: Any) -> Asked:
    return RESULTS, {"id": args[0]}, None, None


@pytest.fixture
def sdk(capture: Capture) -> Iterator[Any]:
    """A tiny SDK each of whose functions reads the results of the batch that it is given."""
    name = f"tiny_batches_{next(_numbers)}"
    module = sys.modules[name] = tiny_sdk.make(name)
    seams = tuple(Call(name, kind, _unpack) for kind in KINDS)
    patcher = Patcher(replace(tiny_sdk.provider_of(name), seams=seams))
    providers = {"tracer_provider": capture.tracer_provider, "meter_provider": capture.meter_provider}
    patcher.install(telemetry_with({**providers, "clock": capture.clock.as_clock(), "cost": False}))
    yield module
    patcher.uninstall()
    del sys.modules[name]


async def _read(sdk: Any, kind: str, lines: int | None = None, **more: Any) -> list[Any]:
    found = getattr(sdk, kind)(MODEL, **more)
    found = await found if kind == "coroutine" else found
    stream = found["stream"] if kind == "held" else found
    seen: list[Any] = []
    async for line in Chunks(stream):
        seen.append(line)
        if len(seen) == lines:
            await call(stream.aclose if hasattr(stream, "aclose") else stream.close)
            break
    return seen


@pytest.mark.parametrize("kind", KINDS)
def test_lines_that_come_one_by_one_are_results_when_the_last_one_has_come(
    kind: str, sdk: Any, capture: Capture
) -> None:
    async def read() -> None:
        assert await _read(sdk, kind, lines=2) == list(CHUNKS[:2])
        with pytest.raises(Refused):
            await _read(sdk, kind, fail=True)
        assert capture.snapshot() == NOTHING
        for _ in range(2):
            assert await _read(sdk, kind) == list(CHUNKS)

    run(read(), is_async=KINDS[kind])
    assert capture.span().name == "batch tiny-1"
    attributes = capture.attributes()
    assert attributes["otel_genai.batch.id"] == MODEL
    assert attributes["otel_genai.batch.request_count"] == 3
    assert attributes["gen_ai.usage.input_tokens"] == 10
    assert "otel_genai.batch.file_id" not in attributes
