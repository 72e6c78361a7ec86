"""Tools that the SDK runs in loops of its own: functions, a browser, a computer.

Read in ``lib/responses_tool_runner.py``, ``lib/browser.py`` and ``lib/computer.py`` of 3.57.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from ...model import ToolRun
from ..fields import as_str, fields_of

_COMPUTER: Final = "computer"


def read_function(args: tuple[Any, ...], _kwargs: Mapping[str, object]) -> ToolRun | None:
    """``_execute_function(self, run, item)`` of a runner, which has registered the function under its name."""
    runner, _run, item = args
    read = _read_call(item)
    if read is not None:
        tool = fields_of(fields_of(fields_of(runner).get("_functions")).get(read.name)).get("tool")
        read.description = as_str(fields_of(tool).get("description"))
    return read


def read_browser(args: tuple[Any, ...], kwargs: Mapping[str, object]) -> ToolRun | None:
    """``_dispatch(self, call, *, skip=...)`` of the browser's tools: after one that failed, the others don't run."""
    return None if kwargs.get("skip") else _read_call(args[1])


def read_computer(args: tuple[Any, ...], _kwargs: Mapping[str, object]) -> ToolRun:
    """``_dispatch(self, call, ...)`` of the computer, whose calls have no name."""
    return ToolRun(_COMPUTER, as_str(fields_of(args[1]).get("call_id")))


def read_output(result: object) -> object:
    """What the model will be told. The browser's tools say besides whether they did what they should."""
    output = cast("tuple[object, ...]", result)[0] if isinstance(result, tuple) else result
    return fields_of(output).get("output")


def _read_call(item: object) -> ToolRun | None:
    said = fields_of(item)
    name = as_str(said.get("name"))
    return None if name is None else ToolRun(name, as_str(said.get("call_id")), arguments=said.get("arguments"))
