"""The life of one step that is no call to a model: a workflow, an agent, a tool, a retrieval, ..."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from opentelemetry import trace

from .. import guard
from ..model import Failure
from ..semconv import attributes as names
from ..semconv import own, values
from ..settings import CallSeen, Tier
from ..text import class_name
from . import content, limits
from .attributes import Attributes, add_failure
from .captured import Captured
from .current import current as current_context
from .life import Ended, Life, Parts
from .price_wait import PriceWait, wait_for
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


class Step(Life):
    """One step from its start until its end."""

    _price_wait: PriceWait | None = None
    """Of an outermost one that began before prices were there."""

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
        inside = scope if self._tally is None else self._scope_inside(self._tally)
        if inside.price_wait is None and telemetry.settings.cost and (wait := wait_for(telemetry.pricer)) is not None:
            self._price_wait = wait
            inside = replace(inside, price_wait=wait)
        inner = parent if inside is scope else with_scope(parent, inside)
        self._start_ns = telemetry.clock.wall_ns()
        self._started = telemetry.clock.monotonic()
        self.span = telemetry.tracer.start_span(
            " ".join(part for part in (operation, target) if part),
            parent,
            traits.kind,
            attributes,
            start_time=self._start_ns,
        )
        guard.run("content.start", self._choose_content)
        self.context = trace.set_span_in_context(self.span, inner)

    def _choose_content(self) -> None:
        self._captured = Captured(self._telemetry, self._scope.content, self.span, has_event=False)

    def _scope_inside(self, tally: Tally) -> Scope:
        scope = replace(self._scope, tallies=(*self._scope.tallies, tally))
        if self._operation != values.INVOKE_AGENT:
            return scope
        name = self._attributes.get(names.AGENT_NAME)
        return replace(scope, agent=tally, agent_name=name if isinstance(name, str) else None)

    @property
    def wants_content(self) -> bool:
        """Whether arguments, results, documents, ... may be recorded: the end says for sure."""
        return self._captured is not None and self._captured.reads

    def _waits_for_prices(self, wait: PriceWait) -> bool:
        return wait.is_pending

    def _parts(self, ended: Ended) -> Parts:
        if self._price_wait is not None:
            guard.run("price_wait", self._price_wait.close)
        return self._PARTS

    def _find_failure(self, ended: Ended) -> None:
        if ended.error is not None:
            kind = type(ended.error)
            ended.failure = Failure(kind.__qualname__)  # should a class of the app's not tell its module
            ended.failure = Failure(class_name(kind))

    def _record(self, ended: Ended) -> None:
        self._telemetry.metrics.steps.record(
            self._operation,
            self._attributes,
            self._scope.dimensions,
            ended.failure,
            ended.seconds,
            self._tally,
            self.context,
        )

    def _count(self, ended: Ended) -> None:
        if self._scope.tallies:
            failed = ended.failure is not None
            count_step(self._scope.tallies, self._scope.agent, self._operation, failed, self.span)

    def _write(self, ended: Ended) -> None:
        if not self.span.is_recording():
            return
        written: Attributes = {}
        if ended.failure is not None:
            add_failure(written, ended.failure)
        if self._tally is not None:
            add_totals(written, self._tally)
        if ended.rule.is_error:
            self.span.set_status(trace.StatusCode.ERROR, ended.message)
        limits.write(self.span, self._attributes, written)

    def _seen(self, ended: Ended) -> CallSeen:
        return CallSeen(
            operation=self._operation or "", model=None, attributes=dict(self._attributes), error=ended.error
        )

    def _write_content(self, _ended: Ended) -> None:
        """Before all else: limits drop what was said first."""
        captured = self._captured
        if captured is None or not captured.reads or self.tier is not Tier.FULL or self.read_content is None:
            return
        captured.structure = {name: content.plain(value) for name, value in self.read_content().items()}
        if captured.structure:
            written: Attributes = {own.CONTENT_TIER: self.tier.value}
            tool = self._attributes.get(names.TOOL_NAME)
            captured.redact(written, tool if isinstance(tool, str) else None)
            captured.store(written, self._start_ns, self._attributes)
            texts = captured.fit(written)
            limits.write(self.span, self._attributes, {**texts, **written})

    def _emit(self, ended: Ended) -> None:
        if self._traits.kind is trace.SpanKind.CLIENT:
            self._emit_exception(ended)

    _PARTS: ClassVar[Parts] = {
        _find_failure: "step.error",
        _record: "step.metrics",
        _count: "step.tally",
        Life._settle_content: "content.settle",
        Life._read_message: "read.error",
        _write_content: "step.content",
        _write: "step.attributes",
        _emit: "step.exception",
    }


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
