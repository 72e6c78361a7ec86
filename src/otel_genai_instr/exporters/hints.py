"""What would bring what a waterfall lacks: said once in the log, which a notebook shows, too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from .. import log
from ..semconv import attributes as names
from ..semconv import own, values
from .traces import Piece

_NO_USAGE: Final = "no_usage"
_TO_ASK: Final = (
    '"no usage" stands beside a stream that was not asked for it. stream_options={"include_usage": True} in the call '
    "brings its tokens and its cost, OTEL_GENAI_STREAM_USAGE=true those of all such streams. This is said once."
)


def usage_not_asked(attributes: Mapping[str, object], has_ended: bool) -> bool:
    """Whether it is a stream of an API that tells usage only if asked, and told none. One that was left before its
    end would have told it later."""
    return (
        has_ended
        and attributes.get(own.COST_UNPRICED_REASON) == _NO_USAGE
        and attributes.get(names.REQUEST_STREAM) is True
        and (
            attributes.get(names.OPENAI_API_TYPE) == values.API_CHAT_COMPLETIONS
            or attributes.get(names.OPERATION_NAME) == values.TEXT_COMPLETION
        )
    )


def say_what_is_missing(pieces: Iterable[Piece]) -> None:
    """Say what ``pieces`` lack and could have."""
    if any(span.usage_not_asked for piece in pieces for span in piece.spans):
        log.warning_once(say_what_is_missing, _TO_ASK)
