"""The real ``otel-genai ui``, as a process."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from .telemetry import UNTIL


class Answer(NamedTuple):
    """What it answered."""

    status: int
    headers: Mapping[str, str]
    text: str


class Server:
    """A running one."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.port = urlsplit(address).port or 0
        self.cookie = ""

    def get(self, path: str, method: str = "GET", **headers: str) -> Answer:
        """Ask, with the cookie."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.putrequest(method, path, skip_host="host" in headers)
            for name, value in {"cookie": self.cookie, **headers}.items():
                connection.putheader(name, value)
            connection.endheaders()
            answer = connection.getresponse()
            known = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, known, answer.read().decode())
        finally:
            connection.close()

    def enter(self) -> Answer:
        """Open the address that was printed, as a browser does."""
        answer = self.get(self.address.split(str(self.port), 1)[1])
        self.cookie = answer.headers["set-cookie"].split(";")[0]
        return answer


@contextmanager
def served(source: Path | str, cache: Path | None = None) -> Generator[Server]:
    """Run it over a folder, or another source, with its tables beside the folder, or elsewhere."""
    command = [sys.executable, "-m", "otel_genai_instr.cli.__main__"]
    command += ["ui", "--from", str(source), "--until", UNTIL, "--no-open"]
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache or Path(source).parent / "cache")}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            yield Server(process.stdout.readline().strip())
        finally:
            process.terminate()
            process.wait(20)
