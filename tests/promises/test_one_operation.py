"""One call is one operation, however many functions named ``request`` it comes by; two calls are two."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest
from opentelemetry.sdk.trace import ReadableSpan

from ..support import answers
from ..support.capture import Capture
from ..support.provider import FakeProvider, Reply, http, json_reply, sse_reply
from .either import Chunks, call, run

CALL: dict[str, Any] = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}
BUSY = json_reply({}, status=429, retry_after_ms="1")

both_modes = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])


class Others:
    """Another instrumentation, which puts a ``request`` of its own on the public class."""

    def __init__(self, is_async: bool, is_plain: bool = False) -> None:
        self.owner: Any = openai.AsyncOpenAI if is_async else openai.OpenAI
        self.is_coroutine = is_async and not is_plain
        self.calls = 0
        self._own: object = None

    def put(self) -> None:
        """Around what stands there."""
        _standing.append(self)
        self._own = self.owner.__dict__.get("request")
        found = self.owner.request

        def request(client: Any, *args: Any, **kwargs: Any) -> Any:
            self.calls += 1
            return found(client, *args, **kwargs)

        async def request_awaited(client: Any, *args: Any, **kwargs: Any) -> Any:
            self.calls += 1
            return await found(client, *args, **kwargs)

        self.owner.request = request_awaited if self.is_coroutine else request

    def take_out(self) -> None:
        """Whatever stands there now: what was found before is put back."""
        _standing.remove(self)
        if self._own is None:
            del self.owner.request
        else:
            self.owner.request = self._own


_standing: list[Others] = []
"""Those that were put somewhere, the first one first."""


@pytest.fixture(autouse=True)
def _the_classes_stay_clean(capture: Capture) -> Iterator[None]:
    """Others go in the order in which they can, and ours from between them."""
    yield
    while _standing:
        _standing[-1].take_out()
        capture.instrument()
        capture.uninstrument()
    assert not {"request"} & {*vars(openai.OpenAI), *vars(openai.AsyncOpenAI)}


def _ask(capture: Capture, is_async: bool, *replies: Reply, stream: bool = False, **options: Any) -> None:
    """One call, whose stream is read to its end."""
    reply = sse_reply(*answers.chat_chunks()) if stream else json_reply(answers.chat())
    provider = FakeProvider(capture.clock, *(replies or (reply,)))
    client: Any = (provider.async_client if is_async else provider.client)(**options)

    async def ask() -> None:
        answer = await call(client.chat.completions.create, **CALL, **({"stream": True} if stream else {}))
        assert answer.id == "chatcmpl-1" if not stream else [chunk async for chunk in Chunks(answer)]

    run(ask(), is_async=is_async)


def _tokens(span: ReadableSpan) -> Any:
    return dict(span.attributes or {})["gen_ai.usage.input_tokens"]


def _before(others: Others, capture: Capture) -> None:
    others.put()
    capture.instrument()


def _after(others: Others, capture: Capture) -> None:
    capture.instrument()
    others.put()


def _around_ours_that_was_off(others: Others, capture: Capture) -> None:
    others.put()
    capture.instrument()
    other = Others(others.owner is openai.AsyncOpenAI)
    other.put()
    capture.uninstrument()  # ours on the public class stays below the other one
    capture.instrument()


def _before_and_after(others: Others, capture: Capture) -> None:
    others.put()
    capture.instrument()
    Others(others.owner is openai.AsyncOpenAI).put()


orders = pytest.mark.parametrize(
    "order",
    [_before, _after, _before_and_after, _around_ours_that_was_off],
    ids=lambda order: order.__name__.strip("_"),
)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize(
    ("is_async", "is_plain"), [(False, False), (True, False), (True, True)], ids=["sync", "async", "async_by_plain"]
)
@orders
def test_a_request_of_somebody_elses(
    order: Callable[[Others, Capture], None], is_async: bool, is_plain: bool, stream: bool, capture: Capture
) -> None:
    others = Others(is_async, is_plain)
    order(others, capture)
    _ask(capture, is_async, stream=stream)
    assert others.calls == 1
    assert _tokens(capture.span()) == 1000
    assert capture.total("gen_ai.client.inference.usage.input_tokens") == 1000
    capture.uninstrument()
    _ask(capture, is_async, stream=stream)
    assert others.calls == 2
    assert len(capture.spans()) == 1, "off is off"


@both_modes
def test_the_others_are_off_before_us(is_async: bool, capture: Capture) -> None:
    """They take ours out together with theirs, and the one below goes on."""
    others = Others(is_async)
    others.put()
    capture.instrument()
    others.take_out()
    _ask(capture, is_async)
    assert others.calls == 0
    assert _tokens(capture.span()) == 1000


@both_modes
def test_the_others_go_on_when_we_are_off(is_async: bool, capture: Capture) -> None:
    others = Others(is_async)
    others.put()
    theirs = others.owner.__dict__["request"]
    capture.instrument()
    assert others.owner.__dict__["request"] is not theirs
    capture.uninstrument()
    assert others.owner.__dict__["request"] is theirs


@both_modes
@orders
def test_attempts_are_counted_once(order: Callable[[Others, Capture], None], is_async: bool, capture: Capture) -> None:
    order(Others(is_async), capture)
    _ask(capture, is_async, BUSY, BUSY, json_reply(answers.chat()), max_retries=2)
    assert capture.attributes()["otel_genai.request.attempts"] == 3
    assert capture.count("gen_ai.client.inference.duration") == 1


def _subclass(base: Any, is_async: bool, *bodies: dict[str, Any]) -> Any:
    """A client class with a ``request`` that asks once for each of these, which win over the caller's body."""

    def changed(options: Any, body: dict[str, Any]) -> Any:
        copied = options.copy() if not hasattr(options, "model_copy") else options.model_copy()
        copied.json_data = {**options.json_data, **body}
        return copied

    if is_async:

        class Awaited(base):
            async def request(self, cast_to: Any, options: Any, *args: Any, **kwargs: Any) -> Any:
                answer: object = None
                for body in bodies:
                    answer = await base.request(self, cast_to, changed(options, body), *args, **kwargs)
                return answer

        return Awaited

    class Plain(base):
        def request(self, cast_to: Any, options: Any, *args: Any, **kwargs: Any) -> Any:
            answer: object = None
            for body in bodies:
                answer = base.request(self, cast_to, changed(options, body), *args, **kwargs)
            return answer

    return Plain


