"""``otel-genai content show``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from otel_genai_instr.cli import main
from otel_genai_instr.store.store import ContentStore

NOON = 1_795_867_200_123_456_789
"""2026-11-28T12:00:00.123456789Z, in nanoseconds."""
DAY = 86_400_000_000_000
TRACE, SPAN = f"{0xABC:032x}", f"{0xD:016x}"
CONVERSATION: dict[str, object] = {
    "gen_ai.system_instructions": [{"type": "text", "content": "Be brief."}],
    "gen_ai.input.messages": [
        {"role": "user", "name": "ann", "parts": [{"type": "text", "content": "Weather in Paris?\nAnd in Rome?"}]},
        {
            "role": "assistant",
            "parts": [
                {"type": "reasoning", "content": "Two cities."},
                {"type": "tool_call", "name": "weather", "id": "c1", "arguments": {"city": "Paris"}},
            ],
        },
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "c1", "response": "9 °C"}]},
        {"role": "user", "parts": [{"type": "blob", "modality": "image", "mime_type": "image/png", "size": 70}]},
    ],
    "gen_ai.output.messages": [
        {"role": "assistant", "parts": [{"type": "text", "content": "9 °C."}], "finish_reason": "stop"}
    ],
    "gen_ai.tool.definitions": [{"type": "function", "name": "weather", "description": "Of a city."}],
    "gen_ai.retrieval.query.text": "weather",
}
SHOWN = f"""\
trace_id              {TRACE}
span_id               {SPAN}
time                  2026-11-28T12:00:00.123456Z
gen_ai.request.model  gpt-5.4
stored at             file://{{root}}/2026/11/28/{TRACE}/{SPAN}.json

tools
  weather: Of a city.

system
  Be brief.

user ann
  Weather in Paris?
  And in Rome?

assistant
  [reasoning] Two cities.
  [calls weather c1] {{{{"city": "Paris"}}}}

tool
  [result c1] 9 °C

user
  [blob] modality: image, mime_type: image/png, size: 70

assistant (stop)
  9 °C.

gen_ai.retrieval.query.text
  weather
