"""The SDK's public methods stay its own: what they are, when they complain, what they return, and whom they warn."""

from __future__ import annotations

import asyncio
import functools
import gc
import inspect
import sys
import warnings
from collections.abc import Callable
from operator import attrgetter
from typing import Any

import openai
import pydantic
import pytest
from openai.types.chat import ChatCompletion

from otel_genai_instr.patching.contract import Seam
from otel_genai_instr.providers.openai.seams import PROVIDER

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
    "post": ({"path": "/chat/completions", "body": CHAT, "cast_to": ChatCompletion}, ANSWER),
}
"""Methods that make an operation, as they are reached from a client, with arguments for them and an answer."""

INHERITED = {
    ("openai._websocket_connection.WebSocketConnectionBase", "close"),
    ("openai._websocket_connection.AsyncWebSocketConnectionBase", "close"),
}
"""What the connections of newer SDKs have in common."""

every_call = pytest.mark.parametrize("path", CALLS)
every_seam = pytest.mark.parametrize("seam", PROVIDER.seams, ids=lambda seam: seam.path)


def _method_of(path: str, is_async: bool = True) -> Callable[..., Any]:
    """The method, bound to a client of its own."""
    provider = FakeProvider(None, json_reply(CALLS[path][1]))
    client: Any = provider.async_client() if is_async else provider.client()
    try:
        return attrgetter(path)(client)
    except AttributeError:
        pytest.skip(f"this openai has no {path}")


def _said(act: Callable[[], object]) -> list[str]:
    """What Python warns of, and the file that it blames."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        act()
        gc.collect()
    return [f"{warning.category.__name__}: {warning.message} ({warning.filename})" for warning in caught]


def _functions() -> dict[tuple[str, str], object]:
    """Every function that stands in a class of the SDK, by class and name."""
    found: dict[tuple[str, str], object] = {}
    for module in [loaded for name, loaded in list(sys.modules.items()) if name.split(".")[0] == "openai"]:
        for kind in list(vars(module).values()):
            if issubclass(type(kind), type) and kind.__module__.startswith("openai."):
                place = f"{kind.__module__}.{kind.__qualname__}"
                entries: dict[str, object] = {**kind.__dict__}
                found.update({(place, name): entry for name, entry in entries.items() if inspect.isfunction(entry)})
    return found


def test_nothing_else_is_touched(capture: Capture) -> None:
    for path in CALLS:  # loads what the SDK loads late
        functools.reduce(lambda found, part: getattr(found, part, None), path.split("."), FakeProvider().client())
    before = _functions()
    capture.instrument()
    during = _functions()
    changed = {place for place in before if during[place] is not before[place]}
    assert {(place, name) for place, name in changed if place.startswith("openai._")} - INHERITED == {
        ("openai._base_client.SyncAPIClient", "request"),
        ("openai._base_client.AsyncAPIClient", "request"),
        ("openai._base_client.BaseClient", "_build_request"),
    }
    table = {(f"{seam.module}.{owner}", name) for seam in PROVIDER.seams for owner, name in [seam.path.split(".")]}
    assert changed <= table
    capture.uninstrument()
    after = _functions()
    assert [place for place in before if after[place] is not before[place]] == []


@every_seam
def test_what_stands_below_is_what_the_original_is(seam: Seam, capture: Capture) -> None:
    owner_name, name = seam.path.split(".")
    owner: Any = getattr(pytest.importorskip(seam.module), owner_name, None)
    original = owner.__dict__.get(name) if owner is not None else None
    if original is None:
        pytest.skip("this openai has it elsewhere, or not at all")
    capture.instrument()
    wrapper = owner.__dict__[name]
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


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@every_call
def test_wrong_arguments_are_complained_of_when_the_sdk_does(path: str, is_async: bool, capture: Capture) -> None:
    alone = _complaint(_method_of(path, is_async))
    assert alone[0] == "at the call"
    capture.instrument()
    assert _complaint(_method_of(path, is_async)) == alone
    assert capture.snapshot() == {"spans": [], "metrics": {}, "events": []}, "no request, no operation"


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_wrong_arguments_of_request_itself(is_async: bool, capture: Capture) -> None:
    def request() -> Callable[..., Any]:
        return (FakeProvider().async_client() if is_async else FakeProvider().client()).request

    alone = _complaint(request())
    capture.instrument()
    # What has to be a coroutine function can't look at its arguments any earlier.
    assert _complaint(request()) == ("when awaited" if is_async else "at the call", alone[1])
    assert capture.spans() == []


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


def _post_bytes() -> None:
    client: Any = FakeProvider(None, json_reply(ANSWER)).client()
    client.post("/chat/completions", body=b'{"model": "m"}', cast_to=ChatCompletion)


def _run_a_deprecated_method() -> None:
    runs: Any = FakeProvider(None, json_reply({})).client().beta.threads.runs
    with pytest.raises(TypeError):  # the warning comes before the SDK looks at the arguments
        runs.create_and_stream()


@pytest.mark.parametrize("act", [_post_bytes, _run_a_deprecated_method], ids=lambda act: act.__name__.strip("_"))
def test_the_sdk_warns_of_the_users_own_file(act: Callable[[], None], capture: Capture) -> None:
    if act is _post_bytes and "content" not in inspect.signature(openai.OpenAI.post).parameters:
        pytest.skip("this openai takes no bytes")
    alone = _said(act)
    assert [said for said in alone if said.startswith("DeprecationWarning: ") and said.endswith(f"({__file__})")]
    capture.instrument()
    assert _said(act) == alone


def test_somebody_elses_plain_function_may_return_a_future(capture: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    original: Any = openai.AsyncOpenAI.request
    calls: list[object] = []

    def request(self: Any, *args: Any, **kwargs: Any) -> Any:
        calls.append(self)
        return asyncio.ensure_future(original(self, *args, **kwargs))

    monkeypatch.setattr(openai.AsyncOpenAI, "request", request)
    capture.instrument()
    (completion,) = asyncio.run(_awaited(_method_of("chat.completions.create"), CHAT))
    assert completion.id == "chatcmpl-1"
    assert len(calls) == 1
    assert capture.attributes()["gen_ai.usage.input_tokens"] == 1000
