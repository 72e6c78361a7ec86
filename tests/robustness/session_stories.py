"""Stories of sessions: connections of the SDK over a websocket that plays what a server would say."""

from __future__ import annotations

import asyncio
import importlib
import json
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any, Final

import otel_genai_instr as genai

from ..sessions import events
from .stories import Story

_RESPONSES: Final = "openai.resources.responses.responses"
HAS_SESSIONS: Final = find_spec("websockets") is not None and find_spec("openai.resources.realtime") is not None
HAS_LANES: Final = HAS_SESSIONS and find_spec("openai.lib.responses_websocket") is not None


class Socket:
    """A websocket, as far as the SDK uses it."""

    def __init__(self, says: list[Any], broken: bool = False, query: str = "model=gpt-realtime") -> None:
        uri = SimpleNamespace(secure=True, host="api.openai.com", port=443, path="/v1/realtime", query=query)
        self.protocol = SimpleNamespace(uri=uri)
        self._says = [json.dumps(said).encode() for said in says]
        self._broken = broken

    def send(self, data: str) -> None:
        json.loads(data)

    def recv(self, decode: bool | None = None) -> bytes:
        if self._says:
            return self._says.pop(0)
        exceptions = importlib.import_module("websockets.exceptions")
        frames = importlib.import_module("websockets.frames")
        if self._broken:
            raise exceptions.ConnectionClosedError(frames.Close(1011, ""), None)
        raise exceptions.ConnectionClosedOK(frames.Close(1000, ""), None)

    def close(self, code: int = 1000, reason: str = "") -> None:
        self._says.clear()


class AsyncSocket(Socket):
    """The same for an asynchronous connection; who waits for more waits until it is cancelled."""

    async def send(self, data: str) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        json.loads(data)

    async def recv(self, decode: bool | None = None) -> bytes:  # pyright: ignore[reportIncompatibleMethodOverride]
        await asyncio.sleep(0 if self._says else 60)
        return Socket.recv(self, decode)

    async def close(self, code: int = 1000, reason: str = "") -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        self._says.clear()


_LISTENS: Final = {"input": {"transcription": {"model": "whisper-1"}}}
_ITEM: Final = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "When?"}]}
_REFUSED: Final = {"type": "error", "event_id": "e", "error": {"type": "t", "code": "bad", "event_id": "mine"}}
_SAID: Final[list[Any]] = [
    events.session(audio=_LISTENS, reasoning={"effort": "low"}),
    events.created("resp_1"),
    events.delta("resp_1"),
    events.delta("resp_1"),
    events.item_done(events.spoken("Noon."), "resp_1"),
    events.done("resp_1"),
    _REFUSED,
    {"type": "input_audio_buffer.committed", "event_id": "e", "item_id": "item_u"},
    events.created("resp_2"),
    events.transcribed({"type": "duration", "seconds": 3}),
    events.delta("resp_2"),
    events.item_done(events.spoken("Noon."), "resp_2"),
]


def _realtime(prefix: str, socket: Socket) -> Any:
    module: Any = importlib.import_module("openai.resources.realtime.realtime")
    return getattr(module, f"{prefix}RealtimeConnection")(socket)


def _talk(_provider: object) -> object:
    """Ask, be refused, be heard; the connection breaks."""
    connection = _realtime("", Socket(_SAID, broken=True))
    seen: list[str] = []
    connection.send({"type": "conversation.item.create", "item": _ITEM})
    connection.send({"type": "response.create"})
    try:
        connection.send({"type": "response.create", "response": {"metadata": object()}})
    except TypeError:
        seen.append("TypeError")
    connection.send({"type": "response.create", "event_id": "mine", "response": {"input": [_ITEM]}})
    seen.extend(event.to_json() for event in connection)
    return seen


def _talk_asynchronously(_provider: object) -> object:
    """Leave early."""

    async def talk() -> list[str]:
        connection = _realtime("Async", AsyncSocket(_SAID))
        await connection.send({"type": "response.create"})
        seen = [(await connection.recv()).to_json() for _ in range(3)]
        await connection.close()
        return seen

    return asyncio.run(talk())


def _talk_in_a_block(provider: object) -> object:
    with genai.content("full"):
        return _talk_asynchronously(provider)


def _event(kind: str, lane: str) -> dict[str, Any]:
    response: dict[str, Any] = {
        "id": f"resp_{lane}",
        "object": "response",
        "model": "gpt-5-mini",
        "output": [],
        "status": kind,
    }
    return {"type": f"response.{kind}", "sequence_number": 0, "stream_id": lane, "response": response}


_ERROR: Final = {"type": "error", "stream_id": "b", "status": 400, "error": {"code": "bad", "message": "m"}}


def _lanes(_provider: object) -> object:
    """One lane is answered, another refused, and a third answers by itself."""

    async def talk() -> list[str]:
        module: Any = importlib.import_module(_RESPONSES)
        sessions: Any = importlib.import_module("openai.lib.responses_websocket")
        says = [_event("created", "a"), _event("completed", "a"), _ERROR, _event("created", "c")]
        connection = module.AsyncResponsesConnection(AsyncSocket(says, query=""))
        limits = sessions.ResponsesWebSocketLimits(8, 99, 99, 10**6, 10**6)
        session = sessions.AsyncResponsesWebSocketSession(connection, limits=limits)
        seen: list[str] = []
        try:
            await connection.send({"type": "response.create", "model": "gpt-5-mini", "metadata": object()})
        except TypeError:
            seen.append("TypeError")
        lanes = [session.lane(name) for name in ("a", "b", "c")]
        async with session:
            for lane in lanes[:2]:  # before the session's own task has read anything
                await lane.send({"type": "response.create", "model": "gpt-5-mini", "input": "Look"})
            seen += [(await lane.recv()).to_json() for lane in (lanes[0], lanes[0], lanes[1], lanes[2])]
        return seen

    return asyncio.run(talk())


SESSION_STORIES: Final = (
    *(
        (
            Story("a session", list, _talk),
            Story("a session, async", list, _talk_asynchronously),
            Story("a session in a block", list, _talk_in_a_block, lambda: {"capture_content": None}),
        )
        if HAS_SESSIONS
        else ()
    ),
    *((Story("lanes", list, _lanes),) if HAS_LANES else ()),
)
