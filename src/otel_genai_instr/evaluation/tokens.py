"""Feedback tokens: the ids of a span and an expiry, signed.

63 bytes make 84 characters of base64 with no padding and no unused bits, so a token has one spelling only:

    version 1 | trace flags 1 | trace id 16 | span id 8 | expiry 5 (seconds since 1970) | HMAC-SHA256 32

Nothing in it tells who the user is. It isn't encrypted: whoever holds it can read the ids.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from typing import Final, TypeGuard

from opentelemetry import trace

from ..settings import FEEDBACK_KEY, SHORTEST_FEEDBACK_KEY, feedback_keys

_VERSION: Final = 1
_PURPOSE: Final = b"otel-genai-instr feedback token\0"
"""Signed with every token, so that the same key used for something else can't be made to sign one."""
_MAC_BYTES: Final = 32
_SHAPE: Final = re.compile(r"[A-Za-z0-9_-]{84}", re.ASCII)


class InvalidToken(ValueError):
    """A token that is forged, damaged or expired. The text never quotes it."""


class UnusableKey(ValueError):
    """There is no key, or one that is too short."""


def keys_of(configured: str | None) -> tuple[bytes, ...]:
    """The keys in the setting, separated by commas: the first signs, all verify.

    Raises:
        UnusableKey: when there is none, or one is shorter than 16 characters.
    """
    keys = feedback_keys(configured)
    if not keys:
        raise UnusableKey(
            f"feedback tokens need a key: set {FEEDBACK_KEY} (or feedback_key=) to a secret "
            f"of {SHORTEST_FEEDBACK_KEY} characters or more"
        )
    for number, key in enumerate(keys, start=1):
        if len(key) < SHORTEST_FEEDBACK_KEY:
            raise UnusableKey(
                f"{FEEDBACK_KEY} (or feedback_key=): key {number} of {len(keys)} has {len(key)} characters; "
                f"allowed: {SHORTEST_FEEDBACK_KEY} or more"
            )
    # A variable whose bytes are no UTF-8 reaches Python as lone surrogates.
    return tuple(key.encode("utf-8", "surrogateescape") for key in keys)


def sign(context: trace.SpanContext, expires_at: int, keys: Sequence[bytes]) -> str:
    """A token for the span of ``context`` that is valid up to ``expires_at``, in seconds since 1970."""
    payload = b"".join(
        (
            _VERSION.to_bytes(1, "big"),
            int(context.trace_flags).to_bytes(1, "big"),
            context.trace_id.to_bytes(16, "big"),
            context.span_id.to_bytes(8, "big"),
            expires_at.to_bytes(5, "big"),
        )
    )
    return base64.urlsafe_b64encode(payload + _mac(payload, keys[0])).decode()


def is_one(value: object) -> TypeGuard[str]:
    """Whether it has the shape of a token; what it is worth needs the key."""
    return isinstance(value, str) and _SHAPE.fullmatch(value) is not None


def verify(token: object, now: float, keys: Sequence[bytes]) -> trace.SpanContext:
    """The span that ``token`` was made for; ``now`` is in seconds since 1970.

    Raises:
        InvalidToken: when the token isn't one of ours, or is expired.
    """
    if not is_one(token):
        raise InvalidToken("the feedback token is not valid")
    signed = base64.urlsafe_b64decode(token)
    payload, mac = signed[:-_MAC_BYTES], signed[-_MAC_BYTES:]
    if not any(hmac.compare_digest(_mac(payload, key), mac) for key in keys):
        raise InvalidToken("the feedback token is not valid")
    if payload[0] != _VERSION:
        raise InvalidToken("the feedback token was made by another version of this package")
    if now > int.from_bytes(payload[26:31], "big"):
        raise InvalidToken("the feedback token is expired")
    return trace.SpanContext(
        trace_id=int.from_bytes(payload[2:18], "big"),
        span_id=int.from_bytes(payload[18:26], "big"),
        is_remote=True,
        trace_flags=trace.TraceFlags(payload[1]),
    )


def _mac(payload: bytes, key: bytes) -> bytes:
    return hmac.digest(key, _PURPOSE + payload, hashlib.sha256)
