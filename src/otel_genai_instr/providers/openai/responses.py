"""Results of the SDK, or their JSON bodies, to the neutral response."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any, Final

from ...model import Response, Said
from ...semconv import attributes as names
from ..fields import as_list, as_str, fields_of
from .usage import read_chat_usage, read_responses_usage


def read_chat(result: object) -> Response:
    """A chat completion."""
    said = fields_of(result)
    read = _read_common(said)
    choices = said.get("choices")
    if choices:
        read.finish_reasons = [as_str(fields_of(choice).get("finish_reason")) for choice in as_list(choices)]
    read.usage = read_chat_usage(said.get("usage"))
    if error := fields_of(said.get("error")):  # gateways answer 200 and put the upstream's error here
        _read_failure(read, error, "error")
    return read


def read_response(result: object) -> Response:
    """A response of the Responses API."""
    said = fields_of(result)
    read = _read_common(said)
    kinds = _kinds(said)
    read.finish_reasons = _finish_reasons(said, kinds)
    conversation = said.get("conversation")
    if conversation is not None:
        _add(read, names.CONVERSATION_ID, as_str(fields_of(conversation).get("id")))
    usage = read.usage = read_responses_usage(said.get("usage"))
    if usage is not None and not _CHARGED_CALLS.isdisjoint(kinds) and (units := _tools_run(said)):
        usage.units = units
    error = fields_of(said.get("error"))
    if error or said.get("status") == "failed":
        _read_failure(read, error, "failed")
    return read


def _read_common(said: Mapping[str, Any]) -> Response:
    """What both APIs answer."""
    return response_of(said.get("id"), said.get("model"), said.get("service_tier"), said.get("system_fingerprint"))


def response_of(identity: object, model: object, tier: object, fingerprint: object) -> Response:
    """Which response this is, of which model, and how it was served."""
    read = Response()
    read.model = as_str(model)
    _add(read, names.RESPONSE_ID, as_str(identity))
    if tier is not None or fingerprint is not None:
        dimensions: dict[str, Said] = {}
        if (tier := as_str(tier)) is not None:
            read.service_tier = dimensions[names.OPENAI_RESPONSE_SERVICE_TIER] = tier
        if (fingerprint := as_str(fingerprint)) is not None:
            dimensions[names.OPENAI_RESPONSE_SYSTEM_FINGERPRINT] = fingerprint
        read.dimensions = dimensions
    return read


def _add(read: Response, name: str, value: Said | None) -> None:
    if value is not None:
        read.attributes = {**read.attributes, name: value} if read.attributes else {name: value}


def _read_failure(read: Response, error: Mapping[str, Any], otherwise: str) -> None:
    read.error_code = _code(error.get("code")) or otherwise
    read.error_message = as_str(error.get("message"))


def read_fetched_response(result: object) -> Response:
    """A stored response that was fetched: no tokens, or they would count twice, and its failure is not ours."""
    said = fields_of(result)
    read = _read_common(said)
    read.finish_reasons = _finish_reasons(said, _kinds(said))
    _add(read, names.RESPONSE_STATUS, as_str(said.get("status")))
    return read


def read_embeddings(result: object) -> Response:
    """Embeddings. Only the first vector's length is looked at."""
    said = fields_of(result)
    read = Response()
    read.model = as_str(said.get("model"))
    _add(read, names.EMBEDDINGS_DIMENSION_COUNT, _dimensions(said.get("data")))
    read.usage = read_chat_usage(said.get("usage"))
    return read


_INCOMPLETE: Final = {"max_output_tokens": "length", "content_filter": "content_filter"}
_TOOL_CALLS: Final = frozenset({"function_call", "custom_tool_call"})
_CHARGED_CALLS: Final = frozenset({"web_search_call", "file_search_call"})


def _kinds(response: Mapping[str, object]) -> Set[str | None]:
    return {as_str(fields_of(item).get("type")) for item in as_list(response.get("output"))}


def _finish_reasons(response: Mapping[str, object], kinds: Set[str | None]) -> list[str | None]:
    """One reason, derived from the status and the kinds of items; none while the response is under way."""
    status = response.get("status")
    if status == "completed":
        return ["stop" if _TOOL_CALLS.isdisjoint(kinds) else "tool_call"]
    if status == "incomplete":
        reason = as_str(fields_of(response.get("incomplete_details")).get("reason"))
        return [_INCOMPLETE.get(reason or "", reason or "length")]
    if status in ("failed", "cancelled"):
        return ["error"]
    return []


def _tools_run(response: Mapping[str, object]) -> dict[str, float]:
    """Calls of the provider's own tools that it charges one by one.

    Of a web search only the searches are charged, not the pages that were opened
    (https://platform.openai.com/docs/pricing). A code interpreter is charged by container, which several responses can
    share: one response doesn't tell.
    """
    units: dict[str, float] = {}
    for item in map(fields_of, as_list(response.get("output"))):
        kind = item.get("type")
        if kind == "web_search_call":
            action = as_str(fields_of(item.get("action")).get("type"))
            unit = _web_search(response) if action in (None, "search") else None
        else:
            unit = "file_search_call" if kind == "file_search_call" else None
        if unit is not None:
            units[unit] = units.get(unit, 0.0) + 1.0
    return units


def _web_search(response: Mapping[str, object]) -> str:
    """The tool's older form has another price."""
    kinds = (as_str(fields_of(tool).get("type")) for tool in as_list(response.get("tools")))
    return (
        "web_search_call/preview" if any(k and k.startswith("web_search_preview") for k in kinds) else "web_search_call"
    )


def _dimensions(vectors: object) -> int | None:
    for vector in as_list(vectors):
        embedding = fields_of(vector).get("embedding")
        if isinstance(embedding, str):  # base64 of 4-byte floats
            return (len(embedding) * 3 // 4 - embedding.count("=", -2)) // 4 or None
        return len(as_list(embedding)) or None
    return None


def _code(code: object) -> str | None:
    return as_str(code) or (str(code) if isinstance(code, int) else None)
