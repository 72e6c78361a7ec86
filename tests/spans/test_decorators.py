"""Decorators keep the type of what they decorate, make a block for each call, and leave no context behind."""

from __future__ import annotations

import asyncio
import gc
import inspect
import itertools
import json
from collections.abc import AsyncIterator, Generator, Iterator
from typing import Any

import pytest
from opentelemetry import trace

import otel_genai_instr as genai

from ..support.capture import Capture


@pytest.fixture
def on(capture: Capture) -> Capture:
    capture.instrument(capture_content="span_only")
    return capture


def current_id() -> int:
    return trace.get_current_span().get_span_context().span_id


def statuses(capture: Capture) -> list[tuple[str, str]]:
    return [(span.name, span.status.status_code.name) for span in capture.spans()]


class Weather:
    """Every kind of function that a class can have."""

    @genai.tool
    def method(self, city: str, *, unit: str = "C") -> str:
        """Docs stay."""
        return f"{city} {unit}"

    @genai.tool
    @classmethod
    def outside(cls, city: str) -> str:
        return f"{cls.__name__} {city}"

    @classmethod
    @genai.tool
    def inside(cls, city: str) -> str:
        return f"{cls.__name__} {city}"

    @genai.tool(name="still")
    @staticmethod
    def static(city: str) -> str:
        return city

    @genai.step
    @property
    def today(self) -> str:
        return "sunny"

    @property
    @genai.step
    def tomorrow(self) -> str:
        return "rain"


def test_methods_and_properties(on: Capture) -> None:
    weather = Weather()
    assert weather.method("Rome", unit="F") == "Rome F"
    assert Weather.outside("Rome") == weather.inside("Rome") == "Weather Rome"
    assert weather.static("Rome") == "Rome"
    assert (weather.today, weather.tomorrow) == ("sunny", "rain")
    assert [span.name for span in on.spans()] == [
        "execute_tool method",
        "execute_tool outside",
        "execute_tool inside",
        "execute_tool still",
        "today",
        "tomorrow",
    ]
    found = [json.loads(str((span.attributes or {})["gen_ai.tool.call.arguments"])) for span in on.spans()[:4]]
    assert found == [{"city": "Rome", "unit": "F"}, {"city": "Rome"}, {"city": "Rome"}, {"city": "Rome"}]
    assert (on.spans()[0].attributes or {})["gen_ai.tool.call.result"] == '"Rome F"'


def test_what_inspect_says_stays() -> None:
    async def coroutine(a: int, *, b: str = "x") -> int:
        return a

    def generator(a: int) -> Iterator[int]:
        yield a

    async def async_generator(a: int) -> AsyncIterator[int]:
        yield a

    for function, ask in (
        (coroutine, inspect.iscoroutinefunction),
        (generator, inspect.isgeneratorfunction),
        (async_generator, inspect.isasyncgenfunction),
    ):
        decorated: Any = genai.step("s")(function)
        assert ask(decorated)
        assert inspect.signature(decorated) == inspect.signature(function)
        assert decorated.__name__ == function.__name__
    assert Weather.method.__doc__ == "Docs stay."


def test_each_call_has_a_block_of_its_own(on: Capture) -> None:
    @genai.agent("a")
    def down(depth: int) -> int:
        return 0 if depth == 0 else 1 + down(depth - 1)

    assert down(3) == 3
    spans = on.spans()
    assert len({span.context.span_id for span in spans if span.context}) == 4
    for inner, outer in itertools.pairwise(spans):
        assert inner.parent is not None
        assert outer.context is not None
        assert inner.parent.span_id == outer.context.span_id


def test_coroutines_in_tasks_are_apart_and_cancelling_is_an_error(on: Capture) -> None:
    @genai.workflow
    async def wait(name: str, seconds: float) -> str:
        before = current_id()
        await asyncio.sleep(seconds)
        assert current_id() == before
        return name

    async def main() -> None:
        assert await asyncio.gather(wait("a", 0.02), wait("b", 0.01)) == ["a", "b"]
        task = asyncio.create_task(wait("c", 60))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert statuses(on) == [
        ("invoke_workflow wait", "UNSET"),
        ("invoke_workflow wait", "UNSET"),
        ("invoke_workflow wait", "ERROR"),
    ]
    assert (on.spans()[2].attributes or {})["error.type"] == "asyncio.exceptions.CancelledError"


@genai.step("numbers")
def numbers() -> Iterator[int]:
    seen = current_id()
    for number in range(3):
        with genai.step("inside"):
            pass
        yield number
        assert current_id() == seen


