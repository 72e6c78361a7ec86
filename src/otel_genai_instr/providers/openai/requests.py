"""The body of a request to the neutral request. Reads scalars only: nothing here grows with the messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ...model import Request, Said
from ...semconv import attributes as names
from ...semconv import own, values
from ..asked import AskedFields, as_choice_count, as_stream
from ..counts import as_input_count, as_message_count
from ..fields import as_count, as_float, as_int, as_list, as_str, as_texts, fields_of


def _as_effort(reasoning: object) -> str | None:
    return as_str(fields_of(reasoning).get("effort"))


def _as_format_of_text(text: object) -> str | None:
    return _as_format(fields_of(text).get("format"))


def _as_cursor(value: object) -> str | None:
    cursor = as_int(value)
    return str(cursor) if cursor is not None else None


def _as_id(value: object) -> str | None:
    return as_str(value) or as_str(fields_of(value).get("id"))


def _as_chosen_tier(value: object) -> str | None:
    tier = as_str(value)
    return tier if tier != "auto" else None


def _as_format(wanted: object) -> str | None:
    """``json`` for a JSON schema or JSON mode; the convention names the modality, not the format."""
    kind = as_str(wanted) or as_str(fields_of(wanted).get("type"))
    if kind is None:
        return None
    if kind.startswith("json"):
        return values.OUTPUT_JSON
    return kind if kind in (values.OUTPUT_TEXT, values.OUTPUT_IMAGE) else None


def _as_encodings(value: object) -> tuple[str, ...] | None:
    """Base64 is what the SDK asks for by itself: it says nothing of what the caller wants."""
    formats = as_texts(value)
    return formats if formats != ("base64",) else None


def _as_prompt_count(prompt: object) -> int | None:
    """The ids of the tokens of one prompt may stand for it."""
    items = as_list(prompt)
    return 1 if items and isinstance(items[0], int) else as_input_count(prompt)


def _as_spoken(modalities: object) -> str | None:
    return values.OUTPUT_SPEECH if "audio" in as_list(modalities) else None


_SAMPLING: Final[AskedFields] = {
    "temperature": (names.REQUEST_TEMPERATURE, as_float),
    "top_p": (names.REQUEST_TOP_P, as_float),
    "stream": (names.REQUEST_STREAM, as_stream),
    "service_tier": (names.OPENAI_REQUEST_SERVICE_TIER, _as_chosen_tier),
}
_CHAT: Final[AskedFields] = {
    **_SAMPLING,
    "messages": (own.INPUT_MESSAGE_COUNT, as_message_count),
    "n": (names.REQUEST_CHOICE_COUNT, as_choice_count),
    "max_tokens": (names.REQUEST_MAX_TOKENS, as_count),
    "top_k": (names.REQUEST_TOP_K, as_int),
    "seed": (names.REQUEST_SEED, as_int),
    "frequency_penalty": (names.REQUEST_FREQUENCY_PENALTY, as_float),
    "presence_penalty": (names.REQUEST_PRESENCE_PENALTY, as_float),
    "stop": (names.REQUEST_STOP_SEQUENCES, as_texts),
    "reasoning_effort": (names.REQUEST_REASONING_LEVEL, as_str),
    "response_format": (names.OUTPUT_TYPE, _as_format),
}
_COMPLETION: Final[AskedFields] = {**_CHAT, "prompt": (own.INPUT_MESSAGE_COUNT, _as_prompt_count)}
_COUNT: Final[AskedFields] = {"input": (own.INPUT_MESSAGE_COUNT, as_input_count)}
_RESPONSES: Final[AskedFields] = {
    **_SAMPLING,
    **_COUNT,
    "max_output_tokens": (names.REQUEST_MAX_TOKENS, as_count),
    "previous_response_id": (names.REQUEST_PREVIOUS_RESPONSE_ID, as_str),
    "reasoning": (names.REQUEST_REASONING_LEVEL, _as_effort),
    "text": (names.OUTPUT_TYPE, _as_format_of_text),
    "conversation": (names.CONVERSATION_ID, _as_id),
}
_RETRIEVE: Final[AskedFields] = {
    "response_id": (names.RESPONSE_ID, as_str),
    "starting_after": (names.REQUEST_STREAM_CURSOR, _as_cursor),
}
_EMBEDDINGS: Final[AskedFields] = {
    "encoding_format": (names.REQUEST_ENCODING_FORMATS, _as_encodings),
    "dimensions": (names.EMBEDDINGS_DIMENSION_COUNT, as_count),
}
"""The argument, the attribute that it becomes, and how its value is read."""


def read_chat_request(body: Mapping[str, object]) -> Request:
    """A chat completion."""
    attributes: dict[str, Said] = {names.OPENAI_API_TYPE: values.API_CHAT_COMPLETIONS}
    request = _read(values.CHAT, body, _CHAT, attributes)
    # Newer names of what the table has, which win over it.
    if "max_completion_tokens" in body:
        _put(attributes, names.REQUEST_MAX_TOKENS, as_count(body["max_completion_tokens"]))
    if "modalities" in body:
        _put(attributes, names.OUTPUT_TYPE, _as_spoken(body["modalities"]))
    return request


def read_completion_request(body: Mapping[str, object]) -> Request:
    """A legacy completion: what it can be asked for, a chat can be asked for, too."""
    return _read(values.TEXT_COMPLETION, body, _COMPLETION, {})


def read_responses_request(body: Mapping[str, object]) -> Request:
    """A response."""
    return _read(values.CHAT, body, _RESPONSES, {names.OPENAI_API_TYPE: values.API_RESPONSES})


def read_retrieve_request(query: Mapping[str, object]) -> Request:
    """A stored response is read, nothing is generated."""
    return _read_stored(values.FETCH_RESPONSE, query)


def read_cancel_request(named: Mapping[str, object]) -> Request:
    """A response under way is cancelled, nothing is generated."""
    return _read_stored(values.CANCEL_RESPONSE, named)


def read_compact_request(body: Mapping[str, object]) -> Request:
    """A conversation is made shorter by a model."""
    return _read(values.COMPACTION, body, _RESPONSES, {names.OPENAI_API_TYPE: values.API_RESPONSES})


def read_count_request(body: Mapping[str, object]) -> Request:
    """Tokens are counted, nothing is generated: only the model and the input say something."""
    return _read(values.COUNT_TOKENS, body, _COUNT, {names.OPENAI_API_TYPE: values.API_RESPONSES})


def read_moderation_request(body: Mapping[str, object]) -> Request:
    """A text or an image is judged."""
    return _read(values.MODERATION, body, {}, {})


def read_embeddings_request(body: Mapping[str, object]) -> Request:
    """Embeddings."""
    return _read(values.EMBEDDINGS, body, _EMBEDDINGS, {})


def _read_stored(operation: str, given: Mapping[str, object]) -> Request:
    """Its id is one of many, so the span's name has it not, and neither a deployment that may stand in the path."""
    request = _read(operation, given, _RETRIEVE, {names.OPENAI_API_TYPE: values.API_RESPONSES})
    request.span_name = operation
    return request


def _read(operation: str, given: Mapping[str, object], fields: AskedFields, attributes: dict[str, Said]) -> Request:
    """What all APIs have, looking only at what was given: most calls give few of the many arguments."""
    for name, value in given.items():
        if name in fields:
            attribute, read = fields[name]
            said = read(value)
            if said is not None:
                attributes[attribute] = said
    tier = given.get("service_tier")
    return Request(operation, as_str(given.get("model")), as_str(tier) if tier is not None else None, attributes)


def _put(attributes: dict[str, Said], name: str, value: Said | None) -> None:
    if value is not None:
        attributes[name] = value
