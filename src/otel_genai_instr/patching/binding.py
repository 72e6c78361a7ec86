"""Whatever stands in a class for a method, called as a function whose first argument is the object.

Others were there before us: their wrappers can be any descriptor, and count on being bound.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable
from types import FunctionType
from typing import Any, cast

Function = Callable[..., object]


def as_function(present: object) -> Function:
    """``present``, an entry of a class's ``__dict__``, as a function; a coroutine function if it is one.

    A plain function is returned as it is. Anything else is bound at each call, as an attribute of the object would be.
    """
    if type(present) is FunctionType:
        return present
    if inspect.iscoroutinefunction(present):

        async def call_awaited(instance: object, /, *args: Any, **kwargs: Any) -> object:
            return await cast("Callable[..., Awaitable[object]]", _bound(present, instance))(*args, **kwargs)

        return functools.wraps(cast(Function, present))(call_awaited)

    def call(instance: object, /, *args: Any, **kwargs: Any) -> object:
        return _bound(present, instance)(*args, **kwargs)

    return functools.wraps(cast(Function, present))(call)


def _bound(present: object, instance: object) -> Function:
    """``present`` as Python finds it on ``instance``."""
    bind = getattr(type(present), "__get__", None)
    return cast(Function, present) if bind is None else bind(present, instance, type(instance))
