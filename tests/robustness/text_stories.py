"""Stories of OpenAI's calls beside chat, responses and media: completions, moderations, compactions, searches; and of
more content than there is room for."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, Final

import otel_genai_instr as genai

from ..support import answers
from ..support.provider import FakeProvider, Reply, json_reply, sse_reply
from ..support.sdk import HAS_CANCEL, HAS_COMPACT, HAS_INPUT_TOKENS, HAS_SEARCH
from .stories import INPUT, Story, told

COMPLETION: Final[dict[str, Any]] = {"model": "gpt-3.5-turbo-instruct", "prompt": ["Look", [1, 2]], "max_tokens": 9}
MODERATION: Final[dict[str, Any]] = {"model": "omni-moderation-latest", "input": "Look"}
COMPACTION: Final[dict[str, Any]] = {"model": "gpt-4o-mini", "input": INPUT, "instructions": "Be brief."}
COUNT: Final[dict[str, Any]] = {"model": "gpt-4o-mini", "input": INPUT}
CANCELLED: Final[dict[str, Any]] = {"response_id": "resp_1"}
SEARCHED: Final[dict[str, Any]] = {"vector_store_id": "vs_1", "query": ["Look", "there"], "max_num_results": 3}

LONG: Final[dict[str, Any]] = {
    "model": "gpt-4o-mini",
    "messages": [
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}]},
        *[{"role": "user", "content": "long " * 40}] * 9,
    ],
}


def _called(api: str, arguments: dict[str, Any]) -> Callable[[FakeProvider], object]:
    def tell(provider: FakeProvider) -> object:
        client: Any = provider.client()
        return told(attrgetter(api)(client)(**arguments))

    return tell


def _completed_in_pieces(provider: FakeProvider) -> object:
    client: Any = provider.client()
    return [told(chunk) for chunk in client.completions.create(**COMPLETION, stream=True)]


def _said_too_much(provider: FakeProvider) -> object:
    client: Any = provider.client()
    with genai.retrieval("kb", query="q" * 1_000):
        return told(client.chat.completions.create(**LONG))


def _gone_through(provider: FakeProvider) -> object:
    client: Any = provider.client()
    return [told(result) for result in client.vector_stores.search(**SEARCHED)]


def _answered(answer: Callable[[], Any]) -> Callable[[], list[Reply]]:
    return lambda: [json_reply(answer())]


def _pieces() -> list[Reply]:
    return [sse_reply(*answers.completion_chunks())]


def _gateway_error() -> Any:
    return {**answers.moderation(), "error": {"code": 502, "message": "upstream"}}


_CREATED: Final = _called("completions.create", COMPLETION)
_MODERATED: Final = _called("moderations.create", MODERATION)
_OF_NEWER_SDKS: Final = (
    (Story("compaction", _answered(answers.compaction), _called("responses.compact", COMPACTION)), HAS_COMPACT),
    (Story("count", _answered(answers.token_count), _called("responses.input_tokens.count", COUNT)), HAS_INPUT_TOKENS),
    (Story("cancelled", _answered(answers.cancelled), _called("responses.cancel", CANCELLED)), HAS_CANCEL),
    (Story("search", _answered(answers.found), _gone_through), HAS_SEARCH),
)
TEXT_STORIES: Final = (
    Story("completion", _answered(answers.completion), _CREATED),
    Story("completion stream", _pieces, _completed_in_pieces),
    Story("moderation", _answered(answers.moderation), _MODERATED),
    Story("content above its budget", _answered(answers.chat), _said_too_much, lambda: {"content_max_bytes": 600}),
    Story("moderation with an error of a gateway", _answered(_gateway_error), _MODERATED),
    *(story for story, is_there in _OF_NEWER_SDKS if is_there),
)
