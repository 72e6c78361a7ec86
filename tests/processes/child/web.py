"""The same small app for servers of WSGI and ASGI; ``kit`` is imported where a server loads its app."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

import kit


def wsgi(_environ: object, start_response: Callable[[str, list[tuple[str, str]]], object]) -> Iterable[bytes]:
    """Asks once for each request."""
    body = kit.ask().encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


async def asgi(scope: Any, _receive: object, send: Any) -> None:
    """Asks once for each request."""
    if scope["type"] == "http":
        answer = await kit.async_client().chat.completions.create(**kit.HELLO)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": answer.choices[0].message.content[:12].encode()})


class _Local(http.client.HTTPConnection):
    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect("web.sock")


def _listens() -> bool:
    """A socket is there before anybody listens at it."""
    with socket.socket(socket.AF_UNIX) as asked:
        return asked.connect_ex("web.sock") == 0


def serve(*command: str, requests: int = 4) -> None:
    """Start a server on ``web.sock``, ask it, and end it as a service manager does; print what it said."""
    server = subprocess.Popen([sys.executable, "-m", *command])
    until = time.monotonic() + 20
    while not _listens() and server.poll() is None and time.monotonic() < until:
        time.sleep(0.02)
    for _ in range(requests):
        asked = _Local("localhost", timeout=20)
        asked.request("GET", "/")
        print(asked.getresponse().read().decode())
        asked.close()
    server.terminate()
    print("ended with", server.wait(timeout=20))
