"""Messages and counts of the SDK, or their JSON bodies, to the neutral response."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ...model import Details, Message, Response, Said
from ...semconv import attributes as names
from ...semconv import own, values
from ..counts import add_counts, texts_in
from ..fields import as_count, as_list, as_str, fields_of
from .content import read_output
from .usage import fallback_model_of, read_usage, region_of, service_tier_of

CALL: Final = "tool_use"
"""Kind of a block that asks the app to run a tool; what the provider runs itself has others."""
_TEXTS: Final = {"text": "text"}


class MessageAnswer:
    """A message, as ``messages.create`` and ``.parse`` return it."""

    def __init__(self, message: object) -> None:
        self._said = fields_of(message)

    def response(self) -> Response:
        """Which model answered, at what usage."""
        said = self._said
        read = response_of(said.get("model"), said.get("usage"))
        if said.get("error") is not None:  # gateways answer 200 and put the upstream's error here
            add_failure(read, said)
        return read

    def details(self) -> Details:
        """Its id, why it ended, how much text there is, which tools are called, and whether it was compacted for."""
        said = self._said
        reason, content = as_str(said.get("stop_reason")), said.get("content")
        blocks = [fields_of(block) for block in as_list(content)]
        compacted = any(is_compaction(block) for block in blocks)
        read = details_of(said.get("id"), [] if reason is None else [reason], said.get("usage"), compacted)
        texts = None if content is None else list(texts_in(content, _TEXTS))
        add_counts(read, texts, [block.get("name") for block in blocks if block.get("type") == CALL])
        return read

    def output(self) -> list[Message]:
        """The message, if anything was said."""
        return read_output(self._said)


class TokenCount:
    """What ``messages.count_tokens`` returns. No model worked on it, so it has no usage and no price."""

    def __init__(self, count: object) -> None:
        self._said = fields_of(count)

    def response(self) -> Response:
        """An error that a gateway put into its answer; else nothing."""
        read = Response()
        if self._said.get("error") is not None:
            add_failure(read, self._said)
        return read

    def details(self) -> Details:
        """The count."""
        read = Details()
        if (count := as_count(self._said.get("input_tokens"))) is not None:
            read.attributes = {own.COUNT_TOKENS_INPUT_TOKENS: count}
        return read

    def output(self) -> list[Message]:
        """No message came of it."""
        return []


def response_of(model: object, usage: object) -> Response:
    """Which model answered, at what usage, and how it was served."""
    read = Response()
    if usage is None:
        read.model = as_str(model)
        return read
    said = fields_of(usage)
    read.model = fallback_model_of(said) or as_str(model)
    read.usage = read_usage(said)
    if (tier := service_tier_of(said)) is not None:
        read.service_tier = tier
        read.dimensions = {own.RESPONSE_SERVICE_TIER: tier}
    if (region := region_of(said)) is not None:
        read.region = region
    return read


def details_of(identity: object, finish_reasons: list[str | None], usage: object, compacted: bool) -> Details:
    """Which message it is, how it ended and where it was made."""
    read = Details()
    read.finish_reasons = finish_reasons
    attributes: dict[str, Said] = {}
    if (identity := as_str(identity)) is not None:
        attributes[names.RESPONSE_ID] = identity
    if (region := region_of(fields_of(usage))) is not None:
        attributes[own.RESPONSE_REGION] = region
    if compacted:
        attributes[names.CONVERSATION_COMPACTED] = True
    if attributes:
        read.attributes = attributes
    return read


def is_compaction(block: Mapping[str, Any]) -> bool:
    """Whether the block is a summary; one that failed has no content."""
    return as_str(block.get("type")) == "compaction" and as_str(block.get("content")) is not None


def add_failure(read: Response, said: Mapping[str, Any]) -> None:
    """The body of an error, which is what the event of one carries, too."""
    error = fields_of(said.get("error"))
    read.error_code = as_str(error.get("type")) or values.FINISH_ERROR
    read.error_message = as_str(error.get("message"))
