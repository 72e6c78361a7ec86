"""``anthropic`` under test."""

from __future__ import annotations

import importlib
from typing import Any, Final

from ..support import stainless
from ..support.clock import FakeClock
from ..support.in_memory import InMemory
from ..support.replies import Reply, json_reply, sse
from ..support.under_test import ANSWER, KEY, PROMPT, ApiUnderTest, Hole, UnderTest

sdk: Any = importlib.import_module("anthropic")
"""By name: whoever checks the types of this file need not have it."""
http: Any = importlib.import_module("httpx2" if int(sdk.__version__.split(".")[0]) >= 1 else "httpx")

_MODEL: Final = "claude-haiku-4-5-20251001"
_QUESTION: Final = {"model": _MODEL, "messages": [{"role": "user", "content": PROMPT}]}


def _transport(clock: FakeClock) -> InMemory:
    return InMemory(http, clock)


def _connect(provider: InMemory, is_async: bool) -> Any:
    kind = sdk.AsyncAnthropic if is_async else sdk.Anthropic
    return kind(api_key=KEY, max_retries=0, http_client=provider.http_client(is_async))


def _refusal() -> Reply:
    error = {"type": "invalid_request_error", "message": f"No: {PROMPT!r}"}
    return json_reply({"type": "error", "error": error, "request_id": "req_1"}, 400, after=0.5)


def _message(**more: Any) -> Any:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": _MODEL,
        "content": [{"type": "text", "text": ANSWER}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 1000, "output_tokens": 200},
        **more,
    }


def _events() -> list[Any]:
    """A whole streamed message. Its first event tells the input tokens, and of the output the first one."""
    begun = _message(content=[], stop_reason=None, usage={"input_tokens": 1000, "output_tokens": 1})
    texts = (ANSWER[:3], ANSWER[3:])
    return [
        {"type": "message_start", "message": begun},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "ping"},
        *({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": t}} for t in texts),
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": {"output_tokens": 200},
        },
        {"type": "message_stop"},
    ]


def _messages(client: Any) -> Any:
    return client.messages


_MESSAGES: Final = ApiUnderTest(
    name="messages",
    operation="chat",
    resource=_messages,
    method="create",
    arguments={**_QUESTION, "max_tokens": 300},
    answer=_message,
    chunks=_events,
    cut=4,
    generates=True,
    tokens=(1000, 200),
    part_tokens=(1000, 1),
    finish_reasons=("end_turn",),
)
_COUNT_TOKENS: Final = ApiUnderTest(
    name="count_tokens",
    operation="count_tokens",
    resource=_messages,
    method="count_tokens",
    arguments=_QUESTION,
    answer=lambda: {"input_tokens": 1000},
    has_text=False,
)

UNDER_TEST: Final = UnderTest(
    name="anthropic",
    instrumentor="AnthropicInstrumentor",
    environment=("ANTHROPIC_", "AWS_", "GOOGLE_", "CLOUD_ML_"),
    transport=_transport,
    connect=_connect,
    apis=(_MESSAGES, _COUNT_TOKENS),
    forms=stainless.FORMS,
    parse=stainless.parse,
    pieces=stainless.pieces,
    # In this order: to ask of one of the first two whether it is one of the others is deprecated, and warned of.
    http_of=stainless.http_of(sdk.MessageStream, sdk.AsyncMessageStream, sdk.Stream, sdk.AsyncStream),
    frame=sse,
    stream_type="text/event-stream",
    headers={"request-id": "req_1"},
    refusal=_refusal,
    cells=432,
    holes=(Hole("counting tokens doesn't stream", lambda cell: cell.api is _COUNT_TOKENS and cell.form.streams),),
    headers_that_follow_the_span=frozenset({"traceparent"}),
)
