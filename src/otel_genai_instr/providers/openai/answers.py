"""Results of the SDK, or their JSON bodies, as readings."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from ...model import Details, Message, Response, Said
from ...semconv import attributes as names
from ..counts import add_counts, texts_in
from ..fields import as_int, as_list, as_str, fields_of
from .content import inside, read_chat_output, read_response_output, read_responses_content
from .dialects import usage_elsewhere
from .endings import finish_reasons_of
from .hosted_tools import tools_run
from .usage import read_chat_usage, read_embeddings_usage, read_responses_usage

_TEXTS: Final = {"text": "text", "output_text": "text", "refusal": "refusal"}
"""Kinds of parts that the user of the app sees as text, and the field that has it."""


class ChatAnswer:
    """A chat completion."""

    __slots__ = ("_said",)

    def __init__(self, result: object) -> None:
        self._said = fields_of(result)

    def response(self) -> Response:
        """Model, tokens, and how it was served."""
        said = self._said
        read = read_served(said)
        usage = said.get("usage")
        read.usage = read_chat_usage(usage_elsewhere(said) if usage is None else usage, read.model)
        error = said.get("error")
        if error is not None and (error := fields_of(error)):  # gateways answer 200 and put the upstream's error here
            read_failure(read, error, "error")
        return read

    def details(self) -> Details:
        """Its id, how each choice ended, how much text there is, and which tools are called."""
        choices = [fields_of(choice) for choice in as_list(self._said.get("choices"))]
        read = details_of(self._said.get("id"), [as_str(choice.get("finish_reason")) for choice in choices])
        if choices:
            self._count(read, choices)
        return read

    def output(self) -> list[Message]:
        """One message per choice."""
        return read_chat_output(self._said)

    def _count(self, read: Details, choices: list[Mapping[str, Any]]) -> None:
        texts: list[object] = []
        tools: list[object] = []
        for choice in choices:
            message = fields_of(choice.get("message"))
            texts.extend(texts_in(message.get("content"), _TEXTS))
            texts.extend(texts_in(message.get("refusal"), _TEXTS))
            if not message:
                texts.append(None)
            if (calls := message.get("tool_calls")) is not None:
                tools.extend(inside(fields_of(call)).get("name") for call in as_list(calls))
            if (called := message.get("function_call")) is not None:  # the older form of tools
                tools.append(fields_of(called).get("name"))
        add_counts(read, texts, tools)


class ResponseAnswer:
    """A response of the Responses API."""

    __slots__ = ("_said",)

    def __init__(self, result: object) -> None:
        self._said = fields_of(result)

    def response(self) -> Response:
        """Model, tokens, the tools that the provider ran, and how it was served."""
        said = self._said
        read = read_served(said)
        usage = read.usage = read_responses_usage(said.get("usage"), read.model)
        if usage is not None and (units := tools_run(said)):
            usage.units = {**usage.units, **units} if usage.units else units
        error = said.get("error")
        if error is not None or said.get("status") == "failed":
            read_failure(read, fields_of(error), "failed")
        return read

    def details(self) -> Details:
        """Its id and conversation, how it ended, how much text there is, and which tools are called."""
        said = self._said
        read = details_of(said.get("id"), finish_reasons_of(said))
        conversation = said.get("conversation")
        if conversation is not None:
            _add(read, names.CONVERSATION_ID, as_str(fields_of(conversation).get("id")))
        self._count(read, said.get("output"))
        return read

    def _count(self, read: Details, items: object) -> None:
        texts: list[object] = []
        tools: list[object] = []
        for item in map(fields_of, as_list(items)):
            kind = item.get("type")
            if kind == "message":
                texts.extend(texts_in(item.get("content"), _TEXTS))
            elif kind in ("function_call", "custom_tool_call"):
                tools.append(item.get("name"))
            elif kind == "compaction":
                _add(read, names.CONVERSATION_COMPACTED, True)
        is_over = bool(read.finish_reasons) and isinstance(items, list | tuple)
        add_counts(read, texts if is_over else None, tools)

    def output(self) -> list[Message]:
        """Its items, as one message."""
        return read_response_output(self._said)


class FetchedAnswer(ResponseAnswer):
    """A stored response that was fetched."""

    __slots__ = ()

    def response(self) -> Response:
        """Without tokens, or they would count twice, and its failure is not this call's."""
        return read_served(self._said)

    def details(self) -> Details:
        """Its id, how it ended, or how far it is, and what had been asked."""
        said = self._said
        read = details_of(said.get("id"), finish_reasons_of(said))
        _add(read, names.RESPONSE_STATUS, as_str(said.get("status")))
        read.content = partial(read_responses_content, said)
        return read


class EmbeddingsAnswer:
    """Embeddings."""

    __slots__ = ("_said",)

    def __init__(self, result: object) -> None:
        self._said = fields_of(result)

    def response(self) -> Response:
        """Model and tokens."""
        read = Response()
        read.model = as_str(self._said.get("model"))
        read.usage = read_embeddings_usage(self._said.get("usage"))
        return read

    def details(self) -> Details:
        """How long a vector is. Only the first one is looked at, and only its length."""
        read = Details()
        _add(read, names.EMBEDDINGS_DIMENSION_COUNT, _dimensions(self._said.get("data")))
        return read

    def output(self) -> list[Message]:
        """Vectors are no messages."""
        return []


def response_of(model: object, tier: object, fingerprint: object) -> Response:
    """Which model answered, and how it was served."""
    read = Response()
    read.model = as_str(model)
    if tier is not None or fingerprint is not None:
        dimensions: dict[str, Said] = {}
        if (tier := as_str(tier)) is not None:
            read.service_tier = dimensions[names.OPENAI_RESPONSE_SERVICE_TIER] = tier
        if (fingerprint := as_str(fingerprint)) is not None:
            dimensions[names.OPENAI_RESPONSE_SYSTEM_FINGERPRINT] = fingerprint
        read.dimensions = dimensions
    return read


def details_of(identity: object, finish_reasons: list[str | None]) -> Details:
    """Which answer it is, and how its choices ended."""
    read = Details()
    read.finish_reasons = finish_reasons
    _add(read, names.RESPONSE_ID, as_str(identity))
    return read


def read_failure(read: Response, error: Mapping[str, Any], otherwise: str) -> None:
    """What an answer says of its error; ``otherwise`` is the code where it has none."""
    read.error_code = _code(error.get("code")) or otherwise
    read.error_message = as_str(error.get("message"))


def read_served(said: Mapping[str, Any]) -> Response:
    """Which model answered, and how it was served, as all answers say it."""
    return response_of(said.get("model"), said.get("service_tier"), said.get("system_fingerprint"))


def _add(read: Details, name: str, value: Said | None) -> None:
    if value is not None:
        read.attributes = {**read.attributes, name: value} if read.attributes else {name: value}


def _dimensions(vectors: object) -> int | None:
    for vector in as_list(vectors):
        embedding = fields_of(vector).get("embedding")
        if isinstance(embedding, str):  # base64 of 4-byte floats
            return (len(embedding) * 3 // 4 - embedding.count("=", -2)) // 4 or None
        return len(as_list(embedding)) or None
    return None


def _code(code: object) -> str | None:
    number = as_int(code)
    return as_str(code) or (None if number is None else str(number))
