"""Real calls whose content goes to a store, on good days and bad ones."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import openai
import pytest
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

import otel_genai_instr as genai
from otel_genai_instr.store import store as module

from ..support import answers
from ..support.capture import Capture
from ..support.provider import FakeProvider, json_reply
from .systems import Trouble, no_space

REFERENCE = "otel_genai.content.reference"
WITHHELD = "otel_genai.content.withheld"
INPUT = "gen_ai.input.messages"


def ask(capture: Capture, calls: int = 1) -> None:
    client: Any = FakeProvider(capture.clock).then(*[json_reply(answers.chat())] * calls).client()
    for number in range(calls):
        answer = client.chat.completions.create(
            model="gpt-4o-mini", messages=[{"role": "user", "content": f"Question {number}"}]
        )
        assert answer.choices[0].message.content == answers.chat()["choices"][0]["message"]["content"]


def stored(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted(folder.rglob("*.json"))]


def test_the_span_says_where_the_messages_are(capture: Capture, tmp_path: Path) -> None:
    capture.instrument(content="full", content_key="k" * 32, content_store=str(tmp_path), capture_content="event_only")
    ask(capture)
    assert genai.flush_content(30) == 0
    said = capture.attributes()
    assert INPUT not in said
    assert "otel_genai.input.hash" in said
    path = Path(said[REFERENCE].removeprefix("file://"))
    assert json.loads(path.read_text())["content"][INPUT][0]["parts"] == [{"type": "text", "content": "Question 0"}]
    (event,) = capture.events()
    assert event["attributes"][REFERENCE] == said[REFERENCE]
    assert INPUT not in event["attributes"]
    assert capture.total("otel_genai.content.stored") == 1


def test_failures_alone_are_stored_where_that_is_asked(capture: Capture, tmp_path: Path) -> None:
    capture.instrument(content="none", content_on_error="full", content_store=str(tmp_path))
    ask(capture)
    client: Any = FakeProvider(capture.clock).then(json_reply({"error": {"message": "no"}}, status=400)).client()
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "Bad"}])
    assert genai.flush_content(30) == 0
    (only,) = stored(tmp_path)
    assert only["content"][INPUT][0]["parts"][0]["content"] == "Bad"


def test_a_tool_has_an_object_of_its_own(capture: Capture, tmp_path: Path) -> None:
    capture.instrument(content="full", content_store=str(tmp_path))
    with genai.tool("look", arguments={"at": "sky"}) as tool:
        tool.result = "stars"
    assert genai.flush_content(30) == 0
    (only,) = stored(tmp_path)
    assert only["span_id"] == format(tool.span.get_span_context().span_id, "016x")
    assert only["content"]["gen_ai.tool.call.result"] == "stars"


def test_an_unsampled_call_stores_nothing(tmp_path: Path) -> None:
    capture = Capture(sampler=ALWAYS_OFF)
    capture.instrument(content="full", content_store=str(tmp_path))
    try:
        ask(capture)
        assert genai.flush_content(30) == 0
    finally:
        capture.uninstrument()
    assert stored(tmp_path) == []


def test_a_store_that_hangs_costs_calls_nothing(
    capture: Capture, trouble: Trouble, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "QUEUED", 20)
    capture.instrument(content="full", content_store="blocking://bucket")
    trouble.hold.clear()
    began = time.monotonic()
    ask(capture, 60)
    assert time.monotonic() - began < 20  # an upload hangs for 60
    withheld = [WITHHELD in (span.attributes or {}) for span in capture.spans()]
    lost = sum(withheld)
    assert 60 - 20 - module.TOGETHER <= lost <= 40
    assert capture.total("otel_genai.content.withheld", otel_genai__content__withheld="store_full") == lost
    assert len([line for line in caplog.messages if "faster than they are stored" in line]) == 1
    trouble.hold.set()
    assert genai.flush_content(30) == 0
    assert capture.total("otel_genai.content.stored") == 60 - lost == len(trouble.objects)


@pytest.mark.parametrize(
    ("failure", "reason"),
    [(PermissionError("denied"), "refused"), (no_space(), "no_space"), (FileNotFoundError("gone"), "failed")],
    ids=["refuses", "is full", "vanished"],
)
def test_a_store_that_fails_costs_calls_nothing(
    failure: Exception,
    reason: str,
    capture: Capture,
    trouble: Trouble,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "PAUSE", 0.0)
    trouble.failures = [failure] * 30
    capture.instrument(content="full", content_store="looping://bucket")
    ask(capture, 5)
    assert genai.flush_content(30) == 0
    assert [span.attributes is not None and REFERENCE in span.attributes for span in capture.spans()] == [True] * 5
    assert capture.total("otel_genai.content.dropped", otel_genai__content__withheld=reason) == 5
    assert len([line for line in caplog.messages if f"content is lost ({reason}" in line]) == 1
    trouble.failures.clear()
    ask(capture)
    assert genai.flush_content(30) == 0
    assert capture.total("otel_genai.content.stored") == 1