"""


def _store(
    root: Path,
    content: Mapping[str, object] = CONVERSATION,
    *,
    span: int = 0xD,
    at: int = NOON,
    keys: tuple[str, ...] = (),
) -> str:
    store = ContentStore(str(root), keys)
    reference = store.put(0xABC, span, at, content, {"gen_ai.request.model": "gpt-5.4"})
    assert store.flush() == 0
    return reference


def _shown(*arguments: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["content", "show", *arguments]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    return printed.out


def _refused(*arguments: str, capsys: pytest.CaptureFixture[str], code: int = 1) -> str:
    assert main(["content", "show", *arguments]) == code
    printed = capsys.readouterr()
    assert printed.out == ""
    return printed.err


def test_a_conversation_as_people_read_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reference = _store(tmp_path)
    expected = SHOWN.format(root=tmp_path)
    assert _shown(f"{TRACE}:{SPAN}", "--from", str(tmp_path), capsys=capsys) == expected
    assert _shown(TRACE.upper(), "--from", f"file://{tmp_path}", capsys=capsys) == expected
    assert _shown(reference, capsys=capsys) == expected


def test_the_store_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _store(tmp_path)
    monkeypatch.setenv("OTEL_GENAI_CONTENT_STORE", str(tmp_path))
    assert _shown(TRACE, capsys=capsys) == SHOWN.format(root=tmp_path)
    assert "elsewhere has no content at all" in _refused(TRACE, "--from", str(tmp_path / "elsewhere"), capsys=capsys)


def test_all_calls_of_a_trace_in_the_order_of_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for span, at in ((3, NOON), (1, NOON + 1000), (2, NOON - 1000)):
        _store(tmp_path, span=span, at=at)
    out = _shown(TRACE, "--from", str(tmp_path), "--format", "json", capsys=capsys)
    records = [json.loads(line) for line in out.splitlines()]
    assert [record["span_id"] for record in records] == [f"{span:016x}" for span in (2, 3, 1)]
    assert records[0]["content"] == CONVERSATION
    assert _shown(TRACE, "--from", str(tmp_path), capsys=capsys).count("Be brief.") == 3


def test_one_day_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _store(tmp_path)
    _store(tmp_path, span=1, at=NOON - 5 * DAY)
    url = str(tmp_path)
    out = _shown(TRACE, "--from", url, "--date", "2026-11-23", "--format", "json", capsys=capsys)
    assert json.loads(out)["span_id"] == f"{1:016x}"
    assert _refused(TRACE, "--from", url, "--date", "2026-11-24", capsys=capsys) == (
        f"otel-genai: file://{tmp_path} has no content of trace {TRACE} (looked at 2026/11/24)\n"
    )
    assert "--date: '24.11.' is not allowed; a day such as 2026-11-29" in _refused(
        TRACE, "--from", url, "--date=24.11.", capsys=capsys, code=2
    )


def test_what_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = str(tmp_path)
    reference = _store(tmp_path)
    _store(tmp_path, span=1, at=NOON - DAY)
    missing = f"{1:032x}"
    assert _refused(missing, "--from", url, capsys=capsys) == (
        f"otel-genai: file://{url} has no content of trace {missing} (looked at 2 days from 2026/11/27 to 2026/11/28)\n"
    )
    assert f"has no content of span {2:016x} of trace {TRACE}" in _refused(
        f"{TRACE}:{2:016x}", "--from", url, capsys=capsys
    )
    Path(reference.removeprefix("file://")).unlink()
    assert _refused(reference, capsys=capsys) == (
        f"otel-genai: {reference} doesn't exist: it expired, or could not be stored\n"
    )


@pytest.mark.parametrize(
    ("arguments", "said", "code"),
    [
        (["abc"], "abc is no trace id of 32 hex digits, no TRACE:SPAN (16 digits) and no reference", 2),
        ([TRACE], "say where the content is: by --from URL, or by OTEL_GENAI_CONTENT_STORE", 1),
        (["https://example.com/x"], "https://example.com/x is not what a span refers to: it has no date and no ids", 1),
        (
            [TRACE, "--from", "nosuch://x"],
            "the content store can't be read: fsspec knows no file system for nosuch://",
            1,
        ),
        ([TRACE, "--from", "memory://nothing"], "memory://nothing has no content at all", 1),
    ],
)
def test_what_cannot_be_asked(arguments: list[str], said: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert _refused(*arguments, capsys=capsys, code=code) == f"otel-genai: {said}\n"


def test_encrypted_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    key, other = (Fernet.generate_key().decode() for _ in range(2))
    reference = _store(tmp_path, keys=(key,))
    assert _refused(reference, capsys=capsys) == f"otel-genai: {reference} is encrypted, and no key is given\n"
    monkeypatch.setenv("OTEL_GENAI_CONTENT_STORE_KEYS", other)
    assert "not encrypted by the key given" in _refused(reference, capsys=capsys)
    monkeypatch.setenv("OTEL_GENAI_CONTENT_STORE_KEYS", "nonsense")
    assert "key 1 of 1 is no Fernet key; make one by" in _refused(reference, capsys=capsys)
    monkeypatch.setenv("OTEL_GENAI_CONTENT_STORE_KEYS", f"{other},{key}")
    assert "Be brief." in _shown(reference, capsys=capsys)


@pytest.mark.parametrize("data", [b"{", b"[]", b'{"content": "\xff"}', b"[" * 100_000])
def test_damaged_content(data: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reference = _store(tmp_path)
    Path(reference.removeprefix("file://")).write_bytes(data)
    assert f"{reference} is damaged: it is not " in _refused(reference, capsys=capsys)


def test_content_of_other_shapes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd: dict[str, object] = {
        "gen_ai.input.messages": ["cut", None, {"role": 3, "parts": "x"}, {"parts": [7, {"type": None}]}],
        "gen_ai.output.messages": "not a list",
        "gen_ai.tool.definitions": [None],
        "other": {"a": [1]},
    }
    reference = _store(tmp_path, odd)
    assert '{"a": [1]}' in _shown(reference, capsys=capsys)
    Path(reference.removeprefix("file://")).write_text('{"content": null}')
    assert _shown(reference, capsys=capsys) == f"stored at  {reference}\n"


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_terminal_obeys_nothing_that_was_said(form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evil = "\x1b]0;title\x07\x1b[2J\x9b31m\x7f\r\x08\u202e\u200d end"
    content: dict[str, object] = {
        "gen_ai.input.messages": [{"role": evil, "name": evil, "parts": [{"type": "text", "content": evil}]}],
        "gen_ai.output.messages": [{"role": "assistant", "parts": [{"type": evil, evil: evil}]}],
        evil: evil,
    }
    out = _shown(_store(tmp_path, content), "--format", form, capsys=capsys)
    assert "end" in out
    assert not [each for each in out if not (each.isprintable() or each == "\n")]
    assert all(ord(each) < 0x7F for each in out)
    if form == "json":
        assert json.loads(out)["content"] == content


def test_headings_are_drawn_for_a_person(tmp_path: Path) -> None:
    """In a terminal: headings are bold, and nothing in them is markup."""
    _store(tmp_path, {"gen_ai.input.messages": [{"role": "[red]user", "parts": [{"type": "text", "content": "Hi"}]}]})
    out = _in_a_terminal(TRACE, "--from", str(tmp_path))
    assert "\x1b[1m[red]user\x1b[0m" in out
    assert "  Hi" in out


def _in_a_terminal(*arguments: str) -> str:
    leader, follower = os.openpty()
    environ = {**os.environ, "TERM": "xterm", "COLUMNS": "200"}
    environ.pop("NO_COLOR", None)
    command = [sys.executable, "-m", "otel_genai_instr.cli", "content", "show", *arguments]
    running = subprocess.Popen(command, stdout=follower, env=environ)
    os.close(follower)
    shown = b""
    while True:
        try:
            read = os.read(leader, 65_536)
        except OSError:  # the other end is closed
            break
        if not read:
            break
        shown += read
    os.close(leader)
    assert running.wait(60) == 0
    return shown.decode()
