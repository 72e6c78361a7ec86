"""Makes a function of ours raise, wherever it is referred to: its code is exchanged, not its name.

Tables hold function objects and modules import them by name, so patching a name would leave some calls as
they were. A function object keeps its identity when its ``__code__`` is exchanged.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any, Final

import otel_genai_instr

_CALL_PATH: Final = (
    "telemetry",
    "patching",
    "providers",
    "pricing",
    "privacy",
    "store",
    "text",
    "settings",
    "withheld",
)


class Fault(Exception):
    """A fault of ours."""


hits = 0
"""How often the function that was made to raise was called."""
_raised: type[BaseException] = Fault


def hit() -> None:
    """Called by the function that was made to raise.

    Raises:
        Fault: always, or what :func:`raising` was told.
    """
    global hits
    hits += 1
    raise _raised


def functions() -> dict[str, FunctionType]:
    """Every function, method and property written in the rooms on the call path, by its qualified name."""
    found: dict[str, FunctionType] = {}
    for module in _modules():
        for function in _functions_in(module):
            path = module.__name__.removeprefix("otel_genai_instr.")
            found[f"{path}:{function.__qualname__}"] = function
    return found


@contextmanager
def raising(function: FunctionType, what: type[BaseException] = Fault) -> Generator[None, None, None]:
    """``function`` raises ``what`` instead of doing its work; :data:`hits` counts from zero."""
    global hits, _raised
    original = function.__code__
    function.__code__ = _raising_code(original)
    hits, _raised = 0, what
    try:
        yield
    finally:
        function.__code__ = original


@contextmanager
def recording(called: set[CodeType]) -> Generator[None, None, None]:
    """Puts into ``called`` the code of every Python function that is called meanwhile, here and in new threads."""

    def note(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call":
            called.add(frame.f_code)

    sys.setprofile(note)
    threading.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(None)
        threading.setprofile(None)  # pyright: ignore[reportArgumentType]  # of older type stubs


def _raising_code(original: CodeType) -> CodeType:
    if original.co_flags & inspect.CO_COROUTINE:
        template: Callable[..., object] = _raise_async
    elif original.co_flags & inspect.CO_GENERATOR:
        template = _raise_generator
    else:
        template = _raise
    code: CodeType = template.__code__  # pyright: ignore[reportFunctionMemberAccess]
    return code.replace(co_freevars=original.co_freevars, co_name=original.co_name)


# Their code runs with the globals of the function it replaces, hence the imports inside.
def _raise(*args: object, **kwargs: object) -> None:
    from tests.robustness.injection import hit

    hit()


async def _raise_async(*args: object, **kwargs: object) -> None:
    from tests.robustness.injection import hit

    hit()


def _raise_generator(*args: object, **kwargs: object) -> Iterator[None]:
    from tests.robustness.injection import hit

    hit()
    yield


def _modules() -> Iterator[ModuleType]:
    for info in pkgutil.walk_packages(otel_genai_instr.__path__, "otel_genai_instr."):
        if info.name.split(".")[1] in _CALL_PATH:
            yield importlib.import_module(info.name)


def _functions_in(module: ModuleType) -> Iterator[FunctionType]:
    for member in vars(module).values():
        if isinstance(member, type) and member.__module__ == module.__name__:
            for attribute in vars(member).values():
                yield from _written_in(module, attribute)
        else:
            yield from _written_in(module, member)


def _written_in(module: ModuleType, member: Any) -> Iterator[FunctionType]:
    """The function behind a member, if its code stands in this module: what dataclasses generate does not."""
    if isinstance(member, property):
        member = member.fget
    elif isinstance(member, staticmethod | classmethod):
        member = member.__func__  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    elif isinstance(member, functools._lru_cache_wrapper):  # pyright: ignore[reportPrivateUsage]
        member = member.__wrapped__
    if isinstance(member, FunctionType) and member.__code__.co_filename == module.__file__:
        yield member
