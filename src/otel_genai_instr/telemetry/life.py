"""What calls and steps have in common: they start, are current for a while, and end exactly once."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, Protocol

from opentelemetry import trace
from opentelemetry.context import Context

from .. import guard, pricing
from ..model import Content, Details, Failure, Message, Response
from ..settings import CallSeen, Tier
from ..text import encodable
from . import events, later
from .attributes import Attributes
from .captured import Captured, redacted
from .endings import ENDINGS, Ending, EndingRule
from .price_wait import PriceWait
from .scope import NO_SCOPE, Scope
from .telemetry import Telemetry

_COMPLETE: Final = ENDINGS[Ending.COMPLETE]
_STOPPED: Final = ENDINGS[Ending.STOPPED]
_FAILED: Final = ENDINGS[Ending.FAILED]
_OVER: Final = Context()


class Reading(Protocol):
    """An answer, or what has come of one: whole results and streams are read alike."""

    def response(self) -> Response:
        """What every call needs to know."""
        ...

    def details(self) -> Details:
        """What else came; only asked for when it is recorded."""
        ...

    def output(self) -> list[Message]:
        """The messages that came; only asked for when content is captured or counted."""
        ...


Answer = Callable[[], Reading | None]
"""Asked once, at the end: it may be the body of a response that was loaded meanwhile, or can't be read at all."""


class Ended:
    """What is known of an end; every part of it is told what the parts before have found out."""

    failure: Failure | None = None
    message: str | None = None
    """What the failure says: it may quote the user's input, so only for who asked."""
    # Of calls to a model only:
    reading: Reading | None = None
    response: Response
    cost: pricing.Cost | pricing.Unpriced | None = None
    said: Callable[[], Content] | None = None
    """What the answer says beside messages."""
    structure: Mapping[str, object] = {}
    """Captured content, within its budget."""
    texts: Mapping[str, str] = {}
    """The same as JSON, for the span."""
    written: Attributes

    def __init__(
        self, rule: EndingRule, answer: Answer | None, error: BaseException | None, seconds: float, end_ns: int
    ) -> None:
        self.rule = rule
        self.answer = answer
        self.error = error
        self.seconds = seconds
        self.end_ns = end_ns

    def fail_of(self, failure: Failure) -> None:
        """It failed, whatever it seemed: a generation can also fail inside a call that returned."""
        self.rule = _FAILED
        self.failure = failure


Parts = Mapping[Callable[[Any, Ended], object], str]
"""What is to be done at the end, in this order, and the name by which the faults of each are counted: it fails apart
from the others."""


class Life:
    """From the start of a span until its end.

    ``finish``, ``stop``, ``drop`` and ``fail`` may be called from any thread and more than once: the first one ends
    it, the others do nothing.
    """

    _open: threading.Lock
    _start_ns: int
    _started: float
    _telemetry: Telemetry
    _scope: Scope = NO_SCOPE
    context: Context
    """Current while whoever is observed works on it, and only then."""
    span: trace.Span
    _captured: Captured | None = None
    """What was said in it; where there is nothing to do with that, there is none."""
    tier = Tier.NONE
    """How much is recorded of what was said; known at the end."""

    def finish(self, answer: Answer | None = None) -> None:
        """It did what it should: the call returned, or the stream was drained."""
        self._end(_COMPLETE, answer, None)

    def stop(self, answer: Answer | None = None) -> None:
        """The caller wanted no more."""
        self._end(_STOPPED, answer, None)

    def drop(self, answer: Answer | None = None) -> None:
        """Nobody holds it any more. Where the garbage collector found that, it ends now, but another thread says so."""
        if not later.in_collection():
            self.stop(answer)
        elif not self._open.locked():
            later.do(partial(self._end, _STOPPED, answer, None, self._telemetry.clock.monotonic()))

    def disown(self) -> None:
        """Another process ends it: here nobody does."""
        self._open.acquire(blocking=False)

    def fail(self, error: BaseException, answer: Answer | None = None) -> None:
        """``error`` is on its way to the caller. ``GeneratorExit`` is an early stop, not a failure."""
        if isinstance(error, GeneratorExit):
            self.drop(answer)
        else:
            self._end(_FAILED, answer, error)

    def _parts(self, ended: Ended) -> Parts:
        """What is to be done at the end, in this order."""
        raise NotImplementedError

    def _end(
        self, rule: EndingRule, answer: Answer | None, error: BaseException | None, at: float | None = None
    ) -> None:
        if self._scope.price_wait is not None and at is None:
            try:
                if self._is_put_off(self._scope.price_wait, rule, answer, error):
                    return
            except Exception as fault:  # then it ends here
                guard.report("end", fault)
        if not self._open.acquire(blocking=False):
            return
        end_ns: int | None = None
        try:
            seconds = (self._telemetry.clock.monotonic() if at is None else at) - self._started
            end_ns = self._start_ns + round(seconds * 1e9)
            ended = Ended(rule, answer, error, seconds, end_ns)
            parts = self._parts(ended)
            for part in parts:
                try:
                    part(self, ended)
                except Exception as fault:
                    guard.report(parts[part], fault)
        except Exception as fault:
            guard.report("end", fault)
        finally:
            self.context = _OVER  # the other one holds this: without the cycle, all is freed at once
            self.span.end(end_ns)

    def _is_put_off(
        self, wait: PriceWait, rule: EndingRule, answer: Answer | None, error: BaseException | None
    ) -> bool:
        """Whether it is over now, and ends when there are prices: until then it is taken for ended."""
        if wait.is_over or not self._waits_for_prices(wait):
            return False
        at = self._telemetry.clock.monotonic()
        if self._open.acquire(blocking=False):
            try:
                wait.put_off(partial(self._end_after_all, rule, answer, error, at))
            except BaseException:  # an interrupt, too: then it ends here
                self._open.release()
                raise
        return True

    def _end_after_all(self, rule: EndingRule, answer: Answer | None, error: BaseException | None, at: float) -> None:
        self._open.release()
        self._end(rule, answer, error, at)

    def _waits_for_prices(self, wait: PriceWait) -> bool:
        """Whether its end needs prices, or what waits for them."""
        raise NotImplementedError

    def _seen(self, ended: Ended) -> CallSeen:
        """What is known of it, for who chooses how much is recorded."""
        raise NotImplementedError

    def _settle_content(self, ended: Ended) -> None:
        """How much is recorded of what was said; the message of a failure is part of it."""
        if self._captured is not None:
            self._captured.settle(ended.failure is not None, partial(self._seen, ended))
            self.tier = self._captured.tier

    def _read_message(self, ended: Ended) -> None:
        if ended.failure is not None and (self._telemetry.settings.error_messages or self.tier is Tier.FULL):
            said = ended.failure.message
            ended.message = redacted(self._telemetry, said if said is not None else encodable(str(ended.error)))

    def _emit_exception(self, ended: Ended) -> None:
        error, failure, message = ended.error, ended.failure, ended.message
        if error is None or failure is None:
            return
        stacktrace = None
        if message is not None:
            stacktrace = redacted(self._telemetry, "".join(traceback.format_exception(error)))
        events.emit_exception(self._telemetry.logger, failure, message, stacktrace, ended.end_ns, self.context)
