"""Addresses, as they may be shown."""

from __future__ import annotations

import re
from typing import Final

_PASSWORD: Final = re.compile(r"(?<=://)[^/?#@:]*:(?:[^/?#]*@|(?!\d+(?:[/?#]|$))[^?#]*@)")
"""And who it belongs to. A slash in it should have been written as %2F: what looks like a port is one."""
_QUERY: Final = re.compile(r"\?.*", re.DOTALL)


def without_password(url: str) -> str:
    """``url`` without ``user:password@``, and without its query: there may be a signature in it.

    A user alone stays: with Azure it is the container.
    """
    return _QUERY.sub("?...", _PASSWORD.sub("", url, count=1)) if "://" in url else url
