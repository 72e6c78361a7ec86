"""A call becomes an operation.

The drivers hold the user's call alone in its ``try``: whatever it raises is recorded and goes on
unchanged, and a fault of ours never stands in its way. Sync and async differ in ``await`` only.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from contextvars import Token
from dataclasses import replace
from functools import partial
from typing import Protocol, cast

from opentelemetry import trace
from opentelemetry.context import Context

from .. import guard
from ..telemetry import operation as operations
from ..telemetry.current import current, enter, is_observed, is_suppressed_by_another, leave
from ..telemetry.operation import Operation
from ..telemetry.telemetry import Telemetry
from ..telemetry.unsuppressed import UnsuppressedOperation
from .binding import Function, standing_for
from .contract import Api, Arguments, Attempt, Call, Keywords, OwnSpans, Provider
from .generators import observe_async_generator, observe_generator
from .outcomes import conclude, open_watch, watch_parser
from .streams import StreamWatch


class Switch(Protocol):
    """Tells at each call whether the instrumentation is on."""

    telemetry: Telemetry | None
    provider: Provider


Begun = tuple[Operation, Api]


def wrap_call(original: Function, seam: Call, switch: Switch) -> Function:
    """``original`` with its operation around it: a coroutine function stays one."""
    if seam.is_awaited or inspect.iscoroutinefunction(original):
        return _around_coroutine(cast("Callable[..., Awaitable[object]]", original), seam, switch)
    if inspect.isgeneratorfunction(original):
        return _around_generators(original, observe_generator, seam, switch)
    if inspect.isasyncgenfunction(original):
        return _around_generators(original, observe_async_generator, seam, switch)
    return _around(original, seam, switch)


def _around(original: Function, seam: Call, switch: Switch) -> Function:
    provider = switch.provider

    @standing_for(original)
    def call(*args: object, **kwargs: object) -> object:
        begun = None
        try:
            begun = begin(switch, seam, args, kwargs)
        except Exception as fault:
            guard.report("begin", fault)
        if begun is None:
            return original(*args, **kwargs)
        operation, api = begun
        try:
            token = enter(entered := operation.context)
            try:
                result = original(*args, **kwargs)
            finally:
                if current() is entered:
                    leave(token)
                else:
                    guard.run("context", give_way, operation, entered, token)
        except BaseException as error:
            guard.run("fail", fail, begun, error)
            raise
        try:
            return conclude(operation, api, provider, result)
        except Exception as fault:
            guard.run("conclude", operation.finish)
            guard.report("conclude", fault)
        except BaseException as interrupt:
            guard.run("fail", operation.fail, interrupt)
            raise
        return result

    return call


def _around_coroutine(original: Callable[..., Awaitable[object]], seam: Call, switch: Switch) -> Function:
    provider = switch.provider

    @standing_for(original)
    async def call(*args: object, **kwargs: object) -> object:
        begun = None
        try:
            begun = begin(switch, seam, args, kwargs)
        except Exception as fault:
            guard.report("begin", fault)
        if begun is None:
            return await original(*args, **kwargs)
        operation, api = begun
        try:
            token = enter(entered := operation.context)
            try:
                result = await original(*args, **kwargs)
            finally:
                if current() is entered:
                    leave(token)
                else:  # or it is a coroutine that was dropped while suspended, closed in whatever context that runs
                    guard.run("context", give_way, operation, entered, token)
        except BaseException as error:
            guard.run("fail", fail, begun, error)
            raise
        try:
            return conclude(operation, api, provider, result)
        except Exception as fault:
            guard.run("conclude", operation.finish)
            guard.report("conclude", fault)
        except BaseException as interrupt:
            guard.run("fail", operation.fail, interrupt)
            raise
        return result

    return call


def _around_generators(original: Function, observe: Callable[..., object], seam: Call, switch: Switch) -> Function:
    """Nothing begins before the generator is asked for its first item: until then the SDK does nothing either."""

    @standing_for(original)
    def generate(*args: object, **kwargs: object) -> object:
        generator = original(*args, **kwargs)
        if switch.telemetry is None:
            return generator
        return observe(generator, partial(_begin_watched, switch, seam, args, kwargs))

    return generate


def wrap_attempt(original: Function, seam: Attempt, switch: Switch) -> Function:
    """``original``, which the SDK calls once for each HTTP request of an operation, as the same kind of function."""

    if inspect.iscoroutinefunction(original):

        @standing_for(original)
        async def call_awaited(*args: object, **kwargs: object) -> object:
            if switch.telemetry is not None:
                guard.run("attempt", note_attempt, seam, args, kwargs)
            return await cast("Awaitable[object]", original(*args, **kwargs))

        return call_awaited

    @standing_for(original)
    def call(*args: object, **kwargs: object) -> object:
        if switch.telemetry is not None:
            try:
                note_attempt(seam, args, kwargs)
            except Exception as fault:
                guard.report("attempt", fault)
        return original(*args, **kwargs)

    return call


class _Standing:
    """Stands in for the tracer of an SDK that makes spans of its own: they are the operation's span."""

    def __init__(self, operation: Operation) -> None:
        self._span = trace.NonRecordingSpan(operation.span.get_span_context())

    def start_span(self, *_args: object, **_kwargs: object) -> trace.Span:
        """A span that records nothing and never ends, but whose context the SDK can send on."""
        return self._span


