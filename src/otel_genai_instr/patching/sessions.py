"""A connection becomes a session, and each answer that comes over it an operation linked to that.

What is sent and received goes on as it is. The operations of a connection are kept in the connection itself, and end
with it: whoever drops it drops them, as with a stream.
"""

from __future__ import annotations

import inspect
import sys
import threading
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final, Protocol, cast

from .. import guard
from ..model import Endpoint
from ..telemetry.current import current, is_observed
from ..telemetry.operation import Operation
from ..telemetry.scope import scope_in
from ..telemetry.session import Session
from ..telemetry.telemetry import Telemetry
from .binding import Function, standing_for
from .contract import Arguments, Keywords, Provider, Role, SessionMethod, SessionReader, Stage, Turn
from .outcomes import open_watch
from .streams import StreamWatch

_PLACE: Final = "_otel_genai_session"
"""Where a connection holds its watch."""


class Switch(Protocol):
    """Tells at each call whether the instrumentation is on."""

    telemetry: Telemetry | None
    provider: Provider


def _enough() -> bool:
    """Stands for the clock of a turn whose chunks need no more of it."""
    return False


class SessionWatch:
    """The operations of one connection: the session's own, and those of the turns that are under way."""

    def __init__(self, reader: SessionReader, endpoint: Endpoint) -> None:
        self.reader: Final = reader
        self._endpoint: Final = endpoint
        self._session: StreamWatch | None = None
        self._starting = threading.Lock()
        self._turns: Final[dict[Turn, StreamWatch]] = {}
        self._closed = False

    def start(self, telemetry: Telemetry) -> None:
        """Begin the session, once. Of two threads that come at once, one does, and the other doesn't wait for it."""
        if self._session is not None or not self._starting.acquire(blocking=False):
            return
        reader = self.reader
        operation = Session(telemetry, reader.request(), self._endpoint, reader.read_error)
        try:
            self._session = StreamWatch(operation)
            self._session.answer = lambda: reader
        except BaseException:  # an interrupt, too
            guard.run("conclude", operation.finish)  # nobody else will
            raise

    def send(self, telemetry: Telemetry, message: object) -> Turn | None:
        """``message`` is about to be sent: the turn that begins with it."""
        turn = None if self._closed else self.reader.sent(message)
        if turn is not None:
            self._begin(telemetry, turn)
        return turn

    def _begin(self, telemetry: Telemetry, turn: Turn) -> None:
        if not is_observed(current()):
            return
        api = turn.api
        operation = Operation(telemetry, api.read_request(turn.asked), self._endpoint, self.reader.read_error)
        try:
            guard.run("connection.link", self._link, operation)
            if operation.wants_text:
                guard.run("read.content", self._note_sent, operation, turn)
            self._turns[turn] = open_watch(operation, api)
        except BaseException:
            guard.run("conclude", operation.finish)
            raise

    def _link(self, operation: Operation) -> None:
        if self._session is not None:
            session = self._session.operation.span.get_span_context()
            if session.is_valid:
                operation.span.add_link(session)

    def _note_sent(self, operation: Operation, turn: Turn) -> None:
        if turn.api.read_content is not None:
            operation.sent(partial(turn.api.read_content, turn.asked))

    def receive(self, telemetry: Telemetry, message: object) -> None:
        """``message`` was received."""
        if self._closed:
            return
        for stage, turn in self.reader.received(message):
            if stage is Stage.BEGINS:
                self._begin(telemetry, turn)
                continue
            watch = self._turns.get(turn)
            if watch is None:
                continue
            try:
                if stage is Stage.CHUNK and not watch.chunk():
                    watch.chunk = _enough
                watch.feed(message)
            finally:
                if stage is Stage.ENDS:
                    self._turns.pop(turn, None)
                    watch.drained()

    def unsent(self, turn: Turn, error: BaseException) -> None:
        """What began ``turn`` could not be sent."""
        watch = self._turns.pop(turn, None)
        try:
            self.reader.forget(turn)
        finally:
            if watch is not None:
                watch.failed(error)

    def failed(self, error: BaseException) -> bool:
        """The connection raised ``error``. Return whether it is over, and may be opened anew."""
        breaks = self.reader.breaks(error)
        if breaks:
            self._end(lambda watch: watch.failed(error))
        elif breaks is not None:
            self._end(lambda watch: watch.closed(None))
        return breaks is not None and not self._closed

    def close(self, because: BaseException | None) -> None:
        """The app closes the connection while ``because`` is being handled. What comes after that is nobody's."""
        self._closed = True
        self._end(lambda watch: watch.closed(because))

    def _end(self, how: Callable[[StreamWatch], None]) -> None:
        while self._turns:
            guard.run("connection.end", how, self._turns.popitem()[1])
        if self._session is not None:
            guard.run("connection.end", how, self._session)


