"""``openai`` under test, in every version that we support."""

from __future__ import annotations

from typing import Any, Final

import openai

from ..support import answers, batch_files, media, stainless
from ..support.provider import FakeProvider, json_reply, sse
from ..support.replies import Reply
from ..support.sdk import (
    HAS_CANCEL,
    HAS_COMPACT,
    HAS_DECISIONS,
    HAS_IMAGE_STREAM,
    HAS_INPUT_TOKENS,
    HAS_RESPONSES,
    HAS_SEARCH,
    HAS_TRANSCRIPT_STREAM,
    HAS_VIDEOS,
    chat_stream,
)
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
_COMPLETION: Final = ApiUnderTest(
    name="completion",
    operation="text_completion",
    resource=lambda client: client.completions,
    method="create",
    arguments={"model": "gpt-3.5-turbo-instruct", "prompt": PROMPT},
    answer=answers.completion,
    chunks=answers.completion_chunks,
    cut=1,
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
_IMAGES: Final = ApiUnderTest(
    name="images",
    operation="image_generation",
    resource=lambda client: client.images,
    method="generate",
    arguments={"model": "gpt-image-1.5", "prompt": PROMPT},
    answer=media.images,
    chunks=media.image_events if HAS_IMAGE_STREAM else list[Any],
    cut=1,
    has_text=False,
    tokens=(350, 1056),
    has_choices=False,
)
_TRANSCRIPTION: Final = ApiUnderTest(
    name="transcription",
    operation="transcription",
    resource=lambda client: client.audio.transcriptions,
    method="create",
    arguments={"model": "gpt-4o-transcribe", "file": ("a.wav", b"sound"), "prompt": PROMPT},
    answer=media.transcript,
    chunks=media.transcript_events if HAS_TRANSCRIPT_STREAM else list[Any],
    cut=1,
    has_text=False,
    tokens=(1010, 80),
    has_choices=False,
)
_VIDEOS: Final = ApiUnderTest(
    name="videos",
    operation="video_generation",
    resource=lambda client: client.videos,
    method="create",
    arguments={"model": "sora-2", "prompt": PROMPT},
    answer=media.video,
    has_text=False,
    by_unit=True,
)
_DECISIONS: Final = ApiUnderTest(
    name="decisions",
    operation="decision",
    resource=lambda client: client.decisions,
    method="create",
    arguments={"model": "gpt-6-luna", "input": PROMPT, "questions": [{"type": "predicate", "instructions": PROMPT}]},
    answer=answers.decision,
    has_text=False,
    tokens=(1000, None),
)
_MODERATION: Final = ApiUnderTest(
    name="moderation",
    operation="moderation",
    resource=lambda client: client.moderations,
    method="create",
    arguments={"model": "omni-moderation-latest", "input": PROMPT},
    answer=answers.moderation,
    has_text=False,
)
_COMPACTION: Final = ApiUnderTest(
    name="compaction",
    operation="compaction",
    resource=lambda client: client.responses,
    method="compact",
    arguments={"model": "gpt-4o-mini", "input": PROMPT},
    answer=answers.compaction,
    has_prompt=True,
    tokens=(1000, 200),
)
_COUNT_TOKENS: Final = ApiUnderTest(
    name="count_tokens",
    operation="count_tokens",
    resource=lambda client: client.responses.input_tokens,
    method="count",
    arguments={"model": "gpt-4o-mini", "input": PROMPT},
    answer=answers.token_count,
    has_text=False,
)
_CANCEL_RESPONSE: Final = ApiUnderTest(
    name="cancel_response",
    operation="cancel_response",
    resource=lambda client: client.responses,
    method="cancel",
    arguments={"response_id": "resp_1"},
    answer=answers.cancelled,
    has_text=False,
    finish_reasons=("error",),
)
_SEARCH: Final = ApiUnderTest(
    name="retrieval",
    operation="retrieval",
    resource=lambda client: client.vector_stores,
    method="search",
    arguments={"vector_store_id": "vs_1", "query": PROMPT},
    answer=answers.found,
    has_text=False,
)
_TRANSLATION: Final = ApiUnderTest(
    name="translation",
    operation="translation",
    resource=lambda client: client.audio.translations,
    method="create",
    arguments={"model": "whisper-1", "file": ("a.wav", b"sound"), "prompt": PROMPT, "response_format": "verbose_json"},
    answer=lambda: media.transcript(usage=None, duration=120, language="english"),
    has_text=False,
    by_unit=True,
)
_BATCH: Final = ApiUnderTest(
    name="batch",
    operation="batch",
    resource=lambda client: client.batches,
    method="create",
    arguments={"input_file_id": "file-in", "endpoint": "/v1/embeddings", "completion_window": "24h"},
    answer=lambda: batch_files.batch("validating"),
    has_text=False,
)
_MANAGED: Final = (_CHAT, _RESPONSES, _FETCH_RESPONSE)
_ALL: Final = (
    (_CHAT, 328, True),
    (_COMPLETION, 272, True),
    (_RESPONSES, 328, HAS_RESPONSES),
    (_FETCH_RESPONSE, 328, HAS_RESPONSES),
    (_EMBEDDINGS, 104, True),
    (_IMAGES, 272 if HAS_IMAGE_STREAM else 104, True),
    (_TRANSCRIPTION, 272 if HAS_TRANSCRIPT_STREAM else 104, True),
    (_VIDEOS, 104, HAS_VIDEOS),
    (_DECISIONS, 104, HAS_DECISIONS),
    (_MODERATION, 104, True),
    (_CANCEL_RESPONSE, 104, HAS_CANCEL),
    (_COMPACTION, 104, HAS_COMPACT),
    (_COUNT_TOKENS, 104, HAS_INPUT_TOKENS),
    (_SEARCH, 104, HAS_SEARCH),
    (_TRANSLATION, 104, True),
    (_BATCH, 104, True),
)
"""With the number of their cells, and whether the installed SDK has them."""

UNDER_TEST: Final = UnderTest(
    name="openai",
    instrumentor="OpenAIInstrumentor",
    environment=("OPENAI_", "AZURE_"),
    transport=FakeProvider,
    connect=_connect,
    apis=tuple(api for api, _, is_there in _ALL if is_there),
    forms={**stainless.FORMS, Form.MANAGER: _manager},
    parse=stainless.parse,
    pieces=stainless.pieces,
    http_of=stainless.http_of(openai.Stream, openai.AsyncStream),
    frame=sse,
    stream_type="text/event-stream",
    headers={"x-request-id": "req_1"},
    refusal=_refusal,
    cells=sum(cells for _, cells, is_there in _ALL if is_there),
    holes=(
        Hole("this openai doesn't stream it", lambda cell: not cell.api.chunks() and cell.form.streams),
        Hole("it has no stream manager", lambda cell: cell.api not in _MANAGED and cell.form is Form.MANAGER),
    ),
)