def wrap_own_spans(original: Function, seam: OwnSpans, switch: Switch) -> Function:
    """``original``, by which the SDK starts a second span for a call that is an operation of ours."""

    @standing_for(original)
    def call(*args: object, **kwargs: object) -> object:
        try:
            operation = operations.current() if switch.telemetry is not None else None
            if operation is not None and not seam.is_wanted(operation.client):
                if len(args) > seam.tracer:
                    args = (*args[: seam.tracer], _Standing(operation), *args[seam.tracer + 1 :])
                else:
                    kwargs[seam.keyword] = _Standing(operation)
        except Exception as fault:
            guard.report("own_spans", fault)
        return original(*args, **kwargs)

    return call


def begin(switch: Switch, seam: Call, args: Arguments, kwargs: Keywords) -> Begun | None:
    """Start the operation of a call; ``None`` when it is not to be observed."""
    telemetry = switch.telemetry
    if telemetry is None:
        return None
    asked = seam.unpack(args, kwargs)  # first: most calls of some SDKs are none to a model
    if asked is None:
        return None
    api, arguments, client, url = asked
    if here := current():
        around = operations.operation_in(here)
        if around is not None and not around.attempts:
            return None  # it has sent nothing yet: this is another layer of the same call
        if not is_observed(here):
            if not is_suppressed_by_another(here):
                return None
            api = replace(api, begin=UnsuppressedOperation)
    endpoint = switch.provider.read_endpoint(client, url, telemetry.settings.provider_by_host)
    operation = api.begin(telemetry, api.read_request(arguments), endpoint, switch.provider.read_error)
    operation.client = client
    if operation.uses_body:
        try:
            if operation.wants_text and api.read_content is not None:
                try:
                    operation.sent(partial(api.read_content, arguments))
                except Exception as fault:
                    guard.report("read.content", fault)
            if telemetry.settings.stream_usage:
                api = ask_for_usage(seam, args, kwargs, api)
        except BaseException as interrupt:
            guard.run("fail", operation.fail, interrupt)
            raise
    return operation, api


def ask_for_usage(seam: Call, args: Arguments, kwargs: Keywords, api: Api) -> Api:
    """Have a stream tell its usage that wasn't asked to; return who reads what comes."""
    asked = api.usage_asked
    try:
        if asked is not None and seam.amend is not None and seam.amend(args, kwargs, asked.amend):
            return asked.api
    except Exception as fault:
        guard.report("amend", fault)
    return api


def _begin_watched(switch: Switch, seam: Call, args: Arguments, kwargs: Keywords) -> StreamWatch | None:
    begun = begin(switch, seam, args, kwargs)
    if begun is None:
        return None
    operation, api = begun
    try:
        return open_watch(operation, api)
    except BaseException:  # an interrupt, too
        guard.run("conclude", operation.finish)  # nobody else will
        raise


def fail(begun: Begun, error: BaseException) -> None:
    """The call raised ``error``. What the SDK could not make into a result was answered all the same."""
    operation, api = begun
    answer = operation.unparsed
    operation.fail(error, partial(api.read_answer, answer) if answer is not None else None)


def give_way(operation: Operation, entered: Context, token: Token[Context]) -> None:
    """Somebody below goes on with a context of their own, after the call: it stays, as without us.

    They will come back to the one that they found, ``entered``. By then it says what the caller's says.
    """
    if operation.context is entered:  # not over yet
        operation.context = Context(entered)
    found = cast("dict[str, object]", entered)
    before = token.old_value
    dict[str, object].clear(found)  # a context's own methods forbid it
    dict[str, object].update(found, before if isinstance(before, Context) else {})


def note_attempt(seam: Attempt, args: Arguments, kwargs: Keywords) -> None:
    """Count an HTTP request, and watch the parser of its answer."""
    operation = operations.current()
    if operation is not None:
        operation.attempts += 1
        if seam.watch_parser is not None:
            seam.watch_parser(args, kwargs, watch_parser)
