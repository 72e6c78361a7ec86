"""The official completion hook, with the real package: whichever release the environment has."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, is_dataclass
from importlib import import_module, metadata
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from typing import Any, ClassVar

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider

from otel_genai_instr import guard
from otel_genai_instr.store import hook as module
from otel_genai_instr.store.hook import Hook, completion_hook

pytest.importorskip("opentelemetry.util.genai.types", reason="opentelemetry-util-genai is not installed")

VARIABLE = "OTEL_INSTRUMENTATION_GENAI_COMPLETION_HOOK"
CONTENT: dict[str, object] = {
    "gen_ai.system_instructions": [{"type": "text", "content": "Be brief."}],
    "gen_ai.input.messages": [
        {"role": "user", "parts": [{"type": "text", "content": "Weather?"}], "name": "ann"},
        {
            "role": "user",
            "parts": [{"type": "blob", "modality": "image", "mime_type": "image/png", "content": "", "size": 9}],
        },
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": {"degrees": 9}}]},
    ],
    "gen_ai.output.messages": [
        {
            "role": "assistant",
            "parts": [
                {"type": "reasoning", "content": "Hm."},
                {"type": "tool_call", "name": "weather", "id": "c2", "arguments": {"city": "Paris"}},
                {"type": "novelty", "anything": [1], "not a name": 2},
            ],
            "finish_reason": "tool_call",
        }
    ],
    "gen_ai.tool.definitions": [
        {"type": "function", "name": "weather", "description": "Of a city."},
        {"type": "web_search", "name": "web_search", "limit": 3},
    ],
}


class Kept:
    """A hook, as people write one."""

    calls: ClassVar[list[dict[str, Any]]] = []
    """Of all: it is made by its entry point, so that no test holds it."""

    def on_completion(self, **given: Any) -> None:
        self.calls.append(given)


class Older:
    """As its protocol was in 0.x."""

    calls: ClassVar[list[dict[str, Any]]] = []

    def on_completion(
        self, *, inputs: Any, outputs: Any, system_instruction: Any, span: Any = None, log_record: Any = None
    ) -> None:
        self.calls.append({"inputs": inputs, "span": span})


class Raising:
    def on_completion(self, **given: Any) -> None:
        raise RuntimeError("a fault of theirs")


def broken() -> object:
    raise RuntimeError("no configuration")


@pytest.fixture(autouse=True)
def offered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hooks of this file are offered beside those that are installed."""
    ours = [EntryPoint(name, f"{__name__}:{name}", module.GROUP) for name in ("Kept", "Older", "Raising", "broken")]
    theirs = metadata.entry_points(group=module.GROUP)

    def offered(*, group: str) -> EntryPoints:
        assert group == "opentelemetry_genai_completion_hook"
        return EntryPoints([*theirs, *ours])

    monkeypatch.setattr(module, "entry_points", offered)
    yield
    Kept.calls.clear()
    Older.calls.clear()


def _hook(name: str) -> Hook:
    found = completion_hook(name)
    assert found is not None
    return found


def test_it_is_given_the_classes_of_its_package() -> None:
    types: Any = import_module("opentelemetry.util.genai.types")
    span, record = object(), object()
    _hook("Kept").feed(CONTENT, span, record)
    (given,) = Kept.calls
    assert set(given) == {"inputs", "outputs", "system_instruction", "tool_definitions", "span", "log_record"}
    assert (given["span"], given["log_record"]) == (span, record)
    assert all(isinstance(each, types.InputMessage) for each in given["inputs"])
    assert isinstance(given["outputs"][0], types.OutputMessage)
    text = given["system_instruction"][0]
    assert type(text) is types.Text
    call = given["outputs"][0].parts[1]
    names = [name for name in ("ToolCallRequestPart", "ToolCallRequest", "ToolCall") if hasattr(types, name)]
    assert isinstance(call, getattr(types, names[0]))
    assert isinstance(given["inputs"][2].parts[0], types.ToolCallResponse)


