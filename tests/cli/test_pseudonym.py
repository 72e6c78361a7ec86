"""``otel-genai pseudonym``."""

from __future__ import annotations

import io
import json

import pytest

from otel_genai_instr.cli import main

KEYS = "OTEL_GENAI_PSEUDONYM_KEYS"
NEW, OLD = "n" * 32, "o" * 40
# Of `printf u-42 | openssl dgst -sha256 -hmac KEY`.
NAMES = ["hmac-sha256:1d53dad36eba80020c7865c4e7832f03", "hmac-sha256:9081bc9c79e5c799a6bac5d3e90de950"]


def test_a_line_for_each_key_the_one_in_force_first(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(KEYS, f"{NEW}, {OLD}")
    assert main(["pseudonym", "u-42"]) == 0
    assert capsys.readouterr().out.splitlines() == NAMES


def test_json(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv(KEYS, f"{NEW},{OLD}")
    assert main(["pseudonym", "u-42", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"pseudonyms": NAMES}


def test_the_user_id_from_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv(KEYS, NEW)
    monkeypatch.setattr("sys.stdin", io.StringIO("u-42\n"))
    assert main(["pseudonym", "-"]) == 0
    assert capsys.readouterr().out.splitlines() == NAMES[:1]


@pytest.mark.parametrize(
    ("keys", "said"), [("", f"{KEYS} is not set"), (f"{NEW},short", f"{KEYS}: each key has to have at least 32 bytes")]
)
def test_without_keys_that_can_be_used(
    keys: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(KEYS, keys)
    assert main(["pseudonym", "u-42"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert said in printed.err
    assert "u-42" not in printed.err


def test_an_empty_user_id(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv(KEYS, NEW)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert main(["pseudonym", "-"]) == 1
    assert "standard input has no user id" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["pseudonym", " "])
