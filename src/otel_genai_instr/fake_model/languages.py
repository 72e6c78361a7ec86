"""What is answered to a request, by the end of its path."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias

from .chat import chat
from .embeddings import embeddings
from .messages import count_tokens, messages
from .responses import responses
from .speech import Json

Answering: TypeAlias = Callable[[Json], Json | Iterator[bytes]]
"""A body, or the events of a stream."""

_ANSWERING: Final[Mapping[str, Answering]] = {
    "/chat/completions": chat,
    "/responses": responses,
    "/messages": messages,
    "/messages/count_tokens": count_tokens,
    "/embeddings": embeddings,
}


def answering(path: str) -> Answering:
    """Who answers what is sent there.

    Raises:
        LookupError: if nobody does.
    """
    for end, answer in _ANSWERING.items():
        if path.endswith(end):
            return answer
    raise LookupError(path)
