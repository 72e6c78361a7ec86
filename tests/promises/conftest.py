"""What the oldest SDKs of the supported range don't have is skipped there, and said."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Final, cast

import pytest

from ..support.sdk import HAS_RESPONSES, IS_BEFORE_3, needs_responses

NOT_YET: Final = {
    "test_chat_arguments[reasoning]": "this openai has no reasoning_effort",
    "test_chat_arguments[format_class]": "this openai has no chat.completions.parse",
}
"""Where there is no Responses API."""
BEFORE_3: Final = {
    "test_a_failing_iterator_fails_as_without_us[chat_manager-async": "this openai streams strict tools only",
    "test_whole_telemetry[rate_limited_with_message": "this openai words its error differently",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    lacking = {**(BEFORE_3 if IS_BEFORE_3 else {}), **({} if HAS_RESPONSES else NOT_YET)}
    for item in items:
        if not isinstance(item, pytest.Function):
            continue
        source = inspect.getsource(cast("Callable[..., object]", item.function))  # pyright: ignore[reportUnknownMemberType]
        if "responses" in item.name or ".responses" in source or item.path.stem == "test_response_cases":
            item.add_marker(needs_responses)
        for name, reason in lacking.items():
            if name in item.name:
                item.add_marker(pytest.mark.skip(reason=reason))
