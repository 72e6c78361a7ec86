"""The kinds of panels, few and alike: a number, lines, a heat map, and two of traces.

Each has a unit, says in its description what it means and what to do about it, and takes its data source from a
variable.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from grafana_foundation_sdk.builders import common, dashboard, heatmap, prometheus, stat, table, tempo, timeseries
from grafana_foundation_sdk.models import common as kinds
from grafana_foundation_sdk.models import dashboard as models
from grafana_foundation_sdk.models import heatmap as heat_kinds
from grafana_foundation_sdk.models import prometheus as prometheus_kinds
from grafana_foundation_sdk.models import tempo as tempo_kinds

METRICS: Final = models.DataSourceRef(type_val="prometheus", uid="${metrics}")
TRACES: Final = models.DataSourceRef(type_val="tempo", uid="${traces}")

Line = tuple[str, str]
"""A query and what its lines are called."""
Steps = Sequence[tuple[float, str]]
"""From which value on which colour; below it is green."""

NUMBER_HEIGHT: Final = 4
CHART_HEIGHT: Final = 8
SECONDS, SHARE, MONEY, COUNT, PER_MINUTE = "s", "percentunit", "short", "short", "cpm"
"""Units as Grafana names them. Money has none there that follows a variable: the title names the currency."""


def number(
    title: str,
    what_to_do: str,
    query: str,
    unit: str,
    *,
    steps: Steps = (),
    to: str = "",
    decimals: int | None = None,
    nothing: str = "no calls",
    width: int = 6,
) -> Any:
    """One number of now, with a colour, that leads to the dashboard ``to``."""
    panel = (
        stat.Panel()
        .title(title)
        .description(what_to_do)
        .datasource(METRICS)
        .with_target(prometheus.Dataquery().expr(query).instant().ref_id("A").datasource(METRICS))
        .unit(unit)
        .thresholds(_thresholds(steps))
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).values(False))
        .color_mode(kinds.BigValueColorMode.BACKGROUND if steps else kinds.BigValueColorMode.NONE)
        .graph_mode(kinds.BigValueGraphMode.NONE)
        .no_value(nothing)
        .span(width)
        .height(NUMBER_HEIGHT)
    )
    if decimals is not None:
        panel = panel.decimals(decimals)
    return panel.data_links([_to(to)]) if to else panel


def lines(
    title: str,
    what_to_do: str,
    queries: Sequence[Line],
    unit: str,
    *,
    steps: Steps = (),
    stacked: bool = False,
    exemplars: bool = False,
    most: float | None = None,
    width: int = 12,
) -> Any:
    """Values over time. With ``exemplars`` its dots lead to the traces of single calls."""
    panel = (
        timeseries.Panel()
        .title(title)
        .description(what_to_do)
        .datasource(METRICS)
        .unit(unit)
        .min(0)
        .span_nulls(300_000)
        .thresholds(_thresholds(steps))
        .legend(_legend())
        .tooltip(_tooltip())
        .span(width)
        .height(CHART_HEIGHT)
    )
    for ref, (query, legend) in zip("ABCDEF", queries, strict=False):
        asked = prometheus.Dataquery().expr(query).range().legend_format(legend).ref_id(ref).datasource(METRICS)
        panel = panel.with_target(asked.exemplar(exemplars))
    if steps:
        style = common.GraphThresholdsStyleConfig().mode(kinds.GraphThresholdsStyleMode.DASHED)
        panel = panel.thresholds_style(style)
    if stacked:
        panel = panel.stacking(common.StackingConfig().mode(kinds.StackingMode.NORMAL)).fill_opacity(40)
    return panel if most is None else panel.max(most)


def heat(title: str, what_to_do: str, query: str, unit: str, *, width: int = 12) -> Any:
    """How many were in which bucket, over time."""
    asked = prometheus.Dataquery().expr(query).range().legend_format("{{le}}").ref_id("A").datasource(METRICS)
    return (
        heatmap.Panel()
        .title(title)
        .description(what_to_do)
        .datasource(METRICS)
        .with_target(asked.format(prometheus_kinds.PromQueryFormat.HEATMAP))
        .calculate(False)
        .unit("short")
        .y_axis(heatmap.YAxisConfig().unit(unit))
        .color(heatmap.HeatmapColorOptions().mode(heat_kinds.HeatmapColorMode.SCHEME).scheme("Blues").steps(64))
        .hide_legend()
        .span(width)
        .height(CHART_HEIGHT)
    )


def trace_lines(title: str, what_to_do: str, query: str, unit: str, *, legend: str = "", width: int = 12) -> Any:
    """Values over time that Tempo works out from traces: for what has too many values to be a label of metrics."""
    return (
        timeseries.Panel()
        .title(title)
        .description(what_to_do)
        .datasource(TRACES)
        .with_target(_traceql(query).metrics_query_type(tempo_kinds.MetricsQueryType.RANGE))
        .unit(unit)
        .display_name(legend)
        .min(0)
        .stacking(common.StackingConfig().mode(kinds.StackingMode.NORMAL))
        .fill_opacity(40)
        .legend(_legend())
        .tooltip(_tooltip())
        .span(width)
        .height(CHART_HEIGHT)
    )


def trace_list(title: str, what_to_do: str, query: str, *, width: int = 12) -> Any:
    """The newest traces with such a span; a click opens one."""
    return (
        table.Panel()
        .title(title)
        .description(what_to_do)
        .datasource(TRACES)
        .with_target(_traceql(query).table_type(tempo_kinds.SearchTableType.SPANS).limit(20))
        .unit("short")
        .span(width)
        .height(CHART_HEIGHT)
    )


def row(title: str) -> Any:
    """The question that the panels below it answer."""
    return dashboard.Row(title)


def _traceql(query: str) -> Any:
    return tempo.TempoQuery().query_type("traceql").query(query).ref_id("A").datasource(TRACES)


def _thresholds(steps: Steps) -> Any:
    colours = [models.Threshold(value=None, color="green")]
    colours += [models.Threshold(value=value, color=colour) for value, colour in steps]
    return dashboard.ThresholdsConfig().mode(models.ThresholdsMode.ABSOLUTE).steps(colours)


def _legend() -> Any:
    return (
        common.VizLegendOptions()
        .display_mode(kinds.LegendDisplayMode.LIST)
        .placement(kinds.LegendPlacement.BOTTOM)
        .show_legend(True)
    )


def _tooltip() -> Any:
    return common.VizTooltipOptions().mode(kinds.TooltipDisplayMode.MULTI).sort(kinds.SortOrder.DESCENDING)


def _to(uid: str) -> Any:
    # `:queryparam` writes a variable as `var-NAME=VALUE`, each value of it.
    kept = "&".join(f"${{{name}:queryparam}}" for name in ("service", "model", "feature"))
    return dashboard.DashboardLink("Look closer").url(f"/d/{uid}?{kept}&${{__url_time_range}}")
