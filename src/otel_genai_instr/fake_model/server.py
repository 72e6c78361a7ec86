"""The server: which path is answered by whom, plain or as a stream, and how an error is said."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler
from itertools import chain
from typing import Final
from urllib.parse import unquote, urlsplit

from .chat import chat
from .embeddings import embeddings
from .messages import count_tokens, messages
from .models import model, models
from .responses import responses
from .speech import Json

_ANSWERS: Final[Mapping[str, Callable[[Json], Json | Iterator[bytes]]]] = {
    "/chat/completions": chat,
    "/responses": responses,
    "/messages": messages,
    "/messages/count_tokens": count_tokens,
    "/embeddings": embeddings,
}
"""By the end of the path."""
_MODELS: Final = re.compile(r"/models(?:/(.+))?$")
_UNKNOWN: Final = (
    "The fake model answers chat completions, responses, messages, embeddings and models; {} needs a real one."
)


class Handler(BaseHTTPRequestHandler):
    """Answers the requests of one connection."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer what models there are."""
        found = _MODELS.search(self._path)
        if found is None:
            self._refuse(404, _UNKNOWN.format(self._path))
        else:
            self._send(200, models() if found[1] is None else model(unquote(found[1])))

    def do_POST(self) -> None:
        """Answer what a model is asked."""
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        answer = next((answer for end, answer in _ANSWERS.items() if self._path.endswith(end)), None)
        try:
            if answer is None:
                self._refuse(404, _UNKNOWN.format(self._path))
            else:
                self._answer(answer, body)
        except ConnectionError:  # the command wants no more
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent: the terminal is the command's."""

    @property
    def _path(self) -> str:
        return urlsplit(self.path).path

    def _answer(self, answer: Callable[[Json], Json | Iterator[bytes]], body: bytes) -> None:
        try:
            answered = answer(json.loads(body))
        except KeyError as missing:
            self._refuse(400, f"{missing} is missing.")
        except (AttributeError, TypeError, ValueError):
            self._refuse(400, "The request is not understood.")
        else:
            if isinstance(answered, dict):
                self._send(200, answered)
            else:
                self._stream(answered)

    def _stream(self, events: Iterator[bytes]) -> None:
        first = next(events)  # before there is anything to say, no service answers
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")  # the end of the connection is that of the stream
        self.end_headers()
        for event in chain((first,), events):
            self.wfile.write(event)

    def _refuse(self, status: int, message: str) -> None:
        """Say what is wrong, in the words of both services at once."""
        kind = "not_found_error" if status == 404 else "invalid_request_error"
        self._send(status, {"type": "error", "error": {"message": message, "type": kind, "code": kind}})

    def _send(self, status: int, body: Json) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
