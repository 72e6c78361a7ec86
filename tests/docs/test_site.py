"""The site is made without a warning, has every page in its navigation, and needs no network."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from ..support.browser import CHROMIUM, FLAGS, WHERE_NONE

if TYPE_CHECKING:
    from playwright import sync_api as playwright
else:
    playwright = pytest.importorskip("playwright.sync_api")

pytest.importorskip("sphinx", reason="the site needs the extra 'docs'")

ROOT: Final = Path(__file__).parents[2]
_LOADED: Final = re.compile(r"""<(?:script|img|iframe|source)[^>]*\ssrc="([^"]*)"|<link[^>]*\shref="([^"]*)\"""")
_SIZES: Final = {"desktop": (1300, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made as ``make docs`` makes it: with a link or an anchor that leads nowhere there is none."""
    folder = tmp_path_factory.mktemp("site")
    options = ("--quiet", "--fail-on-warning", "--keep-going", "-c", "docs/site", "-b", "html")
    made = subprocess.run(
        [sys.executable, "-m", "sphinx", *options, "-d", str(folder / "doctrees"), ".", str(folder / "html")],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stdout
    return folder / "html"


def test_every_page_has_a_place_in_the_navigation(site: Path) -> None:
    start = (site / "README.html").read_text()
    for page in sorted((ROOT / "docs").glob("*.md")):
        assert start.count(f'href="docs/{page.stem}.html"') >= 1
        assert re.search(rf'class="toctree-l1"><a class="reference internal" href="docs/{page.stem}.html"', start), page


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > 30
    for page in pages:
        loaded = [first or second for first, second in _LOADED.findall(page.read_text())]
        assert not [address for address in loaded if "//" in address], page
    for style in site.rglob("*.css"):
        assert not re.findall(r"@import|url\(['\"]?(?:https?:)?//", style.read_text()), style


@pytest.mark.skipif(CHROMIUM is None, reason=WHERE_NONE)
@pytest.mark.parametrize("size", _SIZES)
def test_it_is_read_and_searched_from_a_folder_without_network(site: Path, size: str) -> None:
    asked: list[str] = []
    width, height = _SIZES[size]
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": width, "height": height}, color_scheme="dark")

        def on_request(request: playwright.Request) -> None:
            asked.append(request.url)

        page.on("request", on_request)
        page.goto((site / "docs" / "terminal.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width, "wide tables scroll by themselves"
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
        page.goto((site / "search.html").as_uri() + "?q=waterfall")
        found = page.locator("#search-results li a")
        found.first.wait_for(timeout=20_000)
        assert "The waterfall in the terminal" in found.all_inner_texts()
        browser.close()
    assert all(address.startswith(("file:", "data:")) for address in asked)
