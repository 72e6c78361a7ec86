"""The rule of ``docs/content.md``: a digest of every call; a tenth of the traces, and all failures, in a store."""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path
from typing import Any, Final

import openai
import pytest

import otel_genai_instr as genai

from ..support import answers
from ..support.capture import Capture
from ..support.provider import FakeProvider, json_reply

pytest.importorskip("fsspec", reason="the rule's store needs the extra 'store'")

PAGE: Final = (Path(__file__).parents[2] / "docs" / "content.md").read_text()
SECTION: Final = PAGE.partition("\n## A rule for most apps\n")[2].partition("\n## ")[0]
LINES: Final[dict[str, str]] = dict(re.findall(r"^export (\w+)=(.+)$", SECTION, re.MULTILINE))

QUESTION: Final = "Where is the moon?"
ANSWER: Final = "The moon is where it was. " * 10
REFERENCE: Final = "otel_genai.content.reference"
MESSAGES: Final = ("gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions")


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where the store is, with the variables set as the page has them, and no others."""
    values = {**LINES, "OTEL_GENAI_CONTENT_KEY": "k" * 64, "OTEL_GENAI_CONTENT_STORE": str(tmp_path / "calls")}
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return tmp_path / "calls"


def ask(capture: Capture, calls: int = 1) -> None:
    reply = answers.chat()
    reply["choices"][0]["message"]["content"] = ANSWER
    client: Any = FakeProvider(capture.clock).then(*[json_reply(reply)] * calls).client()
    for _ in range(calls):
        client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": QUESTION}])


def fail(capture: Capture) -> None:
    refusal = {"error": {"message": "no moon here", "type": "invalid_request_error"}}
    client: Any = FakeProvider(capture.clock).then(json_reply(refusal, status=400)).client()
    with contextlib.suppress(openai.BadRequestError):
        client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": QUESTION}])


def stored(folder: Path) -> dict[str, Any]:
    """What the store has, by reference."""
    assert genai.flush_content(30) == 0
    return {path.as_uri(): json.loads(path.read_text()) for path in folder.rglob("*.json")}


def test_the_page_sets_these_variables() -> None:
    assert LINES.keys() == {
        f"OTEL_GENAI_CONTENT{part}" for part in ("", "_KEY", "_PREVIEW", "_SAMPLE", "_ON_ERROR", "_STORE")
    }


def test_a_tenth_is_stored_and_the_rest_is_a_digest(capture: Capture, folder: Path) -> None:
    capture.instrument()
    ask(capture, calls=100)
    spans: list[dict[str, Any]] = [span["attributes"] for span in capture.snapshot()["spans"]]
    assert len(spans) == 100
    for said in spans:
        assert said["gen_ai.usage.input_tokens"] == answers.chat()["usage"]["prompt_tokens"]
        assert said["gen_ai.usage.cost.amount"] > 0
        assert re.fullmatch(r"hmac-sha256:[0-9a-f]{32}", said["otel_genai.input.hash"])
        assert said["otel_genai.output.preview"] == ANSWER[:100]
        assert said["otel_genai.output.length"] == len(ANSWER)
        assert said["otel_genai.content.tier"] == ("full" if REFERENCE in said else "digest")
        assert said.keys().isdisjoint(MESSAGES)
    objects = stored(folder)
    assert {said[REFERENCE] for said in spans if REFERENCE in said} == objects.keys()
    assert len(objects) == 10  # trace ids count from 1, and the share spreads them evenly
    for each in objects.values():
        (question,), (answer,) = (each["content"][name] for name in MESSAGES[:2])
        assert question["parts"] == [{"type": "text", "content": QUESTION}]
        assert answer["parts"] == [{"type": "text", "content": ANSWER}]


def test_a_call_that_fails_is_stored(capture: Capture, folder: Path) -> None:
    capture.instrument()
    fail(capture)
    said = capture.attributes()
    assert said["otel_genai.content.tier"] == "full"
    assert said.keys().isdisjoint(MESSAGES)
    (question,) = stored(folder)[said[REFERENCE]]["content"][MESSAGES[0]]
    assert question["parts"] == [{"type": "text", "content": QUESTION}]


def test_said_to_be_full_all_text_is_stored_beside_the_digest(
    capture: Capture, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_GENAI_CONTENT", "full")
    capture.instrument()
    ask(capture, calls=3)
    spans: list[dict[str, Any]] = [span["attributes"] for span in capture.snapshot()["spans"]]
    for said in spans:
        assert said["otel_genai.input.hash"].startswith("hmac-sha256:")
        assert said["otel_genai.output.preview"] == ANSWER[:100]
        assert said.keys().isdisjoint(MESSAGES)
    assert {said[REFERENCE] for said in spans} == stored(folder).keys()


def test_without_a_store_what_is_in_full_is_on_the_span(
    capture: Capture, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OTEL_GENAI_CONTENT_STORE")
    capture.instrument()
    fail(capture)
    assert json.loads(capture.attributes()[MESSAGES[0]])[0]["parts"] == [{"type": "text", "content": QUESTION}]
    assert REFERENCE not in capture.attributes()
    assert not folder.exists()
