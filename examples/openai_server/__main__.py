"""Run the server on its own: ``python -m openai_server``; the first line that it prints is its base URL."""

from __future__ import annotations

import argparse
import contextlib

from . import INSTANT, OpenAIServer, Timing


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="openai_server", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--instant", action="store_true", help="answer without any delay")
    options = parser.parse_args()
    server = OpenAIServer(INSTANT if options.instant else Timing(), port=options.port)
    print(server.url, flush=True)
    with contextlib.suppress(KeyboardInterrupt):
        server.serve()


if __name__ == "__main__":
    main()
