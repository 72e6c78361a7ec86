"""Serve the app: ``python -m rag`` on a port of loopback, or on a socket that the caller opened."""

from __future__ import annotations

import argparse
import contextlib
import signal
import socket

import uvicorn

from .app import app


def main() -> None:
    """Serve until interrupted or terminated, and leave in a way that lets telemetry be flushed."""
    # uvicorn raises a SIGTERM again once it has shut down; by default that ends the process before
    # `atexit`, and the last spans are lost. As an interrupt it ends like Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    parser = argparse.ArgumentParser(prog="rag", description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--fd", type=int, help="file descriptor of a listening socket, instead of a port")
    options = parser.parse_args()
    with _listener(options.port, options.fd) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        with contextlib.suppress(KeyboardInterrupt):
            server.run(sockets=[listener])


def _listener(port: int, fd: int | None) -> socket.socket:
    if fd is not None:
        return socket.socket(fileno=fd)
    listener = socket.create_server(("127.0.0.1", port))
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    return listener


if __name__ == "__main__":
    main()
