"""Websocket connections of the SDK: where they go, and how they break.

Facts of the SDK's connection classes (1.109 to 3.57) and of ``websockets`` (13 to 15), which they stand on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from ...model import Failure
from ...text import class_name
from ..errors import read_error
from ..fields import NOTHING, fields_of


class Address:
    """Where a connection goes, as its websocket says."""

    def __init__(self, connection: Any) -> None:
        uri = getattr(getattr(getattr(connection, "_connection", None), "protocol", None), "uri", None)
        self.url: str | None = None
        self.query: Mapping[str, str] = {}
        if uri is not None:
            host = f"[{uri.host}]" if ":" in uri.host else uri.host
            self.url = f"{'https' if uri.secure else 'http'}://{host}:{uri.port}{uri.path}"
            self.query = dict(parse_qsl(uri.query))


def breaks(error: BaseException) -> bool | None:
    """Whether the websocket broke, or was closed in order; ``None`` for an error that it survives."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if "ConnectionClosed" in kinds:
        return "ConnectionClosedOK" not in kinds
    return True if isinstance(error, ConnectionError) else None


def read_failure(error: BaseException) -> Failure:
    """With the code of the other side's close frame; the exception's own ``code`` is deprecated, and warns."""
    if breaks(error) is None or isinstance(error, ConnectionError):
        return read_error(error)
    code: object = getattr(getattr(error, "rcvd", None), "code", None)
    return Failure(class_name(type(error)), code=str(int(code)) if isinstance(code, int) else None)


def said_in(message: object) -> Mapping[str, Any]:
    """The fields of a message, as it is sent: a model's unset ones are left out."""
    said = fields_of(message)
    return {name: value for name, value in said.items() if value is not None} if said is not NOTHING else said
