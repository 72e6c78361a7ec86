"""Run a server on its own; the first line that it prints is its base URL."""

from __future__ import annotations

import argparse
import contextlib

from .http import INSTANT, ModelServer, Timing


def main(server_class: type[ModelServer], name: str) -> None:
    """Serve until interrupted, as ``python -m NAME`` with the arguments of the command line."""
    parser = argparse.ArgumentParser(prog=name, description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--instant", action="store_true", help="answer without any delay")
    options = parser.parse_args()
    try:
        server = server_class(INSTANT if options.instant else Timing(), port=options.port)
    except OSError as error:
        parser.error(f"--port {options.port}: {error.strerror or error}; leave it out, and a free one is taken")
    print(server.url, flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        server.serve()
