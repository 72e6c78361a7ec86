"""``otel-genai report NAME --format html``: one file that needs nothing else, whatever stands in the telemetry."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from importlib import resources
from pathlib import Path
from typing import Final

import pytest

from otel_genai_instr.cli import main
from otel_genai_instr.reports.names import REPORTS

from .reading import Page
from .telemetry import DEAREST, EVIL, UNTIL

BY: Final = {"daily": (), "quality": ("--by", "evaluation")}
"""What has rows with something foreign in them."""


def written(capsys: pytest.CaptureFixture[str], folder: Path, name: str, *options: str) -> str:
    assert main(["report", name, "--from", str(folder), "--until", UNTIL, "--format", "html", *options]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_is_a_whole_page_that_nothing_foreign_is_part_of(
    capsys: pytest.CaptureFixture[str], folder: Path, name: str
) -> None:
    page = Page(written(capsys, folder, name, *BY.get(name, ("--by", "feature,user,prompt"))))
    assert page.tags.count("script") == 1, "its own"
    assert not {"img", "iframe", "object", "embed", "base"} & set(page.tags)
    foreign = [value for name in ("src", "href", "action") for value in page.values(name)]
    assert [value for value in foreign if not value.startswith(("#", "data:,"))] == []
    assert [name for _, name, _ in page.attributes if name.startswith("on") or name == "style"] == []
    assert any(EVIL in text for text in page.texts), "it is shown as it was written"
    assert "49" not in "".join(text for text in page.texts if "7*7" in text)


def test_its_policy_allows_its_own_style_and_script_only(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    page = Page(written(capsys, folder, "tools"))
    policy = next(value for value in page.values("content") if "default-src" in value)
    for [text] in (page.scripts, page.styles):
        assert f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy


def test_the_page_is_right_in_the_light_in_the_dark_and_on_paper(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    text = written(capsys, folder, "cost")
    page = Page(text)
    assert "prefers-color-scheme: dark" in page.styles[0]
    assert "@media print" in page.styles[0]
    drawn = {value for tag, name, value in page.attributes if tag == "path" and name == "fill"}
    assert {"var(--s0)", "var(--s1)"} <= drawn, "the chart has the colours of the page"
    named = {value.removeprefix("var(").removesuffix(")") for value in drawn if value.startswith("var(")}
    assert all(f"{name}:" in page.styles[0] for name in named)


@pytest.mark.parametrize("scheme", ["light", "dark", "paper"])
def test_colours_are_told_apart_from_their_ground(scheme: str) -> None:
    """By WCAG 2.2, level AA: 4.5 for texts, 3 for what is drawn and for the edges of fields."""
    style = resources.files("otel_genai_instr.page").joinpath("page.css").read_text("utf-8")
    roots = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    light, dark, paper = (dict(re.findall(r"--(\w+): (#\w+)", root)) for root in roots)
    colours: dict[str, str] = {"light": light, "dark": dark, "paper": paper}[scheme]
    for text in ("ink", "soft", "accent", "bad"):
        for ground in ("ground", "raised"):
            assert _contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    for drawn in ("edge", *(f"s{place}" for place in range(8))):
        assert _contrast(colours[drawn], colours["ground"]) >= 3, drawn


def _contrast(one: str, other: str) -> float:
    darker, lighter = sorted(map(_luminance, (one, other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_rows_are_sorted_by_more_than_is_shown(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    page = Page(written(capsys, folder, "cost", "--by", "model"))
    orders = page.values("data-order")
    assert "1,050" in page.texts
    assert "1050" in orders
    assert any(re.fullmatch(r"[0-9]\.[0-9]{5,}", order) for order in orders), "money by more than its four digits"


def test_every_trace_that_is_named_has_its_waterfall(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    page = Page(written(capsys, folder, "cost"))
    links = [value for value in page.values("href") if value.startswith("#trace-")]
    assert f"#trace-{DEAREST}" in links
    assert {link.removeprefix("#") for link in links} <= set(page.values("id"))
    depths = [value for value in page.values("class") if value.startswith("name d")]
    assert {"name d0", "name d1", "name d2"} <= set(depths), "a call below the workflow, and a tool below the call"


def test_an_empty_time_says_so(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    assert main(["report", "cost", "--from", str(folder), "--until", "2020-01-02", "--format", "html"]) == 0
    page = Page(capsys.readouterr().out)
    assert "nothing in this time" in page.texts
    assert "path" not in page.tags
