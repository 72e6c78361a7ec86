"""``otel-genai ui``: who is let in, and what is seen."""

from __future__ import annotations

import re
import time
from datetime import timedelta
from pathlib import Path

import pytest

from otel_genai_instr.ui.security import Keys

from ..reports import lines
from .reading import Page
from .serving import Server
from .telemetry import COUNT, DEAREST, EVIL


def test_the_token_opens_once_for_all(server: Server) -> None:
    welcome = Server(server.address).enter()
    assert welcome.status == 200
    cookie = welcome.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "token" not in welcome.text
    assert Page(server.get("/").text).values("aria-current") == ["page"]


@pytest.mark.parametrize("path", ["/", "/?token=", "/?token=guessed", "/traces", f"/traces/{DEAREST}", "/nowhere"])
def test_nobody_else_is_let_in(server: Server, path: str) -> None:
    for cookie in ("", f"otel_genai_{server.port}=guessed", server.cookie[:-1]):
        answer = server.get(path, cookie=cookie)
        assert answer.status == 403
        assert EVIL not in answer.text


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "localhost.evil:{port}", ""]
)
def test_another_name_of_this_machine_gets_nothing(server: Server, host: str) -> None:
    assert server.get("/", host=host.format(port=server.port)).status == 421


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_its_own_names_are_answered(server: Server, host: str) -> None:
    assert server.get("/traces?last=1h", host=f"{host}:{server.port}").status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_it_is_read_only(server: Server, method: str) -> None:
    answer = server.get("/", method)
    assert answer.status == 405
    assert not any(name.startswith("access-control-") for name in answer.headers)


@pytest.mark.parametrize("path", ["/", "/traces", "/nowhere", "/reports/nothing", "/traces/0"])
def test_every_answer_says_what_a_browser_may_do_with_it(server: Server, path: str) -> None:
    for cookie in (server.cookie, ""):
        headers = server.get(path, cookie=cookie).headers
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert not any(name.startswith("access-control-") for name in headers)


def test_a_browser_is_given_an_address_that_works_once() -> None:
    keys = Keys()
    once = keys.once
    assert keys.opens(once)
    assert not keys.opens(once)
    assert keys.opens(keys.token)
    assert keys.opens(keys.token)
    assert not keys.opens("")


@pytest.mark.parametrize(
    "path",
    ["/", "/traces", f"/traces/{DEAREST}", "/reports/cost?by=feature", "/reports/cost?by=user&where=feature~script"],
)
def test_what_others_wrote_is_text(server: Server, path: str) -> None:
    answer = server.get(path)
    assert answer.status == 200
    page = Page(answer.text)
    assert page.tags.count("script") == 1
    assert "img" not in page.tags
    assert [name for _, name, _ in page.attributes if name.startswith("on") or name == "style"] == []
    shown = [*page.texts, *page.values("aria-label")]
    assert any(EVIL in text for text in shown)


def test_what_is_asked_for_and_can_t_be_meant_is_said(server: Server) -> None:
    for query, said in (
        ("last=soon", "soon"),
        (f"where={EVIL[:9]}", "no condition"),
        ("cost=much", "is no number"),
        ("at=x", "is no time"),
    ):
        answer = server.get(f"/traces?{query.replace('<', '%3C')}")
        assert answer.status == 200
        assert any(said in text for text in Page(answer.text).texts)


def test_the_list_goes_on_where_it_ended(server: Server) -> None:
    first = server.get("/traces")
    older = next(value for value in Page(first.text).values("href") if "at=" in value)
    rest = server.get(older)
    newer, last = _traces(first.text), _traces(rest.text)
    assert (len(newer), len(last)) == (1000, COUNT - 1000)
    assert not set(newer) & set(last)
    assert newer[0] == DEAREST or DEAREST in newer


def test_traces_are_found_by_what_is_in_them(server: Server) -> None:
    assert _traces(server.get("/traces?cost=0.5").text) == [DEAREST]
    assert _traces(server.get("/traces?seconds=3.5").text) == [DEAREST]
    assert _traces(server.get("/traces?where=kind%3Dtool").text) == [DEAREST]
    assert len(_traces(server.get("/traces?errors=1").text)) == 54
    assert len(_traces(server.get("/traces?feature=chat").text)) == 350
    assert _traces(server.get("/traces?feature=nothing").text) == []


def test_a_trace_shows_what_was_said_in_it(server: Server) -> None:
    page = Page(server.get(f"/traces/{DEAREST}").text)
    assert f"hello {EVIL}" in page.texts
    assert "user" in page.texts


def test_what_comes_is_seen_when_the_page_is_loaded_again(server: Server, folder: Path) -> None:
    later = "/traces?since=2026-11-08&until=2026-11-09"
    assert _traces(server.get(later).text) == []
    lines.write(folder / "more.jsonl", lines.document([lines.call(at=lines.NOON + timedelta(days=4))]))
    until = time.monotonic() + 20
    while not (found := _traces(server.get(later).text)) and time.monotonic() < until:
        time.sleep(0.2)
    assert len(found) == 1


def _traces(text: str) -> list[str]:
    return [match[1] for value in Page(text).values("href") if (match := re.fullmatch("/traces/([0-9a-f]{32})", value))]