def test_a_generators_context_is_not_the_callers(on: Capture) -> None:
    first, second = numbers(), numbers()
    before = current_id()
    for _ in zip(first, second, strict=True):
        assert current_id() == before
        with genai.step("between"):
            pass
    by_name: dict[str, list[Any]] = {}
    for span in on.spans():
        by_name.setdefault(span.name, []).append(span)
    assert {name: len(spans) for name, spans in by_name.items()} == {"inside": 6, "between": 3, "numbers": 2}
    parents = {span.parent.span_id for span in by_name["inside"]}
    assert parents == {span.context.span_id for span in by_name["numbers"]}
    assert {span.parent for span in by_name["between"]} == {None}


def test_a_generator_that_is_left_early_was_stopped(on: Capture) -> None:
    closed = numbers()
    next(closed)
    closed.close()  # type: ignore[attr-defined]  # it is a generator, as before
    dropped = numbers()
    next(dropped)
    del dropped
    gc.collect()
    never_begun = numbers()
    del never_begun
    assert [status for name, status in statuses(on) if name == "numbers"] == ["UNSET", "UNSET"]


def test_generators_hear_what_is_sent_and_thrown(on: Capture) -> None:
    @genai.step
    def talk() -> Generator[int, object, list[object]]:
        heard: list[object] = []
        while len(heard) < 3:
            try:
                heard.append((yield len(heard)))
            except KeyError as error:
                heard.append(type(error))
        return heard

    talking = talk()
    assert next(talking) == 0
    assert talking.send("a") == 1
    assert talking.throw(KeyError("k")) == 2
    with pytest.raises(StopIteration) as over:
        talking.send("b")
    assert over.value.value == ["a", KeyError, "b"]

    failing = talk()
    next(failing)
    with pytest.raises(OSError, match="thrown"):
        failing.throw(OSError("thrown"))
    assert statuses(on) == [("talk", "UNSET"), ("talk", "ERROR")]


def test_a_generator_may_end_where_it_was_not_begun(on: Capture) -> None:
    @genai.tool
    def refuses() -> Iterator[int]:
        try:
            yield 1
        except GeneratorExit:
            yield 2

    refusing = refuses()
    next(refusing)
    with pytest.raises(RuntimeError):
        refusing.close()  # type: ignore[attr-defined]  # it is a generator, as before
    del refusing
    gc.collect()
    assert len(on.spans()) == 1


@genai.agent("streaming")
async def letters() -> AsyncIterator[str]:
    seen = current_id()
    for letter in "abc":
        await asyncio.sleep(0)
        yield letter
        assert current_id() == seen


def test_async_generators_drained_closed_and_failed(on: Capture) -> None:
    async def main() -> None:
        before = current_id()
        got: list[str] = []
        async for letter in letters():
            assert current_id() == before
            got.append(letter)
        assert got == ["a", "b", "c"]
        early: Any = letters()
        assert await anext(early) == "a"
        await early.aclose()
        thrown: Any = letters()
        await anext(thrown)
        with pytest.raises(OSError, match="thrown"):
            await thrown.athrow(OSError("thrown"))

    asyncio.run(main())
    name = "invoke_agent streaming"
    assert statuses(on) == [(name, "UNSET"), (name, "UNSET"), (name, "ERROR")]


def test_an_async_generator_that_is_cancelled_while_it_works(on: Capture) -> None:
    @genai.step
    async def slow() -> AsyncIterator[int]:
        await asyncio.sleep(60)
        yield 1

    async def drain() -> None:
        async for _ in slow():
            pass

    async def main() -> None:
        task = asyncio.create_task(drain())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert statuses(on) == [("slow", "ERROR")]


def test_wrong_arguments_raise_what_the_function_raises(on: Capture) -> None:
    @genai.tool
    def one(a: int) -> int:
        return a

    with pytest.raises(TypeError, match="one"):
        one()  # type: ignore[call-arg]  # the point of the test
    assert statuses(on) == [("execute_tool one", "ERROR")]


def test_retrieval_and_memory_read_the_function(on: Capture) -> None:
    @genai.retrieval("kb", top_k=2)
    def search(query: str) -> list[dict[str, str]]:
        return [{"id": query}]

    @genai.memory("search_memory")
    async def recall(query: str) -> list[str]:
        return [query, query]

    search("q")
    asyncio.run(recall("r"))
    retrieval, memory = (dict(span.attributes or {}) for span in on.spans())
    assert retrieval["gen_ai.retrieval.query.text"] == "q"
    assert retrieval["gen_ai.retrieval.documents"] == '[{"id":"q"}]'
    assert memory["gen_ai.memory.record.count"] == 2
    assert memory["gen_ai.memory.query.text"] == "r"
