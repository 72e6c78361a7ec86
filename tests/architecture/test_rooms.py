"""The rules of the house, read from the sources: who may know whom, how long, how named."""

from __future__ import annotations

import ast
import re
import tomllib
from typing import Final

import pytest

from ..support.tables import INSTRUMENTORS, NAMESPACES
from .sources import PACKAGE, ROOT, SOURCES, Source
from .twins import twins

EVERYONE_KNOWS: Final = {
    *(
        "records",
        "model",
        "semconv",
        "guard",
        "log",
        "settings",
        "file_settings",
        "text",
        "hosts",
        "addresses",
        "withheld",
        "same_calls",
        "drawn_trace",
        "trace_words",
        "_version",
    )
}
KNOWS: Final = {
    "": {
        "evaluation",
        "options",
        "patching",
        "privacy",
        "providers",
        "settings",
        "spans",
        "store",
        "telemetry",
    },  # the public API: for type checkers, or by name when asked
    "_version": set[str](),
    "records": set[str](),
    "semconv": {"records"},
    "model": {"records", "semconv"},
    "text": {"log"},
    "hosts": set[str](),
    "addresses": set[str](),
    "log": set[str](),
    "withheld": set[str](),
    "same_calls": {"semconv"},
    "drawn_trace": set[str](),
    "trace_words": set[str](),
    "guard": {"log"},
    "variables": {"log"},
    "file_settings": {"records", "variables"},
    "settings": {"file_settings", "log", "records", "semconv", "variables"},
    "options": {"pricing", "settings", "telemetry"},
    "pricing": set[str](),
    "privacy": set[str](),
    "store": set[str](),
    "telemetry": {"pricing", "privacy", "store"},
    "patching": {"telemetry"},
    "providers": {"patching"},
    "exporters": set[str](),
    "spans": {"exporters", "telemetry"},
    "evaluation": {"telemetry"},
    "reports": {"pricing"},
    "page": {"reports"},
    "ui": {"page", "reports"},
    "fake_model": set[str](),
    "replay": {"pricing", "providers", "reports", "telemetry"},
    "cli": {"", "exporters", "page", "pricing", "privacy", "replay", "reports", "store", "ui"},
}
"""What each room may import besides itself and what everyone knows. Arrows point one way."""
INSIDE: Final = {
    "pricing": {
        "": {"charging", "lists", "files"},
        "charging": set[str](),
        "lists": {"charging"},
        "files": {"charging"},
    },
    "reports": {
        "": set[str](),
        "stored": set[str](),
        "clickhouse": set[str](),
        "computed": set[str](),
        "checks": set[str](),
        "traces": {"stored", "clickhouse"},
        "debugging": {"traces"},
    },
}
"""The same for the folders of a room, and what lies above them. Price lists and the user's file don't know
each other; no report knows a store, and what all of them speak of knows none of them."""
LEAVES: Final = {
    *("_version", "records", "semconv", "model", "text", "hosts", "log", "guard", "variables", "settings", "withheld"),
    "file_settings",
    "same_calls",
    "addresses",
    "drawn_trace",
    "trace_words",
}
READERS_KNOW: Final = {"records", "model", "semconv", "text", "hosts", "providers"}
"""What a reader of a provider may import: it is a pure translation."""
GLUE: Final = {"__init__.py", "apis.py", "seams.py", "sessions.py", "stainless.py"}
"""The files of providers that may know ``patching``, and that no reader knows."""

DRIVERS: Final = {
    ("patching/bridge.py:call", "patching/bridge.py:call"),
    ("patching/generators.py:observe_generator", "patching/generators.py:observe_async_generator"),
    ("patching/hooks.py:call", "patching/hooks.py:call"),
    ("patching/sessions.py:call", "patching/sessions.py:call"),
    ("patching/streams.py:observe", "patching/streams.py:observe_async"),
    ("patching/tools.py:call", "patching/tools.py:call"),
    ("spans/block.py:call", "spans/block.py:call"),
    ("spans/block.py:generate", "spans/block.py:generate"),
}
"""Sync and async drivers, side by side, that differ in ``await``: all that is allowed to stand twice."""

each_source = pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)


def test_every_room_has_its_rule() -> None:
    assert {source.room for source in SOURCES} <= set(KNOWS)


def test_the_arrows_go_round_in_no_circle() -> None:
    done: set[str] = set(EVERYONE_KNOWS)
    waiting = {room: known - {room} for room, known in KNOWS.items() if room not in done}
    while waiting:
        free = {room for room, known in waiting.items() if known <= done}
        assert free, f"circle among {sorted(waiting)}"
        done |= free
        waiting = {room: known for room, known in waiting.items() if room not in free}


def test_no_files_know_each_other_in_a_circle() -> None:
    """Not even for type checkers: files that need each other are one idea, or hide a third one."""
    imported = {source.module: {item.module for item in source.imports() if item.is_ours} for source in SOURCES}
    waiting = {module: known & set(imported) - {module} for module, known in imported.items()}
    while free := [module for module, known in waiting.items() if not known & set(waiting)]:
        for module in free:
            del waiting[module]
    while users := set(waiting) - set().union(*waiting.values()):  # they need the circle, and are not in it
        for module in users:
            del waiting[module]
    assert sorted(waiting) == []


