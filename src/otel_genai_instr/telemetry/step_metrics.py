"""Metrics of steps that are no calls to a model: how long they took, and how much an agent did itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from opentelemetry.context import Context
from opentelemetry.metrics import Histogram
from opentelemetry.util.types import AttributeValue

from ..model import Failure
from ..semconv import attributes as names
from ..semconv import metrics as instruments
from ..semconv import values
from .scope import Dimensions
from .tally import Tally

MAX_STEP_SERIES: Final = 2000
"""Distinct combinations of names before further ones share a series, one for each operation."""

_CLIENT_DIMENSIONS: Final = (names.OPERATION_NAME, names.PROVIDER_NAME, names.REQUEST_MODEL)
_DIMENSIONS: Final[Mapping[str, tuple[str, ...]]] = {
    values.INVOKE_WORKFLOW: (names.WORKFLOW_NAME,),
    values.INVOKE_AGENT: (names.AGENT_NAME,),
    values.EXECUTE_TOOL: (names.TOOL_NAME, names.TOOL_TYPE, names.AGENT_NAME),
    values.RETRIEVAL: _CLIENT_DIMENSIONS,
    values.RERANK: _CLIENT_DIMENSIONS,
    **dict.fromkeys(values.MEMORY_OPERATIONS, _CLIENT_DIMENSIONS),
}
"""Which attributes of a step tell its series apart. An operation that isn't here has no metric."""

_Attributes = dict[str, AttributeValue]


class StepMetrics:
    """The instruments of steps on one meter provider."""

    def __init__(self, histogram: Callable[[instruments.Instrument], Histogram], operation_duration: Histogram) -> None:
        self._durations: Final[Mapping[str, Histogram]] = {
            **dict.fromkeys(_DIMENSIONS, operation_duration),
            values.INVOKE_WORKFLOW: histogram(instruments.INVOKE_WORKFLOW_DURATION),
            values.INVOKE_AGENT: histogram(instruments.INVOKE_AGENT_DURATION),
            values.EXECUTE_TOOL: histogram(instruments.EXECUTE_TOOL_DURATION),
        }
        self._inference_calls = histogram(instruments.INVOKE_AGENT_INFERENCE_CALLS)
        self._tool_calls = histogram(instruments.INVOKE_AGENT_TOOL_CALLS)
        self._series: Final[dict[tuple[object, ...], _Attributes]] = {}

    def record(
        self,
        operation: str | None,
        attributes: Mapping[str, AttributeValue],
        dimensions: Dimensions,
        failure: Failure | None,
        seconds: float,
        tally: Tally | None,
        context: Context,
    ) -> None:
        """Note a step that ended. ``tally`` holds what an agent did itself; other steps have none to record."""
        duration = self._durations.get(operation) if operation is not None else None
        if operation is None or duration is None:
            return
        series = self._find(operation, attributes, dimensions)
        # Not kept: the type of a failure is low-cardinality by intent, but not by guarantee.
        timed = series if failure is None else {**series, names.ERROR_TYPE: failure.type}
        duration.record(seconds, timed, context)
        if operation == values.INVOKE_AGENT and tally is not None:
            self._inference_calls.record(tally.own_inference_calls, series, context)
            self._tool_calls.record(tally.own_tool_calls, series, context)

    def _find(self, operation: str, attributes: Mapping[str, AttributeValue], dimensions: Dimensions) -> _Attributes:
        told_apart = _DIMENSIONS[operation]
        key = (operation, dimensions, *(attributes.get(name) for name in told_apart))
        known = self._series.get(key)
        if known is not None:
            return known
        # No lock, so that a forked child can't find it held; threads that race for the last place add a series each.
        if len(self._series) >= MAX_STEP_SERIES:
            shared: _Attributes = {names.METRIC_OVERFLOW: True}
            return {names.OPERATION_NAME: operation, **shared} if names.OPERATION_NAME in told_apart else shared
        series: _Attributes = dict(dimensions)
        series.update((name, value) for name in told_apart if (value := attributes.get(name)) is not None)
        return self._series.setdefault(key, series)
