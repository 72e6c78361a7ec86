"""What the oldest SDKs of the supported range don't have is skipped there, and said."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Final, cast

import pytest

from ..support import answers
from ..support.provider import FakeProvider, json_reply
from ..support.sdk import HAS_RESPONSES, needs_responses

NOT_YET: Final = {
    "test_chat_arguments[reasoning]": "this openai has no reasoning_effort",
    "test_chat_arguments[format_class]": "this openai has no chat.completions.parse",
    "test_a_failing_iterator_fails_as_without_us[chat_manager-async": "this openai streams strict tools only",
    "chat_stream_broken": "this openai lets the HTTP client's own error through, with another message",
    "test_whole_telemetry[rate_limited_with_message": "this openai words its error differently",
}


@pytest.fixture(scope="session", autouse=True)
def classes_are_complete() -> None:
    """Models make their signature when it is first asked for, which ``dir()`` shows."""
    client = FakeProvider(None, json_reply(answers.chat()), json_reply(answers.embeddings())).client()
    for result in (
        client.chat.completions.create(model="m", messages=[]),
        client.embeddings.create(model="m", input="a"),
    ):
        inspect.signature(type(result))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if HAS_RESPONSES:
        return
    for item in items:
        if not isinstance(item, pytest.Function):
            continue
        source = inspect.getsource(cast("Callable[..., object]", item.function))  # pyright: ignore[reportUnknownMemberType]
        if "responses" in item.name or ".responses" in source or item.path.stem == "test_response_cases":
            item.add_marker(needs_responses)
        for name, reason in NOT_YET.items():
            if name in item.name:
                item.add_marker(pytest.mark.skip(reason=reason))
