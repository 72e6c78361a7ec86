"""Blocks for calls to models through clients that nobody instruments; measured and priced like all others."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, Final, TypedDict, Unpack, cast

from opentelemetry import trace
from opentelemetry.context import Context

from ..model import Details, Endpoint, Failure, Message, Request, Response, Said, Usage
from ..semconv import attributes as names
from ..semconv import values
from ..telemetry.operation import Operation
from ..telemetry.telemetry import shared
from ..text import as_text, class_name
from . import checks
from .block import Block


class RequestOptions(TypedDict, total=False):
    """What was asked for, as far as the client says it. What is ``None`` was not said."""

    stream: bool
    choice_count: int | None
    max_tokens: int | None
    temperature: float | None
    top_p: float | None
    top_k: int | None
    seed: int | None
    frequency_penalty: float | None
    presence_penalty: float | None
    stop_sequences: tuple[str, ...] | None
    reasoning_level: str | None
    output_type: str | None
    conversation_id: str | None
    previous_response_id: str | None
    service_tier: str | None


class EmbeddingsOptions(TypedDict, total=False):
    """What was asked for, as far as the client says it."""

    encoding_formats: tuple[str, ...] | None
    dimension_count: int | None


class UsageCounts(TypedDict, total=False):
    """What was used, as the provider reports it, by the conventions' names. Totals include their parts."""

    input_tokens: int | None
    """All input, cached included."""
    output_tokens: int | None
    """All output, reasoning included."""
    cache_read_input_tokens: int | None
    cache_write_input_tokens: int | None
    cache_write_1h_input_tokens: int | None
    """Those of the written ones that the cache keeps for an hour."""
    reasoning_output_tokens: int | None
    text_input_tokens: int | None
    image_input_tokens: int | None
    audio_input_tokens: int | None
    text_output_tokens: int | None
    image_output_tokens: int | None
    audio_output_tokens: int | None
    text_cache_read_input_tokens: int | None
    image_cache_read_input_tokens: int | None
    audio_cache_read_input_tokens: int | None
    provider_cost: float | None
    """US dollars, when the provider says what the call cost."""


_FIELDS: Final = {
    name: name.removesuffix("_input_tokens").removesuffix("_output_tokens") + "_tokens"
    for name in UsageCounts.__annotations__
    if name.startswith("reasoning") or "cache" in name
}
"""Counts whose field in the neutral usage has a shorter name."""


_REQUEST: Final = {
    "stream": names.REQUEST_STREAM,
    "choice_count": names.REQUEST_CHOICE_COUNT,
    "max_tokens": names.REQUEST_MAX_TOKENS,
    "temperature": names.REQUEST_TEMPERATURE,
    "top_p": names.REQUEST_TOP_P,
    "top_k": names.REQUEST_TOP_K,
    "seed": names.REQUEST_SEED,
    "frequency_penalty": names.REQUEST_FREQUENCY_PENALTY,
    "presence_penalty": names.REQUEST_PRESENCE_PENALTY,
    "stop_sequences": names.REQUEST_STOP_SEQUENCES,
    "reasoning_level": names.REQUEST_REASONING_LEVEL,
    "output_type": names.OUTPUT_TYPE,
    "conversation_id": names.CONVERSATION_ID,
    "previous_response_id": names.REQUEST_PREVIOUS_RESPONSE_ID,
    "encoding_formats": names.REQUEST_ENCODING_FORMATS,
    "dimension_count": names.EMBEDDINGS_DIMENSION_COUNT,
}
_WORDS: Final = frozenset({"reasoning_level", "output_type", "conversation_id", "previous_response_id", "service_tier"})
_LISTS: Final = frozenset({"stop_sequences", "encoding_formats"})
_RESPONSE: Final = {"id": names.RESPONSE_ID, "conversation_id": names.CONVERSATION_ID}
"""What is said of a call, and the attribute that it becomes."""


