"""The waterfall as HTML: what it may consist of, and when it is shown. How it looks nobody tests."""

# ``_repr_html_`` is private by its name only: Jupyter calls it.
# pyright: reportPrivateUsage=false
from __future__ import annotations

import io
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

import otel_genai_instr as genai
from otel_genai_instr.exporters.console import GenAIConsoleExporter
from otel_genai_instr.exporters.traces import SpanRecord
from otel_genai_instr.exporters.waterfall import Waterfall

from ..support.capture import Capture
from .spans import piece, span, story

EVIL = '<script>alert(1)</script>" onmouseover="x\' \u202e\x1b[31m<img src=x onerror=y>'


class Elements(HTMLParser):
    """Which elements and attributes a page has, and what it says."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.attributes: set[str] = set()
        self.said: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.seen.add(tag)
        self.attributes.update(name for name, _ in attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said.append(data)


def page_of(spans: list[SpanRecord]) -> Elements:
    elements = Elements(Waterfall([piece(spans)])._repr_html_())
    assert elements.open == []
    assert elements.seen <= {"div", "table", "thead", "tbody", "tr", "th", "td", "span", "b"}
    assert elements.attributes <= {"style", "title"}
    return elements


def test_it_says_what_the_text_says() -> None:
    said = "".join(page_of(story()).said)
    for word in (
        "POST /ask",
        "chat gpt-5-mini",
        "RateLimitError",
        "$0.00000016",
        "unknown model",
        "2431",
        "in tok",
        "first ms",
    ):
        assert word in said
    assert "2431 ms · 11 spans · 4 calls · 2,748 tokens in (1,024 cached)" in said


def test_nothing_of_a_span_is_markup() -> None:
    said = "".join(
        page_of([span(1, None, EVIL, error=EVIL, detail=EVIL, service=EVIL, unpriced_reason=EVIL, operation=EVIL)]).said
    )
    assert said.count("<script>alert(1)</script>") == 4  # service, name, error, detail
    assert not set(said) & set("\x1b\u202e")


def test_a_trace_without_duration_has_bars() -> None:
    assert "linear-gradient" in Waterfall([piece([span(1, None, "now", 5, 5)])])._repr_html_()


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Callable[[object], list[Any]]:
    """IPython as far as we see it; its real kernel needs a front end."""

    def begin(shell: object) -> list[Any]:
        shown: list[Any] = []
        ipython: Any = ModuleType("IPython")
        ipython.get_ipython = lambda: shell
        ipython.display = SimpleNamespace(display=shown.append)
        monkeypatch.setitem(sys.modules, "IPython", ipython)
        return shown

    return begin


def _trace(exporter: GenAIConsoleExporter) -> None:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    provider.get_tracer("t").start_span("work").end()


def test_a_notebook_shows_it_below_the_cell(
    notebook: Callable[[object], list[Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    shown = notebook(SimpleNamespace(kernel=object()))
    _trace(GenAIConsoleExporter())
    (waterfall,) = shown
    assert "work" in "".join(Elements(waterfall._repr_html_()).said)
    assert "work" in repr(waterfall)
    assert capsys.readouterr().err == ""


def _display_that_breaks(_: object) -> None:
    _breaks()


def _breaks() -> object:
    raise OSError("the kernel ends")


@pytest.mark.parametrize(
    "shell",
    [None, SimpleNamespace(), SimpleNamespace(kernel=None)],
    ids=["Python", "a terminal", "not yet"],
)
def test_nobody_else_does(
    shell: object, notebook: Callable[[object], list[Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    shown = notebook(shell)
    _trace(GenAIConsoleExporter())
    assert shown == []
    assert "work" in capsys.readouterr().err


def test_who_names_a_stream_gets_text_in_a_notebook(notebook: Callable[[object], list[Any]]) -> None:
    shown = notebook(SimpleNamespace(kernel=object()))
    out = io.StringIO()
    _trace(GenAIConsoleExporter(out))
    assert shown == []
    assert "work" in out.getvalue()


def test_a_kernel_that_ends_costs_no_trace(
    notebook: Callable[[object], list[Any]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook(SimpleNamespace(kernel=object()))
    monkeypatch.setattr(sys.modules["IPython"].display, "display", _display_that_breaks)
    _trace(GenAIConsoleExporter())
    assert "work" in capsys.readouterr().err


def test_a_summary_is_a_table_too(capture: Capture) -> None:
    capture.instrument()
    with genai.trace_summary() as summary, genai.workflow(EVIL), genai.inference("openai", "gpt-4o") as call:
        call.usage(input_tokens=1000, output_tokens=100)
    elements = Elements(summary._repr_html_())
    assert "img" not in elements.seen
    said = "".join(elements.said)
    assert "chat gpt-4o" in said
    assert "1 inference call" in said


def test_a_summary_of_nothing_has_its_sums(capture: Capture) -> None:
    capture.instrument()
    with genai.trace_summary() as summary:
        pass
    assert "0 spans" in "".join(Elements(summary._repr_html_()).said)
    assert str(summary).startswith("total  ")
    assert len(str(summary).splitlines()) == 1
