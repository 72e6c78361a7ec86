"""The life of one step that is no call to a model: a workflow, an agent, a tool, a retrieval, ..."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from opentelemetry import trace
from opentelemetry.context import Context

from .. import guard
from ..model import Failure
from ..semconv import attributes as names
from ..semconv import own, values
from ..text import class_name, encodable
from . import content, events, later
from .attributes import Attributes, add_failure
from .current import current as current_context
from .endings import ENDINGS, Ending
from .scope import NO_SCOPE, Scope, scope_in, with_scope
from .tally import Tally, count_step
from .telemetry import Telemetry


@dataclass(frozen=True, slots=True)
class Traits:
    """What the conventions ask of one kind of step."""

    kind: trace.SpanKind = trace.SpanKind.INTERNAL
    in_conversation: bool = False
    """Carries the id of the surrounding conversation."""
    names_agent: bool = False
    """Carries the name of the surrounding agent."""
    adds_up: bool = False
    """Carries the totals of what happens inside."""


_REMOTE: Final = Traits(kind=trace.SpanKind.CLIENT)
TRAITS: Final[Mapping[str | None, Traits]] = {
    None: Traits(),
    values.INVOKE_WORKFLOW: Traits(in_conversation=True, adds_up=True),
    values.INVOKE_AGENT: Traits(in_conversation=True, adds_up=True),
    values.EXECUTE_TOOL: Traits(in_conversation=True, names_agent=True),
    values.PLAN: Traits(names_agent=True),
    values.GUARDRAIL: Traits(),
    values.RETRIEVAL: _REMOTE,
    values.RERANK: _REMOTE,
    **dict.fromkeys(values.MEMORY_OPERATIONS, _REMOTE),
}
"""By operation; ``None`` is a step without one."""


class Step:
    """One step from its start until its end.

    ``finish``, ``stop`` and ``fail`` may be called from any thread and more than once: the first one ends the step,
    the others do nothing.
    """

    __slots__ = (
        "_attributes",
        "_open",
        "_operation",
        "_scope",
        "_start_ns",
        "_started",
        "_tally",
        "_telemetry",
        "_traits",
        "context",
        "read_content",
        "span",
    )

    def __init__(self, telemetry: Telemetry, operation: str | None, target: str | None, attributes: Attributes) -> None:
        """Start the step and its span, in the current context.

        Args:
            telemetry: where the signals go.
            operation: value of ``gen_ai.operation.name``, one of :data:`TRAITS`; ``None`` for a step without one.
            target: what stands after the operation in the span's name; a plan takes the surrounding agent's.
            attributes: what is known about the step besides; kept and added to.
        """
        parent = current_context()
        scope = scope_in(parent) or NO_SCOPE
        traits = TRAITS[operation]
        if operation is not None:
            attributes[names.OPERATION_NAME] = operation
        if traits.names_agent and scope.agent_name is not None:
            attributes[names.AGENT_NAME] = scope.agent_name
        if traits.in_conversation and scope.conversation_id is not None:
            attributes[names.CONVERSATION_ID] = scope.conversation_id
        for name, value in scope.attributes.items():
            attributes.setdefault(name, value)
        if operation == values.PLAN:
            target = scope.agent_name
        self._telemetry = telemetry
        self._operation = operation
        self._traits = traits
        self._attributes = attributes
        self._scope = scope
        self._open = threading.Lock()
        self._tally = Tally() if traits.adds_up else None
        self.read_content: Callable[[], content.Structure] | None = None
        """Asked at the end for the step's content, only where content is captured: text is written as it is, all
        else as JSON."""
        inner = parent if self._tally is None else with_scope(parent, self._scope_inside(self._tally))
        self._start_ns = telemetry.clock.wall_ns()
        self._started = telemetry.clock.monotonic()
        self.span = telemetry.tracer.start_span(
            " ".join(part for part in (operation, target) if part),
            parent,
            traits.kind,
            attributes,
            start_time=self._start_ns,
        )
        self.context: Context = trace.set_span_in_context(self.span, inner)
        """Current while the step runs, and only then."""

    def _scope_inside(self, tally: Tally) -> Scope:
        scope = replace(self._scope, tallies=(*self._scope.tallies, tally))
        if self._operation != values.INVOKE_AGENT:
            return scope
        name = self._attributes.get(names.AGENT_NAME)
        return replace(scope, agent=tally, agent_name=name if isinstance(name, str) else None)

    @property
    def wants_content(self) -> bool:
        """Whether arguments, results, documents, ... are recorded."""
        return self._telemetry.settings.capture_content.on_span and self.span.is_recording()

    def finish(self) -> None:
        """The step did what it should."""
        self._end(Ending.COMPLETE, None)

    def stop(self) -> None:
        """The caller wanted no more."""
        self._end(Ending.STOPPED, None)

    def drop(self) -> None:
        """Its generator was closed. Where the garbage collector did that, it ends now, but another thread says so."""
        if not later.in_collection():
            self.stop()
        elif not self._open.locked():
            later.do(partial(self._end, Ending.STOPPED, None, self._telemetry.clock.monotonic()))

    def fail(self, error: BaseException) -> None:
        """``error`` is on its way to the caller. ``GeneratorExit`` is an early stop, not a failure."""
        if isinstance(error, GeneratorExit):
            self.drop()
        else:
            self._end(Ending.FAILED, error)

    def _end(self, ending: Ending, error: BaseException | None, at: float | None = None) -> None:
        if not self._open.acquire(blocking=False):
            return
        seconds = (self._telemetry.clock.monotonic() if at is None else at) - self._started
        end_ns = self._start_ns + round(seconds * 1e9)
        try:
            failure: Failure | None = None
            if error is not None:
                failure = Failure(type(error).__qualname__)
                try:
                    failure = Failure(class_name(type(error)))
                except Exception as fault:
                    guard.report("step.error", fault)
            for place, part in (
                ("step.metrics", lambda: self._record(failure, seconds)),
                ("step.tally", lambda: self._count(failure)),
                ("step.attributes", lambda: self._write(ending, failure, error)),
                ("step.content", self._write_content),
                ("step.exception", lambda: self._emit(failure, error, end_ns)),
            ):
                guard.run(place, part)
        finally:
            self.span.end(end_ns)

    def _record(self, failure: Failure | None, seconds: float) -> None:
        self._telemetry.metrics.steps.record(
            self._operation, self._attributes, self._scope.dimensions, failure, seconds, self._tally, self.context
        )

    def _count(self, failure: Failure | None) -> None:
        if self._scope.tallies:
            count_step(self._scope.tallies, self._scope.agent, self._operation, failed=failure is not None)

    def _write(self, ending: Ending, failure: Failure | None, error: BaseException | None) -> None:
        if not self.span.is_recording():
            return
        written: Attributes = {}
        if failure is not None:
            add_failure(written, failure)
        if self._tally is not None:
            add_totals(written, self._tally)
        if ENDINGS[ending].is_error:
            self.span.set_status(trace.StatusCode.ERROR, self._message(error))
        self.span.set_attributes(written)

    def _write_content(self) -> None:
        """Last: limits cut what comes last."""
        if self.read_content is not None and self.wants_content:
            said = self.read_content()
            texts = {name: encodable(value) for name, value in said.items() if isinstance(value, str)}
            rest = {name: content.plain(value) for name, value in said.items() if name not in texts}
            self.span.set_attributes({**texts, **content.as_json(rest)})

    def _emit(self, failure: Failure | None, error: BaseException | None, end_ns: int) -> None:
        if failure is None or self._traits.kind is not trace.SpanKind.CLIENT:
            return
        message = self._message(error)
        stacktrace = "".join(traceback.format_exception(error)) if message is not None else None
        events.emit_exception(self._telemetry.logger, failure, message, stacktrace, end_ns, self.context)

    def _message(self, error: BaseException | None) -> str | None:
        if error is None or not self._telemetry.settings.records_messages_of_errors:
            return None
        try:
            return encodable(str(error))
        except Exception as fault:
            guard.report("read.error", fault)
            return None


def add_totals(attributes: Attributes, tally: Tally) -> None:
    """What happened inside; never under the names of one call, so that sums over spans don't double."""
    attributes[own.TOTAL_INFERENCE_CALLS] = tally.inference_calls
    attributes[own.TOTAL_TOOL_CALLS] = tally.tool_calls
    for name, count in (
        (own.TOTAL_INPUT_TOKENS, tally.input_tokens),
        (own.TOTAL_OUTPUT_TOKENS, tally.output_tokens),
        (own.TOTAL_UNPRICED_CALLS, tally.unpriced_calls),
    ):
        if count:
            attributes[name] = count
    if len(tally.costs) == 1:  # different currencies are never added
        ((currency, cost),) = tally.costs.items()
        attributes[own.TOTAL_COST] = cost
        attributes[own.TOTAL_CURRENCY] = currency
