"""``otel-genai replay``: a captured call, asked again, after saying to whom it goes and what it will cost."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from typing import TYPE_CHECKING, Final

from .. import attribute, settings
from ..pricing import Cost
from .figures import counted, price
from .pricers import pricer_from, source_from
from .problems import Misuse, Problem
from .progress import working
from .replayed import write
from .show import SELLERS
from .sources import require_reports
from .stored_content import add_stored_content
from .tables import clean_line, warn
from .trace_ids import ids_of
from .trace_sources import open_traces

if TYPE_CHECKING:
    from ..replay.asking import Question
    from ..replay.captured import Api, CapturedCall
    from ..reports.traces.trace import Trace, TraceSpan

_WANTED: Final = "no trace id of 32 hex digits, no TRACE:SPAN (16 digits) and no address of a page that shows a trace"
_SHOWN_CALLS: Final = 20
_YES: Final = ("y", "yes")


def replay(options: Namespace) -> int:
    """Run the command, and return its exit code: 1 if a model gave no answer."""
    trace_id, span_id = ids_of(options.which, _WANTED)
    require_reports()
    from ..replay.asking import ask, recorded, with_limit, without
    from ..replay.captured import PARAMETERS, captured
    from ..replay.exceptions import NotReplayable

    left_out = [name.strip() for names in options.without or () for name in names.split(",") if name.strip()]
    for name in left_out:
        if name not in PARAMETERS:
            raise Misuse(f"--without: {name!r} is not allowed; {', '.join(PARAMETERS)}")
    traces = open_traces(options.source, options.prices)
    with working(f"reading trace {trace_id}"):
        trace = traces.source.read(trace_id)
        add_stored_content(trace)
    for note in trace.notes:
        warn(f"otel-genai: {note}")
    span = _chosen(trace, span_id)
    try:
        call = captured(span)
    except NotReplayable as refused:
        raise Problem(*(f"{span.name} ({span.span_id}) is not asked again: {each}" for each in refused.args)) from None
    call = without(call, left_out)
    if options.max_tokens is not None:
        call = with_limit(call, options.max_tokens)
    asked = [_question(call, model, options) for model in dict.fromkeys(options.model or [call.model])]
    _announce(call, asked)
    _confirm(options, call, asked)
    pricer = pricer_from(options.prices)
    outcomes = [recorded(call)]
    for each in asked:
        with (
            working(f"asking {each.model}"),
            attribute(feature="replay"),
        ):  # for whoever runs this under opentelemetry-instrument
            outcomes.append(ask(each, pricer, options.timeout))
    notes = dict.fromkeys([*call.notes, *(f"{each.model}: {note}" for each in asked for note in each.notes)])
    write(trace.trace_id, span.span_id, outcomes, list(notes), options.format)
    return 1 if any(outcome.error is not None for outcome in outcomes[1:]) else 0


def _chosen(trace: Trace, span_id: str | None) -> TraceSpan:
    from ..replay.captured import has_content

    if span_id is not None:
        span = next((span for span in trace.spans if span.span_id == span_id), None)
        if span is None:
            raise Problem(f"trace {trace.trace_id} has no span {span_id}")
        return span
    calls = trace.of_kind("call")
    if not calls:
        raise Problem(f"trace {trace.trace_id} has no call of a model")
    chosen = [span for span in calls if has_content(span)] or calls
    if len(chosen) == 1:
        return chosen[0]
    lines = [f"{trace.trace_id}:{span.span_id}  {span.name}" for span in chosen[:_SHOWN_CALLS]]
    if len(chosen) > _SHOWN_CALLS:
        lines.append(f"and {len(chosen) - _SHOWN_CALLS:,} more")
    raise Misuse(f"trace {trace.trace_id} has {len(chosen):,} calls; say which:", *lines)


def _question(call: CapturedCall, model: str, options: Namespace) -> Question:
    from ..replay.asking import question
    from ..replay.clients import Client
    from ..replay.exceptions import NoClient, NotReplayable

    api = _api_of(call, model, options)
    provider = call.provider if api.sdk == call.api.sdk else None
    try:
        client = Client(api, provider, settings.from_environ().provider_by_host)
        return question(call, client, model, pricer_from(options.prices))
    except (NoClient, NotReplayable) as refused:
        raise Problem(*(f"{model} is not asked: {each}" for each in refused.args)) from None


def _api_of(call: CapturedCall, model: str, options: Namespace) -> Api:
    """How a model is asked: as before; another one by its maker's SDK, and whatever isn't known as before."""
    from ..replay.captured import Api
    from ..reports.computed.what_if import NoPrice, seller_of

    if model == call.model:
        return call.api
    try:
        maker = seller_of(source_from(options.prices), model, None, time.time(), SELLERS)
    except NoPrice:
        return call.api
    if maker == Api.MESSAGES.sdk:
        return Api.MESSAGES
    return Api.CHAT_COMPLETIONS if call.api is Api.MESSAGES else call.api


def _announce(call: CapturedCall, asked: list[Question]) -> None:
    tokens = "unknown input tokens" if call.input_tokens is None else counted(call.input_tokens, "input token")
    warn(f"{call.span.name} ({call.span.span_id}): {counted(len(call.messages), 'message')}, {tokens} as recorded")
    for note in call.notes:
        warn(f"  note: {note}")
    warn("what was said in it goes to")
    for each in asked:
        provider = each.client.endpoint.provider
        warn(f"  {each.host} ({provider}) as {each.model}, for {_expected(call, each)}")
        if call.address is not None and each.client.endpoint.address != call.address:
            warn(f"    note: not to {call.address} ({call.provider}), which answered it")
        for note in each.notes:
            warn(f"    note: {note}")


def _expected(call: CapturedCall, asked: Question) -> str:
    cost = asked.cost
    if not isinstance(cost, Cost):
        return f"a cost that isn't known ({cost.value})"
    is_bound = asked.is_limited and asked.model == call.model
    amount = f"{'at most' if is_bound else 'about'} {price(cost.amount)} {cost.currency}"
    if not asked.is_limited:
        return f"{amount}, if it answers at the recorded length: nothing limits it, --max-tokens does"
    said = f"{amount}, with {counted(asked.output_tokens or 0, 'output token')}, which is the limit"
    return said if is_bound else f"{said}; it counts tokens in its own way"


def _confirm(options: Namespace, call: CapturedCall, asked: list[Question]) -> None:
    """Return if it may be sent.

    Raises:
        Misuse: if nobody is there to be asked, or a host is meant that ``--yes`` alone doesn't allow.
        Problem: if the answer is no.
    """
    if options.yes:
        allowed = {call.address, *(options.to or ())}
        for each in asked:
            if each.client.endpoint.address not in allowed and each.host not in allowed:
                raise Misuse(
                    f"nothing was sent: --yes alone sends to {call.address or 'the recorded host'} only;"
                    f" --to {each.host} allows this one"
                )
        return
    if not sys.stdin.isatty():
        raise Misuse("nothing was sent: nobody is there to be asked; --yes sends it")
    sys.stderr.write(clean_line("send it? [y/N] "))
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in _YES:
        raise Problem("nothing was sent")
