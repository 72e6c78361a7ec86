"""Arguments of a call to the neutral request. Reads scalars only: nothing here grows with the messages."""

from __future__ import annotations

from collections.abc import Mapping

from ...model import Request
from ...semconv import attributes as names
from ...semconv import values
from ..fields import as_count, as_float, as_int, as_list, as_str, as_texts, fields_of


def read_chat_request(arguments: Mapping[str, object]) -> Request:
    """``chat.completions.create``, ``.parse`` and ``.stream``."""
    given = _with_extra_body(arguments)
    tier = as_str(given.get("service_tier"))
    limit = as_count(given.get("max_completion_tokens"))
    return Request(
        operation=values.CHAT,
        model=as_str(given.get("model")),
        stream=given.get("stream") is True,
        choice_count=as_count(given.get("n")),
        max_tokens=limit if limit is not None else as_count(given.get("max_tokens")),
        temperature=as_float(given.get("temperature")),
        top_p=as_float(given.get("top_p")),
        top_k=as_int(given.get("top_k")),
        seed=as_int(given.get("seed")),
        frequency_penalty=as_float(given.get("frequency_penalty")),
        presence_penalty=as_float(given.get("presence_penalty")),
        stop_sequences=as_texts(given.get("stop")),
        reasoning_level=as_str(given.get("reasoning_effort")),
        output_type=_chat_output_type(given),
        service_tier=tier,
        specific=_specific(values.API_CHAT_COMPLETIONS, tier),
    )


def read_responses_request(arguments: Mapping[str, object]) -> Request:
    """``responses.create``, ``.parse`` and ``.stream``."""
    given = _with_extra_body(arguments)
    tier = as_str(given.get("service_tier"))
    conversation = given.get("conversation")
    text_format = given.get("text_format")
    return Request(
        operation=values.CHAT,
        model=as_str(given.get("model")),
        stream=given.get("stream") is True,
        max_tokens=as_count(given.get("max_output_tokens")),
        temperature=as_float(given.get("temperature")),
        top_p=as_float(given.get("top_p")),
        reasoning_level=as_str(fields_of(given.get("reasoning")).get("effort")),
        output_type=_format_type(
            text_format if isinstance(text_format, type) else fields_of(given.get("text")).get("format")
        ),
        conversation_id=as_str(conversation) or as_str(fields_of(conversation).get("id")),
        previous_response_id=as_str(given.get("previous_response_id")),
        service_tier=tier,
        specific=_specific(values.API_RESPONSES, tier),
    )


def read_retrieve_request(arguments: Mapping[str, object]) -> Request:
    """``responses.retrieve``: a stored response is read, nothing is generated."""
    cursor = as_int(arguments.get("starting_after"))
    return Request(
        operation=values.FETCH_RESPONSE,
        response_id=as_str(arguments.get("response_id")),
        stream_cursor=str(cursor) if cursor is not None else None,
        specific={names.OPENAI_API_TYPE: values.API_RESPONSES},
    )


def read_embeddings_request(arguments: Mapping[str, object]) -> Request:
    """``embeddings.create``."""
    given = _with_extra_body(arguments)
    return Request(
        operation=values.EMBEDDINGS,
        model=as_str(given.get("model")),
        encoding_formats=as_texts(given.get("encoding_format")),
        dimension_count=as_count(given.get("dimensions")),
    )


def _with_extra_body(arguments: Mapping[str, object]) -> Mapping[str, object]:
    extra = arguments.get("extra_body")
    return {**arguments, **fields_of(extra)} if extra else arguments


def _specific(api: str, tier: str | None) -> dict[str, str | bool | int | float]:
    specific: dict[str, str | bool | int | float] = {names.OPENAI_API_TYPE: api}
    if tier is not None and tier != "auto":
        specific[names.OPENAI_REQUEST_SERVICE_TIER] = tier
    return specific


def _chat_output_type(given: Mapping[str, object]) -> str | None:
    modalities = given.get("modalities")
    if modalities and "audio" in as_list(modalities):
        return values.OUTPUT_SPEECH
    return _format_type(given.get("response_format"))


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
