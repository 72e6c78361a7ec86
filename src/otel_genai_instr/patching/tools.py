"""A tool that an SDK runs by itself, in a loop of its own, becomes a step, as a block of the application's would be."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol, cast

from .. import guard
from ..telemetry.current import current, enter, is_observed, leave
from ..telemetry.telemetry import Telemetry
from ..telemetry.tools import ToolStep, is_tool_block
from .binding import Function, standing_for
from .contract import Arguments, Keywords, Tool


class Switch(Protocol):
    """Tells at each call whether the instrumentation is on."""

    telemetry: Telemetry | None


def wrap_tool(original: Function, seam: Tool, switch: Switch) -> Function:
    """``original``, which runs a tool, with a step around it, as the same kind of function."""
    if inspect.iscoroutinefunction(original):
        return _around_coroutine(cast("Callable[..., Awaitable[object]]", original), seam, switch)
    return _around(original, seam, switch)


def _around(original: Function, seam: Tool, switch: Switch) -> Function:
    @standing_for(original)
    def call(*args: object, **kwargs: object) -> object:
        step = None
        try:
            step = begin_tool(switch, seam, args, kwargs)
        except Exception as fault:
            guard.report("tool", fault)
        if step is None:
            return original(*args, **kwargs)
        token = enter(step.context)
        try:
            result = original(*args, **kwargs)
        except BaseException as error:
            guard.run("fail", step.fail, error)
            raise
        finally:
            with contextlib.suppress(ValueError):  # a dropped coroutine is closed in whatever context that runs
                leave(token)
        guard.run("conclude", step.answered, partial(seam.read_result, result))
        return result

    return call


def _around_coroutine(original: Callable[..., Awaitable[object]], seam: Tool, switch: Switch) -> Function:
    @standing_for(original)
    async def call(*args: object, **kwargs: object) -> object:
        step = None
        try:
            step = begin_tool(switch, seam, args, kwargs)
        except Exception as fault:
            guard.report("tool", fault)
        if step is None:
            return await original(*args, **kwargs)
        token = enter(step.context)
        try:
            result = await original(*args, **kwargs)
        except BaseException as error:
            guard.run("fail", step.fail, error)
            raise
        finally:
            with contextlib.suppress(ValueError):  # a dropped coroutine is closed in whatever context that runs
                leave(token)
        guard.run("conclude", step.answered, partial(seam.read_result, result))
        return result

    return call


def begin_tool(switch: Switch, seam: Tool, args: Arguments, kwargs: Keywords) -> ToolStep | None:
    """Start the step of a tool; ``None`` when it is not to be observed, or a block of the app's stands around it."""
    telemetry, here = switch.telemetry, current()
    if telemetry is None or not is_observed(here):
        return None
    run = seam.unpack(args, kwargs)
    if run is None or is_tool_block(here, run.name):
        return None
    return ToolStep(telemetry, run)
