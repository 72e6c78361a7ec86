"""What was thought of an operation: scores of evaluators and feedback of people, now or later, here or elsewhere."""

from __future__ import annotations

from .endpoint import FeedbackApp
from .reactions import feedback, feedback_token
from .results import evaluate
from .subjects import HasSpan, Subject

__all__ = ["FeedbackApp", "HasSpan", "Subject", "evaluate", "feedback", "feedback_token"]
