"""POST /v1/embeddings: vectors from hashed words and letter triples, so that like texts lie close."""

from __future__ import annotations

import base64
import math
import re
import struct
import zlib
from typing import Any

from model_server.tokens import Json, count

_WORD = re.compile(r"[^\W_]+")
_DIMENSIONS = {"text-embedding-3-large": 3072}
_DEFAULT_DIMENSIONS = 1536
_WORD_WEIGHT = 3.0


def embeddings(body: Json) -> Json:
    """The answer to an embeddings request, as floats or as base64 of little-endian 32-bit floats."""
    model: str = body["model"]
    texts = _inputs(body["input"])
    dimensions: int = body.get("dimensions") or _DIMENSIONS.get(model, _DEFAULT_DIMENSIONS)
    as_base64 = body.get("encoding_format") == "base64"
    vectors = [_vector(text, dimensions) for text in texts]
    tokens = sum(map(_count, texts))
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "index": at, "embedding": _packed(vector) if as_base64 else vector}
            for at, vector in enumerate(vectors)
        ],
        "model": model,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def _inputs(value: Any) -> list[str | list[int]]:
    """The API takes a text, several texts, the tokens of one, or the tokens of several."""
    if isinstance(value, str) or (value and isinstance(value[0], int)):
        return [value]
    return list(value)


def _count(text: str | list[int]) -> int:
    return count(text) if isinstance(text, str) else len(text)


def _vector(text: str | list[int], dimensions: int) -> list[float]:
    vector = [0.0] * dimensions
    for word in _WORD.findall(text.lower()) if isinstance(text, str) else map(str, text):
        _add(vector, word, _WORD_WEIGHT)
        for at in range(len(word) - 2):
            _add(vector, "3:" + word[at : at + 3], 1.0)
    length = math.sqrt(sum(part * part for part in vector)) or 1.0
    return [part / length for part in vector]


def _add(vector: list[float], feature: str, weight: float) -> None:
    place = zlib.crc32(feature.encode())
    vector[place % len(vector)] += weight if place & 0x80000000 else -weight


def _packed(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
