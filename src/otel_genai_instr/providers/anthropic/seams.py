"""Where the ``anthropic`` package calls a model, and who reads what goes in and comes out.

The supported range stands in ``REQUIREMENT``, and the packaging extra is compared with it by a test. Before 0.50 the
SDK's own stream managers read past the stream that can be observed.
"""

from __future__ import annotations

from typing import Any, Final

from ...model import Failure
from ...patching.contract import Api, OwnSpans, Provider
from .. import stainless
from ..endpoints import ANTHROPIC, AZURE_INFERENCE, BEDROCK, VERTEX, Endpoints
from ..errors import read_error
from ..fields import as_str, fields_of
from . import answers, content, requests, streams

REQUIREMENT: Final = "anthropic >= 0.50, < 3"

MESSAGES: Final = Api(
    name="messages",
    read_request=requests.read_message_request,
    read_content=content.read_content,
    read_answer=answers.MessageAnswer,
    open_stream=streams.open_message_stream,
)
COUNT_TOKENS: Final = Api(
    name="count_tokens",
    read_request=requests.read_count_request,
    read_content=None,
    read_answer=answers.TokenCount,
)
ROUTES: Final[stainless.Routes] = {
    ("post", "v1/messages"): MESSAGES,
    ("post", "v1/messages?beta=true"): MESSAGES,
    ("post", "v1/messages/count_tokens"): COUNT_TOKENS,
    ("post", "v1/messages/count_tokens?beta=true"): COUNT_TOKENS,
}
ENDPOINTS: Final = Endpoints(
    "anthropic",
    ANTHROPIC,
    {
        "BaseBedrockClient": BEDROCK,
        "BaseMantleClient": BEDROCK,
        "BaseVertexClient": VERTEX,
        "BaseFoundryClient": AZURE_INFERENCE,
    },
)


def _has_a_tracer_of_its_own(client: Any) -> bool:
    """Whether the app gave this client a tracer provider for the SDK's spans."""
    return fields_of(getattr(client, "_open_telemetry", None)).get("tracer_provider") is not None


def read_anthropic_error(error: BaseException) -> Failure:
    """The code stands in the body: ``{"type": "error", "error": {"type": CODE, ...}}``."""
    failure = read_error(error)
    if failure.code is None:
        failure.code = as_str(fields_of(fields_of(getattr(error, "body", None)).get("error")).get("type"))
    return failure


PROVIDER: Final = Provider(
    seams=(
        *stainless.seams("anthropic", ROUTES, ("Anthropic", "AsyncAnthropic")),
        # Since 2.0 the SDK makes a span of its own for each call.
        OwnSpans("anthropic._base_client", "start_api_call_span", tracer=0, is_wanted=_has_a_tracer_of_its_own),
    ),
    look=stainless.look,
    read_endpoint=ENDPOINTS.read,
    read_error=read_anthropic_error,
)
