"""``openai`` under test, in every version that we support."""

from __future__ import annotations

from typing import Any, Final

import openai

from ..support import answers, stainless
from ..support.provider import FakeProvider, json_reply, sse
from ..support.replies import Reply
from ..support.sdk import HAS_RESPONSES, chat_stream
from ..support.under_test import PROMPT, ApiUnderTest, Form, Hole, UnderTest


def _connect(provider: FakeProvider, is_async: bool) -> Any:
    return provider.async_client() if is_async else provider.client()


def _manager(client: Any, api: ApiUnderTest) -> Any:
    stream = chat_stream(client) if api.name == "chat" else api.resource(client).stream
    return stream(**api.arguments)


def _refusal() -> Reply:
    error = {"message": f"No: {PROMPT!r}", "type": "invalid_request_error", "param": None, "code": "bad_prompt"}
    return json_reply({"error": error}, 400, after=0.5)


_CHAT: Final = ApiUnderTest(
    name="chat",
    operation="chat",
    resource=lambda client: client.chat.completions,
    method="create",
    arguments={"model": "gpt-4o-mini", "messages": [{"role": "user", "content": PROMPT}]},
    answer=answers.chat,
    chunks=answers.chat_chunks,
    cut=2,
    end=b"data: [DONE]\n\n",
    generates=True,
    tokens=(1000, 200),
    finish_reasons=("stop",),
)
_RESPONSES: Final = ApiUnderTest(
    name="responses",
    operation="chat",
    resource=lambda client: client.responses,
    method="create",
    arguments={"model": "gpt-4o-mini", "input": PROMPT},
    answer=answers.response,
    chunks=answers.response_events,
    cut=5,
    generates=True,
    tokens=(1000, 200),
    finish_reasons=("stop",),
)
_EMBEDDINGS: Final = ApiUnderTest(
    name="embeddings",
    operation="embeddings",
    resource=lambda client: client.embeddings,
    method="create",
    arguments={"model": "text-embedding-3-small", "input": [PROMPT, "b"], "encoding_format": "float"},
    answer=answers.embeddings,
    has_text=False,
    tokens=(12, None),
)
_FETCH_RESPONSE: Final = ApiUnderTest(
    name="fetch_response",
    operation="fetch_response",
    resource=lambda client: client.responses,
    method="retrieve",
    arguments={"response_id": "resp_1"},
    answer=answers.response,
    chunks=answers.response_events,
    cut=5,
    finish_reasons=("stop",),
    has_choices=False,
)

UNDER_TEST: Final = UnderTest(
    name="openai",
    instrumentor="OpenAIInstrumentor",
    environment=("OPENAI_", "AZURE_"),
    transport=FakeProvider,
    connect=_connect,
    apis=(_CHAT, _RESPONSES, _EMBEDDINGS, _FETCH_RESPONSE) if HAS_RESPONSES else (_CHAT, _EMBEDDINGS),
    forms={**stainless.FORMS, Form.MANAGER: _manager},
    parse=stainless.parse,
    pieces=stainless.pieces,
    http_of=stainless.http_of(openai.Stream, openai.AsyncStream),
    frame=sse,
    stream_type="text/event-stream",
    headers={"x-request-id": "req_1"},
    refusal=_refusal,
    cells=1088 if HAS_RESPONSES else 432,
    holes=(Hole("embeddings don't stream", lambda cell: cell.api.name == "embeddings" and cell.form.streams),),
)
