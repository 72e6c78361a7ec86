"""Counting the tokens of a call whose provider reported none. Only for who asked: a count of one's own is a guess.

Encodings are loaded in the background and never in a call. ``tiktoken`` downloads an encoding the first time, unless
its file is in the folder that ``TIKTOKEN_CACHE_DIR`` names.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from ..model import Content, Message, Part, Reasoning, ServerToolCall, Text, ToolCall, ToolCallResponse, Usage
from .loading import gate

if TYPE_CHECKING:
    from tiktoken import Encoding

_logger = logging.getLogger("otel_genai_instr")

_NEWER: Final = "o200k_base"
_OLDER: Final = "cl100k_base"
_MODELS_OF_OLDER: Final = ("gpt-4", "gpt-3.5", "gpt-35", "text-embedding-")
_MODELS_OF_NEWER: Final = ("gpt-4o", "gpt-4.")

# What OpenAI's chat formats add: around each message, and for the beginning of the answer.
# https://developers.openai.com/cookbook/examples/how_to_count_tokens_with_tiktoken
_PER_MESSAGE: Final = 3
_PER_NAME: Final = 1
_PER_ANSWER: Final = 3
# Longer texts are counted in pieces: the time of a count grows faster than the length of a word.
_PIECE: Final = 4_000

Load = Callable[[str], "Encoding"]


class Estimator:
    """Counts tokens with ``tiktoken``. One instance serves all threads.

    Exact for OpenAI's own text models but for hidden instructions; for others the newer encoding is taken, which
    may be wrong by a fifth or more.
    """

    def __init__(self, load: Load | None = None) -> None:
        self._load: Load = load or _load_encoding
        self._encodings: dict[str, Encoding] = {}
        self._started_in: int | None = None

    def warm_up(self) -> None:
        """Start loading the encodings in the background. Cheap to call again; a forked child starts its own."""
        process = os.getpid()
        if self._started_in == process or len(self._encodings) == 2:
            return
        self._started_in = process
        threading.Thread(target=self.load, name="otel-genai-encodings", daemon=True).start()

    def load(self) -> None:
        """Load the encodings here and now; one that can't be loaded is logged and stays unused."""
        for name in (_NEWER, _OLDER):
            if name in self._encodings:
                continue
            try:
                self._encodings[name] = self._load(name)
            except Exception as error:  # not installed, no network, a broken file
                _logger.warning(
                    "Usage that a provider doesn't report can't be estimated with %s (%s: %s). "
                    "It needs the package tiktoken, and its file from the network or from TIKTOKEN_CACHE_DIR.",
                    name,
                    type(error).__name__,
                    error,
                )

    def estimate(self, model: str | None, sent: Content | None, received: Sequence[Message]) -> Usage | None:
        """Count what was sent and what came back.

        Args:
            model: Decides the encoding.
            sent: Messages, instructions and tool definitions, as far as they are known.
            received: The messages that came back.

        Returns:
            Tokens, marked as estimated; of what was sent only if that is known. ``None`` when no encoding is loaded,
            when nothing is known, or when something else than text was exchanged: images and audio can't be counted.
        """
        encoding = self._encodings.get(encoding_of(model))
        if encoding is None or not (sent or received):
            return None
        try:
            given = _count_sent(encoding, sent) if sent and (sent.messages or sent.system_instructions) else None
            taken = sum(_count_parts(encoding, message.parts) for message in received)
        except _NotText:
            return None
        return Usage(input_tokens=given, output_tokens=taken, estimated=True)


class _NotText(Exception):
    """Something that can't be counted."""


def encoding_of(model: str | None) -> str:
    """Return the name of the encoding: OpenAI's older one for the models that have it, else the newer one."""
    name = (model or "").lower().removeprefix("ft:")
    if name.startswith(_MODELS_OF_OLDER) and not name.startswith(_MODELS_OF_NEWER):
        return _OLDER
    return _NEWER


def _load_encoding(name: str) -> Encoding:
    with gate:
        import tiktoken  # here: an extra, and nothing that a call may wait for

    # Not behind the gate: a download may take long, and prices wait there.
    return tiktoken.get_encoding(name)


def _count_sent(encoding: Encoding, sent: Content) -> int:
    tokens = _PER_ANSWER + sum(_count_message(encoding, message) for message in sent.messages)
    if sent.system_instructions:
        tokens += _PER_MESSAGE + _count_parts(encoding, sent.system_instructions)
    return tokens + sum(_count(encoding, _as_json(tool)) for tool in sent.tools)


def _count_message(encoding: Encoding, message: Message) -> int:
    tokens = _PER_MESSAGE + _count(encoding, message.role) + _count_parts(encoding, message.parts)
    if message.name:
        tokens += _PER_NAME + _count(encoding, message.name)
    return tokens


def _count_parts(encoding: Encoding, parts: Sequence[Part]) -> int:
    return sum(_count(encoding, text) for part in parts for text in _texts(part))


def _texts(part: Part) -> Iterator[str]:
    if isinstance(part, Text | Reasoning):
        yield part.content
    elif isinstance(part, ToolCall):
        yield part.name
        yield _as_json(part.arguments)
    elif isinstance(part, ToolCallResponse):
        yield _as_json(part.response)
    elif isinstance(part, ServerToolCall):
        yield part.name
        yield _as_json(part.server_tool_call)
    else:
        raise _NotText(part.type)


def _as_json(value: object) -> str:
    if value is None:
        return ""
    return (
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    )


def _count(encoding: Encoding, text: str) -> int:
    return sum(len(encoding.encode_ordinary(text[start : start + _PIECE])) for start in range(0, len(text), _PIECE))
