"""A wrapped method is called as the SDK's own: what it is, when it complains, and what it returns."""

from __future__ import annotations

import asyncio
import gc
import importlib
import inspect
import warnings
from collections.abc import Callable
from operator import attrgetter
from typing import Any

import pydantic
import pytest

from otel_genai_instr.patching.methods import Method
from otel_genai_instr.providers.openai.methods import OPENAI

from ..support import answers
from ..support.capture import Capture
from ..support.provider import FakeProvider, json_reply


class Lamp(pydantic.BaseModel):
    """What the caller asks for."""

    watts: int


CHAT: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
ANSWER = answers.chat('{"watts": 5}')
CALLS: dict[str, tuple[dict[str, Any], Any]] = {
    "chat.completions.create": (CHAT, ANSWER),
    "chat.completions.parse": ({**CHAT, "response_format": Lamp}, ANSWER),
    "beta.chat.completions.parse": ({**CHAT, "response_format": Lamp}, ANSWER),
    "responses.create": ({"model": "m", "input": "hi"}, answers.response()),
    "responses.parse": ({"model": "m", "input": "hi"}, answers.response()),
    "responses.retrieve": ({"response_id": "resp_1"}, answers.response()),
    "embeddings.create": ({"model": "m", "input": "hi", "encoding_format": "float"}, answers.embeddings()),
}
"""Every wrapped method as it is reached from a client, with arguments for it and an answer."""

every_call = pytest.mark.parametrize("path", CALLS)


def _id(row: Method) -> str:
    return f"{row.module.removeprefix('openai.resources.')}.{row.owner}.{row.name}"


def _method_of(path: str, is_async: bool = True) -> Callable[..., Any]:
    """The method, bound to a client of its own."""
    provider = FakeProvider(None, json_reply(CALLS[path][1]))
    client: Any = provider.async_client() if is_async else provider.client()
    try:
        return attrgetter(path)(client)
    except AttributeError:
        pytest.skip(f"this openai has no {path}")


