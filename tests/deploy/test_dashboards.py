"""The committed dashboards are those of the generator, and whole: nothing in them leads nowhere."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from deploy.grafana.generator.all_boards import texts

from .files import DASHBOARDS, DEPLOY, ROOT, dashboard, document, named, panels, promql_of

DATA_SOURCES = document(DEPLOY / "grafana" / "provisioning" / "datasources" / "genai.yaml")["datasources"]
UIDS = {path.stem for path in DASHBOARDS}
WIDTH = 24

each = pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)


def test_they_are_what_the_generator_writes() -> None:
    committed = {path.name: path.read_text() for path in DASHBOARDS}
    assert committed == texts(), "run: python -m deploy.grafana.generator"


def test_there_are_six() -> None:
    assert {f"genai-{name}" for name in ("overview", "cost", "latency", "errors", "quality", "pipeline")} == UIDS


@each
def test_it_has_the_uid_of_its_file_and_a_title_of_its_own(path: Path) -> None:
    board = dashboard(path)
    assert board["uid"] == path.stem
    titles = [dashboard(other)["title"] for other in DASHBOARDS]
    assert titles.count(board["title"]) == 1
    assert board["description"]


@each
def test_ids_and_titles_of_panels_are_unique(path: Path) -> None:
    every = dashboard(path)["panels"]
    ids, titles = [panel["id"] for panel in every], [panel["title"] for panel in every]
    assert len(set(ids)) == len(ids)
    assert len(set(titles)) == len(titles)
    assert all(number > 0 for number in ids)


@each
def test_panels_lie_beside_each_other_and_fill_their_lines(path: Path) -> None:
    places = [panel["gridPos"] for panel in dashboard(path)["panels"]]
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or below, (one, other)
    for top in {place["y"] for place in places}:
        assert sum(place["w"] for place in places if place["y"] == top) == WIDTH


@each
def test_every_panel_has_a_unit_and_says_what_to_do(path: Path) -> None:
    for panel in panels(dashboard(path)):
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert len(panel["description"]) > 40, panel["title"]


@each
def test_every_number_with_a_colour_has_one_below_its_first_threshold(path: Path) -> None:
    for panel in panels(dashboard(path)):
        steps = panel["fieldConfig"]["defaults"].get("thresholds", {}).get("steps", [])
        if panel["type"] == "stat" and panel["options"]["colorMode"] == "background":
            assert len(steps) > 1, panel["title"]
            values = [step["value"] for step in steps]
            assert values[0] is None
            assert values[1:] == sorted(values[1:])


@each
def test_data_comes_from_sources_that_can_be_chosen(path: Path) -> None:
    board = dashboard(path)
    kinds = {variable["name"]: variable["query"] for variable in board["templating"]["list"] if _is_source(variable)}
    for panel in panels(board):
        assert panel["targets"], panel["title"]
        for owner in (panel, *panel["targets"]):
            (name,) = re.findall(r"^\$\{(\w+)\}$", owner["datasource"]["uid"])
            assert kinds[name] == owner["datasource"]["type"]
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


@each
def test_sources_are_those_that_are_provisioned(path: Path) -> None:
    provisioned = {(source["type"], source["uid"], source["name"]) for source in DATA_SOURCES}
    for variable in dashboard(path)["templating"]["list"]:
        if _is_source(variable):
            chosen = variable["current"]
            assert (variable["query"], chosen["value"], chosen["text"]) in provisioned


@each
def test_queries_use_only_variables_that_there_are(path: Path) -> None:
    board = dashboard(path)
    known = {variable["name"] for variable in board["templating"]["list"]} | {"__rate_interval"}
    traceql = [target["query"] for panel in panels(board) for target in panel["targets"] if "query" in target]
    for query in [*(expression for _, expression in promql_of(board)), *traceql]:
        assert set(re.findall(r"\$\{?(\w+)", query)) <= known
    for panel in panels(board):
        assert set(re.findall(r"\$\{?(\w+)", panel["title"])) <= known


@each
def test_links_lead_somewhere(path: Path) -> None:
    board = dashboard(path)
    known = {variable["name"] for variable in board["templating"]["list"]}
    known |= {"__from", "__to", "__url_time_range"}
    panel_links = [link for panel in panels(board) for link in panel["fieldConfig"]["defaults"].get("links", [])]
    for link in [*board["links"], *panel_links]:
        if link["type"] == "dashboards":
            assert set(link["tags"]) <= set(board["tags"])
            continue
        assert re.match(r"/d/|/explore\?", link["url"])
        assert set(re.findall(r"/d/([\w-]+)", link["url"])) <= UIDS
        assert set(re.findall(r"\$\{(\w+)", link["url"])) <= known


@each
def test_pages_that_it_names_exist(path: Path) -> None:
    for page in re.findall(r"docs/[\w-]+\.md", path.read_text()):
        if page != "docs/alerts.md":
            assert (ROOT / page).exists(), f"{named(path)} → {page}"


def test_slow_calls_lead_to_their_traces() -> None:
    """A panel of 95 % has exemplars, and Grafana knows where their trace ids lead."""
    for path in DASHBOARDS:
        for panel in panels(dashboard(path)):
            if panel["type"] == "timeseries" and panel["title"].startswith("95 %") and "model" in panel["title"]:
                assert all(target["exemplar"] for target in panel["targets"]), panel["title"]
    (prometheus,) = (source for source in DATA_SOURCES if source["uid"] == "prometheus")
    leads = prometheus["jsonData"]["exemplarTraceIdDestinations"]
    assert {(lead["name"], lead["datasourceUid"]) for lead in leads} == {("trace_id", "tempo"), ("trace_id", "jaeger")}
    assert {source["uid"] for source in DATA_SOURCES} == {"prometheus", "tempo", "jaeger"}


def _is_source(variable: Any) -> bool:
    return variable["type"] == "datasource"
