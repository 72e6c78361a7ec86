"""Methods of single objects, observed in place, so that the caller keeps the object the SDK made.

A hook lives in the object's own ``__dict__`` and takes itself out when its work is done. Until then it
refers to its object strongly: ``create(...).parse()`` drops the object before the call.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Awaitable, Callable
from typing import cast


def hook_close(
    response: object,
    closed: Callable[[BaseException | None], None],
    failed: Callable[[BaseException], None],
) -> None:
    """Call ``closed`` after ``response`` was closed, with the exception that is being handled meanwhile.

    ``failed`` gets the exception of a close that itself failed.
    """
    for name in ("close", "aclose"):
        if hasattr(response, name):
            _hook_close(response, name, closed, failed)


def _hook_close(
    response: object,
    name: str,
    closed: Callable[[BaseException | None], None],
    failed: Callable[[BaseException], None],
) -> None:
    original = getattr(response, name)

    # Both drivers take the hook out first, so that the response is free of us and of its own cycle.
    @functools.wraps(original)
    def close(*args: object, **kwargs: object) -> object:
        because = sys.exc_info()[1]
        _unhook(response, name)
        try:
            result = original(*args, **kwargs)
        except BaseException as error:
            failed(because or error)
            raise
        closed(because)
        return result

    @functools.wraps(original)
    async def aclose(*args: object, **kwargs: object) -> object:
        because = sys.exc_info()[1]
        _unhook(response, name)
        try:
            result = await original(*args, **kwargs)
        except BaseException as error:
            failed(because or error)
            raise
        closed(because)
        return result

    response.__dict__[name] = aclose if inspect.iscoroutinefunction(original) else close


def hook_parse(raw: object, parsed: Callable[[object, bool], None]) -> None:
    """Call ``parsed`` with what ``raw.parse()`` made, and whether the caller asked for a type of their own."""
    original = getattr(raw, "parse")  # noqa: B009

    @functools.wraps(original)
    def parse(*args: object, **kwargs: object) -> object:
        result = original(*args, **kwargs)
        _unhook(raw, "parse")
        parsed(result, bool(kwargs))
        return result

    @functools.wraps(original)
    async def parse_async(*args: object, **kwargs: object) -> object:
        result = await cast("Callable[..., Awaitable[object]]", original)(*args, **kwargs)
        _unhook(raw, "parse")
        parsed(result, bool(kwargs))
        return result

    raw.__dict__["parse"] = parse_async if inspect.iscoroutinefunction(original) else parse


def _unhook(instance: object, name: str) -> None:
    instance.__dict__.pop(name, None)
