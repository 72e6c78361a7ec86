"""What is said in a realtime session, where content is captured: texts and transcripts, never sound."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from ...model import Content
from ..fields import as_list, as_str, fields_of
from .content import read_responses_content

_MOST_HEARD: Final = 64
"""Spoken items that may still wait for their transcripts."""


class Conversation:
    """What was said since the last response; transcripts come at any time."""

    def __init__(self) -> None:
        self._new: list[dict[str, Any]] = []
        self._heard: dict[str, dict[str, Any]] = {}
        """Spoken items without a transcript, by id."""

    def add(self, item: object) -> None:
        """The app has put ``item`` into the conversation."""
        said = without_audio(item)
        if said:
            self._new.append(said)

    def heard(self, identity: object) -> None:
        """The user has said something, whose transcript may come."""
        if isinstance(identity, str):
            item: dict[str, Any] = {"type": "message", "role": "user", "content": []}
            self._new.append(item)
            self._heard[identity] = item
            if len(self._heard) > _MOST_HEARD:
                del self._heard[next(iter(self._heard))]

    def transcribed(self, identity: object, transcript: object) -> None:
        """It has come."""
        item = self._heard.pop(identity, None) if isinstance(identity, str) else None
        text = as_str(transcript)
        if item is not None and text is not None:
            item["content"] = [{"type": "input_text", "text": text}]

    def content_of(self, response: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], Content]:
        """What a response is asked for, to be read at its end, with what the session says then.

        One with an input of its own, or outside of the conversation, leaves what was said to the next one.
        """
        own = response.get("input")
        if own is not None:
            items = [without_audio(item) for item in as_list(own)]
        elif response.get("conversation") == "none":
            items = list(self._new)
        else:
            items, self._new = self._new, []
        return partial(_read, response, items)


def _read(response: Mapping[str, Any], items: list[dict[str, Any]], session: Mapping[str, Any]) -> Content:
    asked = {name: response.get(name, session.get(name)) for name in ("instructions", "tools")}
    said = [item for item in items if item.get("type") != "message" or item.get("content")]
    return read_responses_content({**asked, "input": said})


def without_audio(item: object) -> dict[str, Any]:
    """An item, with the transcripts of its sound instead of that."""
    said = dict(fields_of(item))
    if said.get("content") is not None:
        parts = [_part(fields_of(part)) for part in as_list(said["content"])]
        said["content"] = [part for part in parts if part is not None]
    return said


def _part(part: Mapping[str, Any]) -> Mapping[str, Any] | None:
    if "audio" not in str(part.get("type")):
        return part
    transcript = as_str(part.get("transcript"))
    return {"type": "text", "text": transcript} if transcript is not None else None
