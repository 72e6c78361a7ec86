"""``otel-genai prices update`` against a server on loopback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import pytest

from otel_genai_instr.cli import main

from ..support.serving import serving


class PriceServer(ThreadingHTTPServer):
    """Serves whatever ``content`` is at the moment."""

    content: bytes = b""
    status = 200
    requests = 0
    location: str | None = None

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked = threading.Event()
        self.hold = threading.Event()
        """Answers wait for it."""
        self.hold.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/data.json"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server = cast("PriceServer", self.server)
        server.requests += 1
        server.asked.set()
        server.hold.wait(60)
        self.send_response(server.status)
        if server.location is not None:
            self.send_header("location", server.location)
        self.send_header("content-length", str(len(server.content)))
        self.end_headers()
        with suppress(OSError):  # who asked may be gone
            self.wfile.write(server.content)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def server() -> Iterator[PriceServer]:
    with serving(PriceServer()) as server:
        yield server


def _data(**prices: float) -> bytes:
    """Price data as the project publishes it: one provider whose models have one input price each."""
    models = [
        {"id": name, "match": {"equals": name}, "prices": {"input_mtok": price, "output_mtok": 4}}
        for name, price in prices.items()
    ]
    return json.dumps([{"id": "openai", "name": "OpenAI", "api_pattern": "x", "models": models}]).encode()


def _update(server: PriceServer, target: Path, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["prices", "update", "--url", server.url, "--to", str(target)]) == 0
    return capsys.readouterr().out


def test_what_changed_as_json(server: PriceServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "prices.json"
    server.content = _data(kept=1, dearer=1, gone=1)
    _update(server, target, capsys)
    server.content = _data(kept=1, dearer=2, brandnew=1)
    assert main(["prices", "update", "--url", server.url, "--to", str(target), "--format", "json"]) == 0
    said = json.loads(capsys.readouterr().out)
    (changed,) = said.pop("changed")
    assert said == {
        "file": str(target),
        "providers": 1,
        "models": 3,
        "gone": [{"provider": "openai", "model": "gone"}],
        "new": [{"provider": "openai", "model": "brandnew"}],
    }
    assert (changed["provider"], changed["model"]) == ("openai", "dearer")
    assert changed["change"].startswith("input 1 -> 2")


def test_the_data_is_written_and_can_be_used(
    server: PriceServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.content = _data(brandnew=1.25)
    target = tmp_path / "cache" / "prices.json"
    printed = _update(server, target, capsys)

    assert f"{target}: written" in printed
    assert "1 provider, 1 model\n" in printed
    assert "1 new" in printed
    assert f"base: {target}" in printed
    book = tmp_path / "book.yaml"
    book.write_text(f"base: {target}\n")
    assert main(["prices", "show", "brandnew", "--provider", "openai", "--prices", str(book)]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["input", "1.25"] in lines
    assert any(line[:4] == ["price", "list", "genai-prices", "data"] for line in lines)
    assert [path.name for path in target.parent.iterdir()] == ["prices.json"]
    assert target.stat().st_mode & 0o444 == 0o444


def test_what_changed_since_the_last_time(
    server: PriceServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "prices.json"
    server.content = _data(stays=1, dearer=1, goes=1)
    _update(server, target, capsys)
    server.content = _data(stays=1, dearer=1.5, comes=1)
    printed = _update(server, target, capsys)

    assert "1 new, 1 gone, 1 with another price today" in printed
    assert "new      openai comes" in printed
    assert "gone     openai goes" in printed
    assert "changed  openai dearer: input 1 -> 1.5" in printed
    assert "stays" not in printed


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<html>", "is not JSON"),
        (b"[]", "is no price data"),
        (b'{"providers": 5}', "is no price data"),
        (b"5", "is no"),
    ],
)
def test_what_is_no_price_data_changes_nothing(
    content: bytes, said: str, server: PriceServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "prices.json"
    server.content = _data(before=1)
    _update(server, target, capsys)
    before = target.read_bytes()
    server.content = content

    assert main(["prices", "update", "--url", server.url, "--to", str(target)]) == 1
    assert said in capsys.readouterr().err
    assert target.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["prices.json"]


def test_a_server_that_has_nothing(server: PriceServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    server.status = 404
    assert main(["prices", "update", "--url", server.url, "--to", str(tmp_path / "p.json")]) == 1
    assert "answered 404" in capsys.readouterr().err


def test_no_server(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prices", "update", "--url", "http://127.0.0.1:1/", "--to", str(tmp_path / "p.json")]) == 1
    assert "can't be read" in capsys.readouterr().err


@pytest.mark.parametrize("url", ["file:///etc/hosts", "ftp://example.org/x", "data.json"])
def test_only_the_web_is_read(url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prices", "update", "--url", url, "--to", str(tmp_path / "p.json")]) == 2
    assert "is not allowed" in capsys.readouterr().err


def test_a_place_that_can_not_be_written(
    server: PriceServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    server.content = _data(x=1)
    assert main(["prices", "update", "--url", server.url, "--to", str(tmp_path / "file" / "p.json")]) == 1
    assert "can't be written" in capsys.readouterr().err


def test_no_other_command_downloads(server: PriceServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prices", "show", "gpt-4o"]) == 0
    assert server.requests == 0


@pytest.mark.parametrize("content", [b"[" * 100_000, b"<html>", b"\xff\xfe"])
def test_what_is_not_json_is_named_by_its_address(
    content: bytes, server: PriceServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.content = content
    assert main(["prices", "update", "--url", server.url, "--to", str(tmp_path / "p.json")]) == 1
    assert capsys.readouterr().err == f"otel-genai: {server.url}: is not JSON; nothing was changed\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("right", "wrong"), [(b'"input_mtok": 5', b'"input_mtok": -5'), (b'"equals": "m"', b'"regex": "("')]
)
def test_prices_that_no_call_could_use_are_refused(
    right: bytes, wrong: bytes, server: PriceServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.content = _data(m=5).replace(right, wrong)
    assert wrong in server.content
    assert main(["prices", "update", "--url", server.url, "--to", str(tmp_path / "p.json")]) == 1
    assert "is no price data that this genai-prices understands; nothing was changed" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ['{"x": 1}', "[5]", "[" * 100_000, "", "[]", '{"providers": {}}'])
def test_a_useless_file_is_replaced(
    content: str, server: PriceServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "p.json"
    target.write_text(content)
    server.content = _data(x=1)
    assert f"{target}: written" in _update(server, target, capsys)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in folders there")
def test_a_place_that_is_no_file(server: PriceServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, problem in (("pipe", "is not a file"), (".", "is not a file"), ("n" * 300, "File name too long")):
        assert main(["prices", "update", "--url", server.url, "--to", str(tmp_path / name)]) == 1
        assert f"can't be written: {problem}" in capsys.readouterr().err
    assert server.requests == 0


def test_a_link_stays_one(server: PriceServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    link = tmp_path / "link.json"
    link.symlink_to(tmp_path / "real.json")
    server.content = _data(x=1)
    _update(server, link, capsys)
    assert link.is_symlink()
    assert json.loads((tmp_path / "real.json").read_text())["providers"]


@pytest.mark.parametrize(
    ("url", "said"), [("http://[", "--url: 'http://[' is not allowed: "), ("http://127.0.0.1/ü", "beyond ASCII")]
)
def test_an_address_that_is_none(url: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prices", "update", "--url", url, "--to", str(tmp_path / "p.json")]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("url", "code", "said"),
    [
        (
            "http://ann:s3cret@127.0.0.1:1/prices.json",
            2,
            "--url: a name or a password in the address is not understood",
        ),
        ("ftp://ann:s3cret@127.0.0.1/prices.json", 2, "--url: 'ftp://127.0.0.1/prices.json' is not allowed; "),
        ("http://127.0.0.1:1/prices.json?sig=s3cret", 1, "http://127.0.0.1:1/prices.json?...: can't be read: "),
    ],
)
def test_what_is_secret_in_an_address_is_not_shown(
    url: str, code: int, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["prices", "update", "--url", url, "--to", str(tmp_path / "p.json")]) == code
    told = capsys.readouterr().err
    assert said in told
    assert "s3cret" not in told


def test_a_way_off_the_web_is_not_followed(
    server: PriceServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.status, server.location = 302, "ftp://127.0.0.1:1/x"
    assert main(["prices", "update", "--url", server.url, "--to", str(tmp_path / "p.json")]) == 1
    assert "leads to ftp://127.0.0.1:1/x, which is not followed" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal there")
@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_leaves_nothing_behind(server: PriceServer, tmp_path: Path) -> None:
    server.hold.clear()
    command = [sys.executable, "-m", "otel_genai_instr.cli", "prices", "update", "--url", server.url]
    run = subprocess.Popen([*command, "--to", str(tmp_path / "p.json")], stderr=subprocess.PIPE, text=True)
    assert server.asked.wait(30)
    run.send_signal(signal.SIGINT)
    _, said = run.communicate(timeout=30)
    server.hold.set()
    assert (run.returncode, said) == (130, "otel-genai: interrupted; nothing was changed\n")
    assert list(tmp_path.iterdir()) == []
