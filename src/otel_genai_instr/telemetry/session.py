"""The life of a connection over which many calls go."""

from __future__ import annotations

from typing import ClassVar

from .operation import Operation, tables


class Session(Operation):
    """From the opening of a connection until its end. It is no call: the calls that go over it are counted."""

    _PARTS: ClassVar = tables({part: row for part, row in Operation._ROWS.items() if part is not Operation._count})
