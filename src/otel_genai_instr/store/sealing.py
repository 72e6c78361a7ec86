"""What an object is: compact JSON, encrypted if there are keys."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

from .location import Unusable

PLAIN: Final = ".json"
SEALED: Final = ".json.fernet"
_NS: Final = 1_000_000_000
_MAKE_ONE: Final = 'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'


def cipher_of(keys: tuple[str, ...]) -> Any:
    """The ``MultiFernet`` of ``keys``: the first one encrypts, all of them decrypt. ``None`` without keys.

    Raises:
        Unusable: if one of them is no key, or nothing can encrypt. The text never quotes a key.
    """
    if not keys:
        return None
    try:
        fernet = import_module("cryptography.fernet")
    except ImportError:
        raise Unusable('keys need the extra "store": pip install "otel-genai-instr[store]"') from None
    ciphers: list[Any] = []
    for number, key in enumerate(keys, 1):
        try:
            ciphers.append(fernet.Fernet(key))
        except ValueError:
            raise Unusable(f"key {number} of {len(keys)} is no Fernet key; make one by: {_MAKE_ONE}") from None
    return fernet.MultiFernet(ciphers)


def path_of(trace_id: int, span_id: int, at_ns: int, is_sealed: bool) -> str:
    """Where an object is, below the URL of the store: ``YYYY/MM/DD/trace/span.json``, by the date in UTC."""
    day = time.strftime("%Y/%m/%d", time.gmtime(at_ns // _NS))
    return f"{day}/{trace_id:032x}/{span_id:016x}{SEALED if is_sealed else PLAIN}"


def encoded(
    trace_id: int, span_id: int, at_ns: int, content: Mapping[str, object], about: Mapping[str, object]
) -> bytes:
    """The JSON of an object.

    Raises:
        Exception: for what is no JSON: a circle, depths beyond the stack, ``NaN``, keys that are no text.
    """
    seconds, rest = divmod(at_ns, _NS)
    identity = {
        "trace_id": f"{trace_id:032x}",
        "span_id": f"{span_id:016x}",
        "time": f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{rest // 1000:06d}Z",
    }
    whole = {**identity, **about, **identity, "content": content}
    text = json.dumps(whole, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_named)
    return text.encode("utf-8", "replace")  # a lone surrogate is lost, and not the whole object


def _named(value: object) -> str:
    """In place of what is no JSON: its type, so that nothing of a foreign object is called."""
    return f"<{type(value).__name__}>"
