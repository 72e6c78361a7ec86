"""``otel-genai ui``: the stored telemetry in a browser."""

from __future__ import annotations

import sys
import webbrowser
from argparse import Namespace
from typing import TYPE_CHECKING, Final

from .conversation import sections
from .problems import Problem
from .report import PAGE_NEEDS, asked_from
from .sources import open_source, require, require_reports
from .tables import say
from .trace_sources import whole_traces

if TYPE_CHECKING:
    from ..page.waterfall import Said
    from ..reports.traces.trace import Trace
    from ..ui.source import Opened

_NEEDED: Final = (*PAGE_NEEDS, "starlette", "uvicorn")


def ui(options: Namespace) -> int:
    """Run the command until it is interrupted, and return its exit code."""
    require_reports()
    require(_NEEDED, "ui")
    from ..ui.serving import serve

    usual = {name: getattr(options, name) for name in ("last", "since", "until", "tz")}
    asked_from(options, ())  # what can't be meant is said before anything is read
    first = [_opened(options)]  # so is what can't be read

    def open_now() -> Opened:
        return first.pop() if first else _opened(options)

    def on_ready(address: str, once: str) -> None:
        say(address)
        say("Ctrl-C ends it")
        sys.stdout.flush()
        if not options.no_open:
            webbrowser.open(once)

    try:
        serve(open_now, usual, options.port, on_ready)
    except OSError as error:
        raise Problem(f"--port {options.port}: {error.strerror or error}") from None
    return 0


def _opened(options: Namespace) -> Opened:
    from ..ui.source import Opened

    found = open_source(options.source, options.prices)
    return Opened(found.tables, whole_traces(found, options.prices), _said, found.notes)


def _words(name: str) -> str:
    """``tool call arguments``, of an attribute; who spoke, as it is."""
    return name.removeprefix("gen_ai.").replace(".", " ").replace("_", " ") if name.startswith("gen_ai.") else name


def _said(trace: Trace) -> dict[str, Said]:
    """What was said in the spans of a trace, in the words of ``otel-genai debug``; of an error what it says."""
    found: dict[str, Said] = {}
    for span in trace.spans:
        said = [(_words(name), text) for name, text in sections(span.content, indent=2)]
        if span.status_message:
            said.append(("error", span.status_message))
        if said:
            found[span.span_id] = said
    return found
