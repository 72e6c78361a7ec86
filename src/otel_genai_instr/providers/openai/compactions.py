"""A conversation that a model made shorter: what is kept of it, and one item that stands for the rest.

Read in the SDK's ``types/responses/compacted_response.py``: usage is that of a response, and it doesn't say the model.
"""

from __future__ import annotations

from ...model import Message, Response
from .answers import ResponseAnswer
from .content import read_items


class CompactedAnswer(ResponseAnswer):
    """What ``responses.compact`` returns."""

    __slots__ = ()

    def response(self) -> Response:
        """Tokens only: the tools in a conversation were paid for when they ran."""
        read = super().response()
        if read.usage is not None:
            read.usage.units = None
        return read

    def output(self) -> list[Message]:
        """Its items: messages of the user, who may have written most of them, and the assistant's."""
        return read_items(self._said.get("output"))
