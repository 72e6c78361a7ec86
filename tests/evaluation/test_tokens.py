"""Tokens: what they hold, and that no other string is one."""

from __future__ import annotations

import base64
import hashlib
import hmac
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry import trace

from otel_genai_instr.evaluation import tokens
from otel_genai_instr.evaluation.tokens import InvalidToken, UnusableKey, keys_of, sign, verify

from .judging import ids

KEYS = keys_of("the-first-key-of-all")
CONTEXT = trace.SpanContext(0x1234 << 100, 0x5678 << 40, is_remote=False, trace_flags=trace.TraceFlags(1))
EXPIRY = 2_000_000_000
ALPHABET = string.ascii_letters + string.digits + "-_"

contexts = st.builds(
    trace.SpanContext,
    trace_id=st.integers(0, 2**128 - 1),
    span_id=st.integers(0, 2**64 - 1),
    is_remote=st.booleans(),
    trace_flags=st.integers(0, 255).map(trace.TraceFlags),
)


@given(contexts, st.integers(0, 2**40 - 1), st.text(min_size=16, alphabet=ALPHABET))
def test_what_was_signed_is_read_again(context: trace.SpanContext, expires_at: int, key: str) -> None:
    token = sign(context, expires_at, keys_of(key))
    assert len(token) == 84
    assert set(token) <= set(ALPHABET)
    read = verify(token, expires_at, keys_of(key))
    assert ids(read) == ids(context)
    assert read.is_remote
    with pytest.raises(InvalidToken, match="expired"):
        verify(token, expires_at + 0.001, keys_of(key))


def test_every_change_of_a_byte_is_seen() -> None:
    raw = base64.urlsafe_b64decode(sign(CONTEXT, EXPIRY, KEYS))
    for position in range(len(raw)):
        for bit in range(8):
            changed = bytearray(raw)
            changed[position] ^= 1 << bit
            with pytest.raises(InvalidToken, match="not valid"):
                verify(base64.urlsafe_b64encode(changed).decode(), 0, KEYS)


def test_every_change_of_a_character_is_seen() -> None:
    """No two spellings of one token: base64 has no bits here that mean nothing."""
    token = sign(CONTEXT, EXPIRY, KEYS)
    for position, character in enumerate(token):
        for other in ALPHABET + "+/=. \n\u0660":
            if other != character:
                with pytest.raises(InvalidToken, match="not valid"):
                    verify(token[:position] + other + token[position + 1 :], 0, KEYS)


def test_plus_and_slash_are_no_other_spelling() -> None:
    token = next(
        token
        for number in range(1000)
        if {"-", "_"} <= set(token := sign(CONTEXT, EXPIRY + number, KEYS))
    )  # fmt: skip
    for plain, other in (("-", "+"), ("_", "/")):
        with pytest.raises(InvalidToken):
            verify(token.replace(plain, other), 0, KEYS)


@pytest.mark.parametrize("length", range(84))
def test_truncated(length: int) -> None:
    with pytest.raises(InvalidToken, match="not valid"):
        verify(sign(CONTEXT, EXPIRY, KEYS)[:length], 0, KEYS)


@pytest.mark.parametrize("more", ["=", "==", "\n", " ", "A", "AAAA", "."])
def test_nothing_may_follow_or_go_before(more: str) -> None:
    token = sign(CONTEXT, EXPIRY, KEYS)
    for longer in (token + more, more + token):
        with pytest.raises(InvalidToken, match="not valid"):
            verify(longer, 0, KEYS)


@given(st.one_of(st.text(), st.text(alphabet=ALPHABET, min_size=84, max_size=84), st.binary(), st.none()))
def test_no_other_value_is_a_token(value: object) -> None:
    with pytest.raises(InvalidToken) as raised:
        verify(value, 0, KEYS)
    assert str(raised.value) == "the feedback token is not valid"


def test_another_key() -> None:
    with pytest.raises(InvalidToken):
        verify(sign(CONTEXT, EXPIRY, keys_of("some-other-key-here")), 0, KEYS)


def test_a_signature_for_another_purpose_is_none() -> None:
    raw = base64.urlsafe_b64decode(sign(CONTEXT, EXPIRY, KEYS))
    for_something_else = raw[:31] + hmac.digest(KEYS[0], raw[:31], hashlib.sha256)
    with pytest.raises(InvalidToken):
        verify(base64.urlsafe_b64encode(for_something_else).decode(), 0, KEYS)


def test_another_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "_VERSION", 2)
    later = sign(CONTEXT, EXPIRY, KEYS)
    monkeypatch.undo()
    with pytest.raises(InvalidToken, match="another version"):
        verify(later, 0, KEYS)


def test_keys_are_exchanged_without_losing_tokens() -> None:
    old, new = "the-old-key-is-long", "the-new-key-is-long"
    token = sign(CONTEXT, EXPIRY, keys_of(old))
    assert ids(verify(token, 0, keys_of(f"{new}, {old}"))) == ids(CONTEXT)
    newer = sign(CONTEXT, EXPIRY, keys_of(f"{new}, {old}"))
    assert ids(verify(newer, 0, keys_of(new))) == ids(CONTEXT)
    with pytest.raises(InvalidToken):
        verify(newer, 0, keys_of(old))


@pytest.mark.parametrize("configured", [None, "", " ", ",,", "fifteen-letters", "a-key-that-is-long-enough,short"])
def test_a_key_that_cannot_be_used_is_named_and_never_quoted(configured: str | None) -> None:
    with pytest.raises(UnusableKey, match=r"OTEL_GENAI_FEEDBACK_KEY.* 16 ") as raised:
        keys_of(configured)
    assert "fifteen" not in str(raised.value)


def test_a_key_of_sixteen_characters_and_one_that_is_no_text() -> None:
    assert keys_of("sixteen-letters!") == (b"sixteen-letters!",)
    assert keys_of("sixteen-letters\udcff") == (b"sixteen-letters\xff",)