class CallBlock(Block):
    """One call to a model. Tell inside what came back."""

    __slots__ = ("_chunk_seen", "_endpoint", "_operation", "_request", "_said", "_used_up")

    def __init__(self, request: Request, endpoint: Endpoint) -> None:
        super().__init__()
        self._request: Final = request
        self._endpoint: Final = endpoint
        self._operation: Operation | None = None
        self._chunk_seen = False
        self._said: Mapping[str, Any] = {}
        self._used_up: Mapping[str, Any] = {}

    @property
    def span(self) -> trace.Span:
        """The span of the call; an invalid one before the block is entered."""
        return self._operation.span if self._operation is not None else trace.INVALID_SPAN

    @property
    def response_id(self) -> str | None:
        """The provider's id of the response, once :meth:`response` told it."""
        return self._said.get("id")

    def usage(self, **counts: Unpack[UsageCounts]) -> None:
        """What the provider reported as used; later counts win over earlier ones.

        Raises:
            TypeError: for a count that doesn't exist, or is no number.
            ValueError: for a negative one.
        """
        checks.known("usage", counts, UsageCounts.__annotations__)
        for name, value in counts.items():
            if name != "provider_cost":
                checks.optional_count(name, value)
        cost = counts.get("provider_cost")
        if cost is not None and not (math.isfinite(cost) and cost >= 0):
            raise ValueError(f"provider_cost is {cost}; allowed: US dollars, 0 or more")
        said = {_FIELDS.get(name, name): value for name, value in counts.items()}
        self._used_up = {**self._used_up, **_given(said)}

    def response(
        self,
        *,
        id: str | None = None,
        model: str | None = None,
        finish_reasons: tuple[str, ...] | list[str] | None = None,
        service_tier: str | None = None,
        conversation_id: str | None = None,
    ) -> None:
        """What came back; later words win over earlier ones. ``finish_reasons`` has one for each choice.

        Raises:
            TypeError: for a value of another type.
        """
        if isinstance(finish_reasons, str):
            raise TypeError(f"finish_reasons is {finish_reasons!r}; allowed: a list of strings, one for each choice")
        said = {
            "id": checks.optional_text("id", id),
            "model": checks.optional_text("model", model),
            "finish_reasons": None if finish_reasons is None else _texts("finish_reasons", finish_reasons),
            "service_tier": checks.optional_text("service_tier", service_tier),
            "conversation_id": checks.optional_text("conversation_id", conversation_id),
        }
        self._said = {**self._said, **_given(said)}

    def first_chunk(self) -> None:
        """The first piece of a stream arrived: the call is a streaming one. Further times change nothing."""
        operation = self._operation
        if operation is None or self._chunk_seen:
            return
        self._chunk_seen = True
        operation.chunk()
        operation.span.set_attribute(names.REQUEST_STREAM, True)

    def _open(self) -> Context:
        self._operation = operation = Operation(shared(), self._request, self._endpoint, _failure)
        return operation.context

    def _close(self, error: BaseException | None) -> None:
        if self._operation is None:
            return
        answer = partial(_Told, self._said, self._used_up)
        if error is None:
            self._operation.finish(answer)
        else:
            self._operation.fail(error, answer)


class _Told:
    """What the operation reads when it ends."""

    def __init__(self, said: Mapping[str, Any], used: Mapping[str, Any]) -> None:
        self._said = said
        self._used = used

    def response(self) -> Response:
        return Response(
            model=self._said.get("model"),
            service_tier=self._said.get("service_tier"),
            usage=Usage(**self._used) if self._used else None,
        )

    def details(self) -> Details:
        return Details(
            finish_reasons=self._said.get("finish_reasons", ()), attributes=_attributes(self._said, _RESPONSE)
        )

    def output(self) -> list[Message]:
        return []


def inference(
    provider: str,
    model: str | None,
    operation: str = "chat",
    *,
    server_address: str | None = None,
    server_port: int | None = None,
    **options: Unpack[RequestOptions],
) -> CallBlock:
    """A call that generates: ``{operation} {model}``.

    Args:
        provider: value of ``gen_ai.provider.name``, such as ``openai``; it decides the price list.
        model: the model asked for.
        operation: ``chat``, ``generate_content`` or ``text_completion``.
        server_address: host that answers.
        server_port: its port.
        options: parameters of the request.

    Raises:
        TypeError: for an option that doesn't exist.
        ValueError: for an operation that doesn't exist, or an empty name.
    """
    if operation not in values.INFERENCE_OPERATIONS:
        raise ValueError(f"operation is {operation!r}; allowed: {', '.join(sorted(values.INFERENCE_OPERATIONS))}")
    checks.known("inference", options, RequestOptions.__annotations__)
    return CallBlock(_request(operation, model, options), _endpoint(provider, server_address, server_port))


def embeddings(
    provider: str,
    model: str | None,
    *,
    server_address: str | None = None,
    server_port: int | None = None,
    **options: Unpack[EmbeddingsOptions],
) -> CallBlock:
    """A call that embeds: ``embeddings {model}``. The arguments are those of :func:`inference`."""
    checks.known("embeddings", options, EmbeddingsOptions.__annotations__)
    return CallBlock(_request(values.EMBEDDINGS, model, options), _endpoint(provider, server_address, server_port))


def _request(operation: str, model: str | None, options: Mapping[str, Any]) -> Request:
    given = _given(options)
    for name in _WORDS & given.keys():
        given[name] = as_text(name, given[name])
    for name in _LISTS & given.keys():
        given[name] = _texts(name, given[name])
    if given.get("choice_count") == 1:  # what everyone gets who doesn't ask
        del given["choice_count"]
    return Request(
        operation, checks.optional_text("model", model), given.get("service_tier"), _attributes(given, _REQUEST)
    )


def _texts(field: str, items: Iterable[object]) -> tuple[str | None, ...]:
    return tuple(None if item is None else as_text(f"one of {field}", item) for item in items)


def _attributes(said: Mapping[str, Any], names_of: Mapping[str, str]) -> dict[str, Said]:
    return {names_of[name]: value for name, value in said.items() if name in names_of}


def _endpoint(provider: str, address: str | None, port: int | None) -> Endpoint:
    return Endpoint(
        checks.text("provider", provider) or values.OTHER,
        checks.optional_text("server_address", address),
        checks.optional_count("server_port", port),
    )


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    """What was said, with lists made unchangeable."""
    said = {name: tuple(cast("list[object]", v)) if isinstance(v, list) else v for name, v in options.items()}
    return {name: value for name, value in said.items() if value is not None}


def _failure(error: BaseException) -> Failure:
    return Failure(class_name(type(error)))
