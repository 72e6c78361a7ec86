"""Content that nobody expects: the call does what it does without us, and the span says what it is for.

Of the content there is valid JSON within its budget, or nothing, and then that is counted.
"""

from __future__ import annotations

import json
import threading
from collections import UserDict
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

import pytest

import otel_genai_instr as genai
from otel_genai_instr import guard

from ..support import answers
from ..support.capture import Capture
from ..support.provider import FakeProvider, json_reply

ROOM = 32_768
MODEL = "gpt-4o-mini"
CLAUDE = "claude-sonnet-4-5"
CONTENT = ("gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.tool.definitions", "gen_ai.system_instructions")
OF_TOOLS = ("gen_ai.tool.call.arguments", "gen_ai.tool.call.result", "gen_ai.retrieval.documents")


class Silent:
    """Nothing can be asked of it."""

    def _refuse(self, *_: object) -> Any:
        raise RuntimeError("ask somebody else")

    __str__ = __repr__ = __iter__ = __len__ = __bool__ = __eq__ = __hash__ = _refuse  # type: ignore[assignment]


class Unreadable(UserDict[str, object]):
    """A mapping whose members can't be had."""

    def __iter__(self) -> Iterator[str]:
        raise RuntimeError("not now")


def deep(levels: int, outer: Callable[[object], object]) -> object:
    value: object = "x"
    for _ in range(levels):
        value = outer(value)
    return value


def circle() -> list[object]:
    around: list[object] = ["x"]
    around += [around, around]
    return around


def laughs() -> object:
    """Ten to the power of nine, in nine lists."""
    value: object = "lol"
    for _ in range(9):
        value = [value] * 10
    return value


DATA: dict[str, Callable[[], object]] = {
    "long": lambda: "x" * 1_000_000,
    "deep lists": lambda: deep(10_000, lambda inner: [inner]),
    "deep objects": lambda: deep(10_000, lambda inner: {"a": inner}),
    "deep text": lambda: "[" * 100_000,
    "circle": circle,
    "laughs": laughs,
    "bytes": lambda: b"\xff\x00",
    "generator": lambda: (number for number in range(3)),
    "object": object,
    "silent": Silent,
    "silent inside": lambda: {"a": [Silent()], "b": (Silent(), 1)},
    "unreadable": lambda: Unreadable(a=1),
    "surrogate": lambda: "a\ud800b" * 20_000,
    "surrogate as a key": lambda: {"a\udfff": 1},
    "not a number": lambda: [float("nan"), float("inf"), -float("inf")],
    "huge number": lambda: 10**5_000,
    "many members": lambda: {f"key {number}": number for number in range(12_000)},
    "many items": lambda: list(range(12_000)),
    "keys that are no text": lambda: {1: "a", None: "b", (1, 2): "c", 1.5: "d"},
    "set": lambda: {1, 2},
}
SENDABLE = [name for name in DATA if name != "laughs"]
"""What an SDK is done with in time: it would write out every one of those."""
TIERS = [("none", "span_only"), ("digest", "span_only"), ("full", "span_and_event")]


