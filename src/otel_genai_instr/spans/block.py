"""What all blocks have in common: they are entered with ``with``, or stand above a function as a decorator."""

from __future__ import annotations

import contextlib
import copy
import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextvars import Token
from types import TracebackType
from typing import Any, Final, Self, TypeVar, cast

from opentelemetry.context import Context

from .. import guard
from ..telemetry.current import enter, leave

_F = TypeVar("_F", bound="Callable[..., Any] | property | classmethod[Any, ..., Any] | staticmethod[..., Any]")

_RECEIVERS: Final = frozenset({"self", "cls"})


class Around:
    """Holds for what runs inside its ``with`` block, in the threads, tasks and executors that get its context too.

    Each one is entered once: state that two requests could share would mix them up.
    """

    __slots__ = ("_context", "_token", "_used")

    def __init__(self) -> None:
        self._used = False
        self._context: Context | None = None
        self._token: Token[Context] | None = None

    def __enter__(self) -> Self:
        self._begin()
        self._enter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._leave()
        self._end(error)

    def _open(self) -> Context:
        """Start, and say which context is current inside. A fault is reported and the block then does nothing."""
        raise NotImplementedError

    def _close(self, error: BaseException | None) -> None:
        """End; ``error`` is on its way to the caller."""

    def _begin(self) -> None:
        if self._used:
            raise RuntimeError(f"this {type(self).__name__} was entered before; make a new one for each `with`")
        self._used = True
        try:
            self._context = self._open()
        except Exception as fault:
            guard.report("block.open", fault)

    def _enter(self) -> None:
        if self._context is not None:
            self._token = enter(self._context)

    def _leave(self) -> None:
        token, self._token = self._token, None
        if token is not None:
            # Whatever is dropped while suspended is closed in the collector's context, where ours never was current.
            with contextlib.suppress(ValueError):
                leave(token)

    def _end(self, error: BaseException | None) -> None:
        self._context = None
        guard.run("block.close", self._close, error)


class Block(Around):
    """An :class:`Around` that is a decorator as well: each call of the function is in a new block of its own.

    Functions, coroutines, generators, asynchronous generators, methods, class and static methods (on either side of
    their decorator) and properties keep their type and signature. A generator's block lasts until it is drained,
    closed or dropped, and is current only while its body runs, not between two items.
    """

    __slots__ = ()

    def __call__(self, function: _F) -> _F:
        """``function`` in a block.

        Raises:
            TypeError: for something that is no function, method or property.
        """
        return cast(_F, self._decorated(function))

    def _named_after(self, _name: str) -> Self:
        """This block, or a copy of it that takes the function's name because it was given none."""
        return self

    def _called(self, _arguments: Callable[[], Mapping[str, object]]) -> None:
        """The function is about to be called. Ask for its arguments only when they are recorded."""

    def _returned(self, _result: object) -> None:
        """The function returned."""

    def _decorated(self, function: object) -> object:
        if isinstance(function, property):
            parts = (function.fget, function.fset, function.fdel)
            return property(*(part and self._around(part) for part in parts), doc=function.__doc__)
        if isinstance(function, classmethod | staticmethod):
            method = cast("classmethod[Any, ..., Any] | staticmethod[..., Any]", function)
            return type(method)(self._around(method.__func__))
        if not callable(function) or isinstance(function, type):
            raise TypeError(
                f"{type(self).__name__} can't decorate {function!r}; allowed: functions, methods, properties"
            )
        return self._around(function)

    def _around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        block = self._named_after(getattr(function, "__name__", type(function).__name__))
        called: object = getattr(function, "__call__", None)  # noqa: B004  # of an object, it tells what a call returns
        for kind in (function, called):
            if inspect.isasyncgenfunction(kind):
                return block._around_async_generator(function)
            if inspect.isgeneratorfunction(kind):
                return block._around_generator(function)
            if inspect.iscoroutinefunction(kind):
                return block._around_coroutine(function)
        signature = _signature_of(function)

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            with block._fresh() as fresh:
                guard.run("block.arguments", fresh._called, lambda: _arguments(signature, args, kwargs))
                result = function(*args, **kwargs)
                guard.run("block.result", fresh._returned, result)
                return result

        return call

    def _fresh(self) -> Self:
        """A block of its own for each call."""
        return copy.copy(self)

    def _around_coroutine(self, function: Callable[..., Any]) -> Callable[..., Any]:
        signature = _signature_of(function)

        @functools.wraps(function)
        async def call(*args: Any, **kwargs: Any) -> Any:
            with self._fresh() as fresh:
                guard.run("block.arguments", fresh._called, lambda: _arguments(signature, args, kwargs))
                result = await function(*args, **kwargs)
                guard.run("block.result", fresh._returned, result)
                return result

        return call

    def _around_generator(self, function: Callable[..., Any]) -> Callable[..., Any]:
        signature = _signature_of(function)

        @functools.wraps(function)
        def generate(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
            inner = function(*args, **kwargs)
            fresh = self._fresh()
            fresh._begin()
            guard.run("block.arguments", fresh._called, lambda: _arguments(signature, args, kwargs))
            resume: Callable[[Any], Any] = inner.send
            value: Any = None
            try:
                while True:
                    fresh._enter()
                    try:
                        item = resume(value)
                    finally:
                        fresh._leave()
                    try:
                        value = yield item
                        resume = inner.send
                    except BaseException as thrown:
                        value, resume = thrown, inner.throw
            except StopIteration as over:
                fresh._end(value if isinstance(value, GeneratorExit) else None)
                return over.value
            except BaseException as error:
                fresh._end(error)
                raise

        return generate

    def _around_async_generator(self, function: Callable[..., Any]) -> Callable[..., Any]:
        signature = _signature_of(function)

        @functools.wraps(function)
        async def generate(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
            inner = function(*args, **kwargs)
            fresh = self._fresh()
            fresh._begin()
            guard.run("block.arguments", fresh._called, lambda: _arguments(signature, args, kwargs))
            resume: Callable[[Any], Any] = inner.asend
            value: Any = None
            try:
                while True:
                    fresh._enter()
                    try:
                        item = await resume(value)
                    finally:
                        fresh._leave()
                    try:
                        value = yield item
                        resume = inner.asend
                    except BaseException as thrown:
                        value, resume = thrown, inner.athrow
            except StopAsyncIteration:
                fresh._end(value if isinstance(value, GeneratorExit) else None)
            except BaseException as error:
                fresh._end(error)
                raise

        return generate


def _signature_of(function: Callable[..., Any]) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):  # some functions that are written in C have none
        return None


def _arguments(
    signature: inspect.Signature | None, args: tuple[object, ...], kwargs: dict[str, object]
) -> Mapping[str, object]:
    """What was passed, by the names of the parameters; the object or class of a method is left out."""
    if signature is None:
        return kwargs
    try:
        given = signature.bind(*args, **kwargs).arguments
    except TypeError:  # the call itself is about to say so
        return kwargs
    first = next(iter(signature.parameters), None)
    return {name: value for name, value in given.items() if name != first or name not in _RECEIVERS}
