"""Pseudonyms of people: the same for one person under one key, and without it nothing that leads back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from .. import log
from ..text import encodable
from .keyed import DIGITS, PREFIX, keyed_digits

LEAST_BYTES: Final = 32
"""Of a key: as many as the hash has. A short one can be guessed, and then every user id is tried."""

_FORM: Final = re.compile(rf"{PREFIX}[0-9a-f]{{{DIGITS}}}")


class Pseudonyms:
    """Pseudonyms under keys: the first one is in force, the others find what was recorded before."""

    def __init__(self, keys: Sequence[str]) -> None:
        """Take the keys. If one is shorter than 32 bytes that is warned about, and nobody has a pseudonym."""
        self._keys: tuple[bytes, ...] = tuple(encodable(key).encode() for key in keys)
        if any(len(key) < LEAST_BYTES for key in self._keys):
            log.warning(
                "OTEL_GENAI_PSEUDONYM_KEYS (or pseudonym_keys=): a key is shorter than %d bytes. "
                "No user id is recorded until that is put right.",
                LEAST_BYTES,
            )
            self._keys = ()

    def of(self, user_id: str) -> str | None:
        """``hmac-sha256:`` and 32 hex digits (128 bits) for ``user_id``; a pseudonym stays what it is.

        ``None`` where there is no key, or one that can't be used: then nothing may stand for the user.
        """
        if not self._keys:
            return None
        return user_id if _FORM.fullmatch(user_id) else _under(self._keys[0], user_id)

    def all_of(self, user_id: str) -> tuple[str, ...]:
        """The pseudonyms under each key, that in force first: what one person's spans have, older ones too."""
        if self._keys and _FORM.fullmatch(user_id):
            return (user_id,)
        return tuple(_under(key, user_id) for key in self._keys)


def _under(key: bytes, user_id: str) -> str:
    return PREFIX + keyed_digits(key, encodable(user_id).encode())
