"""Answers that say little: a judgement on a text, a count of tokens. Neither has usage or a price.

Facts of the SDK's types ``ModerationCreateResponse`` and ``InputTokenCountResponse`` (3.57).
Moderation is free of charge: https://developers.openai.com/api/docs/models/omni-moderation-latest
"""

from __future__ import annotations

from ...model import Details, Response
from ...semconv import own
from ..fields import as_count, fields_of
from .answers import details_of, read_failure, read_served
from .unrecorded import Unrecorded


class PlainAnswer(Unrecorded):
    """A judgement, and what other answers have in common with it."""

    __slots__ = ("_said",)

    def __init__(self, result: object) -> None:
        self._said = fields_of(result)

    def response(self) -> Response:
        """Which model answered, where one did, or the error that a gateway put into its answer."""
        read = read_served(self._said)
        if error := fields_of(self._said.get("error")):
            read_failure(read, error, "error")
        return read

    def details(self) -> Details:
        """Its id."""
        return details_of(self._said.get("id"), [])


class TokenCount(PlainAnswer):
    """How many tokens an input would be."""

    __slots__ = ()

    def details(self) -> Details:
        """The count."""
        read = Details()
        if (count := as_count(self._said.get("input_tokens"))) is not None:
            read.attributes = {own.COUNT_TOKENS_INPUT_TOKENS: count}
        return read