def test_nothing_that_was_said_is_lost_on_the_way() -> None:
    _hook("Kept").feed(CONTENT, None)
    (given,) = Kept.calls

    def said(items: Any) -> list[dict[str, Any]]:
        assert all(is_dataclass(each) for each in items)
        return [{name: value for name, value in asdict(each).items() if value is not None} for each in items]

    assert said(given["system_instruction"]) == CONTENT["gen_ai.system_instructions"]
    assert said(given["tool_definitions"]) == CONTENT["gen_ai.tool.definitions"]
    assert _without_blob(said(given["inputs"])) == _without_blob(CONTENT["gen_ai.input.messages"])
    (answer,) = said(given["outputs"])
    assert answer["finish_reason"] == "tool_call"
    assert answer["parts"][:2] == [
        {"type": "reasoning", "content": "Hm."},
        {"type": "tool_call", "name": "weather", "id": "c2", "arguments": {"city": "Paris"}},
    ]
    assert answer["parts"][2] == {"type": "novelty", "anything": [1]}, "what Python can't name is left out"
    blob = given["inputs"][1].parts[0]
    assert (blob.size, blob.modality, not blob.content) == (9, "image", True)


def _without_blob(messages: Any) -> Any:
    return [messages[0], messages[2]]


def test_an_older_hook_takes_what_it_knows() -> None:
    span = object()
    _hook("Older").feed(CONTENT, span)
    (given,) = Older.calls
    assert (len(given["inputs"]), given["span"]) == (3, span)


@pytest.mark.parametrize("content", [{}, {"gen_ai.input.messages": "cut"}, {"gen_ai.input.messages": [None, "x"]}])
def test_content_that_is_not_there_or_was_cut(content: dict[str, object]) -> None:
    _hook("Kept").feed(content, None)
    (given,) = Kept.calls
    assert (given["inputs"], given["outputs"], given["system_instruction"]) == ([], [], [])


def test_a_hook_that_raises_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "strict", False)
    hook = _hook("Raising")
    hook.feed(CONTENT, None)
    hook.feed(CONTENT, None)
    assert guard.counts() == {("completion_hook", "RuntimeError"): 2}


def test_a_hook_that_is_not_there_is_said(caplog: pytest.LogCaptureFixture) -> None:
    assert completion_hook("uplaod") is None
    (line,) = caplog.messages
    assert line.startswith(
        f"otel-genai-instr: {VARIABLE}='uplaod' is not understood; allowed: Kept, Older, Raising, broken"
    )
    caplog.clear()
    assert completion_hook("broken") is None
    assert caplog.messages == [
        f"otel-genai-instr: {VARIABLE}='broken' can't be used (RuntimeError); no hook is called."
    ]


def test_the_package_s_own_upload(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("fsspec")
    for name in ("OTEL_SEMCONV_STABILITY_OPT_IN", "OTEL_INSTRUMENTATION_GENAI_UPLOAD_BASE_PATH"):
        monkeypatch.setenv(name, "gen_ai_latest_experimental" if "OPT_IN" in name else str(tmp_path))
    span = TracerProvider().get_tracer("test").start_span("chat")
    hook = _hook("upload")
    hook.feed(CONTENT, span)
    hook._call.__self__.shutdown()  # pyright: ignore  # waits until it has uploaded
    assert isinstance(span, ReadableSpan)
    references = dict(span.attributes or {})
    read = {name: json.loads(Path(str(url).removeprefix("file://")).read_text()) for name, url in references.items()}
    assert read["gen_ai.system_instructions_ref"] == CONTENT["gen_ai.system_instructions"]
    assert read["gen_ai.input.messages_ref"][0]["parts"] == [{"type": "text", "content": "Weather?"}]
    assert read["gen_ai.output.messages_ref"][0]["parts"][1]["arguments"] == {"city": "Paris"}
