"""The server: who answers which path, plain or as a stream, and how an error is said."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from itertools import chain
from typing import Final
from urllib.parse import unquote, urlsplit

from .batches import batch, content, submit, upload
from .languages import answering
from .models import model, models
from .speech import Json

_KEPT: Final[tuple[tuple[re.Pattern[str], Callable[..., Json | bytes]], ...]] = (
    (re.compile(r"/models$"), models),
    (re.compile(r"/models/(.+)$"), model),
    (re.compile(r"/batches/([^/]+)$"), batch),
    (re.compile(r"/files/([^/]+)/content$"), content),
)
"""What there is to get."""
_UNKNOWN: Final = (
    "The fake model answers chat completions, responses, messages, embeddings, batches and models; {} needs a real one."
)


class Handler(BaseHTTPRequestHandler):
    """Answers the requests of one connection."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer what there is."""
        self._respond(self._found)

    def do_POST(self) -> None:
        """Answer what a model is asked."""
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        self._respond(lambda: self._answered(body))

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent: the terminal is the command's."""

    def _found(self) -> Json | bytes:
        path = self._path
        for pattern, get in _KEPT:
            if found := pattern.search(path):
                return get(*map(unquote, found.groups()))
        raise LookupError(path)

    def _answered(self, body: bytes) -> Json | Iterator[bytes]:
        path = self._path
        if path.endswith("/files"):
            return upload(self.headers["content-type"], body)
        answer = submit if path.endswith("/batches") else answering(path)
        try:
            return answer(json.loads(body))
        except KeyError as missing:
            raise ValueError(f"{missing} is missing.") from None
        except (AttributeError, TypeError):
            raise ValueError("The request is not understood.") from None

    @property
    def _path(self) -> str:
        return urlsplit(self.path).path

    def _respond(self, answer: Callable[[], Json | bytes | Iterator[bytes]]) -> None:
        try:
            try:
                self._send(200, answer())
            except LookupError:
                self._refuse(404, "not_found_error", _UNKNOWN.format(self._path))
            except ValueError as error:
                self._refuse(400, "invalid_request_error", str(error))
        except ConnectionError:  # the command wants no more
            self.close_connection = True

    def _refuse(self, status: int, kind: str, message: str) -> None:
        """Say what is wrong, in the words of both services at once."""
        self._send(status, {"type": "error", "error": {"message": message, "type": kind, "code": kind}})

    def _send(self, status: int, answer: Json | bytes | Iterator[bytes]) -> None:
        if isinstance(answer, dict):
            self._send_whole(status, "application/json", json.dumps(answer).encode())
        elif isinstance(answer, bytes):
            self._send_whole(status, "application/octet-stream", answer)
        else:
            self._stream(answer)

    def _send_whole(self, status: int, kind: str, data: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, events: Iterator[bytes]) -> None:
        first = next(events)  # before there is anything to say, no service answers
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")  # the end of the connection is that of the stream
        self.end_headers()
        for event in chain((first,), events):
            self.wfile.write(event)
