"""What the Collector takes for content, by its expressions alone; tests/stack/test_content.py asks the Collector."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from ..stack.content_keys import BARE, CONTENT, KEPT, flat
from ..support.tables import ATTRIBUTES
from .files import COLLECTOR, DEPLOY, document

CONFIG = COLLECTOR[0]
CONVENTIONS, PEERS, BARE_NAMES = "^gen_ai[.]", "^(agentops[.]", "^(all_messages"
"""How the three expressions begin."""
GROUPS: Any = document(CONFIG)["processors"]["transform/content"]


def statements() -> list[str]:
    """All of the processor, of traces and logs."""
    groups = [*GROUPS["trace_statements"], *GROUPS["log_statements"]]
    return [statement for group in groups for statement in group["statements"]]


def expressions(beginning: str) -> list[str]:
    """Of names that begin like this, in all places, as the Collector reads them."""
    found = (re.search(r'delete_matching_keys\([\w.]+, "([^"]*)"\)', statement) for statement in statements())
    return [match[1].replace("$$", "$") for match in found if match is not None and match[1].startswith(beginning)]


def is_named(key: str) -> bool:
    """Whether it is content wherever it stands."""
    return any(re.search(expressions(beginning)[0], key) for beginning in (CONVENTIONS, PEERS))


def test_content_is_the_same_in_all_places() -> None:
    for beginning, places in ((CONVENTIONS, 4), (PEERS, 4), (BARE_NAMES, 3)):
        found = expressions(beginning)
        assert (len(found), len(set(found))) == (places, 1), beginning


@pytest.mark.parametrize("key", flat(CONTENT))
def test_a_content_key_is_one(key: str) -> None:
    assert is_named(key)


@pytest.mark.parametrize("key", flat(BARE))
def test_a_bare_name_is_content_on_what_is_genai_only(key: str) -> None:
    assert re.search(expressions(BARE_NAMES)[0], key)
    assert not is_named(key)


@pytest.mark.parametrize("key", sorted({*flat(KEPT), *(ATTRIBUTES - {*flat(CONTENT), *flat(BARE)})}))
def test_other_keys_are_none(key: str) -> None:
    """Among them everything that the package emits and that isn't listed as content."""
    assert not is_named(key)
    assert not re.search(expressions(BARE_NAMES)[0], key)


def test_what_fails_is_refused_and_the_switch_has_one_value_that_opens() -> None:
    assert GROUPS["error_mode"] == "propagate"
    for group in (*GROUPS["trace_statements"], *GROUPS["log_statements"]):
        assert group["conditions"] == ['"${env:OTELCOL_CONTENT:-drop}" != "keep"']


@pytest.mark.parametrize("path", [CONFIG, *sorted((DEPLOY / "collector").rglob("*.yaml"))], ids=lambda path: path.stem)
def test_no_door_is_without_it(path: Path) -> None:
    """An overlay that replaces the processors of a pipeline into the Collector has it again."""
    for name, pipeline in document(path).get("service", {}).get("pipelines", {}).items():
        if name in ("traces/in", "logs/in") and "processors" in pipeline:
            assert "transform/content" in pipeline["processors"], name
