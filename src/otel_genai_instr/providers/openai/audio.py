"""Audio: text is spoken, speech is transcribed or translated. Requests, results and streams.

Facts of the SDK's types ``Transcription``, ``TranscriptionVerbose``, ``TranscriptionStreamEvent``, ``Translation`` and
``SpeechCreateParams`` (3.57). Neither texts nor sound are kept, and files are left to the SDK.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ...model import Request, Response, Said, Usage
from ...semconv import attributes as names
from ...semconv import units, values
from ..asked import AskedFields, as_stream, read_asked
from ..fields import as_float, as_str, fields_of
from ..json_text import json_or_text
from .unrecorded import Unrecorded, UnrecordedStream
from .usage import read_responses_usage

_TRANSCRIPTION: Final[AskedFields] = {
    "temperature": (names.REQUEST_TEMPERATURE, as_float),
    "stream": (names.REQUEST_STREAM, as_stream),
}


def read_speech_request(body: Mapping[str, object]) -> Request:
    """A text is spoken. What is answered is sound, which doesn't say how long the text was."""
    text = body.get("input")
    spoken = {units.INPUT_CHARACTER: float(len(text))} if isinstance(text, str) else None
    attributes: dict[str, Said] = {names.OUTPUT_TYPE: values.OUTPUT_SPEECH}
    return Request(values.SPEECH, as_str(body.get("model")), attributes=attributes, units=spoken)


def read_transcription_request(body: Mapping[str, object]) -> Request:
    """Speech becomes text in its language."""
    return _read(values.TRANSCRIPTION, body)


def read_translation_request(body: Mapping[str, object]) -> Request:
    """Speech becomes English text."""
    return _read(values.TRANSLATION, body)


def _read(operation: str, body: Mapping[str, object]) -> Request:
    attributes: dict[str, Said] = {names.OUTPUT_TYPE: values.OUTPUT_TEXT, **read_asked(body, _TRANSCRIPTION)}
    return Request(operation, as_str(body.get("model")), attributes=attributes)


class SpeechAnswer(Unrecorded):
    """Sound, which says nothing of itself, unless events were asked for (``stream_format``): one has the usage.

    https://developers.openai.com/api/reference/resources/audio: ``speech.audio.done``
    """

    __slots__ = ("_body",)

    def __init__(self, result: object) -> None:
        self._body: object = getattr(getattr(result, "response", None), "_content", None)  # where it was loaded

    def response(self) -> Response:
        """Tokens, if it is told how many."""
        read, body = Response(), self._body
        if isinstance(body, bytes) and body.startswith((b"data:", b"event:")):
            told = [line for line in body.splitlines() if b'"usage"' in line]
            event = told[-1].partition(b"data:")[2].decode(errors="replace") if told else None
            read.usage = read_transcript_usage(fields_of(json_or_text(event)).get("usage"))
        return read


class TranscriptAnswer(Unrecorded):
    """A transcription or a translation: an object, or a plain text where one was asked for."""

    __slots__ = ("_said",)

    def __init__(self, result: object) -> None:
        self._said = fields_of(result)

    def response(self) -> Response:
        """Tokens or seconds, by what the model is billed by; the model isn't said."""
        read = Response()
        read.usage = read_transcript_usage(self._said.get("usage")) or _seconds(self._said.get("duration"))
        return read


class TranscriptStreamReader(UnrecordedStream):
    """Events of a transcription: pieces of text, and the whole one, whose event has the usage."""

    def response(self) -> Response:
        """Tokens or seconds, once the whole text has come."""
        read = Response()
        read.usage = read_transcript_usage(self.usages[-1]) if self.usages else None
        return read


def read_transcript_usage(usage: object) -> Usage | None:
    """``UsageTokens`` or ``UsageDuration``; the details have a name of their own here."""
    said = fields_of(usage)
    if said.get("type") == "duration":
        return _seconds(said.get("seconds"))
    return read_responses_usage({**said, "input_tokens_details": said.get("input_token_details")})


def _seconds(length: object) -> Usage | None:
    """Length of the audio that was sent."""
    seconds = as_float(length)
    if seconds is None:
        return None
    usage = Usage()
    usage.units = {units.INPUT_SECOND: seconds}
    return usage
