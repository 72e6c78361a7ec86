"""The million: what the package writes of one call of each kind, with the planned numbers of all others put in.

Two calls are of a kind when their spans differ in nothing but the values named here. The first of each kind is
played through the real package, and what was recorded becomes a template. The cost is the package's own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk.trace import ReadableSpan

from otel_genai_instr.model import Usage
from otel_genai_instr.pricing import Cost, Pricer

from .answers import output_length
from .otlp import Item, dumped, log_data, scope_json, span_data
from .planned import PlannedCall, PlannedRequest
from .real import RealPackage

Values = dict[str, object]

_OF_THE_REQUEST: Final[dict[str, Callable[[PlannedRequest], object]]] = {
    "user.id": lambda request: request.user,
    "session.id": lambda request: request.session,
    "gen_ai.conversation.id": lambda request: request.session,
    "app.tenant": lambda request: request.tenant,
}
_OF_THE_CALL: Final[dict[str, Callable[[PlannedCall], object]]] = {
    "gen_ai.usage.input_tokens": lambda call: call.input_tokens,
    "gen_ai.usage.output_tokens": lambda call: call.output_tokens,
    "gen_ai.usage.cache_read.input_tokens": lambda call: call.cache_read_tokens,
    "gen_ai.usage.cache_write.input_tokens": lambda call: call.cache_write_tokens,
    "gen_ai.usage.reasoning.output_tokens": lambda call: call.reasoning_tokens,
    "gen_ai.response.id": lambda call: call.response_id,
    "otel_genai.input.message_count": lambda call: call.messages,
    "otel_genai.output.length": output_length,
    "gen_ai.retrieval.documents": lambda call: _documents(call),
}
_COST: Final[dict[str, Callable[[Cost], float | None]]] = {
    "gen_ai.usage.cost.amount": lambda cost: cost.amount,
    "otel_genai.cost.input": lambda cost: cost.input,
    "otel_genai.cost.cache_read": lambda cost: cost.cache_read,
    "otel_genai.cost.cache_write": lambda cost: cost.cache_write,
    "otel_genai.cost.output": lambda cost: cost.output,
}
_FIRST_CHUNK: Final = "gen_ai.response.time_to_first_chunk"
_TOTALS: Final = tuple(
    f"otel_genai.total.{name}" for name in ("inference_calls", "tool_calls", "input_tokens", "output_tokens", "cost")
)
_SLOTS: Final = frozenset((*_OF_THE_REQUEST, *_OF_THE_CALL, *_COST, _FIRST_CHUNK, *_TOTALS))
_MARK: Final = "\x01"
_ESCAPED: Final = re.escape(dumped(_MARK)[1:-1])
_NUMBER: Final = re.compile(f'"doubleValue":"{_ESCAPED}([^"]+?){_ESCAPED}"')
_TEXT: Final = re.compile(f'{_ESCAPED}([^"]+?){_ESCAPED}')


@dataclass(frozen=True, slots=True)
class _Template:
    """Records of a call or of what is around it, by scope, to be filled by name."""

    spans: tuple[Item, ...]
    logs: tuple[Item, ...]

    def fill(self, values: Values) -> tuple[list[Item], list[Item]]:
        spans = [(scope, text % values) for scope, text in self.spans]
        return spans, [(scope, text % values) for scope, text in self.logs]


class Templates:
    """What the real package would write, without it: ten times as fast and more."""

    def __init__(self, real: RealPackage) -> None:
        self._real = real
        self._pricer = Pricer()
        self._frames: dict[Hashable, _Template] = {}
        self._turns: dict[Hashable, _Template] = {}

    @property
    def kinds(self) -> int:
        """How many templates were needed so far."""
        return len(self._frames) + len(self._turns)

    def fill(self, request: PlannedRequest) -> tuple[list[Item], list[Item]]:
        """The spans of a request as they began, and its events as they came.

        Raises:
            LookupError: when a model has no price that ought to have one.
        """
        costs = [self._cost(call) for call in request.calls]
        values: Values = {name: of(request) for name, of in _OF_THE_REQUEST.items()}
        ids = [f"{request.span_id(number):016x}" for number in range(request.frame_spans)]
        values |= {"trace": f"{request.trace_id:032x}", "parent": ids[-1]}
        values |= {f"id.{number}": each for number, each in enumerate(ids)}
        values |= {"start.0": request.start_ns, "end.0": request.end_ns}
        if request.frame_spans > 1:
            values |= {"start.1": request.frame_start_ns, "end.1": request.frame_end_ns}
            values |= _totals(request, costs)
        spans, logs = self._around(request).fill(values)
        for call, cost in zip(request.calls, costs, strict=True):
            _tell(values, request, call, cost)
            more_spans, more_logs = self._of_call(request, call).fill(values)
            spans += more_spans
            logs += more_logs
        return spans, logs

    def _cost(self, call: PlannedCall) -> Cost | None:
        """What the package takes for it; ``None`` of a failure, and of the model that nobody sells."""
        model = call.model
        if call.failed or model.base_url is not None:
            return None
        usage = Usage(
            input_tokens=call.input_tokens,
            output_tokens=call.output_tokens,
            cache_read_tokens=call.cache_read_tokens,
            cache_write_tokens=call.cache_write_tokens,
        )
        cost = self._pricer.price(model.provider, model.asked, call.answered_model, usage, at=call.start_ns / 1e9)
        if not isinstance(cost, Cost):
            raise LookupError(f"{call.answered_model} has no price: {cost}")
        return cost

    def _around(self, request: PlannedRequest) -> _Template:
        """The template of the spans around the calls."""
        calls = request.calls
        priced = {call.model.base_url is None for call in calls if not call.failed}
        kind = (request.feature.name, calls[-1].error_type, frozenset(priced))
        template = self._frames.get(kind)
        if template is None:
            spans, _ = self._real.play(request)
            template = self._frames[kind] = _template_of("", spans[: request.frame_spans], ())
        return template

    def _of_call(self, request: PlannedRequest, call: PlannedCall) -> _Template:
        """The template of the spans and events of a call."""
        kind = (
            request.feature.name,
            call.model.asked,
            call.answered_model,
            call.prompt_version,
            call.outcome,
            call.finish,
            call.attempts,
            call.tool,
            call.feedback,
            call.lookup_ns > 0,
            call.cache_read_tokens > 0,
            call.cache_write_tokens > 0,
            call.reasoning_tokens > 0,
            tuple((name, score >= 0.5) for name, score in call.scores),
        )
        template = self._turns.get(kind)
        if template is None:
            spans, logs = self._real.play(replace(request, calls=[call]))
            template = self._turns[kind] = _template_of("turn.", spans[request.frame_spans :], logs)
        return template


def _tell(values: Values, request: PlannedRequest, call: PlannedCall, cost: Cost | None) -> None:
    """Put into ``values`` what holds for one call."""
    for name, of in _OF_THE_CALL.items():
        values[name] = of(call)
    if cost is not None:
        for name, part in _COST.items():
            values[name] = part(cost)
    spans = [(call.start_ns, call.end_ns)]
    first = call.number
    if call.lookup_ns:
        first -= 1
        spans.insert(0, (call.lookup_start_ns, call.lookup_start_ns + call.lookup_ns))
    if call.tool is not None:
        spans.append((call.tool_start_ns, call.over_ns))
    for place, (start, end) in enumerate(spans):
        values[f"turn.id.{place}"] = f"{request.span_id(first + place):016x}"
        values[f"turn.start.{place}"], values[f"turn.end.{place}"] = start, end
    if call.first_chunk_ns is not None:
        begun = call.start_ns - request.start_ns  # the package takes the difference of two times in seconds
        values[_FIRST_CHUNK] = (begun + call.first_chunk_ns) / 1e9 - begun / 1e9
    values |= {"answered": call.end_ns, "judged": call.judged_ns, "felt": call.felt_ns}
    values |= {f"score.{name}": score for name, score in call.scores}


def _totals(request: PlannedRequest, costs: Sequence[Cost | None]) -> Values:
    calls = request.calls
    total = 0.0
    for cost in costs:  # one by one, as the package adds them
        total += 0.0 if cost is None else cost.amount
    return {
        "otel_genai.total.inference_calls": len(calls),
        "otel_genai.total.tool_calls": sum(call.tool is not None for call in calls),
        "otel_genai.total.input_tokens": sum(call.input_tokens for call in calls),
        "otel_genai.total.output_tokens": sum(call.output_tokens for call in calls),
        "otel_genai.total.cost": total,
    }


def _documents(call: PlannedCall) -> str:
    """A text of JSON, as it stands inside a text of JSON."""
    return dumped(dumped([{"id": page, "score": score} for page, score in call.documents]))[1:-1]


def _template_of(prefix: str, spans: Sequence[ReadableSpan], logs: Sequence[ReadableLogRecord]) -> _Template:
    """What was recorded, with a mark for each value that differs within the kind. ``prefix`` of the spans' slots."""
    places: dict[str, str] = {}
    span_items: list[Item] = []
    for place, span in enumerate(spans):
        data = span_data(span)
        places[data["spanId"]] = f"{prefix}id.{place}"
        data["traceId"] = _mark("trace")
        data["spanId"] = _mark(f"{prefix}id.{place}")
        if data["parentSpanId"]:
            data["parentSpanId"] = _mark("parent" if prefix else "id.0")
        data["startTimeUnixNano"] = _mark(f"{prefix}start.{place}")
        data["endTimeUnixNano"] = _mark(f"{prefix}end.{place}")
        _mark_attributes(data["attributes"], {name: name for name in _SLOTS})
        span_items.append((scope_json(span.instrumentation_scope), _format_of(data)))
    log_items: list[Item] = []
    for log in logs:
        data = log_data(log)
        said = {each["key"]: each["value"].get("stringValue") for each in data["attributes"]}
        name = said.get("gen_ai.evaluation.name")
        moment = "answered" if name is None else "felt" if name == "user_feedback" else "judged"
        data["timeUnixNano"] = data["observedTimeUnixNano"] = _mark(moment)
        data["traceId"], data["spanId"] = _mark("trace"), _mark(places[data["spanId"]])
        slots = {each: each for each in _SLOTS}
        if moment == "judged":
            slots["gen_ai.evaluation.score.value"] = f"score.{name}"
        _mark_attributes(data["attributes"], slots)
        log_items.append((scope_json(log.instrumentation_scope), _format_of(data)))
    return _Template(tuple(span_items), tuple(log_items))


def _mark(slot: str) -> str:
    return f"{_MARK}{slot}{_MARK}"


def _mark_attributes(attributes: list[dict[str, Any]], slots: dict[str, str]) -> None:
    for attribute in attributes:
        slot = slots.get(attribute["key"])
        if slot is not None:
            (kind,) = attribute["value"]
            attribute["value"] = {kind: _mark(slot)}


def _format_of(data: dict[str, Any]) -> str:
    """JSON with ``%(slot)s`` for each mark."""
    text = dumped(data).replace("%", "%%")
    return _TEXT.sub(r"%(\1)s", _NUMBER.sub(r'"doubleValue":%(\1)s', text))
