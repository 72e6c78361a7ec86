"""Whatever stands in a class for a method, called as a function whose first argument is the object.

Others were there before us: their wrappers can be any descriptor, and count on being bound.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable
from types import FunctionType
from typing import Any, TypeVar, cast

Function = Callable[..., object]
_F = TypeVar("_F", bound=Function)


def standing_for(original: Any) -> Callable[[_F], _F]:
    """Decorate a function that stands where ``original`` stood: it says of itself what that said.

    Also in ``__wrapped__``, since some look there, and one step deep, for what kind of function it is.
    """

    def dress(function: _F) -> _F:
        functools.update_wrapper(function, original)
        cast("Any", function).__wrapped__ = getattr(original, "__wrapped__", original)
        return function

    return dress


def as_function(present: object) -> Function:
    """``present``, an entry of a class's ``__dict__``, as a function; a coroutine function if it is one.

    A plain function is returned as it is. Anything else is bound at each call, as an attribute of the object would be.
    """
    if type(present) is FunctionType:
        return present
    if inspect.iscoroutinefunction(present):

        @standing_for(present)
        async def call_awaited(instance: object, /, *args: Any, **kwargs: Any) -> object:
            return await cast("Callable[..., Awaitable[object]]", _bound(present, instance))(*args, **kwargs)

        return call_awaited

    @standing_for(present)
    def call(instance: object, /, *args: Any, **kwargs: Any) -> object:
        return _bound(present, instance)(*args, **kwargs)

    return call


def _bound(present: object, instance: object) -> Function:
    """``present`` as Python finds it on ``instance``."""
    bind = getattr(type(present), "__get__", None)
    return cast(Function, present) if bind is None else bind(present, instance, type(instance))
