"""``openai`` under test, in every version that we support."""

from __future__ import annotations

from typing import Any, Final

import openai

from ..support import answers, media, stainless
from ..support.provider import FakeProvider, json_reply, sse
from ..support.replies import Reply
from ..support.sdk import (
    HAS_DECISIONS,
    HAS_IMAGE_STREAM,
    HAS_RESPONSES,
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
    chunks=media.image_events,
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
    chunks=media.transcript_events,
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
_WHOLE: Final = ("embeddings", "videos", "decisions")
"""What the service doesn't stream."""
_MEDIA: Final = ("images", "transcription")
_WHOLE_MEDIA: Final = {"images": not HAS_IMAGE_STREAM, "transcription": not HAS_TRANSCRIPT_STREAM}
"""Which of them this SDK can't stream."""
_CELLS: Final = (
    432
    + 656 * HAS_RESPONSES
    + 104 * (2 + HAS_VIDEOS + HAS_DECISIONS)
    + 168 * (HAS_IMAGE_STREAM + HAS_TRANSCRIPT_STREAM)
)

UNDER_TEST: Final = UnderTest(
    name="openai",
    instrumentor="OpenAIInstrumentor",
    environment=("OPENAI_", "AZURE_"),
    transport=FakeProvider,
    connect=_connect,
    apis=(
        _CHAT,
        *((_RESPONSES, _FETCH_RESPONSE) if HAS_RESPONSES else ()),
        _EMBEDDINGS,
        _IMAGES,
        _TRANSCRIPTION,
        *((_VIDEOS,) if HAS_VIDEOS else ()),
        *((_DECISIONS,) if HAS_DECISIONS else ()),
    ),
    forms={**stainless.FORMS, Form.MANAGER: _manager},
    parse=stainless.parse,
    pieces=stainless.pieces,
    http_of=stainless.http_of(openai.Stream, openai.AsyncStream),
    frame=sse,
    stream_type="text/event-stream",
    headers={"x-request-id": "req_1"},
    refusal=_refusal,
    cells=_CELLS,
    holes=(
        Hole("it doesn't stream", lambda cell: cell.api.name in _WHOLE and cell.form.streams),
        Hole("no stream manager for media", lambda cell: cell.api.name in _MEDIA and cell.form is Form.MANAGER),
        *(
            Hole("this openai doesn't stream it", lambda cell, api=api: cell.api.name == api and cell.form.streams)
            for api, is_whole in _WHOLE_MEDIA.items()
            if is_whole
        ),
    ),
)
