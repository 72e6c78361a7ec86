"""How a span names an exception."""

from __future__ import annotations


def error_type(kind: type[BaseException]) -> str:
    """How a span names an exception of this class."""
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
