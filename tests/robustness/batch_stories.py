"""Stories of batches: one is submitted, asked for and cancelled, and files are read, with results or with others."""

from __future__ import annotations

from typing import Any, Final

from ..support import answers, media
from ..support.batch_files import answered, batch, batches, file_reply, lines, unanswered
from ..support.provider import FakeProvider, Reply, json_reply
from .stories import Story, told

_SUBMITTED: Final = {"input_file_id": "file-in", "endpoint": "/v1/chat/completions", "completion_window": "24h"}
_MODERATION: Final[dict[str, Any]] = {"id": "modr-1", "model": "omni-moderation-latest", "results": []}
_RESULTS: Final = lines(
    answered(answers.chat(usage={"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15, "cost": 0.25})),
    answered(answers.chat()),
    answered(answers.embeddings()),
    answered(answers.response()),
    answered(media.images()),
    answered(_MODERATION),
    answered({"error": {}}, 400),
    unanswered(),
    "{broken",
)
_CHARGED: Final = lines(
    answered(answers.chat(usage={"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15, "cost": 0.25}))
)


def _whole_replies() -> list[Reply]:
    return [
        json_reply(batch("validating")),
        json_reply(batches(batch())),
        json_reply(batch("cancelling")),
        file_reply(_RESULTS),
    ]


def _whole(provider: FakeProvider) -> object:
    client: Any = provider.client()
    submitted = client.batches.create(**_SUBMITTED)
    page = client.batches.list()
    return (
        told(submitted),
        [told(one) for one in page.data],
        told(client.batches.cancel("batch_1")),
        client.files.content("file-out").content,
    )


def _text(provider: FakeProvider) -> object:
    client: Any = provider.client()
    return client.get("/files/file-out/content", cast_to=str)


def _read(provider: FakeProvider) -> object:
    client: Any = provider.client()
    with client.files.with_streaming_response.content("file-out") as response:
        return response.read()


def _charged_reply() -> list[Reply]:
    return [file_reply(_CHARGED)]


def _other_reply() -> list[Reply]:
    return [file_reply(b'{"custom_id": "a", "response": "b"}\n')]


BATCH_STORIES: Final = (
    Story("batch from its submission to its results", _whole_replies, _whole),
    Story("results of a batch as a text", _charged_reply, _text),
    Story("results of a batch, body read", _charged_reply, _read),
    Story("file of the app's own, body read", _other_reply, _read),
)