def _said(act: Callable[[], object]) -> list[str]:
    """What Python warns of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        act()
        gc.collect()
    return [f"{warning.category.__name__}: {warning.message}" for warning in caught]


def test_every_wrapped_method_is_called_here() -> None:
    wrapped = {f"{row.module.removeprefix('openai.resources.')}.{row.name}" for row in OPENAI.methods}
    assert wrapped == set(CALLS)


@pytest.mark.parametrize("row", OPENAI.methods, ids=_id)
def test_it_is_what_the_original_is(row: Method, capture: Capture) -> None:
    try:
        owner: Any = getattr(importlib.import_module(row.module), row.owner)
        original = owner.__dict__[row.name]
    except (ImportError, AttributeError, KeyError):
        pytest.skip(f"this openai has no {_id(row)}")
    capture.instrument()
    wrapper = owner.__dict__[row.name]
    assert wrapper is not original
    for ask in (inspect.iscoroutinefunction, asyncio.iscoroutinefunction, inspect.isfunction, inspect.signature):
        assert ask(wrapper) == ask(original)
    assert (wrapper.__name__, wrapper.__qualname__, wrapper.__doc__) == (
        original.__name__,
        original.__qualname__,
        original.__doc__,
    )


def _complaint(method: Callable[..., Any]) -> tuple[str, str]:
    """When a call with the wrong arguments complains, and how."""
    try:
        result = method(nonsense=1)
    except TypeError as error:
        return "at the call", str(error)
    try:
        asyncio.run(result)
    except TypeError as error:
        return "when awaited", str(error)
    raise AssertionError("it doesn't complain")


@every_call
def test_wrong_arguments_are_complained_of_when_the_sdk_does(path: str, capture: Capture) -> None:
    method = _method_of(path)
    alone = _complaint(method)
    assert alone[0] == "at the call"
    lazy = inspect.iscoroutinefunction(method)
    capture.instrument()
    # What has to be a coroutine function can't look at its arguments any earlier.
    assert _complaint(_method_of(path)) == ("when awaited" if lazy else "at the call", alone[1])
    assert capture.spans() == [], "nothing was begun"


@every_call
def test_wrong_arguments_of_the_synchronous_sdk(path: str, capture: Capture) -> None:
    alone = _complaint(_method_of(path, is_async=False))
    capture.instrument()
    assert _complaint(_method_of(path, is_async=False)) == alone
    assert capture.attributes()["error.type"] == "TypeError"


@pytest.mark.parametrize("in_a_circle", [False, True], ids=["alone", "in_a_circle"])
@every_call
def test_a_call_that_nobody_awaits_is_warned_of_once(path: str, in_a_circle: bool, capture: Capture) -> None:
    def forget() -> None:
        held = [_method_of(path)(**CALLS[path][0])]
        if in_a_circle:  # which the garbage collector has to find
            held.append(held)

    alone = _said(forget)
    capture.instrument()
    assert _said(forget) == alone
    assert len(alone) == 1
    assert alone[0].startswith("RuntimeWarning: coroutine 'Async")
    assert capture.spans() == []


@every_call
def test_a_call_that_is_closed_is_not_warned_of(path: str, capture: Capture) -> None:
    capture.instrument()
    assert _said(lambda: _method_of(path)(**CALLS[path][0]).close()) == []
    assert capture.spans() == []


async def _awaited(method: Callable[..., Any], arguments: dict[str, Any]) -> list[Any]:
    return [await method(**arguments)]


async def _task(method: Callable[..., Any], arguments: dict[str, Any]) -> list[Any]:
    return [await asyncio.create_task(method(**arguments))]


async def _gathered(method: Callable[..., Any], arguments: dict[str, Any]) -> list[Any]:
    return list(await asyncio.gather(*(method(**arguments) for _ in range(3))))


async def _in_time(method: Callable[..., Any], arguments: dict[str, Any]) -> list[Any]:
    return [await asyncio.wait_for(method(**arguments), 60)]


@pytest.mark.parametrize("use", [_awaited, _task, _gathered, _in_time], ids=lambda use: use.__name__.strip("_"))
@every_call
def test_what_is_returned_is_a_coroutine(path: str, use: Callable[..., Any], capture: Capture) -> None:
    capture.instrument()
    method, arguments = _method_of(path), CALLS[path][0]
    coroutine = method(**arguments)
    assert inspect.iscoroutine(coroutine)
    assert asyncio.iscoroutine(coroutine)
    coroutine.close()
    results: list[Any] = []
    said = _said(lambda: results.extend(asyncio.run(use(method, arguments))))
    assert said == []
    assert len(capture.spans()) == len(results) == (3 if use is _gathered else 1)
    assert {span.status.status_code.name for span in capture.spans()} == {"UNSET"}


@every_call
def test_a_task_that_is_cancelled_before_it_runs(path: str, capture: Capture) -> None:
    async def cancelled() -> None:
        task = asyncio.create_task(_method_of(path)(**CALLS[path][0]))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    alone = _said(lambda: asyncio.run(cancelled()))
    capture.instrument()
    assert _said(lambda: asyncio.run(cancelled())) == alone == []
    assert capture.spans() == []


@every_call
def test_the_synchronous_method_returns_its_result(path: str, capture: Capture) -> None:
    capture.instrument()
    result = _method_of(path, is_async=False)(**CALLS[path][0])
    assert not inspect.isawaitable(result)
    assert len(capture.spans()) == 1


def test_somebody_elses_plain_function_may_return_a_future(capture: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = importlib.import_module("openai.resources.chat.completions").AsyncCompletions
    original = owner.create
    calls: list[object] = []

    def create(self: Any, **arguments: Any) -> Any:
        calls.append(arguments)
        return asyncio.ensure_future(original(self, **arguments))

    monkeypatch.setattr(owner, "create", create)
    capture.instrument()
    (completion,) = asyncio.run(_awaited(_method_of("chat.completions.create"), CHAT))
    assert completion.id == "chatcmpl-1"
    assert calls == [CHAT]
    assert capture.attributes()["gen_ai.usage.input_tokens"] == 1000
