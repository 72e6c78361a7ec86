"""What Prometheus makes of OTLP's names: its default translation, as far as our metrics need it.

https://prometheus.io/docs/guides/opentelemetry/ ; the stack tests compare it with a real Prometheus.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from .one_run import Metric

_SECONDS: Final = "s"
_PARTS: Final = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("_total",)}


def label(attribute: str) -> str:
    """The label of an attribute."""
    return re.sub(r"[^A-Za-z0-9_]", "_", attribute)


def series(metrics: Mapping[str, Metric], common: Iterable[str]) -> dict[str, frozenset[str]]:
    """Each series that they become, with its labels; ``common`` are on all of them."""
    found: dict[str, frozenset[str]] = {}
    for name, metric in metrics.items():
        # Units in braces are remarks; `1` is written for gauges only, which we have none of.
        unit = "_seconds" if metric.unit == _SECONDS else ""
        labels = {*map(label, metric.attributes), *common}
        for part in _PARTS[metric.kind]:
            found[f"{label(name)}{unit}{part}"] = frozenset(labels | ({"le"} if part == "_bucket" else set()))
    return found
