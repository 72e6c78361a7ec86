"""The pages in a real Chromium: what a reader sees, clicks and prints. Without a Chromium these are skipped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from otel_genai_instr.cli import main

from ..support.browser import CHROMIUM, FLAGS, WHERE_NONE
from .serving import Server
from .telemetry import COUNT, DEAREST, EVIL, UNTIL

if TYPE_CHECKING:
    from playwright import sync_api as playwright
else:
    playwright = pytest.importorskip("playwright.sync_api")

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=WHERE_NONE)


@pytest.fixture(scope="module")
def browser() -> Iterator[playwright.Browser]:
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)  # with a new profile, which it removes
        yield browser
        browser.close()


@pytest.fixture
def page(browser: playwright.Browser) -> Iterator[playwright.Page]:
    """A page that may ask nobody but its own server, and must not complain."""
    complaints: list[str] = []
    context = browser.new_context(viewport={"width": 1200, "height": 800})
    context.set_default_timeout(30_000)
    page = context.new_page()

    def on_request(asked: playwright.Request) -> None:
        if not asked.url.startswith(("file:", "data:", "http://127.0.0.1:")):
            complaints.append(asked.url)

    def on_console(message: playwright.ConsoleMessage) -> None:
        complaints.append(message.text)

    def on_error(error: playwright.Error) -> None:
        complaints.append(str(error))

    page.on("console", on_console)
    page.on("pageerror", on_error)
    page.on("request", on_request)
    yield page
    title = page.title()
    context.close()
    assert complaints == []
    assert title != "taken", "what somebody wrote was run"


@pytest.fixture
def file(folder: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The report on cost."""
    assert main(["report", "cost", "--from", str(folder), "--until", UNTIL, "--format", "html", "--by", "user"]) == 0
    path = folder.parent / "cost.html"
    path.write_text(capsys.readouterr().out)
    return path


def test_a_file_is_read_by_keyboard_and_pointer(page: playwright.Page, file: Path) -> None:
    page.goto(file.as_uri())
    main_table = page.locator("table").first
    heading = main_table.get_by_role("button", name="calls", exact=True)
    heading.focus()
    column = heading.evaluate("button => button.parentElement.cellIndex")

    def calls() -> list[int]:
        cells = main_table.locator(f"tbody td:nth-child({column + 1})").all_inner_texts()
        return [int(text.replace(",", "")) for text in cells]

    page.keyboard.press("Enter")
    assert calls() == sorted(calls(), reverse=True)
    assert main_table.locator("th[aria-sort=descending]").count() == 1
    page.keyboard.press("Space")
    assert calls() == sorted(calls())
    assert len(set(calls())) > 1

    trace = page.locator(f"#trace-{DEAREST}")
    assert trace.get_attribute("open") is None
    page.locator(f"a[href='#trace-{DEAREST}']").click()
    assert trace.locator(".row").last.is_visible()

    assert page.locator("#tip").is_hidden()
    page.locator(".chart path[role=graphics-symbol]").first.hover()
    assert page.locator("#tip").inner_text() == page.locator(".chart path[role=graphics-symbol]").first.get_attribute(
        "aria-label"
    )


def test_a_file_is_light_dark_and_narrow(page: playwright.Page, file: Path) -> None:
    page.goto(file.as_uri())
    seen: set[tuple[str, str]] = set()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        bar = page.locator(".chart path[role=graphics-symbol]").first.evaluate("bar => getComputedStyle(bar).fill")
        seen.add((ground, bar))
    assert len({ground for ground, _ in seen}) == len({bar for _, bar in seen}) == 2
    page.set_viewport_size({"width": 375, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 375, "wide tables scroll in themselves"
    assert len(page.pdf()) > 10_000


def test_a_thousand_traces_scroll_and_one_is_read(page: playwright.Page, server: Server) -> None:
    page.goto(server.address)
    page.get_by_role("link", name="traces").click()
    rows = page.locator("tbody tr")
    page.wait_for_url("**/traces")
    assert rows.count() == 1000
    assert "token" not in page.url
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    page.get_by_role("link", name="older ones").click()
    page.wait_for_url("**/traces?*at=*")
    assert rows.count() == COUNT - 1000

    page.goto(page.url.split("/traces")[0] + "/traces")
    page.get_by_label("cost from").fill("0.5")
    page.keyboard.press("Enter")
    page.wait_for_url("**cost=0.5*")
    assert rows.count() == 1
    rows.locator("a").click()
    page.wait_for_url("**/traces/*")
    assert page.title() == f"{EVIL} · otel-genai"
    call = page.locator("summary").nth(1)
    call.focus()
    page.keyboard.press("Enter")
    assert page.locator("pre").first.inner_text() == f"hello {EVIL}"


def test_pages_fit_any_window_and_show_where_the_focus_is(page: playwright.Page, server: Server) -> None:
    page.goto(server.address)
    page.wait_for_url("**/")
    seen: list[str] = []
    for _ in range(15):
        page.keyboard.press("Tab")
        outline, text = page.evaluate(
            "[getComputedStyle(document.activeElement).outlineStyle,"
            " document.activeElement.textContent || document.activeElement.name]"
        )
        assert outline != "none", text
        seen.append(text.strip())
    assert (seen[:2], seen[9:]) == (["overview", "traces"], ["last", "since", "until", "tz", "where", "Show"])

    for path in ("", "traces?last=1h&until=2026-11-04T12:30", f"traces/{DEAREST}", "reports/tools"):
        page.goto(f"{server.address.split('?')[0]}{path}")
        for summary in page.locator("summary").all():
            summary.click()
        for width in (400, 800):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_pages_are_without_complaint(page: playwright.Page, server: Server) -> None:
    page.goto(server.address)
    for name in ("overview", "quality", "errors"):
        page.locator("nav").get_by_role("link", name=name, exact=True).click()
        page.locator("nav [aria-current=page]", has_text=name).wait_for()
        page.wait_for_load_state()
