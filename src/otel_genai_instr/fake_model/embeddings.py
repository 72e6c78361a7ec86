"""OpenAI's embeddings."""

from __future__ import annotations

import base64
import struct
import time
from typing import Final
from zlib import crc32

from .speech import Json, tokens

_SECONDS: Final = 0.06
_DIMENSIONS: Final = 1536


def embeddings(asked: Json) -> Json:
    """Answer ``POST /embeddings``: the same text has the same vector."""
    time.sleep(_SECONDS)
    texts: list[str] = [asked["input"]] if isinstance(asked["input"], str) else asked["input"]
    vectors = [[crc32(f"{at} {text}".encode()) / 2**31 - 1 for at in range(_DIMENSIONS)] for text in texts]
    packed = asked.get("encoding_format") == "base64"
    data = [
        {"object": "embedding", "index": at, "embedding": _packed(vector) if packed else vector}
        for at, vector in enumerate(vectors)
    ]
    read = sum(tokens(str(text)) for text in texts)
    usage = {"prompt_tokens": read, "total_tokens": read}
    return {"object": "list", "model": asked["model"], "data": data, "usage": usage}


def _packed(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
