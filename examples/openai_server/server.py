"""The HTTP side: routes, server-sent events, timing and faults, on the standard library alone."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import sys
import threading
import time
import zlib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from .chat import ChatCompletion
from .embeddings import embeddings
from .faults import Fault, FaultPlan
from .responses import ModelResponse, Store
from .tokens import Json

_STORED = re.compile(r"/responses/([^/]+)$")
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


INSTANT = Timing(0, 0, 0)
"""No waiting at all."""


@dataclass(frozen=True, slots=True)
class Received:
    """One request as it reached the server."""

    method: str
    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: str


@dataclass(frozen=True, slots=True)
class Answered:
    """One request that got a result, and what the result is worth."""

    path: str
    body: Json
    """Of the request."""
    model: str
    """As answered."""
    usage: Json
    """Tokens; a stream tells them only when it is asked to."""


class _Refused(Exception):
    """The request is wrong; the answer says how."""

    def __init__(self, status: int, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.error: Json = {"message": message, "type": "invalid_request_error", "param": None, "code": code}


class OpenAIServer:
    """An OpenAI-compatible server on a free loopback port, run by a thread while the ``with`` block lasts."""

    def __init__(self, timing: Timing | None = None, faults: Iterable[Fault] = (), port: int = 0) -> None:
        self.timing = timing if timing is not None else Timing()
        self.faults = FaultPlan(faults)
        self.received: deque[Received] = deque(maxlen=_LONGEST_LOG)
        self.answered: deque[Answered] = deque(maxlen=_LONGEST_LOG)
        self.store = Store()
        self._http = _HTTPServer(("127.0.0.1", port), _Handler)
        self._http.owner = self
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """The base URL to give to a client, ``/v1`` included."""
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

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
    owner: OpenAIServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is no fault of the server's; anything else is reported."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _HTTPServer  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._post)

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent: who starts the server shows what matters."""

    @property
    def _owner(self) -> OpenAIServer:
        return self.server.owner

    def _answer(self, route: Any) -> None:
        size = int(self.headers.get("content-length") or 0)
        text = self.rfile.read(size).decode()
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._owner.received.append(Received(self.command, self.path, headers, text))
        path = urlsplit(self.path).path
        try:
            fault = self._owner.faults.take(path, headers, text)
            if fault is not None and fault.refuses:
                wait = {"retry-after": f"{fault.retry_after:g}"}
                self._send(fault.status(), {"error": fault.error()}, wait)
            else:
                route(path, text, fault)
        except _Refused as refused:
            self._send(refused.status, {"error": refused.error})
        except (KeyError, TypeError, ValueError) as error:
            refused = _Refused(400, f"Cannot read the request: {type(error).__name__}: {error}")
            self._send(refused.status, {"error": refused.error})

    def _get(self, path: str, text: str, fault: Fault | None) -> None:
        if path.endswith("/health"):
            self._send(200, {"status": "ok"})
        elif match := _STORED.search(path):
            response = self._owner.store.get(match[1])
            if response is None:
                raise _Refused(404, f"Response with id '{match[1]}' not found.", "not_found")
            query = parse_qs(urlsplit(self.path).query)
            if query.get("stream") == ["true"]:
                self._stream(response.events(int(query.get("starting_after", ["-1"])[0])), fault, named=True)
            else:
                self._send(200, response.plain())
        else:
            raise _Refused(404, f"Unknown path {path}.", "not_found")

    def _post(self, path: str, text: str, fault: Fault | None) -> None:
        body: Json = json.loads(text)
        if path.endswith("/chat/completions"):
            completion = ChatCompletion(body)
            self._note(path, body, completion.plain())
            self._generate(completion, body, fault, named=False)
        elif path.endswith("/responses"):
            response = ModelResponse(body, self._previous(body))
            self._owner.store.keep(response)
            self._note(path, body, response.plain())
            self._generate(response, body, fault, named=True)
        elif path.endswith("/embeddings"):
            result = embeddings(body)
            self._note(path, body, result)
            time.sleep(self._owner.timing.embeddings)
            self._send(200, result)
        else:
            raise _Refused(404, f"Unknown path {path}.", "not_found")

    def _note(self, path: str, body: Json, result: Json) -> None:
        self._owner.answered.append(Answered(path, body, result["model"], result["usage"]))

    def _previous(self, body: Json) -> ModelResponse | None:
        previous_id: str | None = body.get("previous_response_id")
        if previous_id is None:
            return None
        previous = self._owner.store.get(previous_id)
        if previous is None:
            message = f"Previous response with id '{previous_id}' not found."
            raise _Refused(400, message, "previous_response_not_found")
        return previous

    def _generate(self, result: ChatCompletion | ModelResponse, body: Json, fault: Fault | None, named: bool) -> None:
        if body.get("stream"):
            self._stream(result.events(), fault, named)
        elif fault is not None:
            self._hang_up()
        else:
            timing = self._owner.timing
            time.sleep(timing.first_chunk + timing.token * result.output_tokens())
            self._send(200, result.plain())

    def _stream(self, events: Iterator[Json], fault: Fault | None, named: bool) -> None:
        timing = self._owner.timing
        time.sleep(timing.first_chunk * _HEAD_AT)
        self._head(200, {"content-type": "text/event-stream", "transfer-encoding": "chunked"})
        for at, event in enumerate(events):
            if fault is not None and at == fault.after:
                return self._break_off(fault)
            data = _event(event, named)
            time.sleep(timing.gap(data) if at else timing.first_chunk * (1 - _HEAD_AT))
            self._chunk(data)
        if not named:
            self._chunk(b"data: [DONE]\n\n")
        return self._chunk(b"")

    def _break_off(self, fault: Fault) -> None:
        if fault.kind == "hang_up":
            return self._hang_up()
        self._chunk(b"data: " + json.dumps({"error": fault.error()}).encode() + b"\n\n")
        return self._chunk(b"")

    def _hang_up(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _send(self, status: int, body: Json, more: Mapping[str, str] | None = None) -> None:
        data = json.dumps(body).encode()
        size = {"content-type": "application/json", "content-length": str(len(data))}
        self._head(status, {**size, **(more or {})})
        self.wfile.write(data)

    def _head(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("x-request-id", f"req_{len(self._owner.received)}")
        self.end_headers()

    def _chunk(self, data: bytes) -> None:
        """One chunk of the transfer; the empty one ends it."""
        self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))


def _event(event: Json, named: bool) -> bytes:
    """An event as it is sent; the Responses API names each, chat does not."""
    name = f"event: {event['type']}\n" if named else ""
    return f"{name}data: {json.dumps(event)}\n\n".encode()
