"""A call becomes an operation.

The drivers hold the user's call alone in its ``try``: whatever it raises is recorded and goes on
unchanged, and a fault of ours never stands in its way. Sync and async differ in ``await`` only.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Awaitable, Callable, Mapping
from contextvars import Token
from typing import Protocol, cast

from opentelemetry.context import Context

from .. import guard
from ..records import define
from ..telemetry import operation as operations
from ..telemetry.current import current, enter, is_observed, leave
from ..telemetry.operation import Operation
from ..telemetry.telemetry import Telemetry
from .binding import standing_for
from .methods import Api, AttemptHook, Provider
from .outcomes import conclude, watch_parser
from .shapes import Parsed


class Switch(Protocol):
    """Tells at each call whether the instrumentation is on."""

    telemetry: Telemetry | None
    provider: Provider


def wrap_sync(original: Callable[..., object], api: Api, switch: Switch) -> Callable[..., object]:
    """``original`` with its operation around it."""

    @standing_for(original)
    def call(*args: object, **kwargs: object) -> object:
        operation = None
        try:
            operation = begin(switch, api, args, kwargs)
        except Exception as fault:
            guard.report("begin", fault)
        if operation is None:
            return original(*args, **kwargs)
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
            answer = operation.unparsed
            guard.run("fail", operation.fail, error, Parsed(api, answer) if answer is not None else None)
            raise
        try:
            conclude(operation, api, result)
        except Exception as fault:
            guard.run("conclude", operation.finish, None)
            guard.report("conclude", fault)
        except BaseException as interrupt:
            guard.run("fail", operation.fail, interrupt)
            raise
        return result

    return call


@define
class Unawaited:
    """Goes away with our coroutine, and closes the SDK's below: Python warns once of a call that nobody awaits."""

    awaitable: object = None

    def __del__(self) -> None:
        close = getattr(self.awaitable, "close", None)
        if close is not None:
            with contextlib.suppress(Exception):  # what it can't close says so when it is collected
                close()


def wrap_async(original: Callable[..., Awaitable[object]], api: Api, switch: Switch) -> Callable[..., object]:
    """``original`` with its operation around it. Nothing begins before the coroutine is awaited.

    Where the SDK has a plain function that returns a coroutine, it is called at once: it checks its arguments then.
    """

    @standing_for(original)  # the name by which Python warns of a coroutine that nobody awaits
    async def call(
        awaitable: Awaitable[object],
        args: tuple[object, ...],
        kwargs: Mapping[str, object],
        _unawaited: Unawaited | None = None,
    ) -> object:
        operation = None
        try:
            operation = begin(switch, api, args, kwargs)
        except Exception as fault:
            guard.report("begin", fault)
        if operation is None:
            return await awaitable
        try:
            token = enter(entered := operation.context)
            try:
                result = await awaitable
            finally:
                if current() is entered:
                    leave(token)
                else:  # or it is a coroutine that was dropped while suspended, closed in whatever context that runs
                    guard.run("context", give_way, operation, entered, token)
        except BaseException as error:
            answer = operation.unparsed
            guard.run("fail", operation.fail, error, Parsed(api, answer) if answer is not None else None)
            raise
        try:
            conclude(operation, api, result)
        except Exception as fault:
            guard.run("conclude", operation.finish, None)
            guard.report("conclude", fault)
        except BaseException as interrupt:
            guard.run("fail", operation.fail, interrupt)
            raise
        return result

    @standing_for(original)
    def call_now(*args: object, **kwargs: object) -> object:
        unawaited = Unawaited()  # older than the coroutine: the collector, too, comes to it first
        unawaited.awaitable = awaitable = original(*args, **kwargs)
        return call(awaitable, args, kwargs, unawaited)

    @standing_for(original)
    async def call_awaited(*args: object, **kwargs: object) -> object:
        return await call(original(*args, **kwargs), args, kwargs)

    return call_awaited if inspect.iscoroutinefunction(original) else call_now


def wrap_attempt(original: Callable[..., object], hook: AttemptHook, switch: Switch) -> Callable[..., object]:
    """``original``, which the SDK calls once for each HTTP attempt of an operation."""

    @standing_for(original)
    def call(*args: object, **kwargs: object) -> object:
        if switch.telemetry is not None:
            try:
                note_attempt(hook, args, kwargs)
            except Exception as fault:
                guard.report("attempt", fault)
        return original(*args, **kwargs)

    return call


def begin(switch: Switch, api: Api, args: tuple[object, ...], kwargs: Mapping[str, object]) -> Operation | None:
    """Start the operation of a call; ``None`` when it is not to be observed."""
    telemetry = switch.telemetry
    if telemetry is None or not is_observed(current()):
        return None
    resource, *by_position = args
    arguments = {**dict(zip(api.positional, by_position, strict=False)), **kwargs} if by_position else kwargs
    provider = switch.provider
    endpoint = provider.read_endpoint(resource, telemetry.settings.provider_by_host)
    return Operation(telemetry, api.read_request(arguments), endpoint, provider.read_error, api.read_content)


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


def note_attempt(hook: AttemptHook, args: tuple[object, ...], kwargs: Mapping[str, object]) -> None:
    """Count an HTTP attempt and watch the parser of its answer; on the first one, read the content.

    It is read from the body that is about to be sent, which is the SDK's own: reading it can't drain an iterator that
    the caller passed.
    """
    operation = operations.current()
    if operation is None:
        return
    operation.attempts += 1
    hook.swap_parser(args, kwargs, watch_parser)
    if operation.attempts == 1 and operation.wants_text and operation.read_content is not None:
        body = hook.read_body(args, kwargs)
        if body is not None:
            operation.sent(operation.read_content(body))
