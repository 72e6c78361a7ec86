"""``otel-genai ui``: who is let in, and what is seen."""

from __future__ import annotations

import re
import time
from datetime import timedelta
from html import unescape
from pathlib import Path
from urllib.parse import quote

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


def test_traces_are_found_by_what_was_thought_of_them(server: Server) -> None:
    evaluation = quote(EVIL)
    assert len(_traces(server.get("/traces?score=0.555").text)) == 6
    assert len(_traces(server.get(f"/traces?evaluation={evaluation}").text)) == 30
    assert len(_traces(server.get(f"/traces?evaluation={evaluation}&score=0.505").text)) == 1
    assert _traces(server.get("/traces?evaluation=relevance").text) == []
    assert "lowest score" in Page(server.get("/traces?score=0.505").text).texts


@pytest.mark.parametrize(
    "report",
    [
        "cost?by=feature,user",
        "cost?by=hour,model&last=1d&tz=Europe/Berlin",
        "latency?by=prompt_length,model",
        "errors?where=failed=true&by=error,prompt",
    ],
)
def test_a_row_of_a_report_leads_to_its_traces(server: Server, report: str) -> None:
    followed = 0
    for table in re.findall(r"<thead>.*?</tbody>", server.get(f"/reports/{report}").text, re.DOTALL):
        headings = re.findall(r"<button type=.button.>(.*?)</button>", table)
        if "calls" not in headings:
            continue
        for row in table.split("<tbody>")[1].split("</tr>")[:2]:
            link = re.search(r'<a href="(/traces\?[^"]*)"', row)
            if link is not None:
                calls = int(re.findall(r'data-order="(.*?)"', row)[headings.index("calls")])
                found = _traces(server.get(unescape(link[1])).text)
                assert len(found) == min(calls, 1000), link[1]
                followed += 1
    assert followed > 1


def test_a_length_of_time_ends_where_the_command_line_said(server: Server) -> None:
    assert "2026-11-03 00:00 to 2026-11-05 00:00 UTC" in Page(server.get("/traces?last=2d").text).texts
    assert "alert" not in Page(server.get("/traces?until=now").text).values("role")
    zoned = Page(server.get("/reports/tools?tz=Europe/Berlin").text).texts
    assert "2026-10-28 23:00 to 2026-11-04 23:00 UTC; days and hours of Europe/Berlin" in zoned


@pytest.mark.parametrize("path", ["/", "/traces"])
def test_an_empty_time_leads_to_one_with_telemetry(server: Server, path: str) -> None:
    page = Page(server.get(f"{path}?until=2020-01-01").text)
    there = next(value for value in page.values("href") if "until=2026" in value)
    assert "newest span" in " ".join(page.texts)
    assert "newest span" not in " ".join(Page(server.get(there).text).texts)


def test_who_asked_leads_to_what_else_they_asked(server: Server) -> None:
    page = Page(server.get(f"/traces/{DEAREST}").text)
    assert f"user {EVIL}" in page.texts
    there = next(value for value in page.values("href") if value.startswith("/traces?user="))
    assert _traces(server.get(there).text) == [DEAREST]


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
