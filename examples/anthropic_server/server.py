"""The routes of the API, and whom it lets in."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import ClassVar

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

from . import errors
from .cache import PromptCache
from .messages import Message
from .requests import blocks_of, check, count_prompt

_MODELS = "claude-"


class AnthropicServer(ModelServer):
    """Anthropic's Messages API on a free loopback port, run by a thread while the ``with`` block lasts."""

    base_path: ClassVar = ""
    request_id_header: ClassVar = "request-id"

    def __init__(self, timing: Timing | None = None, faults: Iterable[Fault] = (), port: int = 0) -> None:
        super().__init__(timing, faults, port)
        self.cache = PromptCache()

    def respond(self, request: Received) -> Answer | EventStream:
        """Any key is let in, but none is not."""
        if not ("x-api-key" in request.headers or "authorization" in request.headers):
            raise errors.unauthenticated()
        if "anthropic-version" not in request.headers:
            raise errors.invalid_request("anthropic-version: header is required")
        match request.method, request.route:
            case "POST", "/v1/messages":
                return self._message(request, json.loads(request.body))
            case "POST", "/v1/messages/count_tokens":
                return _token_count(json.loads(request.body))
            case _:
                raise errors.not_found("Not found")

    def fault_error(self, kind: FaultKind) -> Refused:
        """As the service words it."""
        return errors.of_fault(kind)

    def wrong_request(self, message: str) -> Refused:
        """A 400."""
        return errors.invalid_request(message)

    def error_body(self, error: Json, request: Received) -> Json:
        """The error with the request's id, which is in a header as well."""
        return {"type": "error", "error": error, "request_id": request.id}

    def error_event(self, body: Json) -> bytes:
        """An event of its own name."""
        return event_of(body, "error")

    def _message(self, request: Received, body: Json) -> Answer | EventStream:
        check(body, "max_tokens")
        _check_model(body)
        message = Message(body, self.cache.use(body["model"], blocks_of(body)))
        plain = message.plain()
        self.answered.append(Answered(request.route, body, plain["model"], plain["usage"]))
        if body.get("stream"):
            return EventStream(event_of(event, event["type"]) for event in message.events())
        return Answer(plain, self.timing.whole(message.output_tokens()))


def _token_count(body: Json) -> Answer:
    check(body)
    _check_model(body)
    return Answer({"input_tokens": count_prompt(body)})


def _check_model(body: Json) -> None:
    if not body["model"].startswith(_MODELS):
        raise errors.not_found(f"model: {body['model']}")
