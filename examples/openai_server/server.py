"""The routes of the API, and how it words its errors."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

from model_server import (
    Answer,
    Answered,
    EventStream,
    Fault,
    FaultKind,
    ModelServer,
    Received,
    Refused,
    Timing,
    event_of,
)
from model_server.tokens import Json

from .chat import ChatCompletion
from .embeddings import embeddings
from .responses import ModelResponse, Store

_MODELS = re.compile(r"/models(?:/([^/]+))?$")
_NAMED_MODELS = ("gpt-4o", "gpt-4o-mini", "gpt-5-mini", "text-embedding-3-small")
"""Told to who asks; any other is answered as well."""
_STORED = re.compile(r"/responses/([^/]+)$")
_CHAT_END = b"data: [DONE]\n\n"

_FAULTS: Mapping[FaultKind, tuple[int, str, str | None, str]] = {
    "authentication": (401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided."),
    "rate_limit": (429, "requests", "rate_limit_exceeded", "Rate limit reached. Try again soon."),
    "server_error": (500, "server_error", "internal_error", "The server had an error."),
    "overloaded": (503, "server_error", None, "The server is overloaded. Try again soon."),
    "stream_error": (500, "server_error", "server_error", "The model stopped half way."),
}
"""Status, type, code and message."""


class OpenAIServer(ModelServer):
    """An OpenAI-compatible server on a free loopback port, run by a thread while the ``with`` block lasts."""

    base_path: ClassVar = "/v1"
    request_id_header: ClassVar = "x-request-id"

    def __init__(self, timing: Timing | None = None, faults: Iterable[Fault] = (), port: int = 0) -> None:
        super().__init__(timing, faults, port)
        self.store = Store()

    def respond(self, request: Received) -> Answer | EventStream:
        """Answer by the end of the path, so that an Azure client may ask as well."""
        if request.method == "GET":
            models = _MODELS.search(request.route)
            return Answer(_models(models[1])) if models is not None else self._stored(request)
        body: Json = json.loads(request.body)
        if request.route.endswith("/chat/completions"):
            return self._generated(request, ChatCompletion(body), body)
        if request.route.endswith("/responses"):
            response = ModelResponse(body, self._previous(body))
            self.store.keep(response)
            return self._generated(request, response, body)
        if request.route.endswith("/embeddings"):
            result = embeddings(body)
            self._note(request, body, result)
            return Answer(result, self.timing.embeddings)
        raise _unknown_path(request)

    def fault_error(self, kind: FaultKind) -> Refused:
        """As the service words it."""
        status, error_type, code, message = _FAULTS[kind]
        return Refused(status, _error(message, code, error_type))

    def wrong_request(self, message: str) -> Refused:
        """A 400."""
        return Refused(400, _error(message))

    def error_body(self, error: Json, request: Received) -> Json:
        """The error object alone; the request's id is in a header."""
        return {"error": error}

    def error_event(self, body: Json) -> bytes:
        """An event without a name, whichever API it is."""
        return event_of(body)

    def _stored(self, request: Received) -> Answer | EventStream:
        match = _STORED.search(request.route)
        if match is None:
            raise _unknown_path(request)
        response = self.store.get(match[1])
        if response is None:
            raise Refused(404, _error(f"Response with id '{match[1]}' not found.", "not_found"))
        query = parse_qs(urlsplit(request.path).query)
        if query.get("stream") != ["true"]:
            return Answer(response.plain())
        return EventStream(_named(response.events(int(query.get("starting_after", ["-1"])[0]))))

    def _previous(self, body: Json) -> ModelResponse | None:
        previous_id: str | None = body.get("previous_response_id")
        if previous_id is None:
            return None
        previous = self.store.get(previous_id)
        if previous is None:
            message = f"Previous response with id '{previous_id}' not found."
            raise Refused(400, _error(message, "previous_response_not_found"))
        return previous

    def _note(self, request: Received, body: Json, result: Json) -> None:
        self.answered.append(Answered(request.route, body, result["model"], result["usage"]))

    def _generated(self, request: Received, result: ChatCompletion | ModelResponse, body: Json) -> Answer | EventStream:
        plain = result.plain()
        self._note(request, body, plain)
        if not body.get("stream"):
            return Answer(plain, self.timing.whole(result.output_tokens()))
        if isinstance(result, ModelResponse):
            return EventStream(_named(result.events()))
        return EventStream(map(event_of, result.events()), end=_CHAT_END)


def _models(name: str | None) -> Json:
    """One model, or the list of those that have a name."""
    if name is not None:
        return {"id": name, "object": "model", "created": 0, "owned_by": "openai-server"}
    return {"object": "list", "data": [_models(each) for each in _NAMED_MODELS]}


def _named(events: Iterator[Json]) -> Iterator[bytes]:
    """The Responses API names its events; chat does not."""
    return (event_of(event, event["type"]) for event in events)


def _error(message: str, code: str | None = None, error_type: str = "invalid_request_error") -> Json:
    return {"message": message, "type": error_type, "param": None, "code": code}


def _unknown_path(request: Received) -> Refused:
    return Refused(404, _error(f"Unknown path {request.route}.", "not_found"))
