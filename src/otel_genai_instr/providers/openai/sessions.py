"""Sessions over a websocket: whose each message is. What the messages say is read elsewhere.

Realtime: responses, which the app or the server begins, and transcripts of what was said to the model. (SDK: types
``RealtimeServerEvent`` and ``RealtimeClientEvent``, of the beta too, 1.109 to 3.57.)

Responses: requests and events as those of ``POST /responses``, in lanes. The server answers those of one lane one
after the other, those of several beside each other; a message without a name belongs to the lane without one. (SDK:
``lib/responses_websocket/README.md``, 3.57.)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from ...model import Details, Request, Response, Said
from ...patching.contract import Api, Stage, Turn
from ...semconv import attributes as names
from ...semconv import values
from ..fields import as_str, fields_of
from . import connections
from .realtime_answers import RealtimeReader, TranscriptReader, read_response_request, read_transcript_request
from .realtime_content import Conversation
from .unrecorded import Unrecorded

_Steps = Sequence[tuple[Stage, Turn]]

_DELTAS: Final = frozenset(
    {
        "response.output_text.delta",
        "response.output_audio.delta",
        "response.output_audio_transcript.delta",
        "response.function_call_arguments.delta",
        "response.mcp_call_arguments.delta",
        # The beta's.
        "response.text.delta",
        "response.audio.delta",
        "response.audio_transcript.delta",
    }
)
"""Pieces of output."""
_TRANSCRIBED: Final = "conversation.item.input_audio_transcription."
_TRANSCRIPTS: Final = frozenset({f"{_TRANSCRIBED}completed", f"{_TRANSCRIBED}failed"})
_SESSIONS: Final = frozenset(
    f"{kind}.{what}" for kind in ("session", "transcription_session") for what in ("created", "updated")
)
_TAKEN: Final = "conversation_already_has_active_response"


class RealtimeSession(Unrecorded):
    """Reads one connection of ``realtime.connect()``."""

    breaks = staticmethod(connections.breaks)
    read_error = staticmethod(connections.read_failure)

    def __init__(self, connection: object, reads_content: bool) -> None:
        address = connections.Address(connection)
        self.url = address.url
        # Azure's beta says the name of a deployment, which stands for the model.
        self._model = address.query.get("model") or address.query.get("deployment")
        self._session: dict[str, Any] = {}
        """As the server said last."""
        self._conversation = Conversation() if reads_content else None
        self._waiting: deque[Turn] = deque()
        """Asked for, and not created yet."""
        self._turns: dict[str, tuple[Turn, _Steps]] = {}
        """By the response's id, with what most of its messages say."""

    def request(self) -> Request:
        """The session itself."""
        attributes: dict[str, Said] = {names.OPENAI_API_TYPE: values.API_REALTIME}
        return Request(values.REALTIME, self._model, attributes=attributes)

    def sent(self, message: object) -> Turn | None:
        """``response.create`` begins a turn. Items are kept for the content of the next one."""
        said = fields_of(message)
        kind = said.get("type")
        if kind == "conversation.item.create" and self._conversation is not None:
            self._conversation.add(said.get("item"))
        if kind != "response.create":
            return None
        turn = self._turn(said.get("response"), as_str(said.get("event_id")))
        self._waiting.append(turn)
        return turn

    def forget(self, turn: Turn) -> None:
        """It could not be sent."""
        self._waiting.remove(turn)

    def received(self, event: Any) -> _Steps:
        """The turn that it belongs to, if it belongs to one."""
        said = fields_of(event)
        kind = said.get("type")
        if kind in _DELTAS:
            known = self._turns.get(said.get("response_id") or "")
            return known[1] if known is not None else ()
        if kind == "response.created":
            return self._created(fields_of(said.get("response")))
        if kind == "response.done":
            return self._over(self._turns.pop(_id_of(said), None))
        if kind == "response.output_item.done":
            known = self._turns.get(said.get("response_id") or "")
            return ((Stage.GOES_ON, known[0]),) if known is not None else ()
        if kind in _TRANSCRIPTS:
            return self._transcribed(said)
        if kind in _SESSIONS:
            self._session.update(connections.said_in(said.get("session")))
        elif kind == "error":
            return self._refused(fields_of(said.get("error")))
        elif kind == "input_audio_buffer.committed" and self._conversation is not None:
            self._conversation.heard(said.get("item_id"))
        return ()

    def _created(self, response: Mapping[str, Any]) -> _Steps:
        identity = as_str(response.get("id")) or ""
        if identity in self._turns:
            return ()
        begun: _Steps = ()
        turn = self._asked_for(fields_of(response.get("metadata")))
        if turn is None:  # the server has heard that the user has stopped speaking
            turn = self._turn(response, None)
            begun = ((Stage.BEGINS, turn),)
        self._turns[identity] = turn, ((Stage.CHUNK, turn),)
        return (*begun, (Stage.GOES_ON, turn))

    def _asked_for(self, metadata: Mapping[str, Any]) -> Turn | None:
        """The request whose metadata the response says again, else the oldest."""
        if not self._waiting:
            return None
        turn = next((turn for turn in self._waiting if _metadata_of(turn) == metadata), self._waiting[0])
        self._waiting.remove(turn)
        return turn

    def _over(self, known: tuple[Turn, _Steps] | None) -> _Steps:
        return ((Stage.ENDS, known[0]),) if known is not None else ()

    def _refused(self, error: Mapping[str, Any]) -> _Steps:
        """An error of a request that the server made no response of. It says whose it is, if the app numbers them."""
        identity = error.get("event_id")
        turn = next((turn for turn in self._waiting if identity and turn.asked.get("event_id") == identity), None)
        if turn is None and self._waiting and error.get("code") == _TAKEN:
            turn = self._waiting[-1]
        if turn is None:
            return ()
        self._waiting.remove(turn)
        return ((Stage.ENDS, turn),)

    def _transcribed(self, said: Mapping[str, Any]) -> _Steps:
        """Billed apart, by the model that listened."""
        if self._conversation is not None:
            self._conversation.transcribed(said.get("item_id"), said.get("transcript"))
        asked = {"model": _model_of_transcripts(self._session), "session": self._session}
        turn = Turn(_TRANSCRIPTION, asked)
        return (Stage.BEGINS, turn), (Stage.ENDS, turn)

    def _turn(self, response: object, event_id: str | None) -> Turn:
        own = connections.said_in(response)
        model = self._model or self._session.get("model")
        asked = {"model": model, "event_id": event_id, "response": own, "session": self._session}
        # At the end: what was said is known later than that it was.
        content = self._conversation.content_of(own) if self._conversation is not None else None
        return Turn(
            Api("realtime", read_response_request, None, _never, partial(RealtimeReader, asked, content)), asked
        )

    def response(self) -> Response:
        """The model that the server has chosen."""
        read = Response()
        read.model = as_str(self._session.get("model"))
        return read

    def details(self) -> Details:
        """The id that all of its operations say."""
        read = Details()
        identity = as_str(self._session.get("id"))
        if identity is not None:
            read.attributes = {names.CONVERSATION_ID: identity}
        return read


