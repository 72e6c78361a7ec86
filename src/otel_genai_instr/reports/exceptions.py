"""What ends a question to stored telemetry, for whoever must not load what answers it."""

from __future__ import annotations


class NotUnderstood(ValueError):
    """Something that was asked can't be meant; says what is allowed."""


class NotFound(Exception):
    """Nothing is stored of what was asked for; the text says where it was looked for."""


class Unanswered(Exception):
    """The place where telemetry is stored can't be asked; the text says why, and what to do."""
