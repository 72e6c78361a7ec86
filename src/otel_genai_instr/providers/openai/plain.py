"""Answers that no model wrote: a judgement on a text, a count of tokens. They have neither usage nor price.

Read in the SDK's ``types/moderation_create_response.py`` and ``types/responses/input_token_count_response.py``.
Moderation is free of charge: https://developers.openai.com/api/docs/models/omni-moderation-latest
"""

from __future__ import annotations

from ...model import Details, Message, Response
from ...semconv import own
from ..fields import as_count, fields_of
from .answers import details_of, read_failure, response_of


class PlainAnswer:
    """What ``moderations.create`` returns; what the others have in common."""

    __slots__ = ("_said",)

    def __init__(self, result: object) -> None:
        self._said = fields_of(result)

    def response(self) -> Response:
        """Which model answered, where one did, or the error that a gateway put into its answer."""
        read = response_of(self._said.get("model"), None, None)
        if error := fields_of(self._said.get("error")):
            read_failure(read, error, "error")
        return read

    def details(self) -> Details:
        """Its id."""
        return details_of(self._said.get("id"), [])

    def output(self) -> list[Message]:
        """No message came of it."""
        return []


class TokenCount(PlainAnswer):
    """What ``responses.input_tokens.count`` returns."""

    __slots__ = ()

    def details(self) -> Details:
        """The count."""
        read = Details()
        if (count := as_count(self._said.get("input_tokens"))) is not None:
            read.attributes = {own.COUNT_TOKENS_INPUT_TOKENS: count}
        return read