def _never(_answer: object) -> RealtimeReader:
    raise TypeError("events only")  # of a connection no answer is returned


_TRANSCRIPTION: Final = Api("realtime_transcription", read_transcript_request, None, _never, TranscriptReader)


def _id_of(said: Mapping[str, Any]) -> str:
    return as_str(fields_of(said.get("response")).get("id")) or ""


def _metadata_of(turn: Turn) -> Mapping[str, Any]:
    return fields_of(fields_of(turn.asked.get("response")).get("metadata"))


def _model_of_transcripts(session: Mapping[str, Any]) -> str | None:
    listens = fields_of(fields_of(session.get("audio")).get("input")).get("transcription")
    return as_str(fields_of(listens or session.get("input_audio_transcription")).get("model"))


_ENDS: Final = frozenset({"response.completed", "response.failed", "response.incomplete", "error"})


class _Lane:
    """Turns of one lane: the one under way, and those that wait for the server."""

    __slots__ = ("going_on", "now", "waiting")

    def __init__(self) -> None:
        self.now: Turn | None = None
        self.going_on: _Steps = ()
        """What nearly every message says."""
        self.waiting: deque[Turn] = deque()

    def goes_on(self, turn: Turn | None) -> None:
        """``turn`` is under way from now on."""
        self.now = turn
        self.going_on = ((Stage.CHUNK, turn),) if turn is not None else ()


class ResponsesSession(Unrecorded):
    """Reads one connection of ``responses.connect()``."""

    breaks = staticmethod(connections.breaks)
    read_error = staticmethod(connections.read_failure)

    def __init__(self, api: Api, connection: object) -> None:
        self._api = api
        self.url = connections.Address(connection).url
        self._lanes: dict[str | None, _Lane] = {}

    def request(self) -> Request:
        """A session without a model: each request names one."""
        attributes: dict[str, Said] = {names.OPENAI_API_TYPE: values.API_RESPONSES}
        return Request(values.REALTIME, attributes=attributes)

    def sent(self, message: object) -> Turn | None:
        """A request begins a turn; what steers one doesn't."""
        said = fields_of(message)
        if said.get("type") != "response.create":
            return None
        turn = Turn(self._api, {**connections.said_in(message), "stream": True})
        self._lane(said).waiting.append(turn)
        return turn

    def forget(self, turn: Turn) -> None:
        """It could not be sent."""
        for lane in self._lanes.values():
            if turn in lane.waiting:
                lane.waiting.remove(turn)

    def received(self, event: Any) -> _Steps:
        """The turn under way in its lane. One that nobody was seen to ask for is begun by its first event."""
        said = fields_of(event)
        lane = self._lane(said)
        kind = said.get("type")
        if kind == "response.created":
            return self._created(lane, said)
        if kind not in _ENDS:
            return lane.going_on
        turn = lane.now
        if turn is None and kind == "error" and lane.waiting:
            turn = lane.waiting.popleft()
        lane.goes_on(None)
        return ((Stage.ENDS, turn),) if turn is not None else ()

    def _created(self, lane: _Lane, said: Any) -> _Steps:
        if lane.waiting:
            lane.goes_on(lane.waiting.popleft())
            return lane.going_on
        turn = Turn(self._api, {**connections.said_in(said.get("response")), "stream": True})
        lane.goes_on(turn)
        return ((Stage.BEGINS, turn), *lane.going_on)

    def _lane(self, said: Any) -> _Lane:
        name = as_str(said.get("stream_id"))
        lane = self._lanes.get(name)
        if lane is None:
            lane = self._lanes[name] = _Lane()
        return lane

    def response(self) -> Response:
        """Nothing is said of the session as a whole."""
        return Response()
