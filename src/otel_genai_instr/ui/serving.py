"""The server: on the loopback interface, for as long as somebody wants it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from typing import Final

import uvicorn

from .app import Pages
from .security import TOKEN, Gate, Keys
from .source import Opened, Source

LOOPBACK: Final = "127.0.0.1"
_LAST_WORDS: Final = 3
"""Seconds that answers under way have when it ends."""


def serve(
    open_now: Callable[[], Opened], usual: Mapping[str, str], port: int, on_ready: Callable[[str, str], None]
) -> None:
    """Serve until it is interrupted.

    Args:
        open_now: Opens the telemetry as it is now; called by one thread, again when a page is loaded later.
        usual: Which time pages are about, where nobody says one.
        port: Of the loopback interface; 0 takes a free one.
        on_ready: Called with the address to print, and with another one that works once, for a browser.

    Raises:
        OSError: if the port can't be had.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((LOOPBACK, port))
        listener.listen()
        port = listener.getsockname()[1]
        keys, source = Keys(), Source(open_now)
        config = uvicorn.Config(
            Gate(Pages(source, usual).app(), keys, port),
            lifespan="off",
            log_config=None,
            access_log=False,  # it would have the token
            server_header=False,
            proxy_headers=False,
            ws="none",
            timeout_graceful_shutdown=_LAST_WORDS,
        )
        address = f"http://{LOOPBACK}:{port}/?{TOKEN}="
        on_ready(address + keys.token, address + keys.once)
        try:
            uvicorn.Server(config).run(sockets=[listener])
        finally:
            source.close()
