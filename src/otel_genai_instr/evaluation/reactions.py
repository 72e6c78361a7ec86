"""What people do with an answer, said with a token that a front end can hold."""

from __future__ import annotations

import math
from typing import Final, Literal, TypeAlias, get_args

from .. import log
from ..semconv import values
from ..settings import sdk_is_disabled
from ..telemetry.telemetry import shared
from . import tokens
from .results import Verdict, record, target_of_token, text_of
from .subjects import Subject, Target, target_of

Action: TypeAlias = Literal["thumbs_up", "thumbs_down", "retry", "edit", "abandon"]

ACTIONS: Final[tuple[str, ...]] = get_args(Action)
SEVEN_DAYS: Final = 7 * 24 * 3600.0

_SCORES: Final = {"thumbs_up": 1.0, "thumbs_down": 0.0}
"""Only a thumb says how good an answer was; what the others mean depends on the app."""
_EVALUATOR: Final = "human"
_NO_SPAN: Final = (
    "feedback given with the token of nothing is not recorded, since it belongs to no trace: no OpenTelemetry SDK made "
    "a span where feedback_token() was called. Start that app by opentelemetry-instrument, or set up a TracerProvider. "
    "This is said once."
)
_LONGEST_LIFE: Final = 10 * 365 * 24 * 3600.0


def feedback_token(subject: Subject, *, expires_in: float = SEVEN_DAYS) -> str:
    """A token of 84 characters, safe in URLs, with which anyone who holds it can give feedback on ``subject``.

    It holds the ids of the span and the expiry, signed with HMAC-SHA256: nothing about the user, nothing secret.

    Without an SDK there is no span: what is said with its token is not recorded, and the log says so once.

    Args:
        subject: a block of this package, a span, or a span context.
        expires_in: seconds, up to ten years; rounded up to whole ones.

    Raises:
        ValueError: when ``OTEL_GENAI_FEEDBACK_KEY`` isn't set or too short, for a life that isn't allowed, and for a
            subject without a span.
    """
    seconds = _life(expires_in)
    target = target_of(subject)  # what is passed is told of before what is set
    telemetry = shared()
    keys = tokens.keys_of(telemetry.settings.feedback_key)
    if not target.span_context.is_valid:
        _say_no_span()
    expires_at = math.ceil(telemetry.clock.wall_ns() / 1e9 + seconds)
    return tokens.sign(target.span_context, expires_at, keys)


def feedback(token: str, action: Action, *, text: str | None = None) -> None:
    """Record what somebody did with an answer, in any process that has the key.

    Emits ``gen_ai.evaluation.result`` with the name ``user_feedback`` and the action as its label. Thumbs have a
    score, 1 or 0, which is counted in ``gen_ai.evaluation.score``.

    Args:
        token: what :func:`feedback_token` gave.
        action: ``thumbs_up``, ``thumbs_down``, ``retry``, ``edit`` or ``abandon``.
        text: what they wrote; recorded with content capture only.

    Raises:
        ValueError: for a token that is forged or expired, an action that doesn't exist, and when no key is set.
    """
    action, text = checked(action, text)
    if not tokens.is_one(token):
        raise tokens.InvalidToken(
            f"the feedback token is not valid: type {type(token).__name__}; allowed: what feedback_token() returned"
        )
    record_reaction(target_of_token(token), action, text)


def checked(action: object, text: object) -> tuple[Action, str | None]:
    """``action`` and ``text``, when they are what they should be.

    Raises:
        ValueError: when they aren't.
    """
    for known in get_args(Action):
        if action == known:
            return known, (text_of("text", text) or None) if text is not None else None
    raise ValueError(f"action={action!r:.50} is not known; allowed: {', '.join(ACTIONS)}")


def record_reaction(target: Target, action: Action, text: str | None) -> None:
    """Leave the signals of a reaction to ``target``; none where there is no span, which is said."""
    if not target.span_context.is_valid:
        _say_no_span()
        return
    record(target, Verdict(values.USER_FEEDBACK, _EVALUATOR, _SCORES.get(action), action, text))


def _say_no_span() -> None:
    """Once, whether its token is asked for here or comes back here. Whoever turned the SDK off wants it so."""
    if not sdk_is_disabled():
        log.warning_once(feedback_token, _NO_SPAN)


def _life(expires_in: object) -> float:
    if not isinstance(expires_in, int | float) or not 0 < expires_in <= _LONGEST_LIFE:
        raise ValueError(
            f"expires_in={expires_in!r:.50} is not allowed; allowed: seconds, more than 0, up to {_LONGEST_LIFE:.0f}"
        )
    return expires_in
