"""A reader: pastes the blocks of a page one after the other, in one folder and one shell."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from examples.openai_server import INSTANT, OpenAIServer

from .blocks import BLOCKS, Block
from .environment import Installed
from .table import asked_of, is_pasted

LONGEST: Final = 120.0
"""Seconds after which a block hangs."""
_READY: Final = 20.0
_INTERRUPTIBLE: Final = """\
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])
"""
"""What a shell starts in the background ignores interrupts, and hands that on; a reader's terminal doesn't."""
_CLONE: Final = re.compile(r"'\.\[")
"""README installs the clone by this; here it is the wheel of the clone."""
_SAVED: Final = re.compile(r"# (\w+\.py)\n")
"""The first line of a block that is to be saved under a name."""
_APP: Final = re.compile(r"cat > app\.py <<'END'\n(.*?)^END$", re.MULTILINE | re.DOTALL)
_SHELL: Final = "set -e; . ./.shell; {code}"
_KEPT: Final = "\nexport -p > .shell"
"""What one block exports, the next one has; but for one that serves, whose port is its own."""


@dataclass(frozen=True)
class Pasted:
    """What came of a block."""

    block: Block
    code: int
    output: str
    """What it printed, standard error too."""
    seconds: float


def paste(page: str, installed: Installed, folder: Path) -> Iterator[Pasted]:
    """Paste what can be pasted of a page; ``folder`` is made, and is the reader's home. ``app.py`` is README's."""
    folder.mkdir(parents=True)
    (folder / ".shell").touch()
    (folder / "app.py").write_text(readme_app())
    with OpenAIServer(INSTANT) as server:
        environment = environment_of_reader(installed, folder, server.url)
        for block in BLOCKS[page]:
            if is_pasted(block):
                began = time.monotonic()
                code, output = _paste(block, folder, environment)
                yield Pasted(block, code, output, time.monotonic() - began)


def readme_app() -> str:
    """The app that README has its reader save."""
    (app,) = (found[1] for block in BLOCKS["README"] if (found := _APP.search(block.code)))
    return app


def _paste(block: Block, folder: Path, environment: dict[str, str]) -> tuple[int, str]:
    if block.is_shell:
        code = _SHELL.format(code=_CLONE.sub("'otel-genai-instr[", block.code))
    else:
        saved = _SAVED.match(block.code)
        name = saved[1] if saved else f"block_{block.number}.py"
        (folder / name).write_text(block.code)
        code = _SHELL.format(code=f"python {name}")
    asked = asked_of(block)
    try:
        return _run(code + _KEPT, folder, environment) if asked is None else _serve(code, folder, environment, asked)
    except subprocess.TimeoutExpired as late:
        return 1, f"{(late.stdout or b'').decode()}\nhangs after {LONGEST} s"


def _run(code: str, folder: Path, environment: dict[str, str]) -> tuple[int, str]:
    ran = subprocess.run(
        ["bash", "-c", code],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=LONGEST,
    )
    return ran.returncode, ran.stdout.decode()


def _serve(code: str, folder: Path, environment: dict[str, str], path: str) -> tuple[int, str]:
    """Ask what the block serves, and interrupt it as its reader does."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    quiet = {"OTEL_TRACES_EXPORTER": "genai_console", "OTEL_METRICS_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none"}
    with (folder / "served.txt").open("w+b") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", _INTERRUPTIBLE, "bash", "-c", code],
            cwd=folder,
            env=environment | quiet | {"UVICORN_PORT": str(port), "FLASK_RUN_PORT": str(port)},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            answer = _ask(f"http://127.0.0.1:{port}{path}", process)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGINT)
            process.wait(LONGEST)
        output.seek(0)
        return 0, answer + output.read().decode()


def _ask(url: str, process: subprocess.Popen[bytes]) -> str:
    until = time.monotonic() + _READY
    while True:
        try:
            with urllib.request.urlopen(url, timeout=LONGEST) as answer:
                return answer.read().decode()
        except OSError as error:
            refused = isinstance(error, urllib.error.HTTPError)  # it listens, and doesn't like what it was asked
            if refused or time.monotonic() > until or process.poll() is not None:
                raise
            time.sleep(0.1)


def environment_of_reader(installed: Installed, folder: Path, server: str) -> dict[str, str]:
    """That of somebody who has a shell, the environment of the wheel, and a model."""
    return {
        "PATH": f"{installed.programs}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "COLUMNS": "96",
        "LANG": "C.UTF-8",
        "OPENAI_BASE_URL": server,
        "OPENAI_API_KEY": "none",
        # No Collector is here: who sends to one gives up soon.
        "OTEL_EXPORTER_OTLP_TIMEOUT": "1",
        # `pip install` finds the wheel, and that all else is there: the block names nothing that the lock hasn't.
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(installed.wheel.parent),
        "PIP_QUIET": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
