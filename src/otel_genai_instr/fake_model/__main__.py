"""The command that the fake model is there for: a server on loopback, which lives as long as another command runs."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from http.server import ThreadingHTTPServer
from typing import Final

from .server import Handler

_SIGNALLED: Final = 128
"""What a shell adds to the number of the signal that ended a command."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command beside the fake model, and return its exit code.

    Raises:
        SystemExit: with code 2 where no command is named, or it can't be started.
    """
    parser = argparse.ArgumentParser(
        prog="python -m otel_genai_instr.fake_model",
        description="Run a command with a fake model on loopback: "
        "OPENAI_BASE_URL and ANTHROPIC_BASE_URL name it, and the keys beside them are of no worth.",
    )
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="COMMAND", help="with its arguments")
    command: list[str] = parser.parse_args(arguments).command
    if not command:
        parser.error("name the command to run, such as: opentelemetry-instrument python app.py")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            process = subprocess.Popen(command, env=os.environ | _variables(server.server_port))
        except OSError as error:
            parser.error(f"{command[0]}: {error.strerror}")
        code = _wait(process)
        server.shutdown()
    return code if code >= 0 else _SIGNALLED - code


def _variables(port: int) -> dict[str, str]:
    """What tells the SDKs of the model. Real keys aren't for it, so they don't reach the command."""
    server = f"http://127.0.0.1:{port}"
    return {
        "OPENAI_BASE_URL": f"{server}/v1",
        "OPENAI_API_KEY": "none",
        "ANTHROPIC_BASE_URL": server,
        "ANTHROPIC_API_KEY": "none",
    }


def _wait(process: subprocess.Popen[bytes]) -> int:
    """Wait for its end. A Ctrl-C goes to the command as well, which says what to do about it."""
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue


if __name__ == "__main__":
    sys.exit(main())
