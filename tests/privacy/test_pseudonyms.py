"""Pseudonyms of users: what they are, how keys are changed, and that a weak key names nobody."""

from __future__ import annotations

import logging

import pytest

from otel_genai_instr.privacy.pseudonyms import Pseudonyms

NEW, OLD = "n" * 32, "o" * 40
# Of `printf u-42 | openssl dgst -sha256 -hmac KEY`.
UNDER_NEW = "hmac-sha256:1d53dad36eba80020c7865c4e7832f03"
UNDER_OLD = "hmac-sha256:9081bc9c79e5c799a6bac5d3e90de950"


def test_the_first_key_is_in_force() -> None:
    assert Pseudonyms((NEW, OLD)).of("u-42") == UNDER_NEW
    assert Pseudonyms((OLD,)).of("u-42") == UNDER_OLD


def test_all_keys_find_older_spans() -> None:
    assert Pseudonyms((NEW, OLD)).all_of("u-42") == (UNDER_NEW, UNDER_OLD)


def test_a_pseudonym_stays_one() -> None:
    pseudonyms = Pseudonyms((NEW, OLD))
    assert pseudonyms.of(UNDER_OLD) == UNDER_OLD
    assert pseudonyms.all_of(UNDER_OLD) == (UNDER_OLD,)
    assert pseudonyms.of(UNDER_OLD.upper()) not in (UNDER_OLD, UNDER_OLD.upper(), None)


def test_any_text_is_a_user_id() -> None:
    pseudonyms = Pseudonyms((NEW,))
    found = {pseudonyms.of(user) for user in ("", "Zoë", "\ud800", "用户", " u-42", "x" * 100_000)}
    assert len(found) == 6
    assert all(name is not None and len(name) == len(UNDER_NEW) for name in found)


@pytest.mark.parametrize("keys", [("n" * 31,), (NEW, "weak-key"), ("",)])
def test_a_short_key_names_nobody(keys: tuple[str, ...], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "otel_genai_instr"):
        pseudonyms = Pseudonyms(keys)
        assert pseudonyms.of("u-42") is None
        assert pseudonyms.of(UNDER_NEW) is None
        assert pseudonyms.all_of("u-42") == ()
    (record,) = caplog.records
    assert "OTEL_GENAI_PSEUDONYM_KEYS (or pseudonym_keys=): a key is shorter than 32 bytes" in record.getMessage()
    assert not any(key and key in caplog.text for key in keys)


def test_bytes_count_not_characters() -> None:
    assert Pseudonyms(("é" * 16,)).of("u-42") is not None


def test_without_keys_there_are_none() -> None:
    assert Pseudonyms(()).of("u-42") is None
