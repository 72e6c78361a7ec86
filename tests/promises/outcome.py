"""Lives through a cell once, with and without the instrumentation, and keeps what came of it."""

from __future__ import annotations

import functools
import gc
import json
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from opentelemetry import context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider

from ..support.capture import Capture, CountingIds
from ..support.replies import Received, Reply, Step
from ..support.under_test import Case, Ending, Transport
from .either import run
from .stories import User

USER_SPAN_ID: Final = 1
"""Ids are counted."""


@dataclass(frozen=True)
class Outcome:
    """Everything that came of a cell."""

    diary: list[Any]
    error: type[BaseException] | None
    """Class of the exception that reached the user."""
    received: list[Received]
    strayed: list[str]
    complaints: list[str]
    """What was only logged, or raised where nobody could catch it."""
    operations: list[ReadableSpan]
    """Spans of the instrumentation."""
    snapshot: dict[str, Any]
    """The whole telemetry, without the user's own span."""
    context_restored: bool


def instrumented(case: Case) -> Outcome:
    """The cell with the instrumentation on."""
    return _live(case, True)


def without(case: Case) -> Outcome:
    """The cell as it is without us."""
    return _live(replace(case, content=False), False)


@functools.cache
def _live(case: Case, on: bool) -> Outcome:
    capture = Capture()
    user_spans = TracerProvider(resource=Resource.get_empty(), id_generator=CountingIds(), shutdown_on_exit=False)
    with case.provider.transport(capture.clock) as transport:
        user = User(case, case.provider.connect(transport, case.is_async), user_spans.get_tracer("user"))
        transport.then(*replies_of(case, transport, user.cancel))
        if on:
            capture.instrument(capture_content="span_and_event" if case.content else "no_content")
        before = context.get_current()
        gc.freeze()  # the collector need only look at what the story leaves behind, now and later: outcomes are kept
        try:
            with _Listening() as listening:
                run(user.tell(), is_async=case.is_async, complaints=listening.heard)
        finally:
            capture.uninstrument()
    return Outcome(
        diary=user.diary,
        error=user.error,
        received=transport.received,
        strayed=user.strayed,
        complaints=listening.heard,
        operations=capture.spans(),
        snapshot=capture.snapshot(),
        context_restored=context.get_current() == before,
    )


class _Listening(logging.Handler):
    """Hears what OpenTelemetry logs and what is raised in a destructor."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(record.getMessage())

    def __enter__(self) -> _Listening:
        self._hook = sys.unraisablehook
        sys.unraisablehook = lambda raised: self.heard.append(repr(raised.exc_value))
        logging.getLogger().addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        sys.unraisablehook = self._hook
        logging.getLogger().removeHandler(self)


def replies_of(case: Case, transport: Transport, cancel: Callable[[], None]) -> list[Reply]:
    """The script of the provider."""
    if case.ending is Ending.REFUSED:
        return [case.provider.refusal()]
    if case.ending is Ending.UNREACHABLE:
        return [transport.unreachable()]
    disturbance: list[Step] = []
    if case.ending is Ending.MIDWAY:
        disturbance = [transport.dead_line()]
    elif case.ending is Ending.INTERRUPTED:
        disturbance = [KeyboardInterrupt("ctrl-c")]
    elif case.ending is Ending.CANCELLED:
        disturbance = [cancel]
    return [_stream(case, disturbance) if case.form.streams else _body(case, disturbance)]


def _stream(case: Case, disturbance: list[Step]) -> Reply:
    api, provider = case.api, case.provider
    events = [provider.frame(event) for event in api.chunks()]
    end: list[Step] = [api.end] if api.end else []  # a body has no empty pieces
    steps: list[Step] = [0.2, *events[: api.cut], 0.1, *disturbance, *events[api.cut :], *end]
    return Reply(200, steps, {"content-type": provider.stream_type, **provider.headers})


def _body(case: Case, disturbance: list[Step]) -> Reply:
    body = json.dumps(case.api.answer()).encode()
    cut = len(body) // 2
    steps: list[Step] = [0.5, body[:cut], *disturbance, body[cut:]]
    return Reply(200, steps, {"content-type": "application/json", **case.provider.headers})
