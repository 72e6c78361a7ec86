"""Streams without I/O: chunks in, response out. With content off nothing is kept per chunk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Final

from ...model import Details, Message, Response
from ...records import define
from ...semconv import values
from ..fields import NOTHING, as_int, as_list, as_str, fields_of
from .answers import FetchedAnswer, ResponseAnswer, details_of, response_of
from .content import output_message, read_response_output
from .dialects import usage_elsewhere
from .usage import read_chat_usage


@define
class _Choice:
    """The content of one choice so far."""

    role: str | None = None
    content: list[str] = field(default_factory=list[str])
    refusal: list[str] = field(default_factory=list[str])
    reasoning: list[str] = field(default_factory=list[str])
    calls: dict[int, _Call] = field(default_factory=dict[int, "_Call"])


@define
class _Call:
    """One tool call so far."""

    id: str | None = None
    name: str | None = None
    arguments: list[str] = field(default_factory=list[str])


_UNUSUAL: Final = (AttributeError, KeyError, TypeError, ValueError)
"""What comes of a short way through a chunk that is not as the SDK usually makes them."""


class ChatStreamReader:
    """Chunks of a chat completion, without their content."""

    def __init__(self) -> None:
        self._reasons: dict[int, str | None] = {}
        """Finish reason of each choice that has begun."""
        self._begun: set[int] = set()
        """Choices of which no more is to be learned until they finish; the model is known, too."""
        self._id: object = None
        self._model: object = None
        self._usage: object = None
        self._tier: object = None
        self._fingerprint: object = None

    def feed(self, chunk: Any) -> None:
        """Take in one chunk. Usage may come in several: the last one counts."""
        # This runs for every chunk. Most only carry another piece of text: for them, no more than is needed to know it.
        try:
            said = chunk.__dict__
            if said["usage"] is None:
                (choice,) = said["choices"]
                piece = choice.__dict__
                if piece["finish_reason"] is None and piece["index"] in self._begun:
                    return
        except _UNUSUAL:
            pass
        self._feed(fields_of(chunk))

    def _feed(self, said: Mapping[str, Any]) -> None:
        if not self._model:  # Azure's first chunk has an empty one
            self._id = said.get("id") or self._id
            self._model = said.get("model")
        for choice in as_list(said.get("choices")):
            piece = fields_of(choice)
            index = index_of(piece)
            reason = as_str(piece.get("finish_reason"))
            if reason is not None or index not in self._reasons:
                self._reasons[index] = reason
            if self._model:
                self._begun.add(index)
        usage = said.get("usage")
        if usage is None:
            usage = usage_elsewhere(said)
        if usage is not None:
            self._usage = usage
        tier = said.get("service_tier")
        if tier is not None:
            self._tier = tier
        fingerprint = said.get("system_fingerprint")
        if fingerprint is not None:
            self._fingerprint = fingerprint

    def response(self) -> Response:
        """What has come so far."""
        read = response_of(self._model, self._tier, self._fingerprint)
        read.usage = read_chat_usage(self._usage, self._model)
        return read

    def details(self) -> Details:
        """What else has come."""
        return details_of(self._id, [self._reasons[index] for index in sorted(self._reasons)])

    def output(self) -> list[Message]:
        """None: content is not kept."""
        return []


class ChatContentReader(ChatStreamReader):
    """Chunks of a chat completion, with their content."""

    def __init__(self) -> None:
        super().__init__()
        self._choices: dict[int, _Choice] = {}

    def feed(self, chunk: Any) -> None:
        """Take in one chunk."""
        ChatStreamReader.feed(self, chunk)
        try:
            (choice,) = chunk.__dict__["choices"]
            piece = choice.__dict__
            text = _text_alone(piece["delta"])
            if text is not None:
                self._choices[piece["index"]].content.append(text)
                return
        except _UNUSUAL:
            pass
        for choice in as_list(fields_of(chunk).get("choices")):
            piece = fields_of(choice)
            index = index_of(piece)
            known = self._choices.get(index)
            if known is None:
                known = self._choices[index] = _Choice()
            _feed_delta(known, fields_of(piece.get("delta")))

    def output(self) -> list[Message]:
        """The messages so far, one per choice."""
        return [_message(self._choices[index], self._reasons[index]) for index in sorted(self._choices)]


def open_chat_stream(capture: bool) -> ChatStreamReader:
    """A reader for a new stream, which keeps content or not."""
    return ChatContentReader() if capture else ChatStreamReader()


def index_of(piece: Mapping[str, object]) -> int:
    """Which choice a piece belongs to."""
    index = piece.get("index")
    return index if type(index) is int else 0


def _text_alone(delta: Any) -> str | None:
    """The text of a delta that has nothing else, as most have."""
    said = delta.__dict__
    text = said["content"]
    if type(text) is not str or delta.__pydantic_extra__ or said["role"] or said["refusal"] or said["tool_calls"]:
        return None
    return text


def _feed_delta(choice: _Choice, delta: Mapping[str, object]) -> None:
    for name, value in delta.items():
        if value is None:
            continue
        if name == "content":
            if isinstance(value, str):
                choice.content.append(value)
        elif name == "role":
            choice.role = choice.role or as_str(value)
        elif name == "refusal":
            if isinstance(value, str):
                choice.refusal.append(value)
        elif name == "reasoning_content" or (name == "reasoning" and not delta.get("reasoning_content")):
            if isinstance(value, str):
                choice.reasoning.append(value)
        elif name == "tool_calls":
            for call in as_list(value):
                _feed_call(choice.calls, fields_of(call))


def _feed_call(calls: dict[int, _Call], delta: Mapping[str, object]) -> None:
    """Name and id come first, arguments in pieces. A missing index continues the latest call, a new id opens one."""
    index, identity = as_int(delta.get("index")), as_str(delta.get("id"))
    if index is None:
        latest = max(calls, default=-1)
        opens = latest < 0 or (identity is not None and calls[latest].id not in (None, identity))
        index = latest + 1 if opens else latest
    call = calls.setdefault(index, _Call())
    function = fields_of(delta.get("function"))
    call.id = call.id or identity
    call.name = call.name or as_str(function.get("name"))
    arguments = function.get("arguments")
    if isinstance(arguments, str):
        call.arguments.append(arguments)


def _message(choice: _Choice, finish_reason: str | None) -> Message:
    return output_message(
        {
            "role": choice.role or "assistant",
            "content": "".join(choice.content),
            "refusal": "".join(choice.refusal),
            "reasoning": "".join(choice.reasoning),
            "tool_calls": [
                {"id": call.id, "function": {"name": call.name, "arguments": "".join(call.arguments)}}
                for _, call in sorted(choice.calls.items())
            ],
        },
        finish_reason,
    )


_TERMINAL: Final = frozenset({"response.completed", "response.failed", "response.incomplete"})


class ResponsesStreamReader:
    """Events of a response. The last event carries everything, so only a broken stream needs its pieces."""

    def __init__(self, capture: bool) -> None:
        self._capture = capture
        self._response: object = None
        self._ended = False
        self._error: Mapping[str, object] = NOTHING
        self._items: list[object] = []
        self._text: list[str] = []

    def feed(self, event: object) -> None:
        """Take in one event."""
        try:
            fields = event.__dict__
        except AttributeError:
            fields = fields_of(event)
        kind = fields.get("type")
        if "response" in fields and fields["response"] is not None:
            self._response = fields["response"]
            self._ended = as_str(kind) in _TERMINAL
        elif kind == "error":
            self._error = dict(fields_of(event))
        elif self._capture:
            self._keep(kind, fields)

    def response(self) -> Response:
        """The response of the last event, or how far it had come."""
        read = self._answer().response()
        if self._error:
            error = fields_of(self._error.get("error")) or self._error  # a websocket has it one level further down
            read.error_code = as_str(error.get("code")) or values.FINISH_ERROR
            read.error_message = as_str(error.get("message"))
        return read

    def details(self) -> Details:
        """Those of the last event; a response that has not ended has no reason yet."""
        read = self._answer().details()
        if self._response is not None and not self._ended:
            read.finish_reasons = [None]
        return read

    def output(self) -> list[Message]:
        """The items of the last event, or those that were complete when the stream broke off."""
        if not self._capture:
            return []
        whole = read_response_output(self._response) if self._ended else []
        if whole:
            return whole
        text = "".join(self._text)
        partial = [{"type": "message", "content": text}] if text else []
        return read_response_output({"output": [*self._items, *partial]})

    def _answer(self) -> ResponseAnswer:
        return ResponseAnswer(self._response)

    def _keep(self, kind: object, fields: Mapping[str, object]) -> None:
        if kind == "response.output_item.done":
            self._items.append(fields.get("item"))
            self._text.clear()
        elif kind == "response.output_text.delta":
            delta = fields.get("delta")
            if isinstance(delta, str):
                self._text.append(delta)


class FetchedStreamReader(ResponsesStreamReader):
    """Events of a stored response that is read again."""

    def details(self) -> Details:
        """Those of the last event, which may say that it is still under way."""
        return self._answer().details()

    def _answer(self) -> ResponseAnswer:
        return FetchedAnswer(self._response)
