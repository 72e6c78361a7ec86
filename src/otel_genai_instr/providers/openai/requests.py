"""Arguments of a call to the neutral request. Reads scalars only: nothing here grows with the messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ...model import Request
from ...semconv import attributes as names
from ...semconv import values
from ..fields import as_count, as_float, as_int, as_list, as_str, as_texts, fields_of

_Read = Callable[[object], object]

_SAMPLING: Final[dict[str, tuple[str, _Read]]] = {
    "model": ("model", as_str),
    "temperature": ("temperature", as_float),
    "top_p": ("top_p", as_float),
    "service_tier": ("service_tier", as_str),
}
_CHAT: Final[dict[str, tuple[str, _Read]]] = {
    **_SAMPLING,
    "n": ("choice_count", as_count),
    "max_tokens": ("max_tokens", as_count),
    "top_k": ("top_k", as_int),
    "seed": ("seed", as_int),
    "frequency_penalty": ("frequency_penalty", as_float),
    "presence_penalty": ("presence_penalty", as_float),
    "stop": ("stop_sequences", as_texts),
    "reasoning_effort": ("reasoning_level", as_str),
}
_RESPONSES: Final[dict[str, tuple[str, _Read]]] = {
    **_SAMPLING,
    "max_output_tokens": ("max_tokens", as_count),
    "previous_response_id": ("previous_response_id", as_str),
}
"""The argument, and the field of the request that it becomes."""
_SPECIFIC: Final[dict[str, dict[str, str | bool | int | float]]] = {
    api: {names.OPENAI_API_TYPE: api} for api in (values.API_CHAT_COMPLETIONS, values.API_RESPONSES)
}
"""Shared by all requests of an API; nobody changes it."""


def read_chat_request(arguments: Mapping[str, object]) -> Request:
    """``chat.completions.create``, ``.parse`` and ``.stream``."""
    given = _with_extra_body(arguments)
    request = _read(given, _CHAT, values.API_CHAT_COMPLETIONS)
    if "max_completion_tokens" in given:
        limit = as_count(given["max_completion_tokens"])
        request.max_tokens = limit if limit is not None else request.max_tokens
    if "modalities" in given and "audio" in as_list(given["modalities"]):
        request.output_type = values.OUTPUT_SPEECH
    elif "response_format" in given:
        request.output_type = _format_type(given["response_format"])
    return request


def read_responses_request(arguments: Mapping[str, object]) -> Request:
    """``responses.create``, ``.parse`` and ``.stream``."""
    given = _with_extra_body(arguments)
    request = _read(given, _RESPONSES, values.API_RESPONSES)
    if "reasoning" in given:
        request.reasoning_level = as_str(fields_of(given["reasoning"]).get("effort"))
    if "text" in given or "text_format" in given:
        text_format = given.get("text_format")
        request.output_type = _format_type(
            text_format if isinstance(text_format, type) else fields_of(given.get("text")).get("format")
        )
    if "conversation" in given:
        conversation = given["conversation"]
        request.conversation_id = as_str(conversation) or as_str(fields_of(conversation).get("id"))
    return request


def _read(given: Mapping[str, object], fields: Mapping[str, tuple[str, _Read]], api: str) -> Request:
    """What both APIs have, looking only at what was given: most calls give few of the many arguments."""
    request = Request()
    request.operation = values.CHAT
    for name, value in given.items():
        if name in fields:
            field, read = fields[name]
            setattr(request, field, read(value))
    if given.get("stream") is True:
        request.stream = True
    request.specific = _SPECIFIC[api]
    tier = request.service_tier
    if tier is not None and tier != "auto":
        request.specific = {**request.specific, names.OPENAI_REQUEST_SERVICE_TIER: tier}
    return request


def read_retrieve_request(arguments: Mapping[str, object]) -> Request:
    """``responses.retrieve``: a stored response is read, nothing is generated."""
    cursor = as_int(arguments.get("starting_after"))
    return Request(
        operation=values.FETCH_RESPONSE,
        response_id=as_str(arguments.get("response_id")),
        stream_cursor=str(cursor) if cursor is not None else None,
        specific=_SPECIFIC[values.API_RESPONSES],
    )


def read_embeddings_request(arguments: Mapping[str, object]) -> Request:
    """``embeddings.create``."""
    given = _with_extra_body(arguments)
    request = Request()
    request.operation = values.EMBEDDINGS
    request.model = as_str(given.get("model"))
    if "encoding_format" in given:
        request.encoding_formats = as_texts(given["encoding_format"])
    if "dimensions" in given:
        request.dimension_count = as_count(given["dimensions"])
    return request


def _with_extra_body(arguments: Mapping[str, object]) -> Mapping[str, object]:
    extra = arguments.get("extra_body")
    return {**arguments, **fields_of(extra)} if extra else arguments


def _format_type(wanted: object) -> str | None:
    """``json`` for a class, a JSON schema or JSON mode; the convention names the modality, not the format."""
    if wanted is None:
        return None
    if isinstance(wanted, type):
        return values.OUTPUT_JSON
    kind = as_str(wanted) or as_str(fields_of(wanted).get("type"))
    if kind is None:
        return None
    if kind.startswith("json"):
        return values.OUTPUT_JSON
    return kind if kind in (values.OUTPUT_TEXT, values.OUTPUT_IMAGE) else None
