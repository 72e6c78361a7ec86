"""``otel-genai debug`` where a Jaeger or a Tempo should be, and something else is. The real ones are in tests/stack."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from otel_genai_instr.cli import main

from ..support.serving import serving

TRACE = "a" * 32


class Server(ThreadingHTTPServer):
    """Answers everything alike, and keeps what it was asked."""

    status = 200
    body = b"{}"
    headers: tuple[tuple[str, str], ...] = ()

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, dict[str, str]]] = []

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server: Any = self.server
        server.asked.append((self.path, dict(self.headers)))
        self.send_response(server.status)
        for name, value in server.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(server.body)))
        self.end_headers()
        self.wfile.write(server.body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    with serving(Server()) as server:
        yield server


@pytest.fixture
def server(running: Server) -> Server:
    running.status, running.body, running.headers = 200, b"{}", ()
    running.asked.clear()
    return running


def _told(*words: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["debug", *words]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    return shown.err


def test_nobody_listens(capsys: pytest.CaptureFixture[str]) -> None:
    told = _told(TRACE, "--from", "jaeger+http://ann:s3cret@127.0.0.1:1", capsys=capsys)
    assert told.startswith("otel-genai: Jaeger at http://127.0.0.1:1 doesn't answer: ")
    assert "s3cret" not in told


@pytest.mark.parametrize("kind", ["jaeger", "tempo"])
def test_a_trace_that_is_not_there_yet(kind: str, server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    server.status = 404
    told = _told(TRACE, "--from", f"{kind}+http://{server.address}/base/", capsys=capsys)
    assert f"http://{server.address}/base has no trace {TRACE}; one that has just ended may take seconds" in told
    ((path, _),) = server.asked
    assert path == {"jaeger": f"/base/api/v3/traces/{TRACE}", "tempo": f"/base/api/v2/traces/{TRACE}"}[kind]


@pytest.mark.parametrize("kind", ["jaeger", "tempo"])
@pytest.mark.parametrize("search", [(TRACE,), ("--last-error",)], ids=["id", "search"])
def test_another_program_answers(
    kind: str, search: tuple[str, ...], server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    server.body = b"<html>"
    told = _told(*search, "--from", f"{kind}+http://{server.address}", capsys=capsys)
    assert "is no JSON; is it another program?" in told


@pytest.mark.parametrize("kind", ["jaeger", "tempo"])
@pytest.mark.parametrize("search", [(TRACE,), ("--last-error",)], ids=["id", "search"])
@pytest.mark.parametrize("body", [b"404 page not found\n", b"\n<html><body>no such page"])
def test_a_path_that_nobody_knows_is_no_missing_trace(
    kind: str, search: tuple[str, ...], body: bytes, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    server.status, server.body = 404, body
    told = _told(*search, "--from", f"{kind}+http://{server.address}/elsewhere", capsys=capsys)
    assert "/elsewhere knows no /api/" in told
    assert "is it another program" in told


@pytest.mark.parametrize("body", [b"[]", b"null", b'{"result": 7}', b'{"trace": [1], "traces": null}'])
@pytest.mark.parametrize("kind", ["jaeger", "tempo"])
@pytest.mark.parametrize("search", [(TRACE,), ("--user", "ann")], ids=["id", "search"])
def test_json_of_another_shape_has_no_trace(
    kind: str, search: tuple[str, ...], body: bytes, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    server.body = body
    assert " no trace " in _told(*search, "--from", f"{kind}+http://{server.address}", capsys=capsys)


def test_who_asks_is_said_as_it_was_set(
    server: Server, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    server.status = 401
    told = _told(TRACE, "--from", f"tempo+http://{server.address}", capsys=capsys)
    assert "wants to know who asks (HTTP 401): OTEL_GENAI_REPORTS_HEADERS has its headers" in told

    monkeypatch.setenv("OTEL_GENAI_REPORTS_HEADERS", "X-Scope-OrgID=team,authorization=Bearer%20t%3D1")
    _told(TRACE, "--from", f"tempo+http://{server.address}", capsys=capsys)
    sent = {name.lower(): value for name, value in server.asked[-1][1].items()}
    assert (sent["x-scope-orgid"], sent["authorization"]) == ("team", "Bearer t=1")

    monkeypatch.delenv("OTEL_GENAI_REPORTS_HEADERS")
    _told(TRACE, "--from", f"tempo+http://ann:p%40ss@{server.address}", capsys=capsys)
    assert server.asked[-1][1]["Authorization"] == "Basic YW5uOnBAc3M="


def test_a_redirect_takes_no_secret_elsewhere(
    server: Server, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_GENAI_REPORTS_HEADERS", "authorization=secret")
    server.status, server.headers = 302, (("Location", f"http://{server.address}/elsewhere"),)
    told = _told(TRACE, "--from", f"jaeger+http://{server.address}", capsys=capsys)
    assert "sends elsewhere (HTTP 302), which is not followed: give that address" in told
    assert len(server.asked) == 1


def test_what_a_server_says_of_a_failure_is_shown_and_not_obeyed(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    server.status, server.body = 500, b"store is \x1b[31mdown"
    told = _told("--last-error", "--from", f"jaeger+http://{server.address}", capsys=capsys)
    assert "answered HTTP 500: store is ?[31mdown" in told
