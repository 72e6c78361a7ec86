"""Legacy completions: a prompt as text, and texts that follow it. Usage, models and endings are those of a chat.

Facts of the SDK's types ``Completion`` and ``CompletionCreateParams`` (3.57).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ...model import Content, Details, Generic, Message, Part, Text
from ..counts import add_counts
from ..fields import as_list, as_str, fields_of
from .answers import ChatAnswer, details_of
from .streams import ChatStreamReader, index_of

_READ_OR_WRITTEN_BESIDE: Final = ("suffix", "echo", "best_of")
"""What makes of prompts and answers another count than the one that is billed."""


def read_completion_content(body: Mapping[str, object]) -> Content:
    """One message for each prompt: it may be a text, token ids, or a list of either."""
    prompt = body.get("prompt")
    items = as_list(prompt)
    prompts = items if items and not isinstance(items[0], int) else [prompt]
    return Content(
        messages=[Message("user", [part]) for part in map(_prompt_part, prompts) if part is not None],
        complete=not any(body.get(name) for name in _READ_OR_WRITTEN_BESIDE),
        framed=False,
    )


class CompletionAnswer(ChatAnswer):
    """A completion."""

    __slots__ = ()

    def details(self) -> Details:
        """Its id, how each choice ended, and how much text there is."""
        choices = [fields_of(choice) for choice in as_list(self._said.get("choices"))]
        read = details_of(self._said.get("id"), [as_str(choice.get("finish_reason")) for choice in choices])
        if choices:
            add_counts(read, [choice.get("text") for choice in choices], ())
        return read

    def output(self) -> list[Message]:
        """One message per choice."""
        choices = map(fields_of, as_list(self._said.get("choices")))
        return [_message(as_str(choice.get("text")), as_str(choice.get("finish_reason"))) for choice in choices]


class CompletionContentReader(ChatStreamReader):
    """Chunks of a completion, with their texts."""

    def __init__(self) -> None:
        super().__init__()
        self._texts: dict[int, list[str]] = {}

    def feed(self, chunk: Any) -> None:
        """Take in one chunk."""
        super().feed(chunk)
        for choice in map(fields_of, as_list(fields_of(chunk).get("choices"))):
            texts = self._texts.setdefault(index_of(choice), [])
            text = choice.get("text")
            if isinstance(text, str):
                texts.append(text)

    def output(self) -> list[Message]:
        """The texts so far, one message per choice."""
        return [_message("".join(self._texts[index]), self._reasons.get(index)) for index in sorted(self._texts)]


def open_completion_stream(capture: bool) -> ChatStreamReader:
    """A reader for a new stream, which keeps content or not."""
    return CompletionContentReader() if capture else ChatStreamReader()


def _prompt_part(prompt: object) -> Part | None:
    text = as_str(prompt)
    if text is not None:
        return Text(text)
    tokens = as_list(prompt)
    return Generic("token_ids", {"token_ids": list(tokens)}) if tokens else None


def _message(text: str | None, finish_reason: str | None) -> Message:
    return Message("assistant", [Text(text)] if text else [], finish_reason=finish_reason)
