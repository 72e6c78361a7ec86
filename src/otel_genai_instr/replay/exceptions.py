"""Why a call is not asked again."""

from __future__ import annotations


class NotReplayable(Exception):
    """What was asked can't be rebuilt as it was; ``args`` are a reason each."""


class NoClient(Exception):
    """The SDK isn't there, or its environment doesn't say who to ask; the text says which, and what to do."""
