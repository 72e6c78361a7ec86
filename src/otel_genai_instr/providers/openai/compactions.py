"""A conversation that a model made shorter: what is kept of it, and one item that stands for the rest.

Facts of the SDK's type ``CompactedResponse`` (3.57): usage is that of a response, and the model isn't said.
"""

from __future__ import annotations

from ...model import Details, Message, Response
from ...semconv import attributes as names
from .content import read_items
from .plain import PlainAnswer
from .usage import read_responses_usage


class CompactedAnswer(PlainAnswer):
    """A shorter conversation."""

    __slots__ = ()

    def response(self) -> Response:
        """With tokens. Tools of the conversation are not counted: they were billed when they ran."""
        read = super().response()
        read.usage = read_responses_usage(self._said.get("usage"), read.model)
        return read

    def details(self) -> Details:
        """Its id, and that it was made shorter."""
        read = super().details()
        read.attributes = {**(read.attributes or {}), names.CONVERSATION_COMPACTED: True}
        return read

    def output(self) -> list[Message]:
        """Its items: messages of the user, who may have written most of them, and the assistant's."""
        return read_items(self._said.get("output"))
