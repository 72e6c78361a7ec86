"""Where one of ours fails that decides, redacts or stores, there is less content, and never more."""

from __future__ import annotations

import contextlib
from pathlib import Path
from types import FunctionType
from typing import Any, Final

import pytest

import otel_genai_instr as genai
from otel_genai_instr import Redaction, guard
from otel_genai_instr.settings import CallSeen
from otel_genai_instr.store import store

from ..support import answers
from ..support.canaries import CANARIES, QUOTE, Search
from ..support.capture import Capture
from ..support.provider import FakeProvider, json_reply, sse_reply
from . import injection

pytestmark = [
    # As in production: what kills a thread of ours is said on standard error, which is searched too.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
]
ROOMS: Final = (
    "privacy.",
    "store.",
    "telemetry.captured",
    "telemetry.privately",
    "telemetry.policy",
    "telemetry.record",
)
_PATIENCE: Final = 0.2
"""Seconds: a thread of ours may have died with something left to do."""
MESSAGES: Final[list[dict[str, Any]]] = [
    {"role": "system", "content": CANARIES["system"]},
    {"role": "user", "content": f"{CANARIES['question']}, {CANARIES['card']}, {CANARIES['token']}, 10.2.3.4"},
]
_CALL: Final = {
    "id": "c1",
    "type": "function",
    "function": {"name": "send", "arguments": f'{{"to": "{CANARIES["arguments"]}", "secret": "s"}}'},
}


def _answer() -> Any:
    body = answers.chat(CANARIES["answer"])
    body["choices"][0]["message"]["tool_calls"] = [_CALL]
    return body


def _ask() -> None:
    """A call that is answered, one that is refused, a stream that breaks, and a tool."""
    refusal = {"error": {"message": QUOTE, "type": "invalid_request_error"}}
    chunks = [answers.chunk({"role": "assistant", "content": CANARIES["answer"]}), ConnectionError(QUOTE)]
    provider = FakeProvider(
        None, json_reply(_answer()), json_reply(refusal, status=400), sse_reply(*chunks, done=False)
    )
    client: Any = provider.client()
    with genai.attribute(user_id=CANARIES["user"]), genai.prompt("p", variables={"tone": CANARIES["variable"]}):
        for stream in (False, False, True):
            with contextlib.suppress(Exception):
                list(client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, stream=stream))
        with genai.tool("send", arguments={"to": CANARIES["arguments"], "secret": CANARIES["result"]}) as tool:
            tool.result = CANARIES["result"]
        genai.evaluate(tool, "relevance", score=0.5, explanation=CANARIES["explanation"])


def _as_it_is(text: str) -> str:
    return text


REDACTED: Final[dict[str, Any]] = {
    "content": "full",
    "capture_content": "span_and_event",
    "record": "both",
    "error_messages": True,
    "pseudonym_keys": ("p" * 32,),
    "redact": Redaction(patterns={"badge": "B-[0-9]{6}"}, paths={"send": ["$.secret"]}, functions=[_as_it_is]),
}


def _nothing(_call: CallSeen) -> str:
    return "none"


CHOSEN: Final[dict[str, Any]] = {
    "content": "full",
    "capture_content": "span_and_event",
    "record": "both",
    "content_for": _nothing,
}
TIERS: Final = {
    "none": {"content": "none", "capture_content": "span_and_event", "record": "both"},
    "digest": {"content": "digest", "content_key": "k" * 32, "capture_content": "span_and_event", "record": "both"},
    "chosen": CHOSEN,
}


@pytest.fixture(autouse=True)
def as_in_production(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(guard, "strict", False)
    monkeypatch.setattr(store, "IDLE_SECONDS", 0.05)
    monkeypatch.setattr(store, "PAUSE", 0.0)
    caplog.set_level("DEBUG", logger="otel_genai_instr")


def _leaks(
    functions: dict[str, FunctionType],
    options: dict[str, Any],
    allowed: set[str],
    folder: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> tuple[dict[str, dict[str, set[str]]], set[str]]:
    """What is found, by the function that fails; and the functions that were called at all."""
    leaks: dict[str, dict[str, set[str]]] = {}
    called: set[str] = set()
    for name, function in functions.items():
        capture = Capture()
        capture.instrument(**options)
        try:
            with injection.raising(function):
                _ask()
                with contextlib.suppress(injection.Fault):
                    genai.flush_content(_PATIENCE)
            if injection.hits:
                called.add(name)
                found = Search(capture, caplog.records, folder, str(capfd.readouterr())).found
                if left := {where: those - allowed for where, those in found.items() if those - allowed}:
                    leaks[name] = left
        finally:
            capture.uninstrument()
            caplog.clear()
    return leaks, called


def _functions(*rooms: str) -> dict[str, FunctionType]:
    return {name: function for name, function in injection.functions().items() if name.startswith(rooms)}


def test_nothing_leaves_when_redaction_fails(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    leaks, called = _leaks(_functions(*ROOMS), REDACTED, set(), tmp_path, caplog, capfd)
    assert leaks == {}
    assert {"privacy.redactor:Redactor.structure", "privacy.scanner:Scanner.clean", "privacy.checks:email"} <= called
    assert {"telemetry.captured:Captured.redact", "telemetry.captured:redacted", "privacy.tools:Masks.on"} <= called


def test_nothing_is_stored_when_redaction_fails(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    options = {**REDACTED, "content_store": f"{tmp_path}"}
    functions = _functions("privacy.redactor", "telemetry.captured", "store.")
    leaks, called = _leaks(functions, options, set(), tmp_path, caplog, capfd)
    assert leaks == {}
    assert {"store.store:ContentStore.put", "store.sealing:encoded"} <= called


@pytest.mark.parametrize("tier", TIERS)
def test_a_tier_never_becomes_more(
    tier: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    functions = _functions("telemetry.captured", "telemetry.policy", "telemetry.digests", "telemetry.operation")
    leaks, called = _leaks(functions, TIERS[tier], {"user"}, tmp_path, caplog, capfd)
    assert leaks == {}
    assert {"telemetry.captured:Captured.settle", "telemetry.policy:ContentPolicy.at_start"} <= called


def test_what_is_not_broken_is_found(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Without a fault and without redaction the same calls are full of them."""
    capture = Capture()
    plain: dict[str, Any] = {**REDACTED, "redact": None}
    capture.instrument(**plain)
    _ask()
    found = Search(capture, caplog.records, tmp_path, str(capfd.readouterr())).found
    said = {"system", "question", "card", "token", "answer", "arguments", "result", "refusal", "variable"}
    assert said <= found["span"]
    assert {"question", "refusal"} <= found["exception"]
