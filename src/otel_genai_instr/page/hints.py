"""What a page shows of a report besides its tables. A report that isn't here has tables and headline figures only."""

from __future__ import annotations

from typing import Final, NamedTuple


class Chart(NamedTuple):
    """A chart over time."""

    title: str
    figures: tuple[str, ...]
    """Columns of the report: one that is stacked, or several that are lines."""
    split: str | None = None
    """What a stacked figure is split by, unless the rows of the report say so themselves."""


CHARTS: Final = {
    "cost": Chart("Cost over time", ("cost",), "model"),
    "latency": Chart("Duration over time", ("p50_ms", "p95_ms")),
    "errors": Chart("Errors over time", ("errors",), "model"),
    "tools": Chart("Runs over time", ("runs",), "tool"),
}
"""By the name of the report."""
