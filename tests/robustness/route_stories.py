"""Stories of requests that the caller writes: by path, with a query, to another server, for the bare response."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, Final

from openai.types import CreateEmbeddingResponse
from openai.types.chat import ChatCompletion

from ..support import answers, media
from ..support.provider import FakeProvider, Reply, http, json_reply
from .stories import CHAT, EMBEDDINGS, HAS_RESPONSES, MESSAGES, RESPONSES, Story, told

_CHAT: Final = {"model": "gpt-4o-mini", "messages": MESSAGES}
_VIDEO: Final = {"model": "sora-2", "prompt": "a cat", "seconds": "4", "size": "720x1280"}
_DECISION: Final = {
    "model": "gpt-6-luna",
    "input": "hi",
    "questions": [{"type": "predicate", "instructions": "Polite?"}],
}


def _posted(path: str, body: dict[str, Any], cast_to: Any, **options: Any) -> Callable[[FakeProvider], object]:
    def tell(provider: FakeProvider) -> object:
        client: Any = provider.client(**options)
        return told(client.post(path, body=body, cast_to=cast_to))

    return tell


def _bare(provider: FakeProvider) -> object:
    response: Any = provider.client().post("/chat/completions", body=_CHAT, cast_to=http.Response)
    return response.status_code, response.json()


def _fetched(provider: FakeProvider) -> object:
    client: Any = provider.client()
    options = {"params": {"include": ["usage"]}}
    return told(client.get("/responses/resp_1?stream=false", cast_to=_response_type(), options=options))


def _response_type() -> Any:
    return importlib.import_module("openai.types.responses").Response


def _response(provider: FakeProvider) -> object:
    body = {name: value for name, value in RESPONSES.items() if name != "extra_body"}
    return _posted("/responses", body, _response_type())(provider)


def _chat_reply() -> list[Reply]:
    return [json_reply(answers.chat())]


def _embeddings_reply() -> list[Reply]:
    return [json_reply(answers.embeddings())]


def _embeddings_total_reply() -> list[Reply]:
    """As servers of others tell it."""
    return [json_reply({**answers.embeddings(), "usage": {"total_tokens": 12}})]


def _response_reply() -> list[Reply]:
    return [json_reply(answers.response())]


def _video_reply() -> list[Reply]:
    return [json_reply(media.video())]


def _failed_video_reply() -> list[Reply]:
    return [json_reply(media.video(error={"code": "moderation_blocked", "message": "No"}, status="failed"))]


def _decision_reply() -> list[Reply]:
    return [json_reply(answers.decision())]


def _tool_usage_reply() -> list[Reply]:
    return [json_reply(answers.response(tool_usage={"web_search": {"num_requests": 1}}))]


_VERSIONED: Final = _posted("/v1/chat/completions?a=b", _CHAT, ChatCompletion, base_url="https://gateway.example")
_DEPLOYED: Final = _posted("/deployments/gpt-4o-mini/chat/completions", {"messages": MESSAGES}, ChatCompletion)
_ELSEWHERE: Final = _posted("https://other.example:8443/x/chat/completions?a=b", _CHAT, ChatCompletion)
_NOWHERE: Final = _posted("https://other.example:no/chat/completions", _CHAT, ChatCompletion)

_ALWAYS: Final = (
    Story("post of a chat", _chat_reply, _posted("/chat/completions", _CHAT, ChatCompletion)),
    Story("post of a chat, with a version and a query", _chat_reply, _VERSIONED),
    Story("post of a chat to a deployment", _chat_reply, _DEPLOYED),
    Story("post of a chat to another server", _chat_reply, _ELSEWHERE),
    Story("post of a chat to what is no URL", _chat_reply, _NOWHERE),
    Story("post of a chat for the bare response", _chat_reply, _bare),
    Story("post of a video", _video_reply, _posted("/videos", _VIDEO, object)),
    Story("post of a video that fails", _failed_video_reply, _posted("/videos", _VIDEO, object)),
    Story("post of a longer video", _video_reply, _posted("/videos/extensions", _VIDEO, object)),
    Story("post of a decision", _decision_reply, _posted("/decisions", _DECISION, object)),
    Story("post of embeddings", _embeddings_reply, _posted("/embeddings", EMBEDDINGS, CreateEmbeddingResponse)),
    Story(
        "post of embeddings to a server that tells totals",
        _embeddings_total_reply,
        _posted("/embeddings", EMBEDDINGS, CreateEmbeddingResponse),
    ),
    Story("post of what is no operation", _chat_reply, _posted("/assistants", CHAT, ChatCompletion)),
)
_WITH_RESPONSES: Final = (
    Story("post of a response", _response_reply, _response),
    Story("post of a response that says what its tools are billed", _tool_usage_reply, _response),
    Story("get of a response, with a query", _response_reply, _fetched),
)
ROUTE_STORIES: Final = (*_ALWAYS, *(_WITH_RESPONSES if HAS_RESPONSES else ()))
