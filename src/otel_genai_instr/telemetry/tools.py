"""Runs of tools: by an SDK, by the application, and how the two keep from telling of the same run twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final

from opentelemetry import context, trace
from opentelemetry.context import Context

from ..model import ToolRun
from ..semconv import attributes as names
from ..semconv import values
from . import content
from .attributes import Attributes
from .steps import Step
from .telemetry import Telemetry

_RUNNING: Final = context.create_key("otel-genai-tool")


class ToolStep(Step):
    """A tool that an SDK runs. A block of the app's around the tool itself is told of in the same span."""

    def __init__(self, telemetry: Telemetry, run: ToolRun) -> None:
        """Start the step in the current context."""
        said = {
            names.TOOL_NAME: run.name,
            names.TOOL_CALL_ID: run.call_id,
            names.TOOL_DESCRIPTION: run.description,
        }
        given: Attributes = {name: value for name, value in said.items() if value is not None}
        super().__init__(telemetry, values.EXECUTE_TOOL, run.name, given)
        self.run = run
        self._result: Callable[[], object] | None = None
        self._told: Callable[[], content.Structure] | None = None
        self.context = context.set_value(_RUNNING, self, self.context)
        self.read_content = self._read

    def answered(self, result: Callable[[], object]) -> None:
        """The tool returned; ``result`` is asked for what, where content is captured."""
        self._result = result
        self.finish()

    def join(self, attributes: Attributes, told: Callable[[], content.Structure]) -> bool:
        """A block of the app's stands around the same run, and tells what the SDK doesn't know of it.

        Returns:
            Whether it is the first one: another is a run of its own, inside.
        """
        if self._told is not None:
            return False
        self._told = told
        self._attributes.update(attributes)
        self.span.set_attributes(attributes)
        return True

    def _read(self) -> content.Structure:
        result = None if self._result is None else self._result()
        said = structure_of(content.plain(parsed(self.run.arguments)), content.plain(parsed(result)))
        return said if self._told is None else {**self._told(), **said}


def running_tool(here: Context, name: str) -> ToolStep | None:
    """The tool of this name that an SDK is running here, and nothing else inside it yet."""
    step = here.get(_RUNNING)
    if not isinstance(step, ToolStep) or step.run.name != name or trace.get_current_span(here) is not step.span:
        return None
    return step


def in_tool_block(here: Context, name: str, span: trace.Span) -> Context:
    """``here`` inside a block of the app's for the tool of this name, whose span is ``span``."""
    return context.set_value(_RUNNING, (name, span), here)


def is_tool_block(here: Context, name: str) -> bool:
    """Whether a block of the app's for the tool of this name stands around what happens here, and nothing between."""
    return here.get(_RUNNING) == (name, trace.get_current_span(here))


def structure_of(arguments: object, result: object) -> content.Structure:
    """The content of a run, of JSON data; ``None`` is left out."""
    said = {names.TOOL_CALL_ARGUMENTS: arguments, names.TOOL_CALL_RESULT: result}
    return {name: value for name, value in said.items() if value is not None}


def parsed(given: object) -> object:
    """Text that is JSON as what it says, because models write arguments as text."""
    if not isinstance(given, str):
        return given
    try:
        return json.loads(given)
    except (ValueError, RecursionError):
        return given
