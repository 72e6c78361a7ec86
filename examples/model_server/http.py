"""The HTTP side: a loopback server, server-sent events, timing and faults, on the standard library alone."""

from __future__ import annotations

import contextlib
import itertools
import json
import socket
import sys
import threading
import time
import zlib
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

from .faults import Fault, FaultKind, FaultPlan
from .tokens import Json

_LONGEST_LOG = 1000
_HEAD_AT = 0.8
"""Share of the wait for the first token after which the head of the answer is sent."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long the "model" takes, in seconds."""

    first_chunk: float = 0.2
    """From the request to the first token."""
    token: float = 0.015
    """From one token to the next; they vary by a third, always in the same way."""
    embeddings: float = 0.06
    """For one embeddings request."""

    def gap(self, event: bytes) -> float:
        """The pause before this event of a stream."""
        return self.token * (2 / 3 + zlib.crc32(event) % 100 / 150)

    def whole(self, tokens: int) -> float:
        """The time for an answer of so many tokens in one piece."""
        return self.first_chunk + self.token * tokens


INSTANT = Timing(0, 0, 0)
"""No waiting at all."""


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it reached the server."""

    method: str
    path: str
    """With its query."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: str
    id: str
    """What the answer's header calls it."""

    @property
    def route(self) -> str:
        """The path without its query."""
        return urlsplit(self.path).path


@dataclass(frozen=True, slots=True)
class Answered:
    """One request that got a result, and what the result is worth."""

    path: str
    body: Json
    """Of the request."""
    model: str
    """As answered."""
    usage: Json
    """Tokens; a stream of chat completions tells them only when it is asked to."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer in one piece."""

    body: Json
    seconds: float = 0.0
    """How long it takes."""


@dataclass(frozen=True, slots=True)
class EventStream:
    """An answer in server-sent events."""

    events: Iterator[bytes]
    """Each as it is sent, see ``event_of``."""
    end: bytes = b""
    """What follows the last event without a pause."""


class Refused(Exception):
    """The request is refused; ``error`` is the API's own error object."""

    def __init__(self, status: int, error: Json) -> None:
        super().__init__(error.get("message"))
        self.status = status
        self.error = error


class ModelServer(ABC):
    """A server on a free loopback port, run by a thread while the ``with`` block lasts. A subclass is one API."""

    base_path: ClassVar[str]
    """What the base URL of a client ends with."""
    request_id_header: ClassVar[str]

    def __init__(self, timing: Timing | None = None, faults: Iterable[Fault] = (), port: int = 0) -> None:
        self.timing = timing if timing is not None else Timing()
        self.faults = FaultPlan(faults)
        self.received: deque[Received] = deque(maxlen=_LONGEST_LOG)
        self.answered: deque[Answered] = deque(maxlen=_LONGEST_LOG)
        self.numbers = itertools.count(1)
        self._http = _HTTPServer(("127.0.0.1", port), _Handler)
        self._http.owner = self
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)

    @abstractmethod
    def respond(self, request: Received) -> Answer | EventStream:
        """Answer a request. Raises Refused, or KeyError, TypeError or ValueError for a body that cannot be read."""

    @abstractmethod
    def fault_error(self, kind: FaultKind) -> Refused:
        """Status and error object of a fault."""

    @abstractmethod
    def wrong_request(self, message: str) -> Refused:
        """The refusal of a request that cannot be read."""

    @abstractmethod
    def error_body(self, error: Json, request: Received) -> Json:
        """What is sent around an error object, as a body or as an event."""

    @abstractmethod
    def error_event(self, body: Json) -> bytes:
        """An error in the middle of a stream."""

    @property
    def url(self) -> str:
        """The base URL to give to a client."""
        return f"http://127.0.0.1:{self._http.server_address[1]}{self.base_path}"

    def serve(self) -> None:
        """Serve in the calling thread until it is interrupted."""
        with contextlib.closing(self._http.socket):
            self._http.serve_forever()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


class _HTTPServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    owner: ModelServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is no fault of the server's; anything else is reported."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _HTTPServer  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent: who starts the server shows what matters."""

    @property
    def _owner(self) -> ModelServer:
        return self.server.owner

    def _answer(self) -> None:
        request = self._received()
        self._owner.received.append(request)
        try:
            self._try(request)
        except Refused as refused:
            self._refuse(refused, request)
        except (KeyError, TypeError, ValueError) as error:
            message = f"Cannot read the request: {type(error).__name__}: {error}"
            self._refuse(self._owner.wrong_request(message), request)

    def _received(self) -> Received:
        size = int(self.headers.get("content-length") or 0)
        text = self.rfile.read(size).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Received(self.command, self.path, headers, text, f"req_{next(self._owner.numbers)}")

    def _try(self, request: Received) -> None:
        if request.method == "GET" and request.route.endswith("/health"):
            return self._send(request, 200, {"status": "ok"})
        fault = self._owner.faults.take(request.route, request.headers, request.body)
        if fault is not None and fault.refuses:
            return self._refuse(self._owner.fault_error(fault.kind), request, fault.retry_after)
        answer = self._owner.respond(request)
        if isinstance(answer, EventStream):
            return self._stream(request, answer, fault)
        if fault is not None:
            return self._hang_up()
        time.sleep(answer.seconds)
        return self._send(request, 200, answer.body)

    def _stream(self, request: Received, stream: EventStream, fault: Fault | None) -> None:
        timing = self._owner.timing
        time.sleep(timing.first_chunk * _HEAD_AT)
        self._head(request, 200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})
        for at, event in enumerate(stream.events):
            if fault is not None and at == fault.after:
                return self._break_off(request, fault)
            time.sleep(timing.gap(event) if at else timing.first_chunk * (1 - _HEAD_AT))
            self._chunk(event)
        if stream.end:
            self._chunk(stream.end)
        return self._chunk(b"")

    def _break_off(self, request: Received, fault: Fault) -> None:
        if fault.kind == "hang_up":
            return self._hang_up()
        body = self._owner.error_body(self._owner.fault_error(fault.kind).error, request)
        self._chunk(self._owner.error_event(body))
        return self._chunk(b"")

    def _hang_up(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _refuse(self, refused: Refused, request: Received, retry_after: float | None = None) -> None:
        wait = {} if retry_after is None else {"retry-after": f"{retry_after:g}"}
        self._send(request, refused.status, self._owner.error_body(refused.error, request), wait)

    def _send(self, request: Received, status: int, body: Json, more: Mapping[str, str] | None = None) -> None:
        data = json.dumps(body).encode()
        size = {"content-type": "application/json", "content-length": str(len(data))}
        self._head(request, status, {**size, **(more or {})})
        self.wfile.write(data)

    def _head(self, request: Received, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header(self._owner.request_id_header, request.id)
        self.end_headers()

    def _chunk(self, data: bytes) -> None:
        """One chunk of the transfer; the empty one ends it."""
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))


def event_of(data: Json, name: str | None = None) -> bytes:
    """A server-sent event as it is sent; not every API names its events."""
    named = f"event: {name}\n" if name else ""
    return f"{named}data: {json.dumps(data)}\n\n".encode()
