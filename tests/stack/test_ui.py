"""``otel-genai ui`` over ClickHouse: every page, with what it says of the same telemetry in files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from otel_genai_instr.reports.names import REPORTS

from ..page.reading import Page
from ..page.serving import Server, served
from ..page.telemetry import COUNT, DEAREST, write_telemetry
from .both_collector import BothCollector
from .clickhouse.environment import EngineUnavailable, engine_python
from .clickhouse.server import ClickHouse
from .programs import running

pytestmark = pytest.mark.stack

PAGES = (
    "/",
    *(f"/reports/{name}" for name in REPORTS if name != "daily"),  # which is made of the others
    "/reports/cost?by=day,user&where=feature%3Dchat&last=2d",
    "/traces?last=3d",
    "/traces?feature=chat&errors=1",
    "/traces?cost=0.5&seconds=3.5",
    "/traces?user=nobody",
    "/traces?last=soon",
    "/reports/cost?where=colour%3Dred",
    f"/traces/{DEAREST}",
)


@pytest.fixture(scope="module")
def both(collector_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Server]]:
    """A server over files, and one over ClickHouse, with the same telemetry."""
    try:
        python = engine_python()
    except EngineUnavailable as unavailable:
        pytest.skip(str(unavailable))
    directory = tmp_path_factory.mktemp("ui")
    telemetry = write_telemetry(directory / "telemetry")
    with running(ClickHouse(python, directory)) as clickhouse:
        with running(BothCollector(collector_binary, directory, clickhouse)) as collector:
            for line in (telemetry / "telemetry.jsonl").read_text().splitlines():
                said = json.loads(line)
                for what in said:
                    collector.send({what: said[what]})
        url = f"{clickhouse.url.replace('http:', 'clickhouse:')}/otel"
        with served(collector.file, directory / "cache") as files, served(url, directory / "cache") as tables:
            for server in (files, tables):
                server.enter()
            yield files, tables


@pytest.mark.parametrize("path", PAGES)
def test_a_page_says_what_it_says_of_files(both: tuple[Server, Server], path: str) -> None:
    files, tables = (server.get(path) for server in both)
    assert (files.status, tables.status) == (200, 200), tables.text
    assert Page(tables.text).texts == Page(files.text).texts


def test_the_list_goes_on_where_it_ended(both: tuple[Server, Server]) -> None:
    _, tables = both
    first = tables.get("/traces")
    (older,) = {value for value in Page(first.text).values("href") if "at=" in value}
    listed = [_traces(page) for page in (first.text, tables.get(older).text)]
    assert [len(traces) for traces in listed] == [1000, COUNT - 1000]
    assert not listed[0] & listed[1]


def _traces(text: str) -> set[str]:
    return {value for value in Page(text).values("href") if value.startswith("/traces/")}


@pytest.mark.parametrize("path", ["/traces/0123", f"/traces/{'0' * 32}", "/reports/nothing", "/nowhere"])
def test_what_is_not_there_is_said(both: tuple[Server, Server], path: str) -> None:
    files, tables = (server.get(path) for server in both)
    assert (tables.status, tables.text) == (files.status, files.text)
    assert tables.status == 404
