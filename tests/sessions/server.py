"""A websocket server on loopback that plays scripts: what it waits for, and what it says then."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import openai
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from .events import Event

PATIENCE: Final = 10
"""Seconds that anything may take here."""


@dataclass(frozen=True)
class Wait:
    """For a message of this type."""

    kind: str


@dataclass(frozen=True)
class Close:
    """The connection, with this code; without one it is cut."""

    code: int | None


Step = Event | Wait | Close
Script = Sequence[Step]


@dataclass
class Server:
    """One script for each connection, in their order."""

    scripts: list[Script]
    port: int = 0
    received: list[Event] = field(default_factory=list[Event])
    paths: list[str] = field(default_factory=list[str])

    def client(self, kind: type[Any] = openai.OpenAI, **options: Any) -> Any:
        """A client whose connections go here."""
        base = f"http://127.0.0.1:{self.port}/v1"
        sockets = f"ws://127.0.0.1:{self.port}/v1"
        return kind(**{"api_key": "sk-test", "base_url": base, "websocket_base_url": sockets, **options})

    def play(self, connection: ServerConnection) -> None:
        """The script of a connection; at its end, read until the client closes."""
        self.paths.append(connection.request.path if connection.request is not None else "")
        try:
            for step in self.scripts.pop(0):
                if isinstance(step, Wait):
                    self._await(connection, step.kind)
                elif isinstance(step, Close):
                    if step.code is None:
                        connection.socket.close()
                    else:
                        connection.close(step.code)
                    return
                else:
                    connection.send(json.dumps(step))
            while True:
                self.received.append(json.loads(connection.recv(PATIENCE)))
        except (ConnectionClosed, OSError):
            pass

    def _await(self, connection: ServerConnection, kind: str) -> None:
        while True:
            message: Event = json.loads(connection.recv(PATIENCE))
            self.received.append(message)
            if message["type"] == kind:
                return


@contextmanager
def server(*scripts: Script) -> Generator[Server]:
    """A server that plays ``scripts``."""
    here = Server(list(scripts))
    with serve(here.play, "127.0.0.1", 0) as running:
        here.port = running.socket.getsockname()[1]
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        try:
            yield here
        finally:
            running.shutdown()
            thread.join(PATIENCE)
