"""The life of a connection over which many calls go."""

from __future__ import annotations

from typing import ClassVar

from .operation import Operation


class Session(Operation):
    """From the opening of a connection until its end. It is no call: the calls that go over it are counted."""

    _PARTS: ClassVar = {
        kind: {part: place for part, place in parts.items() if part is not Operation._count}
        for kind, parts in Operation._PARTS.items()
    }
