"""Server-Sent Events, as the SDKs read them."""

from __future__ import annotations

import json

from .speech import Json


def unnamed(data: Json) -> bytes:
    """As chat completions have them."""
    return b"data: %b\n\n" % json.dumps(data).encode()


def named(data: Json) -> bytes:
    """The same with its type as its name: as all the others have them."""
    return b"event: %b\n%b" % (data["type"].encode(), unnamed(data))
