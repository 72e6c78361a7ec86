"""Results of the SDK, or their JSON bodies, to the neutral response."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ...model import Response
from ...semconv import attributes as names
from ..fields import as_list, as_str, fields_of
from .usage import read_chat_usage, read_responses_usage

Specific = dict[str, str | bool | int | float]


def read_chat(result: object) -> Response:
    """A chat completion."""
    completion = fields_of(result)
    error = fields_of(completion.get("error"))  # gateways answer 200 and put the upstream's error here
    return Response(
        id=as_str(completion.get("id")),
        model=as_str(completion.get("model")),
        finish_reasons=[
            as_str(fields_of(choice).get("finish_reason")) for choice in as_list(completion.get("choices"))
        ],
        service_tier=as_str(completion.get("service_tier")),
        usage=read_chat_usage(completion.get("usage")),
        error_code=_code(error.get("code")) or "error" if error else None,
        error_message=as_str(error.get("message")),
        specific=read_specific(completion),
    )


def read_response(result: object) -> Response:
    """A response of the Responses API."""
    response = fields_of(result)
    error = fields_of(response.get("error"))
    failed = response.get("status") == "failed"
    return Response(
        id=as_str(response.get("id")),
        model=as_str(response.get("model")),
        finish_reasons=finish_reasons_of(response),
        conversation_id=as_str(fields_of(response.get("conversation")).get("id")),
        service_tier=as_str(response.get("service_tier")),
        usage=read_responses_usage(response.get("usage")),
        error_code=(_code(error.get("code")) or "failed") if error or failed else None,
        error_message=as_str(error.get("message")),
        specific=read_specific(response),
    )


def read_fetched_response(result: object) -> Response:
    """A stored response that was fetched: no tokens, or they would count twice, and its failure is not ours."""
    response = read_response(result)
    response.usage = None
    response.error_code = response.error_message = None
    response.status = as_str(fields_of(result).get("status"))
    response.conversation_id = None
    return response


def read_embeddings(result: object) -> Response:
    """Embeddings. Only the first vector's length is looked at."""
    answer = fields_of(result)
    return Response(
        model=as_str(answer.get("model")),
        dimension_count=_dimensions(as_list(answer.get("data"))),
        usage=read_chat_usage(answer.get("usage")),
    )


def read_specific(fields: Mapping[str, object]) -> Specific | None:
    """What only OpenAI answers, and those who speak its format."""
    tier = as_str(fields.get("service_tier"))
    fingerprint = as_str(fields.get("system_fingerprint"))
    if tier is None and fingerprint is None:
        return None
    specific: Specific = {}
    if tier is not None:
        specific[names.OPENAI_RESPONSE_SERVICE_TIER] = tier
    if fingerprint is not None:
        specific[names.OPENAI_RESPONSE_SYSTEM_FINGERPRINT] = fingerprint
    return specific


_INCOMPLETE: Final = {"max_output_tokens": "length", "content_filter": "content_filter"}
_TOOL_CALLS: Final = frozenset({"function_call", "custom_tool_call"})


def finish_reasons_of(response: Mapping[str, object]) -> list[str | None]:
    """One reason, derived from the status; none while the response is under way."""
    status = response.get("status")
    if status == "completed":
        calls = any(as_str(fields_of(item).get("type")) in _TOOL_CALLS for item in as_list(response.get("output")))
        return ["tool_call" if calls else "stop"]
    if status == "incomplete":
        reason = as_str(fields_of(response.get("incomplete_details")).get("reason"))
        return [_INCOMPLETE.get(reason or "", reason or "length")]
    if status in ("failed", "cancelled"):
        return ["error"]
    return []


def _dimensions(vectors: object) -> int | None:
    for vector in as_list(vectors):
        embedding = fields_of(vector).get("embedding")
        if isinstance(embedding, str):  # base64 of 4-byte floats
            return (len(embedding) * 3 // 4 - embedding.count("=", -2)) // 4 or None
        return len(as_list(embedding)) or None
    return None


def _code(code: object) -> str | None:
    return as_str(code) or (str(code) if isinstance(code, int) else None)
