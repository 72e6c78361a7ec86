"""Streams of messages without I/O: events in, response out. With content off nothing is kept per piece of text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Final, cast

from ...model import Details, Message, Response
from ...records import define
from ..counts import add_counts
from ..fields import NOTHING, as_str, fields_of
from .answers import CALL, add_failure, details_of, is_compaction, response_of
from .content import plain, read_output

_UNUSUAL: Final = (AttributeError, KeyError, TypeError, ValueError)
"""What comes of a short way through an event that is not as the SDK usually makes them."""

_PIECES: Final = {
    "text_delta": ("text", "text"),
    "thinking_delta": ("thinking", "thinking"),
    "input_json_delta": ("partial_json", "tool_use"),
    "compaction_delta": ("content", "compaction"),
}
"""Kind of a delta, the field that it has its piece in, and the kind of block that it belongs to if none has begun."""
_GROWS: Final = {"text": "text", "thinking": "thinking", "compaction": "content"}
"""Kind of block, and the field that its pieces make; those of all others make ``input``."""
_CALL_UNDER_WAY: Final = "unfinished_tool_use"


class MessageStreamReader:
    """Events of a message, without its content."""

    def __init__(self) -> None:
        self._begun = False
        self._id: str | None = None
        self._model: str | None = None
        self._reason: str | None = None
        self._usage: dict[str, object] = {}
        """The last that was said of each field: counts are of all that came before."""
        self._failure: Mapping[str, object] = NOTHING
        self._compacted = False
        self._call: object = None
        """Name of the tool that is being called."""
        self._calls: list[object] = []
        """Those of the calls that were written to their end."""
        self._skips_deltas = True
        """Whether the block that is under way tells nothing but content."""

    def feed(self, event: Any) -> None:
        """Take in one event."""
        # This runs for every event. Most only carry another piece of text: for them, no more than is needed to know it.
        try:
            if event.__dict__["type"] == "content_block_delta" and self._skips_deltas:
                return
        except _UNUSUAL:
            pass
        self._feed(fields_of(event))

    def _feed(self, said: Mapping[str, Any]) -> None:
        kind = as_str(said.get("type"))
        if kind == "content_block_delta":
            self._compacted = self._compacted or _completes_compaction(fields_of(said.get("delta")))
        elif kind == "content_block_start":
            block = fields_of(said.get("content_block"))
            self._skips_deltas = as_str(block.get("type")) != "compaction"
            self._compacted = self._compacted or is_compaction(block)
            self._call = block.get("name") if block.get("type") == CALL else None
        elif kind == "content_block_stop":
            self._calls.append(self._call)
            self._call = None
        elif kind == "message_start":
            message = fields_of(said.get("message"))
            self._begun = True
            self._id = as_str(message.get("id"))
            self._model = as_str(message.get("model"))
            self._reason = as_str(message.get("stop_reason"))
            self._note_usage(message.get("usage"))
        elif kind == "message_delta":
            self._begun = True
            self._reason = as_str(fields_of(said.get("delta")).get("stop_reason")) or self._reason
            self._note_usage(said.get("usage"))
        elif kind == "error":
            self._failure = {"error": plain(said.get("error"))}

    def _note_usage(self, usage: object) -> None:
        for name, value in fields_of(usage).items():
            if value is not None:
                self._usage[name] = value

    def response(self) -> Response:
        """What has come so far: the model and its input from the beginning, the output as it was last counted."""
        read = response_of(self._model, self._usage)
        if self._failure:
            add_failure(read, self._failure)
        return read

    def details(self) -> Details:
        """What else has come; a message that has not ended has no reason yet."""
        read = details_of(self._id, [self._reason] if self._begun else [], self._usage, self._compacted)
        add_counts(read, None, self._calls)
        return read

    def output(self) -> list[Message]:
        """None: content is not kept."""
        return []


@define
class _Block:
    """One block of content so far."""

    said: Mapping[str, object]
    """As it began."""
    pieces: list[str] = field(default_factory=list[str])
    is_over: bool = False


class MessageContentReader(MessageStreamReader):
    """Events of a message, with its content."""

    def __init__(self) -> None:
        super().__init__()
        self._blocks: dict[int, _Block] = {}

    def feed(self, event: Any) -> None:
        """Take in one event."""
        try:
            said = event.__dict__
            if said["type"] == "content_block_delta" and self._skips_deltas:
                delta = said["delta"].__dict__
                piece = delta[_PIECES[delta["type"]][0]]
                if type(piece) is str:
                    self._blocks[said["index"]].pieces.append(piece)
                    return
        except _UNUSUAL:
            pass
        said = fields_of(event)
        self._feed(said)
        self._keep(said)

    def output(self) -> list[Message]:
        """The message so far. A call that was not written to its end is none yet."""
        content = [_whole(self._blocks[index]) for index in sorted(self._blocks)]
        return read_output({"content": content, "stop_reason": self._reason})

    def _keep(self, said: Mapping[str, Any]) -> None:
        kind = as_str(said.get("type"))
        if kind == "content_block_start":
            began = cast("dict[str, object]", plain(dict(fields_of(said.get("content_block")))))
            self._blocks[_index_of(said)] = _Block(began)
        elif kind == "content_block_delta":
            self._grow(_index_of(said), fields_of(said.get("delta")))
        elif kind == "content_block_stop" and (block := self._blocks.get(_index_of(said))) is not None:
            block.is_over = True

    def _grow(self, index: int, delta: Mapping[str, Any]) -> None:
        kind = as_str(delta.get("type"))
        if kind not in _PIECES:  # citations and signatures
            return
        name, block_kind = _PIECES[kind]
        piece = delta.get(name)
        if isinstance(piece, str):
            self._blocks.setdefault(index, _Block({"type": block_kind})).pieces.append(piece)


def open_message_stream(capture: bool) -> MessageStreamReader:
    """A reader for a new stream, which keeps content or not."""
    return MessageContentReader() if capture else MessageStreamReader()


def _completes_compaction(delta: Mapping[str, Any]) -> bool:
    return as_str(delta.get("type")) == "compaction_delta" and as_str(delta.get("content")) is not None


def _index_of(said: Mapping[str, object]) -> int:
    index = said.get("index")
    return index if type(index) is int else 0


def _whole(block: _Block) -> Mapping[str, object]:
    """The block as a message that is not streamed would have it."""
    said, written = block.said, "".join(block.pieces)
    kind = as_str(said.get("type"))
    grows = _GROWS.get(kind or "")
    if grows is not None:
        return {**said, grows: f"{as_str(said.get(grows)) or ''}{written}"}
    if kind == CALL and not block.is_over:
        return {"type": _CALL_UNDER_WAY, "id": said.get("id"), "name": said.get("name"), "content": written}
    return {**said, "input": written} if written else said
