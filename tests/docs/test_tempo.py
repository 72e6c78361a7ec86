"""Tempo's configuration and the queries of docs/tempo.md ask for what we emit. Whether Tempo finds it: tests/stack."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import yaml

from ..support.tables import EMITTED

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "tempo.md").read_text()
TEMPO: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "tempo" / "tempo.yaml").read_text())
LINKS: list[dict[str, str]] = json.loads((ROOT / "deploy" / "jaeger" / "ui.json").read_text())["linkPatterns"]


def queries() -> list[str]:
    """Those of the tables, as one types them."""
    cells = re.findall(r"^\| [^|]+ \| `(.+)` \|$", PAGE, re.MULTILINE)
    return [cell.replace("\\|", "|") for cell in cells]


def test_queries_ask_for_what_is_emitted() -> None:
    assert len(queries()) > 20
    asked = {name for query in queries() for name in re.findall(r"span\.([a-z_.]+[a-z_])", query)}
    assert "gen_ai.usage.cost.amount" in asked
    assert asked - EMITTED == set()


def test_queries_are_closed() -> None:
    for query in queries():
        assert query.startswith("{ "), query
        assert query.count("{") == query.count("}"), query
        assert query.count("(") == query.count(")"), query
        assert query.count('"') % 2 == 0, query


def test_columns_of_their_own_are_emitted_and_not_too_many() -> None:
    columns = TEMPO["storage"]["trace"]["block"]["parquet_dedicated_columns"]
    names = [column["name"] for column in columns]
    assert set(names) - EMITTED == set()
    assert len(set(names)) == len(names)
    kinds = [column["type"] for column in columns]
    assert (kinds.count("string"), kinds.count("int")) == (15, 2)  # at most 20 and 5; docs/tempo.md says how many
    assert all(column["scope"] == "span" for column in columns)


def test_limits_are_those_of_the_page() -> None:
    limits = TEMPO["overrides"]["defaults"]
    assert limits["ingestion"]["max_attribute_bytes"] == 2**20
    assert limits["global"]["max_bytes_per_trace"] == 50_000_000
    assert TEMPO["distributor"]["receivers"]["otlp"]["protocols"]["grpc"]["max_recv_msg_size_mib"] == 64
    for said in ("1 MiB", "50 MB", "64 MiB", "15 texts, 2 numbers"):
        assert f"| {said} |" in PAGE


def test_links_in_jaeger_hang_on_what_is_emitted() -> None:
    of_spans = [link for link in LINKS if link["type"] == "tags"]
    assert of_spans
    for link in of_spans:
        wanted = {link["key"], *re.findall(r"#\{([^}]+)\}", link["url"])}
        assert wanted - EMITTED == set(), link
    for link in LINKS:
        assert re.match(r"http://127\.0\.0\.1:3000/d/genai-[a-z]+\?", link["url"]), link
