"""Decisions: typed questions about some input are answered with a choice, a score or a probability.

Facts of the SDK's types ``Decision`` and ``DecisionCreateParams`` (3.57). Neither the input nor the questions and
answers are kept.
"""

from __future__ import annotations

from collections.abc import Mapping

from ...model import Request, Response, Said, Usage
from ...semconv import attributes as names
from ...semconv import values
from ..fields import as_str, fields_of
from .unrecorded import Unrecorded
from .usage import read_responses_usage


def read_decision_request(body: Mapping[str, object]) -> Request:
    """Questions are asked."""
    attributes: dict[str, Said] = {names.OUTPUT_TYPE: values.OUTPUT_JSON}
    return Request(values.DECISION, as_str(body.get("model")), attributes=attributes)


class DecisionAnswer(Unrecorded):
    """Answers to the questions."""

    __slots__ = ("_said",)

    def __init__(self, result: object) -> None:
        self._said = fields_of(result)

    def response(self) -> Response:
        """Its model and input. All input is charged alike, cached or not, and output isn't
        (https://developers.openai.com/api/docs/pricing): to count them apart would price them by the model's rates."""
        read = Response()
        read.model = as_str(self._said.get("model"))
        said = read_responses_usage(self._said.get("usage"), read.model)
        if said is not None:
            read.usage = Usage(
                input_tokens=said.input_tokens, provider_cost=said.provider_cost, inconsistent=said.inconsistent
            )
        return read
