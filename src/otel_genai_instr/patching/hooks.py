"""Methods of single objects, observed in place, so that the caller keeps the object the SDK made.

A hook lives in the object's own ``__dict__`` and takes itself out when its work is done. Until then it
refers to its object strongly: ``create(...).parse()`` drops the object before the call.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Awaitable, Callable, Mapping
from types import FrameType
from typing import Protocol

from .. import guard

_Returned = Callable[[object, Mapping[str, object]], None]


class Watch(Protocol):
    """Who is told how the reading of an HTTP response went."""

    busy: bool
    """Something is being read: how that ends says how the response ends."""

    def drained(self) -> None:
        """The body was read to its end."""
        ...

    def failed(self, error: BaseException) -> None:
        """``error`` is on its way to the caller."""
        ...

    def closed(self, because: BaseException | None) -> None:
        """The response was closed while ``because`` was being handled."""
        ...


def hook_close(response: object, watch: Watch, *names: str) -> None:
    """Tell ``watch`` when ``response`` is closed, by these methods of it."""
    _hook(response, names, _Closing(watch))


def hook_read(response: object, watch: Watch) -> None:
    """Tell ``watch`` when the body of ``response`` was loaded as a whole."""
    _hook(response, ("read", "aread"), _Loading(watch))


def hook_parse(raw: object, parsed: Callable[[object, bool], None]) -> None:
    """Call ``parsed`` with what ``raw.parse()`` made, and whether the caller asked for a type of their own."""
    _hook(raw, ("parse",), _Parsing(parsed))


class _Closing:
    """Around one ``close()``."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._because: BaseException | None = None

    def before(self) -> None:
        # A ``with`` block that is left by an exception closes the response while that one is being handled.
        self._because = sys.exc_info()[1]

    def returned(self, _result: object, _arguments: Mapping[str, object]) -> bool:
        # A generator below was dropped and closes what it has read from, perhaps because of an exception that is
        # still on its way to the ``with`` block, which will close again.
        if isinstance(self._because, GeneratorExit) and _caller_is_left_by(self._because):
            return False
        self._watch.closed(self._because)
        return True

    def raised(self, error: BaseException) -> None:
        self._watch.failed(self._because or error)


def _caller_is_left_by(error: BaseException) -> bool:
    """Whether whoever calls the hooked method is the very frame that ``error`` was raised in."""
    frame: FrameType | None = sys._getframe()  # pyright: ignore[reportPrivateUsage]
    while frame is not None and frame.f_globals.get("__name__") in (__name__, guard.__name__):
        frame = frame.f_back
    return error.__traceback__ is not None and error.__traceback__.tb_frame is frame


class _Loading:
    """Around one ``read()``, which closes the response before it has put the body together."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def before(self) -> None:
        self._watch.busy = True

    def returned(self, _result: object, _arguments: Mapping[str, object]) -> bool:
        self._watch.busy = False
        self._watch.drained()
        return True

    def raised(self, error: BaseException) -> None:
        self._watch.busy = False
        self._watch.failed(error)


class _Parsing:
    """Around one ``parse()``. A failed one may be tried again with another type."""

    def __init__(self, parsed: Callable[[object, bool], None]) -> None:
        self._parsed = parsed

    def before(self) -> None:
        pass

    def returned(self, result: object, arguments: Mapping[str, object]) -> bool:
        self._parsed(result, bool(arguments))
        return True

    def raised(self, error: BaseException) -> None:
        pass


def _hook(instance: object, names: tuple[str, ...], around: _Closing | _Loading | _Parsing) -> None:
    """Put ``around`` around methods of this one object. Having done its work it takes itself out of all of them:
    a method that stayed would keep the object alive in a cycle.
    """
    hooks = instance.__dict__

    def returned(result: object, arguments: Mapping[str, object]) -> None:
        if around.returned(result, arguments):
            for name in names:
                hooks.pop(name, None)

    for name in names:
        original = getattr(instance, name, None)
        if original is not None:
            wrap = _around_async if is_async(type(instance), name) else _around
            hooks[name] = wrap(original, around, returned)


@functools.lru_cache(maxsize=256)
def is_async(kind: type, name: str) -> bool:
    """Whether a method of this class is a coroutine function; asking takes long."""
    return inspect.iscoroutinefunction(getattr(kind, name, None))


def _around(original: Callable[..., object], around: _Closing | _Loading | _Parsing, returned: _Returned) -> object:
    def call(*args: object, **kwargs: object) -> object:
        guard.run("hook", around.before)
        try:
            result = original(*args, **kwargs)
        except BaseException as error:
            guard.run("hook", around.raised, error)
            raise
        guard.run("hook", returned, result, kwargs)
        return result

    return call


def _around_async(
    original: Callable[..., Awaitable[object]], around: _Closing | _Loading | _Parsing, returned: _Returned
) -> object:
    async def call(*args: object, **kwargs: object) -> object:
        guard.run("hook", around.before)
        try:
            result = await original(*args, **kwargs)
        except BaseException as error:
            guard.run("hook", around.raised, error)
            raise
        guard.run("hook", returned, result, kwargs)
        return result

    return call
