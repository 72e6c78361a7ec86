"""ClickHouse's engine behind an HTTP port, as far as the Collector's exporter asks: ``engine.py PORT DIRECTORY``.

``chdb`` is the engine of ClickHouse as a library. It has no server; this is one, for one client at a time. It takes
what https://clickhouse.com/docs/interfaces/http says: a query as the body, or an INSERT in ``query`` and its rows as
the body. Runs in an environment of its own, with nothing of ours.
"""

from __future__ import annotations

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

HELLO = "SELECT displayName(), version(), revision(), timezone()"
"""What the driver asks first. It reads the answer in the protocol's newest revision, which ``chdb`` doesn't write."""

SETTINGS = ("join_use_nulls", "max_query_size", "session_timezone", "max_block_size")


def hello(version: str) -> bytes:
    """The answer: a block of one row, and a revision of 0, in which the driver then reads all else."""
    block = b"\x01\x00\x02\xff\xff\xff\xff\x00" + bytes((4, 1))
    for name, value in (("displayName()", "chdb"), ("version()", version)):
        block += _text(name) + _text("String") + b"\x00" + _text(value)
    block += _text("revision()") + _text("UInt32") + b"\x00" + bytes(4)
    return block + _text("timezone()") + _text("String") + b"\x00" + _text("UTC")


def _text(text: str) -> bytes:
    return bytes((len(text),)) + text.encode()


def settings(asked: dict[str, str], query: str) -> str:
    """What the client of reports sets beside its questions, in the words of a query."""
    found = [f"{name} = '{asked[name]}'" for name in SETTINGS if name in asked]
    return f" SETTINGS {', '.join(found)}" if found and query.lstrip().startswith(("SELECT", "WITH")) else ""


def serve(port: int, directory: Path) -> None:
    """Answer until the process is ended. The tables are in ``directory``."""
    session: Any = import_module("chdb.session").Session(str(directory / "tables"))
    rows = directory / "rows.native"

    def answer(target: str, body: bytes) -> bytes:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}
        if database := asked.get("database"):
            session.query(f"USE `{database}`")
        if insert := asked.get("query"):
            rows.write_bytes(body)
            query = insert.removesuffix(" FORMAT Native") + f" SELECT * FROM file('{rows}', Native)"
        elif body.decode() == HELLO:
            return hello(session.query("SELECT version()", "TabSeparated").data().strip())
        else:
            query = body.decode()
        return session.query(query + settings(asked, query), asked.get("default_format", "TabSeparated")).bytes()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say(200, b"Ok.\n")

        def do_POST(self) -> None:
            try:
                self._say(200, answer(self.path, self._body()))
            except Exception as error:
                self._say(500, str(error).encode())

        def _say(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _body(self) -> bytes:
            if "Content-Length" in self.headers:
                return self.rfile.read(int(self.headers["Content-Length"]))
            pieces: list[bytes] = []
            while size := int(self.rfile.readline(), 16):
                pieces.append(self.rfile.read(size))
                self.rfile.readline()
            return b"".join(pieces)

    HTTPServer(("127.0.0.1", port), Handler).serve_forever()


if __name__ == "__main__":
    serve(int(sys.argv[1]), Path(sys.argv[2]))
