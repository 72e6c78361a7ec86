"""The user's interrupt may find us at work: it goes on to the app, and what was begun ends."""

from __future__ import annotations

from typing import Final

import pytest
from opentelemetry import context

from . import injection
from .stories import STORIES, Story
from .test_faults import NEVER_ENDS, THE_GUARD, no_threads, observed, reached, said, tiny_sdk
from .tiny_stories import TINY_STORIES

__all__ = ["no_threads", "said", "tiny_sdk"]  # fixtures

_TOLD: Final = ("chat", "chat stream drained", "HTTP error", "raw", "async chat", "generator talked to")
_STORIES: Final = [story for story in (*STORIES, *TINY_STORIES) if story.name in _TOLD]
_FINALISING: Final = {"patching.hooks:_caller_is_left_by"}
"""Called while a generator of the SDK is finalised, out of which Python lets nothing."""


class Interrupt(BaseException):
    """As ``KeyboardInterrupt``, which would end the tests, is one: no ``Exception``."""


# One that comes while a generator of the SDK is finalised can't go on: Python says so, and this is what it says.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("story", _STORIES, ids=lambda story: story.name)
def test_an_interrupt_while_we_are_at_work_goes_on_and_ends_the_span(story: Story) -> None:
    wrong: list[str] = []
    for name, function in reached(story).items():
        if name in {*THE_GUARD, *NEVER_ENDS, *_FINALISING}:
            continue
        before = context.get_current()
        seen, ended = observed(story, injection.raising(function, Interrupt), Interrupt)
        if injection.hits and seen is not Interrupt:
            wrong.append(f"{name}: the app saw {seen}")
        if ended.open:
            wrong.append(f"{name}: the span stayed open")
        if context.get_current() != before:
            wrong.append(f"{name}: the context changed")
    assert not wrong, "\n".join(wrong)
