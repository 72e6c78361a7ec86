"""Responses of a realtime session, and transcripts of what was said to it: requests and events."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from ...model import Content, Details, Message, Request, Response, Said, Usage
from ...semconv import attributes as names
from ...semconv import values
from ..asked import AskedFields, read_asked
from ..fields import as_count, as_float, as_list, as_str, fields_of
from .answers import read_failure
from .audio import read_transcript_usage
from .content import read_response_output
from .endings import finish_reasons_of
from .realtime_content import without_audio
from .unrecorded import UnrecordedStream
from .usage import read_responses_usage

_DETAILS: Final = {
    "input_token_details": "input_tokens_details",
    "output_token_details": "output_tokens_details",
}
"""Realtime's names, and those of responses."""


def _as_output_type(modalities: object) -> str | None:
    """Audio comes with its transcript: it is what was asked for."""
    kinds = as_list(modalities)
    return values.OUTPUT_SPEECH if "audio" in kinds else values.OUTPUT_TEXT if "text" in kinds else None


def _as_effort(reasoning: object) -> str | None:
    return as_str(fields_of(reasoning).get("effort"))


_ASKED: Final[AskedFields] = {
    "max_output_tokens": (names.REQUEST_MAX_TOKENS, as_count),
    "output_modalities": (names.OUTPUT_TYPE, _as_output_type),
    "reasoning": (names.REQUEST_REASONING_LEVEL, _as_effort),
    # The beta's.
    "max_response_output_tokens": (names.REQUEST_MAX_TOKENS, as_count),
    "modalities": (names.OUTPUT_TYPE, _as_output_type),
    "temperature": (names.REQUEST_TEMPERATURE, as_float),
}


def read_response_request(asked: Mapping[str, object]) -> Request:
    """A response."""
    said = fields_of(asked.get("session"))
    attributes: dict[str, Said] = {names.REQUEST_STREAM: True, **_attributes_of(said, asked.get("response"))}
    return Request(values.CHAT, as_str(asked.get("model")), attributes=attributes)


def read_transcript_request(asked: Mapping[str, object]) -> Request:
    """A transcript of what was said to the session."""
    attributes = _attributes_of({"id": fields_of(asked.get("session")).get("id")}, None)
    attributes[names.OUTPUT_TYPE] = values.OUTPUT_TEXT
    return Request(values.TRANSCRIPTION, as_str(asked.get("model")), attributes=attributes)


def _attributes_of(session: Mapping[str, Any], response: object) -> dict[str, Said]:
    """Of a response that is asked for in a session; what itself says wins."""
    attributes: dict[str, Said] = {names.OPENAI_API_TYPE: values.API_REALTIME}
    identity = as_str(session.get("id"))
    if identity is not None:
        attributes[names.CONVERSATION_ID] = identity
    for said in (session, fields_of(response)):
        attributes.update(read_asked(said, _ASKED))
    return attributes


class RealtimeReader:
    """Events of one response. The last one carries everything; sound is never kept."""

    def __init__(
        self, asked: Mapping[str, object], content: Callable[[Mapping[str, Any]], Content] | None, capture: bool
    ) -> None:
        self._asked = asked
        self._session: Mapping[str, Any] = {}
        """As it is when the response begins: a request may be sent before the session has said a word."""
        self._content = content
        self._capture = capture
        self._response: Mapping[str, Any] = {}
        self._error: Mapping[str, Any] = {}
        self._items: list[object] = []

    def feed(self, event: object) -> None:
        """Take in one event."""
        said = fields_of(event)
        if said.get("response") is not None:
            self._response = fields_of(said["response"])
            self._session = self._session or dict(fields_of(self._asked.get("session")))
        elif said.get("type") == "error":
            self._error = fields_of(said.get("error"))
        elif self._capture and said.get("item") is not None:
            self._items.append(without_audio(said["item"]))

    def response(self) -> Response:
        """Tokens, and why it failed; the model is the session's."""
        read = Response()
        read.model = as_str(self._session.get("model"))
        read.usage = _read_usage(self._response.get("usage"))
        error = self._error
        if self._response.get("status") == "failed":
            error = fields_of(fields_of(self._response.get("status_details")).get("error")) or {"code": "failed"}
        if error:
            read_failure(read, error, as_str(error.get("type")) or values.FINISH_ERROR)
        return read

    def details(self) -> Details:
        """Its id, and how it ended."""
        read = Details()
        attributes = _attributes_of(self._session, self._asked.get("response"))
        identity = as_str(self._response.get("id"))
        if identity is not None:
            attributes[names.RESPONSE_ID] = identity
        read.attributes = attributes
        read.finish_reasons = _finish_reasons(self._response)
        if self._content is not None:
            read.content = partial(self._content, self._session)
        return read

    def output(self) -> list[Message]:
        """The items of the last event, or those that were complete when the connection broke."""
        if not self._capture:
            return []
        items = [without_audio(item) for item in as_list(self._response.get("output"))] or self._items
        message = read_response_output({"output": items})
        reasons = _finish_reasons(self._response)
        for said in message:
            said.finish_reason = "tool_call" if reasons == ["tool_calls"] else reasons[0]
        return message


def _finish_reasons(response: Mapping[str, Any]) -> list[str | None]:
    """One that the user interrupts is no failure: its reason is the server's word for that."""
    details = fields_of(response.get("status_details"))
    if response.get("status") == "cancelled":
        return [as_str(details.get("reason")) or "cancelled"]
    return finish_reasons_of({**response, "incomplete_details": details}) or [None]


def _read_usage(usage: object) -> Usage | None:
    if usage is None:
        return None
    return read_responses_usage({_DETAILS.get(name, name): value for name, value in fields_of(usage).items()})


class TranscriptReader(UnrecordedStream):
    """The one event of a transcript, which has its usage, or says why there is none."""

    def __init__(self, capture: bool) -> None:
        super().__init__(capture)
        self._error: Mapping[str, Any] = {}

    def feed(self, event: object) -> None:
        """Take it in."""
        super().feed(event)
        self._error = fields_of(fields_of(event).get("error"))

    def response(self) -> Response:
        """Tokens or seconds."""
        read = Response()
        read.usage = read_transcript_usage(self.usages[-1]) if self.usages else None
        if self._error:
            read_failure(read, self._error, as_str(self._error.get("type")) or values.FINISH_ERROR)
        return read