@both_modes
@pytest.mark.parametrize("models", [("gpt-4o",), ("gpt-4o", "gpt-4.1")], ids=["one", "two"])
def test_a_subclass_with_a_request_of_its_own(models: tuple[str, ...], is_async: bool, capture: Capture) -> None:
    base: Any = openai.AsyncOpenAI if is_async else openai.OpenAI
    kind = _subclass(base, is_async, *({"model": model} for model in models))
    provider = FakeProvider(capture.clock).then(json_reply(answers.chat()))
    client = kind(api_key="sk-secret", http_client=provider.http_client(is_async))
    capture.instrument()
    run(call(client.chat.completions.create, **CALL), is_async=is_async)
    assert [received.body["model"] for received in provider.received] == list(models)
    assert [span.name for span in capture.spans()] == [f"chat {model}" for model in models]
    assert [_tokens(span) for span in capture.spans()] == [1000] * len(models)
    assert {span.parent for span in capture.spans()} == {None}


@both_modes
def test_a_transport_that_asks_another_client(is_async: bool, capture: Capture) -> None:
    """A gateway in the same process: its own call is an operation too, below that of the app."""
    behind = FakeProvider(capture.clock).then(json_reply(answers.chat(model="gpt-4.1")))
    inner: Any = behind.async_client() if is_async else behind.client()

    def pass_on(request: Any) -> Any:
        answer = inner.chat.completions.create(**{**json.loads(request.content), "model": "gpt-4.1"})
        return http.Response(200, json=answer.model_dump(), request=request)

    async def pass_on_awaited(request: Any) -> Any:
        answer = await inner.chat.completions.create(**{**json.loads(request.content), "model": "gpt-4.1"})
        return http.Response(200, json=answer.model_dump(), request=request)

    transport = http.MockTransport(pass_on_awaited if is_async else pass_on)
    http_client = http.AsyncClient(transport=transport) if is_async else http.Client(transport=transport)
    client: Any = (openai.AsyncOpenAI if is_async else openai.OpenAI)(api_key="sk-secret", http_client=http_client)
    capture.instrument()
    run(call(client.chat.completions.create, **CALL), is_async=is_async)
    below, above = capture.spans()
    assert (below.name, above.name) == ("chat gpt-4.1", "chat gpt-4o-mini")
    assert below.parent is not None
    assert above.context is not None
    assert below.parent.span_id == above.context.span_id
    assert above.parent is None
    assert capture.total("gen_ai.client.inference.usage.input_tokens") == 2000
    assert "otel_genai.request.attempts" not in dict(above.attributes or {})
