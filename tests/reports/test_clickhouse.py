"""How a ClickHouse is named, and what is said where none answers. What it answers: ``tests/stack/test_reports.py``."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from otel_genai_instr.cli import main
from otel_genai_instr.reports.clickhouse.tables import clickhouse_tables
from otel_genai_instr.reports.exceptions import NotUnderstood, Unanswered

from .lines import DAY

SECRET = "pass:word/1"


class Refusing(HTTPServer):
    """Knows no user; remembers who came."""

    def __init__(self) -> None:
        self.users: set[str] = set()
        users = self.users

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                users.add(base64.b64decode(self.headers["Authorization"].removeprefix("Basic ")).decode())
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(403)
                self.send_header("X-ClickHouse-Exception-Code", "516")
                said = b"Code: 516. DB::Exception: Authentication failed: password is incorrect.\nmore"
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, format: str, *args: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)


@pytest.fixture
def refusing() -> Iterator[Refusing]:
    with Refusing() as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (
            f"clickhouse://otel:{SECRET.replace('/', '%2F')}@",
            "names no ClickHouse; such as clickhouse://otel@localhost",
        ),
        ("clickhouse://otel:secret@here:port/otel", "the port is no number"),
        ("clickhouse://otel:secret@here/otel?secure=perhaps", "?secure=perhaps is not allowed; secure=true"),
        ("clickhouse://otel:secret@here/otel?compress=none", "?compress=none is not allowed"),
    ],
)
def test_a_url_that_is_wrong_says_why_and_keeps_the_password(url: str, said: str) -> None:
    with pytest.raises(NotUnderstood) as error:
        clickhouse_tables(url, DAY)
    assert said in str(error.value)
    assert "secret" not in str(error.value)
    assert "word" not in str(error.value)


def test_the_password_is_that_of_the_variable(refusing: Refusing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_GENAI_REPORTS_PASSWORD", SECRET)
    with pytest.raises(Unanswered, match=r"ClickHouse at 127\.0\.0\.1:\d+/otel: .*Authentication failed") as error:
        clickhouse_tables(f"clickhouse://reader@127.0.0.1:{refusing.server_port}", DAY)
    assert refusing.users == {f"reader:{SECRET}"}
    assert SECRET not in str(error.value)
    assert "\n" not in str(error.value)


def test_where_nobody_listens_the_command_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "cost", "--from", "clickhouse://otel:secret@127.0.0.1:1/otel"]) == 1
    said = capsys.readouterr().err
    assert "ClickHouse at 127.0.0.1:1/otel: " in said
    assert "secret" not in said
