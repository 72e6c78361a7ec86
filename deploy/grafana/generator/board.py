"""What all dashboards have in common: variables, links, annotations, and how they become JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as models

from .panels import METRICS
from .queries import SERVICE, SPANS

TAG: Final = "genai"
_ANY: Final = ".*"
"""Value of "All": it also takes series that do not have the label."""
_CALLS: Final = '{__name__=~"gen_ai_client_(inference|operation)_duration_seconds_count"%s}'
_OF_SERVICE: Final = f", {SERVICE}"


@dataclass(frozen=True)
class Board:
    """One dashboard, before it is JSON."""

    uid: str
    title: str
    description: str
    panels: Sequence[Any]
    """Rows and panels, from left to right: the widths of each line add up to 24."""
    variables: Sequence[Any] = ()
    """Besides those that all have."""


def as_json(board: Board) -> str:
    """The text of its file."""
    built = (
        dashboard.Dashboard(board.title)
        .uid(board.uid)
        .description(board.description)
        .tags([TAG])
        .time("now-6h", "now")
        .refresh("1m")
        .timezone("browser")
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .readonly()
        .variables([*_sources(), *_filters(), *board.variables])
        .links(_links())
        .annotation(
            dashboard.AnnotationQuery()
            .name("Alerts")
            .datasource(METRICS)
            .enable(True)
            .icon_color("red")
            .expr('max by (alertname, severity) (ALERTS{alertstate="firing", service_name=~"($service|)"})')
        )
    )
    for panel in board.panels:
        built = built.with_row(panel) if isinstance(panel, dashboard.Row) else built.with_panel(panel)
    document = json.loads(JSONEncoder().encode(built.build()))
    # The builders leave the ids out.
    for number, panel in enumerate(document["panels"], start=1):
        panel["id"] = number
    for annotation in document["annotations"]["list"]:
        annotation |= {"titleFormat": "{{alertname}}", "textFormat": "{{severity}}", "step": "60s"}
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def text_variable(name: str, label: str, value: str, description: str) -> Any:
    """What somebody types in."""
    return dashboard.TextBoxVariable(name).label(label).default_value(value).description(description)


def _sources() -> list[Any]:
    return [
        _source("metrics", "Metrics", "prometheus"),
        _source("traces", "Traces", "tempo"),
        _source("jaeger", "Jaeger", "jaeger"),
    ]


def _source(name: str, label: str, kind: str) -> Any:
    # Of several data sources of a kind, the one that provisioning/ brings: its name and uid are the kind.
    chosen = models.VariableOption(text=kind.capitalize(), value=kind, selected=True)
    return dashboard.DatasourceVariable(name).label(label).type(kind).current(chosen)


def _filters() -> list[Any]:
    return [
        _label("service", "Service", f"label_values({_CALLS % ''}, service_name)"),
        _label("model", "Model", f"label_values({_CALLS % _OF_SERVICE}, gen_ai_request_model)"),
        _label("feature", "Feature", f"label_values({_CALLS % _OF_SERVICE}, app_feature)"),
        _label("prompt_version", "Prompt version", f"label_values({_CALLS % _OF_SERVICE}, gen_ai_prompt_version)"),
        _query("currency", "Currency", "label_values(gen_ai_client_operation_cost_count, gen_ai_usage_cost_currency)")
        .current(models.VariableOption(text="USD", value="USD", selected=True))
        .multi(False),
    ]


def _label(name: str, label: str, query: str) -> Any:
    everything = models.VariableOption(text="All", value="$__all", selected=True)
    return _query(name, label, query).current(everything).multi(True).include_all(True).all_value(_ANY)


def _query(name: str, label: str, query: str) -> Any:
    return (
        dashboard.QueryVariable(name)
        .label(label)
        .query(query)
        .datasource(METRICS)
        .refresh(models.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(models.VariableSort.ALPHABETICAL_ASC)
    )


def _links() -> list[Any]:
    boards = (
        dashboard.DashboardLink("GenAI dashboards")
        .type(models.DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .as_dropdown(True)
        .include_vars(True)
        .keep_time(True)
    )
    traceql = f"{{ span.gen_ai.operation.name != nil && {SPANS} }}"
    tempo = {"queryType": "traceql", "query": traceql, "refId": "A"}
    jaeger = {"queryType": "search", "tags": "error=true", "refId": "A"}
    return [boards, _explore("Traces in Tempo", "${traces}", tempo), _explore("Traces in Jaeger", "${jaeger}", jaeger)]


def _explore(title: str, source: str, query: dict[str, str]) -> Any:
    pane = {"datasource": source, "queries": [query], "range": {"from": "${__from}", "to": "${__to}"}}
    # Variables are filled in before the address is read: they stay as they are.
    panes = quote(json.dumps({"a": pane}, separators=(",", ":")), safe="${}:")
    return (
        dashboard.DashboardLink(title)
        .type(models.DashboardLinkType.LINK)
        .url(f"/explore?schemaVersion=1&panes={panes}")
        .icon("external link")
    )
