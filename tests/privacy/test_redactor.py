"""What is redacted in content, what is asked for and how, and that all that goes wrong withholds the content."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from otel_genai_instr.privacy.detectors import DETECTORS
from otel_genai_instr.privacy.redaction import Redaction
from otel_genai_instr.privacy.redactor import Redactor, redactor_from
from otel_genai_instr.semconv import attributes as names
from otel_genai_instr.withheld import Withheld

CARD = "4111 1111 1111 1111"
LOGGER = "otel_genai_instr"


def _made(asked: object) -> Redactor:
    redactor = redactor_from(asked)
    assert redactor is not None
    return redactor


def _reason(work: Callable[[], object]) -> str:
    with pytest.raises(Withheld) as withheld:
        work()
    return withheld.value.reason


def _refused(asked: object, caplog: pytest.LogCaptureFixture) -> str:
    """What is said about ``asked``, which has to close the redactor."""
    caplog.clear()
    with caplog.at_level(logging.WARNING, LOGGER):
        redactor = _made(asked)
    assert _reason(lambda: redactor.text("hello")) == "redactor_unavailable"
    assert _reason(lambda: redactor.structure({})) == "redactor_unavailable"
    (record,) = caplog.records
    return record.getMessage()


@pytest.mark.parametrize("asked", [None, False, "", "false", "OFF", " no ", "0"])
def test_off(asked: object) -> None:
    assert redactor_from(asked) is None


@pytest.mark.parametrize("asked", [True, "true", "ON", "default", Redaction(), {"detectors": ["default"]}])
def test_what_is_on_by_default(asked: object) -> None:
    redactor = _made(asked)
    assert redactor.text(f"joe@example.com {CARD}") == "[email] [payment_card]"
    assert redactor.text("00:00:5E:00:53:AF") == "00:00:5E:00:53:AF"


@pytest.mark.parametrize("asked", ["email, iban", ["email", "iban"], ("iban", "email"), Redaction(["email", "iban"])])
def test_named_detectors_alone(asked: object) -> None:
    assert _made(asked).text(f"joe@example.com {CARD} DE89370400440532013000") == f"[email] {CARD} [iban]"


def test_more_than_the_default() -> None:
    assert _made("default,mac_address").text("joe@example.com 00:00:5E:00:53:AF") == "[email] [mac_address]"


def test_functions_come_last_and_in_order() -> None:
    def without_joe(text: str) -> str:
        return text.replace("Joe", "[name]")

    redactor = _made(["email", without_joe, str.upper])
    assert redactor.text("Joe is joe@example.com") == "[NAME] IS [EMAIL]"
    assert _made(str.upper).text("joe@example.com") == "JOE@EXAMPLE.COM"


def test_patterns_of_the_user() -> None:
    redactor = _made(Redaction(patterns={"badge": r"B-\d{6}", "word": r"[a-z]+ist"}))
    assert redactor.text("badge B-123456 of a chemist, joe@example.com") == "badge [badge] of a [word], [email]"
    # Also in what is written with other digits, and what stands for something found stays.
    assert redactor.text("B-\uff11\uff12\uff13\uff14\uff15\uff16") == "[badge]"
    everything = _made(Redaction(patterns={"any": r"\S+"}))
    assert everything.text("joe@example.com is") == "[email] [any]"
    assert everything.text("[any] [email]") == "[any] [email]"
    assert _made(Redaction(patterns={"named": r"Name: .*"})).text("Name: [email] Joe") == "[named]"


@pytest.mark.parametrize("ending", ["yaml", "yml", "json"])
def test_a_file(tmp_path: Path, ending: str) -> None:
    asked = {"detectors": ["email"], "patterns": {"badge": "B-[0-9]{6}"}, "paths": {"*": ["$.key"]}, "seconds": 2}
    path = tmp_path / f"redact.{ending}"
    text = json.dumps(asked)
    if ending != "json":
        text = "detectors: [email]\npatterns:\n  badge: B-[0-9]{6}\npaths:\n  '*': [$.key]\nseconds: 2\n"
    path.write_text(text)
    for redactor in (_made(str(path)), _made(path), _made(asked)):
        assert redactor.text(f"joe@example.com B-123456 {CARD}") == f"[email] [badge] {CARD}"
        content: dict[str, object] = {names.TOOL_CALL_ARGUMENTS: {"key": "k", "other": 1}}
        assert redactor.structure(content, "any") == {names.TOOL_CALL_ARGUMENTS: {"key": "[masked]", "other": 1}}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("emial", "'emial' is not allowed; allowed are true, false, the path of a .yaml, .yml or .json file"),
        (["email", 3], "functions: int is not allowed"),
        (5, "int is not allowed"),
        ([], "nothing is to be found"),
        ({"detector": ["email"]}, "'detector' is not allowed; allowed are detectors, patterns, paths"),
        ({"detectors": 5}, "detectors: int is not allowed; a list is"),
        ({"patterns": ["a"]}, "patterns: has to be a mapping"),
        ({"patterns": {"email": "a"}}, "patterns: 'email' is not allowed"),
        ({"patterns": {"Big": "a"}}, "patterns: 'Big' is not allowed"),
        ({"patterns": {"x": 5}}, "patterns: x: has to be a regular expression"),
        ({"patterns": {"x": "(?<=a)b"}}, "linear time and has neither look-around nor back-references"),
        ({"patterns": {"x": r"(a)\1"}}, "linear time and has neither look-around nor back-references"),
        ({"patterns": {"x": "a*"}}, "matches the empty text"),
        ({"paths": {"pay": ["card"]}}, "paths: pay: 'card' is not allowed; a path begins with $"),
        ({"paths": {"pay": ["$[?(@.a)]"]}}, "paths: pay: '$[?(@.a)]' is not understood from '[?(@.a)]' on"),
        ({"seconds": 0}, "seconds: 0 is not allowed"),
        ({"presidio": {"en": 5}}, "presidio: has to be true, or names of spaCy models"),
        ("no/such/file.yaml", "no/such/file.yaml: can't be read: No such file"),
    ],
)
def test_what_is_wrong_is_said_and_closes(asked: object, said: str, caplog: pytest.LogCaptureFixture) -> None:
    message = _refused(asked, caplog)
    assert said in message
    assert message.endswith("No content is recorded until OTEL_GENAI_REDACT (or redact=) is put right.")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.yaml", "detectors: [email", "is not YAML"),
        ("a.json", "{", "is not JSON"),
        ("a.json", "[]", "has to be a mapping of detectors"),
        ("a.yaml", "detectors: [emial]", "a.yaml: 'emial' is not allowed"),
        ("a.yaml", " " * 1_000_001, "is larger than 1,000,000 bytes"),
    ],
)
def test_a_wrong_file(tmp_path: Path, name: str, text: str, said: str, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / name
    path.write_text(text)
    assert said in _refused(str(path), caplog)


def test_a_pipe_is_no_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    os.mkfifo(tmp_path / "a.yaml")
    assert "is not a file" in _refused(str(tmp_path / "a.yaml"), caplog)


@pytest.mark.parametrize(
    ("asked", "package", "extra"),
    [
        ("true", "re2", "redaction"),
        ({"detectors": [], "patterns": {"a": "b"}}, "re2", "redaction"),
        ("presidio", "presidio_analyzer", "presidio"),
    ],
)
def test_without_the_extra(
    asked: object, package: str, extra: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, package, None)  # as Python has what can't be imported
    assert f"pip install 'otel-genai-instr[{extra}]'" in _refused(asked, caplog)


def test_functions_alone_need_no_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "re2", None)
    assert _made([str.upper]).text("joe") == "JOE"
    content: dict[str, object] = {names.TOOL_CALL_RESULT: '{"key": 1}'}
    assert _made(Redaction([], paths={"*": ["$.key"]})).structure(content) == {
        names.TOOL_CALL_RESULT: '{"key":"[masked]"}'
    }


def test_content_of_every_kind() -> None:
    content: dict[str, object] = {
        names.SYSTEM_INSTRUCTIONS: [{"type": "text", "content": "You serve joe@example.com."}],
        names.INPUT_MESSAGES: [
            {"role": "user", "parts": [{"type": "text", "content": f"Pay with {CARD}"}, {"type": "blob", "size": 3}]},
            {
                "role": "assistant",
                "parts": [
                    {"type": "reasoning", "content": "It is 192.0.2.1."},
                    {"type": "tool_call", "id": "c1", "name": "pay", "arguments": {"card": 4111111111111111, "n": 3}},
                    {"type": "tool_call", "id": "c2", "name": "pay", "arguments": '{"to":"joe\\u0040example.com"}'},
                ],
            },
            {
                "role": "tool",
                "parts": [{"type": "tool_call_response", "id": "c1", "response": '{"joe@example.com": 1}'}],
            },
        ],
        names.TOOL_DEFINITIONS: [{"type": "function", "name": "pay", "description": "As joe@example.com asks."}],
        names.RETRIEVAL_QUERY_TEXT: "who is joe@example.com?",
        names.RETRIEVAL_DOCUMENTS: [{"id": "doc-7", "score": 0.5, "content": "joe@example.com"}],
    }
    before = json.dumps(content)
    assert _made(True).structure(content) == {
        names.SYSTEM_INSTRUCTIONS: [{"type": "text", "content": "You serve [email]."}],
        names.INPUT_MESSAGES: [
            {
                "role": "user",
                "parts": [{"type": "text", "content": "Pay with [payment_card]"}, {"type": "blob", "size": 3}],
            },
            {
                "role": "assistant",
                "parts": [
                    {"type": "reasoning", "content": "It is [ip_address]."},
                    {"type": "tool_call", "id": "c1", "name": "pay", "arguments": {"card": "[payment_card]", "n": 3}},
                    {"type": "tool_call", "id": "c2", "name": "pay", "arguments": '{"to":"[email]"}'},
                ],
            },
            {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": '{"[email]":1}'}]},
        ],
        names.TOOL_DEFINITIONS: [{"type": "function", "name": "pay", "description": "As [email] asks."}],
        names.RETRIEVAL_QUERY_TEXT: "who is [email]?",
        names.RETRIEVAL_DOCUMENTS: [{"id": "doc-7", "score": 0.5, "content": "[email]"}],
    }
    assert json.dumps(content) == before


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ('{"a": "joe@example.com", "a": "x"}', '{"a":"x"}'),  # what the first one says is gone in any case
        ('{"a": "one\\njoe@example.com"}', '{"a":"one\\n[email]"}'),
        ('{"joe@example.com": 1, "ann@example.com": 2}', '{"[email]":1,"[email] 2":2}'),
        ('{"n": 4111111111111111, "f": 4111111111111111.0}', '{"n":"[payment_card]","f":"[payment_card]"}'),
        ('{"s": "{\\"t\\": \\"joe@example.com\\"}"}', '{"s":"{\\"t\\":\\"[email]\\"}"}'),
        ('{"big": 1e999, "a": "joe@example.com"}', '{"big":"1e999","a":"[email]"}'),
        ('{"a": "joe@example.com"', '{"a": "[email]"'),  # cut
        ('{"a":  1.50, "b": [1,2]}', '{"a":  1.50, "b": [1,2]}'),  # nothing in it: as it was
    ],
)
def test_json_in_text(text: str, cleaned: str) -> None:
    assert _made(True).text(text) == cleaned


def test_what_is_nested_without_end_is_withheld_or_redacted() -> None:
    deep: object = "joe@example.com"
    for _ in range(100_000):
        deep = [deep]
    assert _reason(lambda: _made(True).structure({"a": deep})) == "redactor_failed"
    text = "[" * 100_000 + '"joe@example.com"' + "]" * 100_000
    assert "joe" not in _made(Redaction(seconds=60)).text(text)


def test_lone_surrogates() -> None:
    assert _made(True).text("\ud800 joe@example.com") == "\ud800 [email]"


def test_a_function_that_fails_withholds(caplog: pytest.LogCaptureFixture) -> None:
    def fail(text: str) -> str:
        raise ValueError(text)

    redactor = _made([fail])
    with caplog.at_level(logging.WARNING, LOGGER):
        assert _reason(lambda: redactor.text("secret")) == "redactor_failed"
        assert _reason(lambda: redactor.structure({"a": "secret"})) == "redactor_failed"
    assert len(caplog.records) == 1
    assert "ValueError" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize("returned", [None, 5, b"text"])
def test_a_function_that_returns_no_text_withholds(returned: object) -> None:
    def other(text: str) -> object:
        return returned

    assert _reason(lambda: _made([other]).text("secret")) == "redactor_failed"


def test_a_function_that_ends_the_process_only_withholds() -> None:
    def leave(text: str) -> str:
        raise SystemExit(3)

    assert _reason(lambda: _made([leave]).text("secret")) == "redactor_failed"


def test_no_time_left_withholds() -> None:
    redactor = _made(Redaction(seconds=1e-9))
    assert _reason(lambda: redactor.text("hello")) == "redactor_slow"
    assert _reason(lambda: redactor.structure({"a": ["hello"]})) == "redactor_slow"


def test_many_candidates_take_no_longer_than_allowed() -> None:
    redactor = _made(Redaction(seconds=0.2))
    numbers = "4111 1111 1111 1112 " * 500_000
    began = time.monotonic()
    assert _reason(lambda: redactor.text(numbers)) == "redactor_slow"
    assert time.monotonic() - began < 10


def test_a_function_that_hangs_holds_up_nobody() -> None:
    go_on = threading.Event()

    def hang(text: str) -> str:
        if "hang" in text:
            go_on.wait(60)
        return text.replace("secret", "[secret]")

    redactor = _made(Redaction([], functions=[hang], seconds=0.2))
    assert redactor.text("a secret") == "a [secret]"
    threads = set(threading.enumerate())
    assert _reason(lambda: redactor.text("hang")) == "redactor_slow"
    began = time.monotonic()
    for _ in range(1_000):
        assert _reason(lambda: redactor.text("a secret")) == "redactor_slow"
    assert time.monotonic() - began < 30  # they don't wait: that were 200 s
    assert set(threading.enumerate()) <= threads  # threads of other tests may end meanwhile
    go_on.set()
    for _ in range(1_000):
        try:
            assert redactor.text("a secret") == "a [secret]"
            break
        except Withheld:
            time.sleep(0.01)
    else:
        pytest.fail("it stays closed")


def test_a_function_whose_own_work_is_redacted_waits_not_for_itself() -> None:
    reasons: list[str] = []

    def ask(text: str) -> str:
        reasons.append(_reason(lambda: redactor.text("what it sends")))
        return text

    redactor = _made(Redaction([], functions=[ask], seconds=30))
    assert redactor.text("hello") == "hello"
    assert reasons == ["redactor_failed"]


def test_many_threads_share_one_redactor() -> None:
    redactor = _made(Redaction(functions=[str.lower], seconds=60))
    results: list[str] = []

    def work() -> None:
        results.extend(redactor.text(f"JOE{number}@EXAMPLE.COM!") for number in range(50))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == ["[email]!"] * 400


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_it_works_in_a_forked_child_whatever_threads_do() -> None:
    redactor = _made(Redaction(functions=[str.upper], seconds=30))
    plain = _made(Redaction(seconds=30))
    stop = threading.Event()
    text = "All work and no play, ticket 12. " * 10_000

    def work() -> None:
        while not stop.is_set():
            plain.text(text)
            redactor.text("hello")

    thread = threading.Thread(target=work)
    thread.start()
    try:
        for _ in range(10):
            child = os.fork()
            if not child:
                right = plain.text("joe@example.com") == "[email]" and redactor.text("joe@example.com x") == "[EMAIL] X"
                os._exit(0 if right else 1)
            for _ in range(3_000):
                ended, status = os.waitpid(child, os.WNOHANG)
                if ended:
                    break
                time.sleep(0.01)
            else:
                os.kill(child, 9)
                os.waitpid(child, 0)
                pytest.fail("the child hangs")
            assert os.waitstatus_to_exitcode(status) == 0
    finally:
        stop.set()
        thread.join()


def test_the_names_of_detectors_are_allowed_as_names_of_detectors_only() -> None:
    assert all(detector.name.replace("_", "").isalnum() and detector.finds for detector in DETECTORS)
