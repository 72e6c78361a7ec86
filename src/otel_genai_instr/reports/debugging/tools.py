"""Did tools do what they were called for, and were they called as they can be?"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from ...semconv import attributes as names
from ...trace_words import counted
from ..kinds import CALL, TOOL
from ..traces.trace import Trace, TraceSpan
from .finding import Finding, Verdict, quoted
from .history import History
from .words import Part, items, output_parts

NAME: Final = "tools"
_SAME: Final = 3
"""Runs of one tool with the same arguments, from which on it is a loop."""


def check(trace: Trace, history: History) -> Iterator[Finding]:
    """Look at every run of a tool, and at what models called."""
    runs = trace.of_kind(TOOL)
    calls = [(call, part) for call in trace.of_kind(CALL) for part in output_parts(call) or () if _is_call(part)]
    found = [*_runs(runs), *_loops(runs), *_called(calls)]
    yield from found
    if found:
        return
    if not runs and not calls:
        yield Finding(NAME, Verdict.ABSENT, "no tool was called")
        return
    seen = any(names.TOOL_CALL_ARGUMENTS in run.attributes for run in runs)
    arguments = "arguments well formed" if calls or seen else "arguments weren't captured"
    ran = f"{counted(len(runs), 'tool')} ran, none failed" if runs else f"{counted(len(calls), 'call')} of tools"
    yield Finding(NAME, Verdict.OK, f"{ran}; {arguments}")


def _is_call(part: Part) -> bool:
    return part.get("type") == "tool_call"


def _runs(runs: list[TraceSpan]) -> Iterator[Finding]:
    for run in runs:
        arguments = run.said(names.TOOL_CALL_ARGUMENTS)
        if run.failed:
            why = f": {quoted(message)}" if (message := message_of(run)) else ""
            yield Finding(
                NAME, Verdict.PROBLEM, f"{_name(run)} failed with {run.cells['error'] or 'an error'}{why}", run
            )
        elif isinstance(arguments, str) and _is_broken(arguments):
            yield Finding(
                NAME, Verdict.PROBLEM, f"{_name(run)} got arguments that are no JSON: {quoted(arguments)}", run
            )


def _loops(runs: list[TraceSpan]) -> Iterator[Finding]:
    known = [run for run in runs if names.TOOL_CALL_ARGUMENTS in run.attributes]
    alike = Counter((_name(run), str(run.attributes[names.TOOL_CALL_ARGUMENTS])) for run in known)
    for (name, arguments), count in alike.items():
        if count >= _SAME:
            last = next(run for run in reversed(known) if _name(run) == name)
            evidence = f"{name} ran {count} times with the same arguments: {quoted(arguments)}"
            yield Finding(NAME, Verdict.WARNING, evidence, last)


def _called(calls: list[tuple[TraceSpan, Part]]) -> Iterator[Finding]:
    for call, part in calls:
        name, arguments = str(part.get("name")), part.get("arguments")
        tools = {str(tool.get("name")): tool for tool in items(call.said(names.TOOL_DEFINITIONS))}
        if tools and name not in tools:
            yield Finding(NAME, Verdict.PROBLEM, f"the model called {name}, which it wasn't given", call)
            continue
        tool = tools.get(name, {})
        is_function = tool.get("type") == "function"
        if isinstance(arguments, str) and arguments.strip() and (is_function or _is_broken(arguments)):
            broken = f"the model called {name} with arguments that are no JSON: {quoted(arguments)}"
            yield Finding(NAME, Verdict.PROBLEM, broken, call)
        elif missing := _missing(tool, arguments):
            evidence = f"the model called {name} without {', '.join(missing)}, which it requires"
            yield Finding(NAME, Verdict.PROBLEM, evidence, call)


def _missing(tool: Mapping[str, Any], arguments: object) -> list[str]:
    """The parameters that a tool requires, and the arguments don't have."""
    parameters: object = tool.get("parameters")
    required = cast("dict[str, object]", parameters).get("required") if isinstance(parameters, dict) else None
    if not isinstance(required, list) or not isinstance(arguments, dict | None):
        return []
    given = cast("dict[str, object]", arguments or {})
    return [str(name) for name in cast("list[object]", required) if str(name) not in given]


def _is_broken(text: str) -> bool:
    """Whether it begins as JSON does, and is none. Tools may take plain text."""
    if not text.lstrip().startswith(("{", "[")):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return True
    return False


def _name(run: TraceSpan) -> str:
    return run.cells["tool"] or run.name


def message_of(span: TraceSpan) -> str:
    """What an error said; empty where that wasn't recorded."""
    if span.status_message:
        return span.status_message
    messages = (event.attributes.get(names.EXCEPTION_MESSAGE) for event in reversed(span.events))
    return next((message for message in messages if isinstance(message, str) and message), "")
