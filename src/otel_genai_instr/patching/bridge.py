"""A call becomes an operation.

The drivers hold the user's call alone in its ``try``: whatever it raises is recorded and goes on
unchanged, and a fault of ours never stands in its way. Sync and async differ in ``await`` only.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from .. import guard
from ..telemetry import operation as operations
from ..telemetry.current import current, enter, is_observed, leave
from ..telemetry.operation import Operation
from ..telemetry.telemetry import Telemetry
from .methods import Api, AttemptHook, Provider
from .outcomes import conclude


class Switch(Protocol):
    """Tells at each call whether the instrumentation is on."""

    telemetry: Telemetry | None
    provider: Provider


def wrap_sync(original: Callable[..., object], api: Api, switch: Switch) -> Callable[..., object]:
    """``original`` with its operation around it."""

    @functools.wraps(original)
    def call(*args: object, **kwargs: object) -> object:
        operation = None
        try:
            operation = begin(switch, api, args, kwargs)
        except Exception as fault:
            guard.report("begin", fault)
        if operation is None:
            return original(*args, **kwargs)
        try:
            token = enter(operation.context)
            try:
                result = original(*args, **kwargs)
            finally:
                leave(token)
        except BaseException as error:
            guard.run("fail", operation.fail, error)
            raise
        try:
            conclude(operation, api, result)
        except Exception as fault:
            guard.run("conclude", operation.finish, None)
            guard.report("conclude", fault)
        return result

    return call


def wrap_async(original: Callable[..., Awaitable[object]], api: Api, switch: Switch) -> Callable[..., object]:
    """``original`` with its operation around it. Nothing begins before the coroutine is awaited."""

    @functools.wraps(original)
    async def call(*args: object, **kwargs: object) -> object:
        operation = None
        try:
            operation = begin(switch, api, args, kwargs)
        except Exception as fault:
            guard.report("begin", fault)
        if operation is None:
            return await original(*args, **kwargs)
        try:
            token = enter(operation.context)
            try:
                result = await original(*args, **kwargs)
            finally:
                # A coroutine that is dropped while suspended is closed in whatever context the collector runs.
                if current() is operation.context:
                    leave(token)
        except BaseException as error:
            guard.run("fail", operation.fail, error)
            raise
        try:
            conclude(operation, api, result)
        except Exception as fault:
            guard.run("conclude", operation.finish, None)
            guard.report("conclude", fault)
        return result

    return call


def wrap_attempt(original: Callable[..., object], hook: AttemptHook, switch: Switch) -> Callable[..., object]:
    """``original``, which the SDK calls once for each HTTP attempt of an operation."""

    @functools.wraps(original)
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


def note_attempt(hook: AttemptHook, args: tuple[object, ...], kwargs: Mapping[str, object]) -> None:
    """Count an HTTP attempt and, on the first one, read the content from the body that is about to be sent.

    The body is the SDK's own: reading it can't drain an iterator that the caller passed.
    """
    operation = operations.current()
    if operation is None:
        return
    operation.attempts += 1
    if operation.attempts == 1 and operation.wants_text and operation.read_content is not None:
        body = hook.read_body(args, kwargs)
        if body is not None:
            operation.sent(operation.read_content(body))
