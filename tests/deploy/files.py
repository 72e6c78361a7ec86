"""The files that query what we emit, read: dashboards, rules, configurations."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).parents[2]
DEPLOY: Final = ROOT / "deploy"
DASHBOARDS: Final = sorted((DEPLOY / "grafana" / "dashboards").glob("*.json"))
RULES: Final = sorted((DEPLOY / "prometheus").glob("rules/*.yaml"))
RULE_TESTS: Final = sorted((DEPLOY / "prometheus").glob("tests/*.yaml"))
COLLECTOR: Final = [ROOT / "collector-config.yaml", *sorted((DEPLOY / "collector").glob("*.yaml"))]
"""The base first, then its overlays."""
CONFIGURATIONS: Final = [
    ROOT / "collector-config.yaml",
    ROOT / "jaeger-config.yaml",
    *sorted(path for path in DEPLOY.rglob("*") if path.suffix in (".yaml", ".yml", ".json") and path.is_file()),
]
"""Every file that may name an attribute."""


def named(path: Path) -> str:
    """How a file is called in a message."""
    return str(path.relative_to(ROOT))


def dashboard(path: Path) -> Any:
    """A dashboard as data."""
    return json.loads(path.read_text())


def panels(board: Any) -> list[Any]:
    """Its panels, without the rows between them."""
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def targets(board: Any, kind: str) -> Iterator[tuple[str, Any]]:
    """Title of the panel and query, of all queries to a kind of data source."""
    for panel in panels(board):
        for target in panel["targets"]:
            if target["datasource"]["type"] == kind:
                yield panel["title"], target


def promql_of(board: Any) -> Iterator[tuple[str, str]]:
    """Where each PromQL expression of a dashboard stands, and the expression; also of variables and annotations."""
    for title, target in targets(board, "prometheus"):
        yield title, target["expr"]
    for annotation in board["annotations"]["list"]:
        yield f"annotation {annotation['name']}", annotation["expr"]
    for variable in board["templating"]["list"]:
        if found := re.fullmatch(r"label_values\((.+), (\w+)\)", str(variable["query"])):
            yield f"variable {variable['name']}", f"sum by ({found[2]}) ({found[1]})"


def document(path: Path) -> Any:
    """A YAML file as data."""
    return yaml.safe_load(path.read_text())


def rules(path: Path) -> Iterator[Any]:
    """Recordings and alerts, in their order."""
    for group in document(path)["groups"]:
        yield from group["rules"]