@each_source
def test_imports_point_one_way(source: Source) -> None:
    allowed = KNOWS[source.room] | {source.room}
    if source.room not in LEAVES:
        allowed |= EVERYONE_KNOWS
    rooms = {item.module.split(".")[0] for item in source.imports() if item.is_ours}
    assert rooms <= allowed


@each_source
def test_folders_of_a_room_know_each_other_one_way(source: Source) -> None:
    folders = INSIDE.get(source.room)
    if folders is None:
        return
    folder = source.name.split("/")[1] if source.name.count("/") == 2 else ""
    ours = [item.module.split(".") for item in source.imports() if item.is_ours]
    known = {parts[1] for parts in ours if parts[0] == source.room and len(parts) > 1}
    assert known & set(folders) <= folders[folder] | {folder}
    assert (source.room, folder) != ("pricing", "charging") or known <= {folder}, "arithmetic knows no list"


@each_source
def test_no_room_imports_an_sdk(source: Source) -> None:
    foreign = {item.module.split(".")[0] for item in source.imports() if not item.is_ours and item.at_run_time}
    assert not foreign & {*INSTRUMENTORS, "httpx", "httpx2", "pydantic"}


@each_source
def test_the_model_and_the_names_know_no_telemetry(source: Source) -> None:
    foreign = {item.module.split(".")[0] for item in source.imports() if not item.is_ours}
    if source.room in ("model", "pricing", "privacy", "text", "file_settings", "settings", "providers"):
        assert "opentelemetry" not in foreign
    if source.room == "model":
        assert foreign <= {"__future__", "collections", "dataclasses", "typing", "enum"}


@each_source
def test_readers_of_a_provider_are_pure_translation(source: Source) -> None:
    parts = source.name.split("/")
    if parts[0] != "providers" or parts[-1] in GLUE:
        return
    for item in source.imports():
        if item.is_ours:
            room, *inside = item.module.split(".")
            assert room in READERS_KNOW
            if room == "providers":
                assert f"{inside[-1]}.py" not in GLUE
                assert len(inside) == 1 or inside[0] == parts[1], "another provider is none of its business"


@each_source
def test_files_are_short(source: Source) -> None:
    assert source.lines <= 400
    assert source.path.name not in ("utils.py", "helpers.py", "misc.py", "common.py")


@each_source
def test_nothing_is_printed(source: Source) -> None:
    calls = [node.func for node in ast.walk(source.tree) if isinstance(node, ast.Call)]
    printed = [call for call in calls if isinstance(call, ast.Name) and call.id == "print"]
    assert not printed or source.room == "cli"


@each_source
def test_names_that_are_emitted_stand_in_semconv_alone(source: Source) -> None:
    # ASGI's messages and older conventions, which we read, have names under http, too.
    ours = "|".join(sorted(set(NAMESPACES) - {"http"}))
    emitted = re.compile(rf"({ours})\.[a-z_]+(\.[a-z_]+)*")
    # Modules of an SDK are named like attributes of its refinement.
    modules = {seam.module for each in INSTRUMENTORS.values() for seam in each.patcher.provider.seams}
    spelled = {text for text in source.strings() if emitted.fullmatch(text)}
    if source.room != "semconv":
        assert spelled - modules == set()


@each_source
def test_the_environment_is_read_in_settings_alone(source: Source) -> None:
    reads = {
        node.attr
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv", "environb")
    }
    variables = {text for text in source.strings() if re.fullmatch(r"OTEL_[A-Z_]+", text)}
    # What colours and widths a terminal has is no setting of ours.
    terminal = source.room == "exporters" and not variables
    hands_on = source.room == "fake_model" and not variables  # a command has the environment that it was started in
    assert source.room in ("file_settings", "settings", "variables") or terminal or hands_on or not (reads | variables)


def test_sync_and_async_share_one_implementation() -> None:
    functions = [(f"{source.name}:{function.name}", function) for source in SOURCES for function in source.functions()]
    found = {(pair.sync, pair.other): pair.lines for pair in twins(functions)}
    assert set(found) == DRIVERS
    assert all(lines <= 30 for lines in found.values()), found


def test_the_detector_of_twins_sees_a_twin() -> None:
    text = """
def read(self, source):
    \"\"\"Sync.\"\"\"
    with source.open() as opened:
        value = opened.take()
        self.note(value)
    self.total += 1
    return value

async def read_async(self, source):
    async with source.open() as opened:
        value = await opened.take()
        self.note(value)
    self.total += 1
    return value

async def other(self, source):
    for item in source:
        await self.send(item)
    self.done = True
    self.total -= 1
    return None
"""
    functions = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert [(pair.sync, pair.other) for pair in twins((f.name, f) for f in functions)] == [("read", "read_async")]


@pytest.mark.parametrize("sdk", INSTRUMENTORS)
def test_the_requirement_stands_in_the_extra_too(sdk: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (extra,) = project["optional-dependencies"][sdk]
    (requirement,) = INSTRUMENTORS[sdk].requirements
    assert extra.replace(" ", "") == requirement.replace(" ", "")


def test_every_instrumentor_is_found_by_its_entry_point() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    written = {sdk: f"{each.__module__}:{each.__name__}" for sdk, each in INSTRUMENTORS.items()}
    assert project["entry-points"]["opentelemetry_instrumentor"] == written


def test_nothing_is_named_instruments() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert "instruments" not in project["optional-dependencies"], "pip would take it for the instrumented library"


def test_the_package_is_typed() -> None:
    assert (PACKAGE / "py.typed").exists()
