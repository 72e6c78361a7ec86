"""Methods of single objects, observed in place, so that the caller keeps the object the SDK made.

A hook lives in the object's own ``__dict__`` until what it waits for has come. Until then it refers to its object
strongly: ``create(...).parse()`` drops the object before the call. While the method runs, its hook is out of the way,
so that no hook can call itself, whatever other instrumentations have put around the object.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Awaitable, Callable, Mapping
from types import FrameType
from typing import Any, Final, Protocol

from .. import guard
from ..records import define


@define
class Hook:
    """What we have put in the place of one method of one object."""

    methods: dict[str, Any]
    """The object's own ``__dict__``."""
    name: str
    before: object
    """What somebody else had put there; ``None`` where the method is that of the class."""
    call: object = None
    """Ours, until it is let go."""

    aside: bool = False
    """Out of the way, while the method runs."""

    def step_aside(self) -> None:
        """Let the method be what it was before, unless another one's hook stands around ours: that stays."""
        if self.call is None or self.methods.get(self.name) is not self.call:
            return
        if self.before is None:
            del self.methods[self.name]
        else:
            self.methods[self.name] = self.before
        self.aside = True

    def step_back(self) -> None:
        """Undo :meth:`step_aside`, unless it was let go meanwhile."""
        if self.aside and self.call is not None:
            self.methods[self.name] = self.call
        self.aside = False

    def let_go(self) -> None:
        """Take it out for good."""
        self.step_aside()
        self.call = None  # it holds this hook, too


Hooked = list[Hook]


class Watch(Protocol):
    """Who is told how the reading of an HTTP response went."""

    busy: bool
    """Something is being read: how that ends says how the response ends."""
    hooked: Hooked
    """The hooks that tell it. One that stayed after the end would keep its object alive in a cycle."""

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
    _hook(response, names, _Closing(watch), watch)


def hook_read(response: object, watch: Watch) -> None:
    """Tell ``watch`` when the body of ``response`` was loaded as a whole."""
    _hook(response, ("read", "aread"), _Loading(watch), watch)


def hook_parse(raw: object, watch: Watch, parsed: Callable[[object, bool], None]) -> None:
    """Call ``parsed`` with what ``raw.parse()`` first made, and whether the caller asked for a type of their own."""
    _hook(raw, ("parse",), _Parsing(parsed), watch)


def let_go(hooked: Hooked) -> None:
    """Take hooks out of their objects."""
    for hook in hooked:
        hook.let_go()
    hooked.clear()


class _Closing:
    """Around one ``close()``."""

    once: Final = False

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._because: BaseException | None = None

    def before(self) -> None:
        # A ``with`` block that is left by an exception closes the response while that one is being handled.
        self._because = sys.exc_info()[1]

    def returned(self, result: object, arguments: Mapping[str, object]) -> None:
        because, self._because = self._because, None  # its traceback holds whoever closed
        # A generator below was dropped and closes what it has read from, perhaps because of an exception that is
        # still on its way to the ``with`` block, which will close again.
        if not isinstance(because, GeneratorExit) or not _caller_is_left_by(because):
            self._watch.closed(because)

    def raised(self, error: BaseException) -> None:
        because, self._because = self._because, None
        self._watch.failed(because or error)


def _caller_is_left_by(error: BaseException) -> bool:
    """Whether whoever calls the hooked method is the very frame that ``error`` was raised in."""
    frame: FrameType | None = sys._getframe()  # pyright: ignore[reportPrivateUsage]
    while frame is not None and frame.f_globals.get("__name__") in (__name__, guard.__name__):
        frame = frame.f_back
    return error.__traceback__ is not None and error.__traceback__.tb_frame is frame


class _Loading:
    """Around one ``read()``, which closes the response before it has put the body together."""

    once: Final = False

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def before(self) -> None:
        self._watch.busy = True

    def returned(self, result: object, arguments: Mapping[str, object]) -> None:
        self._watch.busy = False
        self._watch.drained()

    def raised(self, error: BaseException) -> None:
        self._watch.busy = False
        self._watch.failed(error)


class _Parsing:
    """Around the first ``parse()`` that succeeds: the next one returns the same. A failed one may be tried again."""

    once: Final = True

    def __init__(self, parsed: Callable[[object, bool], None]) -> None:
        self._parsed = parsed

    def before(self) -> None:
        pass

    def returned(self, result: object, arguments: Mapping[str, object]) -> None:
        self._parsed(result, bool(arguments))

    def raised(self, error: BaseException) -> None:
        pass


def _hook(instance: object, names: tuple[str, ...], around: _Closing | _Loading | _Parsing, watch: Watch) -> None:
    """Put ``around`` around methods of this one object, if it keeps methods of its own."""
    instance = _innermost(instance)
    methods: dict[str, Any] | None = getattr(instance, "__dict__", None)
    if methods is None or type(instance) is not instance.__class__:
        return
    for name in names:
        original = getattr(instance, name, None)
        if original is not None:
            wrap = _around_async if is_async(type(instance), name) else _around
            hook = Hook(methods, name, methods.get(name))
            methods[name] = hook.call = wrap(original, around, hook)
            watch.hooked.append(hook)


def _innermost(instance: Any) -> object:
    """The object that a transparent proxy stands for: its ``__dict__`` is what the proxy gives out as its own."""
    while type(instance) is not instance.__class__ and hasattr(instance, "__wrapped__"):
        instance = instance.__wrapped__
    return instance


@functools.lru_cache(maxsize=256)
def is_async(kind: type, name: str) -> bool:
    """Whether a method of this class is a coroutine function; asking takes long."""
    return inspect.iscoroutinefunction(getattr(kind, name, None))


def _around(original: Callable[..., object], around: _Closing | _Loading | _Parsing, hook: Hook) -> object:
    def call(*args: object, **kwargs: object) -> object:
        guard.run("hook", around.before)
        guard.run("hook", hook.step_aside)
        try:
            try:
                result = original(*args, **kwargs)
            finally:
                guard.run("hook", hook.step_back)
        except BaseException as error:
            guard.run("hook", around.raised, error)
            raise
        if around.once:
            guard.run("hook", hook.let_go)
        guard.run("hook", around.returned, result, kwargs)
        return result

    return call


def _around_async(
    original: Callable[..., Awaitable[object]], around: _Closing | _Loading | _Parsing, hook: Hook
) -> object:
    async def call(*args: object, **kwargs: object) -> object:
        guard.run("hook", around.before)
        guard.run("hook", hook.step_aside)
        try:
            try:
                result = await original(*args, **kwargs)
            finally:
                guard.run("hook", hook.step_back)
        except BaseException as error:
            guard.run("hook", around.raised, error)
            raise
        if around.once:
            guard.run("hook", hook.let_go)
        guard.run("hook", around.returned, result, kwargs)
        return result

    return call