@pytest.fixture(autouse=True)
def lenient(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in production: faults are counted, not raised."""
    monkeypatch.setattr(guard, "strict", False)


def outcome(work: Callable[[], object]) -> object:
    """What it ends in, whatever that is."""
    try:
        work()
    except Exception as error:
        return type(error)
    return "returned"


def asks(value: object) -> dict[str, list[Any]]:
    """All the places of a conversation in which a value may stand."""
    return {
        "content": [{"role": "user", "content": value}],
        "part": [{"role": "user", "content": [{"type": "text", "text": value}, {"type": value, "odd": value}]}],
        "arguments": [
            {"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "f", "arguments": value}}]},
            {"role": "tool", "tool_call_id": "c", "content": value},
        ],
        "message": [value],
    }


def check_content(said: dict[str, Any], names: tuple[str, ...] = CONTENT) -> None:
    for name in names:
        if name in said:
            assert len(said[name].encode()) <= ROOM
            json.loads(said[name])


def check_call(said: dict[str, Any], returned: bool, model: str) -> None:
    assert said["gen_ai.request.model"] == model
    if returned:
        assert said["gen_ai.usage.input_tokens"] > 0
        assert said["gen_ai.usage.cost.amount"] > 0
    check_content(said)


def settings_of(tier: str, place: str) -> dict[str, Any]:
    return {"content": tier, "capture_content": place, "content_key": "k" * 32, "content_preview": 10}


@pytest.mark.parametrize("name", SENDABLE)
@pytest.mark.parametrize(("tier", "place"), TIERS)
def test_a_conversation(capture: Capture, name: str, tier: str, place: str) -> None:
    for where in asks(None):
        client: Any = FakeProvider(capture.clock).then(json_reply(answers.chat())).client()

        def call(create: Any = client.chat.completions.create, where: str = where) -> object:
            return create(model=MODEL, messages=asks(DATA[name]())[where])

        # A body of its own: an app that speaks to a server of its own may send anything.
        def post(send: Any = client.post, where: str = where) -> object:
            body = {"model": MODEL, "messages": asks(DATA[name]())[where], "tools": [{"function": DATA[name]()}]}
            return send("/chat/completions", body=body, cast_to=object)

        for work in (call, post):
            alone = outcome(work)
            before = len(capture.spans())
            guard.reset()
            capture.instrument(**settings_of(tier, place))
            assert outcome(work) == alone
            capture.uninstrument()
            spans = capture.spans()[before:]
            if not spans:  # the SDK itself refused before it was a call
                assert alone != "returned"
                assert guard.counts() == {}
                continue
            said: dict[str, Any] = dict(spans[0].attributes or {})
            check_call(said, alone == "returned", MODEL)
            if tier == "full" and alone == "returned" and "gen_ai.input.messages" not in said:
                assert guard.counts() or int(str(said["otel_genai.content.cut_bytes"])) > 0
    for event in capture.events():
        json.dumps({key: event["attributes"].get(key) for key in CONTENT}, allow_nan=False).encode()


@pytest.mark.skipif(find_spec("anthropic") is None, reason="another provider's SDK")
@pytest.mark.parametrize("name", SENDABLE)
@pytest.mark.parametrize("tier", ["none", "digest", "full"])
def test_a_conversation_with_another_provider(capture: Capture, name: str, tier: str) -> None:
    from ..providers import anthropic

    provider = anthropic.UNDER_TEST
    headers: dict[str, Any] = dict(provider.headers)
    (api,) = [api for api in provider.apis if api.name == "messages"]
    for where in asks(None):
        transport = provider.transport(capture.clock).then(json_reply(api.answer(), **headers))
        create: Any = provider.connect(transport, False).messages.create

        def call(create: Any = create, where: str = where) -> object:
            blocks = [{"type": "tool_use", "id": "t", "name": "f", "input": DATA[name]()}, {"type": DATA[name]()}]
            messages = [*asks(DATA[name]())[where], {"role": "assistant", "content": blocks}]
            return create(model=CLAUDE, max_tokens=9, messages=messages, system=DATA[name]())

        alone = outcome(call)
        before = len(capture.spans())
        capture.instrument(**settings_of(tier, "span_and_event"))
        assert outcome(call) == alone
        capture.uninstrument()
        spans = capture.spans()[before:]
        if spans:
            check_call(dict(spans[0].attributes or {}), alone == "returned", CLAUDE)
        else:  # the SDK itself refused before it was a call
            assert alone != "returned"


@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("tier", ["none", "digest", "full"])
def test_blocks(capture: Capture, name: str, tier: str) -> None:
    capture.instrument(**settings_of(tier, "span_only"))
    arguments: Any = DATA[name]()
    with genai.tool("look", arguments=arguments) as step:
        step.result = DATA[name]()
    documents: Any = DATA[name]()
    with genai.retrieval("kb", query="moon") as found:
        found.documents = documents
    tool, search = (dict(span.attributes or {}) for span in capture.spans())
    assert tool["gen_ai.tool.name"] == "look"
    assert search["gen_ai.data_source.id"] == "kb"
    check_content(tool, OF_TOOLS)
    check_content(search, OF_TOOLS)
    if tier == "full" and not guard.counts():
        assert OF_TOOLS[0] in tool
        assert OF_TOOLS[1] in tool


def test_a_circle_costs_no_other_attribute(capture: Capture) -> None:
    capture.instrument(content="full")
    around: Any = {"at": "sky"}
    around["self"] = around
    with genai.tool("look", arguments=around) as step:
        step.result = {"deep": deep(10_000, lambda inner: [inner]), "seen": "moon"}
    said = capture.attributes()
    arguments = json.loads(said[OF_TOOLS[0]])
    assert arguments["at"] == arguments["self"]["self"]["at"] == "sky"
    assert '"self":"<dict>"' in said[OF_TOOLS[0]]
    result = json.loads(said[OF_TOOLS[1]])
    assert result["seen"] == "moon"
    assert '"<list>"' in said[OF_TOOLS[1]]
    assert guard.counts() == {}


def test_data_that_another_thread_changes(capture: Capture) -> None:
    capture.instrument(content="full")
    shared: dict[str, object] = {"kept": "moon"}
    is_over = threading.Event()

    def change() -> None:
        number = 0
        while not is_over.is_set():
            number += 1
            shared[f"key {number % 500}"] = [number]
            shared.pop(f"key {(number + 250) % 500}", None)

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for _ in range(200):
            with genai.tool("look", arguments=shared) as step:
                step.result = [shared, "done"]
    finally:
        is_over.set()
        thread.join()
    spans = capture.spans()
    assert len(spans) == 200
    for span in spans:
        said: dict[str, Any] = dict(span.attributes or {})
        arguments = json.loads(said[OF_TOOLS[0]])
        assert arguments == "<dict>" or arguments["kept"] == "moon"
        assert json.loads(said[OF_TOOLS[1]])[1] == "done"
    assert guard.counts() == {}


@pytest.mark.parametrize("tier", ["none", "digest", "full"])
def test_ten_thousand_messages(capture: Capture, tier: str) -> None:
    capture.instrument(**settings_of(tier, "span_and_event"))
    client: Any = FakeProvider(capture.clock).then(json_reply(answers.chat())).client()
    messages = [{"role": "user", "content": f"{number} " + "é" * 500} for number in range(10_000)]
    client.chat.completions.create(model=MODEL, messages=messages)
    said = capture.attributes()
    check_call(said, True, MODEL)
    if tier == "full":
        assert "9999 é" in said["gen_ai.input.messages"]
        assert said["otel_genai.content.cut_bytes"] > 10_000_000