def wrap_session(original: Function, seam: SessionMethod, switch: Switch) -> Function:
    """``original``, a method of a connection, observed: a coroutine function stays one."""
    if seam.role is Role.OPENS:
        return _around_opening(original, seam, switch)
    if seam.role is Role.RECEIVES:
        return _around_receiving(original, seam, switch)
    if inspect.iscoroutinefunction(original):
        return _around_coroutine(cast("Callable[..., Awaitable[object]]", original), seam, switch)
    return _around(original, seam, switch)


def _around_opening(original: Function, seam: SessionMethod, switch: Switch) -> Function:
    @standing_for(original)
    def call(*args: Any, **kwargs: object) -> object:
        result = original(*args, **kwargs)
        guard.run("connection.open", watch_of, switch, seam, args[0])
        return result

    return call


def _around_receiving(original: Function, seam: SessionMethod, switch: Switch) -> Function:
    @standing_for(original)
    def call(*args: Any, **kwargs: object) -> object:
        message = original(*args, **kwargs)
        try:
            telemetry = switch.telemetry
            if telemetry is not None and (watch := watch_of(switch, seam, args[0])) is not None:
                watch.receive(telemetry, message)
        except Exception as fault:
            guard.report("connection.receive", fault)
        return message

    return call


def _around(original: Function, seam: SessionMethod, switch: Switch) -> Function:
    @standing_for(original)
    def call(*args: object, **kwargs: object) -> object:
        begun = None
        try:
            begun = before(switch, seam, args, kwargs)
        except Exception as fault:
            guard.report("connection.before", fault)
        try:
            return original(*args, **kwargs)
        except BaseException as error:
            guard.run("connection.failed", failed, begun, seam, args, error)
            raise

    return call


def _around_coroutine(original: Callable[..., Awaitable[object]], seam: SessionMethod, switch: Switch) -> Function:
    @standing_for(original)
    async def call(*args: object, **kwargs: object) -> object:
        begun = None
        try:
            begun = before(switch, seam, args, kwargs)
        except Exception as fault:
            guard.report("connection.before", fault)
        try:
            return await original(*args, **kwargs)
        except BaseException as error:
            guard.run("connection.failed", failed, begun, seam, args, error)
            raise

    return call


def _held_by(connection: Any) -> dict[str, SessionWatch]:
    return connection.__dict__


def _in_content_block() -> bool:
    scope = scope_in(current())
    return scope is not None and scope.content is not None


def watch_of(switch: Switch, seam: SessionMethod, connection: Any) -> SessionWatch | None:
    """The watch of ``connection``, whose session begins with it if it has not; ``None`` if it is not observed."""
    telemetry = switch.telemetry
    held = _held_by(connection)
    watch = held.get(_PLACE)
    if watch is None and telemetry is not None and is_observed(current()):
        reader = seam.open_session(connection, telemetry.reads_messages or _in_content_block())
        endpoint = switch.provider.read_endpoint(connection, reader.url, telemetry.settings.provider_by_host)
        watch = held.setdefault(_PLACE, SessionWatch(reader, endpoint))
        watch.start(telemetry)
    return watch


def before(switch: Switch, seam: SessionMethod, args: Arguments, kwargs: Keywords) -> tuple[SessionWatch, Turn] | None:
    """A method is about to be called. Return the turn that begins with what it sends."""
    telemetry = switch.telemetry
    if seam.role is Role.WAITS or telemetry is None:
        return None
    if seam.role is Role.CLOSES:
        watch = _held_by(args[0]).get(_PLACE)
        if watch is not None:
            watch.close(sys.exc_info()[1])
        return None
    connection, message = seam.unpack(args, kwargs)
    watch = watch_of(switch, seam, connection)
    turn = watch.send(telemetry, message) if watch is not None else None
    return (watch, turn) if watch is not None and turn is not None else None


def failed(begun: tuple[SessionWatch, Turn] | None, seam: SessionMethod, args: Arguments, error: BaseException) -> None:
    """The method raised ``error``. A connection that is over may be opened anew, as another session."""
    if begun is not None:
        begun[0].unsent(begun[1], error)
    held = _held_by(args[0])
    watch = held.get(_PLACE)
    if watch is not None and watch.failed(error):
        held.pop(_PLACE, None)
