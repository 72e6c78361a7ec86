"""Bodies of requests to the neutral request. Reads scalars only: nothing here grows with the messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ...model import Request
from ...semconv import attributes as names
from ...semconv import own, values
from ..asked import AskedFields, as_stream, read_asked
from ..counts import as_message_count
from ..fields import as_count, as_float, as_int, as_str, as_texts, fields_of


def _as_format(wanted: object) -> str | None:
    """There is but one: a JSON schema. The convention names the modality, not the format."""
    kind = as_str(fields_of(wanted).get("type"))
    return values.OUTPUT_JSON if kind is not None and kind.startswith("json") else None


_COUNT: Final[AskedFields] = {"messages": (own.INPUT_MESSAGE_COUNT, as_message_count)}
_MESSAGE: Final[AskedFields] = {
    **_COUNT,
    "max_tokens": (names.REQUEST_MAX_TOKENS, as_count),
    "stream": (names.REQUEST_STREAM, as_stream),
    "stop_sequences": (names.REQUEST_STOP_SEQUENCES, as_texts),
    # Later SDKs have no arguments for these three, but send what ``extra_body`` says.
    "temperature": (names.REQUEST_TEMPERATURE, as_float),
    "top_p": (names.REQUEST_TOP_P, as_float),
    "top_k": (names.REQUEST_TOP_K, as_int),
    "output_format": (names.OUTPUT_TYPE, _as_format),  # the beta's name of ``output_config.format``
}


def read_message_request(body: Mapping[str, object]) -> Request:
    """``messages.create``, ``.stream`` and ``.parse``, beta or not."""
    attributes = read_asked(body, _MESSAGE)
    if "output_config" in body:
        config = fields_of(body["output_config"])
        if (effort := as_str(config.get("effort"))) is not None:
            attributes[names.REQUEST_REASONING_LEVEL] = effort
        if (modality := _as_format(config.get("format"))) is not None:
            attributes[names.OUTPUT_TYPE] = modality
    # Fast mode has prices of its own, as a tier has; the answer says which speed it got.
    tier = "fast" if as_str(body.get("speed")) == "fast" else as_str(body.get("service_tier"))
    return Request(values.CHAT, as_str(body.get("model")), tier, attributes)


def read_count_request(body: Mapping[str, object]) -> Request:
    """``messages.count_tokens``: nothing is generated, so only the model and the messages say something."""
    return Request(values.COUNT_TOKENS, as_str(body.get("model")), attributes=read_asked(body, _COUNT))
