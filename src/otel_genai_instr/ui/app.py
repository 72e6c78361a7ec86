"""The pages, and where they are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from ..page.cards import cards
from ..page.charts import Drawing, draw, with_chart
from ..page.html import drawn, page
from ..page.report_page import heads, view_of, zone_said
from ..page.tables import trace_table
from ..page.waterfall import waterfall
from ..reports.asked import Asked
from ..reports.computed.all import ANSWERS, Options
from ..reports.computed.headline import headlines
from ..reports.exceptions import NotFound
from ..reports.names import REPORTS, YESTERDAY
from ..reports.report import Report
from ..reports.traces.trace_list import COLUMNS, newest, newest_moment
from ..reports.writing import headline
from .links import Links, trace_address
from .questions import MORE, NOW, TEXTS, Question, read
from .security import FORM_ACTION
from .source import Busy, Opened, Source

_MOST_TRACES: Final = 1000
"""On a page."""
_MOST_SPANS: Final = 2000
"""Of the one trace that is looked at."""
_OVERVIEW: Final = ("cost", "latency", "errors")
_TIMES: Final = ("last", "since", "until", "tz")
_FIELDS: Final = {
    "overview": (*_TIMES, "where"),
    "report": (*_TIMES, "by", "where"),
    "traces": (*_TIMES, "where", *TEXTS, "cost", "seconds", "evaluation", "score"),
}
"""Of the form above a page, by its template."""
_LABELS: Final = {"tz": "time zone", "cost": "cost from", "seconds": "seconds from", "score": "score to"}
_EXAMPLES: Final = {
    "last": "7d",
    "since": "2026-11-01",
    "until": NOW,
    "tz": "UTC",
    "where": "feature=chat",
    "cost": "0.10",
    "seconds": "10",
    "evaluation": "relevance",
    "score": "0.5",
}


class Pages:
    """Answers each address with a page."""

    def __init__(self, source: Source, usual: Mapping[str, str]) -> None:
        """Make them of a source.

        Args:
            source: The telemetry.
            usual: The time that pages are about where their address doesn't say one, by ``last``, ``since``, ``until``
                and ``tz``.
        """
        self._source = source
        self._usual = {name: value for name, value in usual.items() if value}

    def app(self) -> Starlette:
        """All of them."""
        return Starlette(
            routes=[
                Route("/", self._overview),
                Route("/reports/{name}", self._report),
                Route("/traces", self._traces),
                Route("/traces/{trace_id}", self._trace),
            ],
            exception_handlers={HTTPStatus.NOT_FOUND: _not_found, Busy: _busy, Exception: _failed},
        )

    async def _overview(self, request: Request) -> Response:
        question = read(request.query_params, self._usual)

        def answer(opened: Opened) -> dict[str, Any]:
            reports = [_answer(opened, name, with_chart(question.asked, name)) for name in _OVERVIEW]
            charts = [(each.name, chart) for each, chart in zip(reports, _drawn_alike(reports), strict=True) if chart]
            found = headlines(opened.tables(question.asked.window), question.asked)
            return {
                "subtitle": headline(reports[0]).split(", ", 1)[1] + zone_said(question.asked),
                "cards": cards(found, reports[0]),
                "charts": [(question.address(f"/reports/{name}"), chart, drawn(chart)) for name, chart in charts],
                "notes": opened.notes,
                "empty": None if found.now.calls else _emptiness(opened, question, "/"),
            }

        return self._show("overview", question, "overview", "/", await self._source.ask(answer), "overview")

    async def _report(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in REPORTS:
            return _plain("not found", "there is no such report", HTTPStatus.NOT_FOUND)
        about, path = REPORTS[name], f"/reports/{name}"
        question = read(request.query_params, self._usual, about.by, about.last)

        def answer(opened: Opened) -> dict[str, Any]:
            report = _answer(opened, name, question.asked)
            report.notes[:0] = opened.notes
            links = Links(question, name)
            view = view_of(report, question.asked, partial(_answer, opened, name), links.trace, links.row, [])
            found = headlines(opened.tables(question.asked.window), question.asked)
            empty = None if found.now.calls or report.rows else _emptiness(opened, question, path)
            return {**heads(report, found, question.asked), "view": view, "empty": empty}

        usual = {"by": ",".join(about.by)} | ({"last": "1d"} if about.last == YESTERDAY else {})
        return self._show("report", question, name, path, await self._source.ask(answer), name, usual)

    async def _traces(self, request: Request) -> Response:
        question = read(request.query_params, self._usual)

        def answer(opened: Opened) -> dict[str, Any]:
            window = question.asked.window
            rows = newest(opened.tables(window), question.asked, question.limits, question.after, _MOST_TRACES + 1)
            last = rows[_MOST_TRACES - 1] if len(rows) > _MOST_TRACES else None
            return {
                "subtitle": f"{window.start:%Y-%m-%d %H:%M} to {window.end:%Y-%m-%d %H:%M} UTC",
                "table": trace_table(COLUMNS, rows[:_MOST_TRACES], trace_address),
                "older": last
                and question.address("/traces", at=last["started_at"].isoformat(), after=last["trace_id"]),
                "notes": opened.notes,
                "empty": None if rows or question.after else _emptiness(opened, question, "/traces"),
            }

        return self._show("traces", question, "traces", "/traces", await self._source.ask(answer), "traces")

    async def _trace(self, request: Request) -> Response:
        trace_id = request.path_params["trace_id"].lower()

        def find(column: str, value: str) -> str | None:
            return read({}, self._usual).address("/traces", **{column: value}) if column in (*TEXTS, *MORE) else None

        def answer(opened: Opened) -> dict[str, Any] | None:
            try:
                found = opened.traces.read(trace_id)
            except NotFound:
                return None
            trace = waterfall(found, _MOST_SPANS, opened.said(found), find)
            return {"trace": trace, "subtitle": " · ".join(trace.figures), "title": trace.title}

        found = await self._source.ask(answer)
        if found is None:
            return _plain("not found", "nothing is stored of this trace", HTTPStatus.NOT_FOUND)
        return self._show("trace", read({}, self._usual), "trace", "", found, found["title"])

    def _show(
        self,
        template: str,
        question: Question,
        here: str,
        path: str,
        values: dict[str, Any],
        title: str,
        examples: Mapping[str, str] | None = None,
    ) -> HTMLResponse:
        form = self._form(template, question, path, examples or {}) if template in _FIELDS else None
        told = {"title": title, **values, "pages": _pages(question), "here": here, "form": form}
        return HTMLResponse(page(template, form_action=FORM_ACTION, **told))

    def _form(self, template: str, question: Question, path: str, examples: Mapping[str, str]) -> dict[str, Any]:
        examples = {**_EXAMPLES, **self._usual, **examples}
        return {
            "action": path,
            "fields": [
                (name, _LABELS.get(name, name), question.said.get(name, ""), examples.get(name, ""))
                for name in (*_FIELDS[template], *(more for more in MORE if more in question.said))
            ],
            "is_plain": not question.said,
            "errors": "errors" in question.said if template == "traces" else None,
            "wrong": question.wrong,
        }


def _pages(question: Question) -> list[tuple[str, str]]:
    """Where else one can go with the same question."""
    said = {name: value for name, value in question.said.items() if name in _FIELDS["overview"]}
    times = Question(question.asked, said=said)
    return [
        ("overview", times.address("/")),
        ("traces", times.address("/traces")),
        *((name, times.address(f"/reports/{name}")) for name in REPORTS),
    ]


def _answer(opened: Opened, name: str, asked: Asked) -> Report:
    return ANSWERS[name](opened.tables(asked.window), asked, Options())


def _drawn_alike(reports: list[Report]) -> list[Drawing | None]:
    """The charts of reports; what has a colour in one has the same in the others."""
    colours: dict[str, int] = {}
    charts: list[Drawing | None] = []
    for report in reports:
        charts.append(draw(report, colours))
        if (chart := charts[-1]) is not None:
            colours = {**chart.legend, **colours}
    return charts


def _emptiness(opened: Opened, question: Question, path: str) -> dict[str, str]:
    """What to do where there is nothing: the newest telemetry may be older, or all of it elsewhere."""
    at = newest_moment(opened.tables(question.asked.window))
    if at is None:
        return {"newest": "", "address": ""}
    until = at.replace(second=0, microsecond=0) + timedelta(minutes=1)
    there = question.address(path, since="", last="7d", until=f"{until:%Y-%m-%dT%H:%M}Z")
    return {"newest": f"{at:%Y-%m-%d %H:%M} UTC", "address": there}


def _plain(title: str, text: str, status: HTTPStatus) -> HTMLResponse:
    told = {"title": title, "subtitle": text, "pages": [("overview", "/"), ("traces", "/traces")], "here": ""}
    return HTMLResponse(page("base", form_action=FORM_ACTION, **told), status)


def _not_found(_request: Request, _error: Exception) -> Response:
    return _plain("not found", "there is no such page", HTTPStatus.NOT_FOUND)


def _busy(_request: Request, _error: Exception) -> Response:
    return _plain("not yet", "telemetry is being read; load this page again", HTTPStatus.SERVICE_UNAVAILABLE)


def _failed(_request: Request, error: Exception) -> Response:
    return _plain("not answered", f"{type(error).__name__}: {error}", HTTPStatus.INTERNAL_SERVER_ERROR)
