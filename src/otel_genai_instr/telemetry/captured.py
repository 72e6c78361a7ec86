"""What was said in one call or step, on its way to where it is recorded: decided, read, redacted, cut, placed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from opentelemetry import trace

from .. import guard
from ..model import Content, Message, Text, ToolCall
from ..semconv import own
from ..settings import CallSeen, Tier
from ..withheld import Withheld
from . import content, limits
from .attributes import Attributes
from .digests import hash_of_input, hash_of_system
from .telemetry import Telemetry


class Captured:
    """The content of one call or step."""

    _has_some = False
    """Whether there is any: nobody reads that of images and sounds."""

    def __init__(self, telemetry: Telemetry, block: Tier | None, span: trace.Span, has_event: bool) -> None:
        """It starts.

        Args:
            telemetry: whose policy, redactor and store it is.
            block: what a surrounding block says.
            span: of the call or step.
            has_event: whether it has an event with its details.
        """
        self._telemetry = telemetry
        self._policy = policy = telemetry.policy
        self._block = block
        self._span = span
        records_span = span.is_recording()
        event = has_event and policy.on_event
        self._shows_full = event or (records_span and policy.with_span)
        is_told = records_span or event or telemetry.settings.record.is_anywhere
        start = policy.always if block is None else None
        self.tier, may_rise = start or policy.at_start(block, span.get_span_context().trace_id)
        """So far; at the end, what is recorded."""
        self._start = self.tier
        self.reads = is_told and (may_rise or self.tier is not Tier.NONE)
        """Whether messages are to be read, at least until it is known whether they are recorded."""
        self.structure: content.Structure = {}
        self.overflows = False
        """Whether the span has too little room for it all."""
        self._sent: Callable[[], Content] | None = None
        self._hashes: Mapping[str, str | None] = {}
        self._came: Sequence[Message] = ()

    def sent(self, read: Callable[[], Content]) -> None:
        """Note what was sent. What is recorded for sure is read at once: the caller may change it later."""
        self._has_some = True
        if self.tier is not Tier.NONE:
            self._read_sent(read())
        if self.tier is not Tier.FULL:
            self._sent = read  # for who makes more of it at the end

    def _read_sent(self, sent: Content) -> None:
        key = self._telemetry.settings.content_key
        if key is not None:
            self._hashes = {
                own.INPUT_HASH: hash_of_input(sent, key),
                own.SYSTEM_INSTRUCTIONS_HASH: hash_of_system(sent, key),
            }
        if self.tier is Tier.FULL:
            self.structure = content.of_request(sent)

    def settle(self, failed: bool, seen: Callable[[], CallSeen]) -> None:
        """It is over: how much of it is recorded is decided."""
        # A failure has an event, whose message is content, whether or not anything else is recorded.
        if failed or (self.reads and self._policy.chooses_late):
            trace_id = self._span.get_span_context().trace_id
            self.tier = self._policy.at_end(self.tier, self._block, trace_id, failed, seen)

    def read(self, said: Callable[[], Content] | None, output: Callable[[], Sequence[Message]] | None) -> None:
        """What was sent, if it has not been read, what the answer says beside messages, and its messages."""
        if self.tier is Tier.NONE or not self.reads:
            return
        if self._sent is not None and self.tier is not self._start:
            self._read_sent(self._sent())
        if said is not None:
            self.structure.update(content.of_request(said()))
        if output is not None:
            self._came = came = output()
            if self.tier is Tier.FULL:
                self.structure.update(content.of_output(came))

    def describe(self, written: Attributes) -> None:
        """What a digest says of it, and the tier."""
        if self.tier is Tier.NONE or not self.reads or not (self._has_some or self.structure or self._came):
            return
        written[own.CONTENT_TIER] = self.tier.value if self._shows_full else Tier.DIGEST.value
        if self._hashes:
            written.update({name: value for name, value in self._hashes.items() if value is not None})
        if self._came and own.OUTPUT_LENGTH not in written:  # of a stream
            written[own.OUTPUT_LENGTH] = sum([len(_text_of(message)) for message in self._came])
            if tools := _tools_of(self._came):
                written[own.OUTPUT_TOOL_NAMES] = tools

    def redact(self, written: Attributes, tool: str | None = None) -> None:
        """Nothing goes on that the redactor has not passed: if it can't, there is no content.

        ``tool`` is the one whose run it is.
        """
        structure, self.structure = self.structure, {}
        telemetry = self._telemetry
        preview, redactor = telemetry.settings.content_preview, telemetry.privacy.redactor
        answer = _text_of(self._came[0]) if preview and self._came else ""
        if self.tier is not Tier.FULL or not self._shows_full:
            structure = {}  # of a digest, no more is said
        if redactor is not None:
            try:
                answer = answer and redactor.text(answer)
                structure = structure and redactor.structure(structure, tool)
            except Withheld as why:
                self.withhold(written, why)
                return
        if answer:
            written[own.OUTPUT_PREVIEW] = answer[:preview]
        self.structure = structure
        if telemetry.hook is not None and structure:
            telemetry.hook.feed(structure, self._span)

    def withhold(self, written: Attributes, why: Withheld) -> None:
        """Content is not recorded although it was asked for."""
        written[own.CONTENT_WITHHELD] = why.reason
        self._telemetry.metrics.content.withheld(why.reason)

    def store(self, written: Attributes, at_ns: int, *about: Mapping[str, object]) -> None:
        """Hand it to the store, if there is one, with what else is known; the reference stands for it."""
        store = self._telemetry.store
        if store is None or not self.structure:
            return
        structure, self.structure = self.structure, {}
        try:
            where = self._span.get_span_context()
            known = {name: value for said in about for name, value in said.items()}
            written[own.CONTENT_REFERENCE] = store.put(where.trace_id, where.span_id, at_ns, structure, known)
        except Withheld as why:
            self.withhold(written, why)

    def fit(self, written: Attributes) -> Mapping[str, str]:
        """Cut to its budget; return it as the texts that go onto the span."""
        if not self.structure:
            return {}
        on_span = self._policy.on_span and self._span.is_recording()
        room, places = self._telemetry.settings.content_max_bytes, None
        if on_span:
            room = limits.longest(self._span, room)
            self.overflows = limits.overflows(self._span, len(written) + len(self.structure))
            if self.overflows:
                places = limits.places(self._span, written)
        fitted = content.fit(self.structure, room, places)
        self.structure = fitted.structure
        if fitted.cut:
            written[own.CONTENT_CUT_BYTES] = fitted.cut
        return fitted.texts if on_span else {}


def redacted(telemetry: Telemetry, text: str | None) -> str | None:
    """``text`` as it may leave the process; ``None`` where it may not."""
    if text is None or telemetry.privacy.redactor is None:
        return text
    try:
        return telemetry.privacy.redactor.text(text)
    except Withheld as why:
        telemetry.metrics.content.withheld(why.reason)
    except Exception as fault:
        guard.report("redact", fault)
    return None


def _tools_of(messages: Sequence[Message]) -> tuple[str, ...]:
    """The names of the tools that the app shall run, each once."""
    return tuple({part.name: None for message in messages for part in message.parts if type(part) is ToolCall})


def _text_of(message: Message) -> str:
    """What people read of it: neither reasoning nor tools."""
    return "".join([part.content for part in message.parts if type(part) is Text])
