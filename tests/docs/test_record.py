"""The page about records says what the schema says, and its line and its queries are right."""

from __future__ import annotations

import importlib
import json
import re
import shutil
import subprocess
from importlib import resources
from pathlib import Path
from typing import Any, Final

import pytest

from otel_genai_instr.settings import RecordTo

PAGE: Final = (Path(__file__).parents[2] / "docs" / "record.md").read_text()
SCHEMA: Final[Any] = json.loads(
    resources.files("otel_genai_instr.telemetry").joinpath("record.schema.json").read_text()
)
(LINE,) = re.findall(r"^```json\n(.*)\n```", PAGE, re.MULTILINE)
COSTS, FAILURES = re.findall(r"^```sh\njq (-\w) '(.*)' calls.jsonl\n```", PAGE, re.MULTILINE)


def test_the_table_is_that_of_the_schema() -> None:
    rows = re.findall(r"^\| `([\w.]+)` \| ([a-z\[\]]+) \| (.*) \|$", PAGE, re.MULTILINE)
    kinds = {"array": "string[]"}
    assert rows == [
        (name, kinds.get(said["type"], said["type"]), said["description"])
        for name, said in SCHEMA["properties"].items()
    ]


def test_the_values_of_the_variable_are_those_of_the_setting() -> None:
    assert re.findall(r"^\| `([a-z]+)` \| [^|]+ \|$", PAGE, re.MULTILINE) == [to.value for to in RecordTo]


def test_the_line_is_a_record() -> None:
    jsonschema: Any = importlib.import_module("jsonschema")
    record = json.loads(LINE)
    assert list(jsonschema.Draft202012Validator(SCHEMA).iter_errors(record)) == []
    assert json.dumps(record, separators=(",", ":")) == LINE
    assert list(record) == [name for name in SCHEMA["properties"] if name in record]


@pytest.mark.skipif(shutil.which("jq") is None, reason="needs jq")
@pytest.mark.parametrize(
    ("query", "answer"),
    [
        (COSTS, '{"feature":null,"calls":1,"cost":0}\n{"feature":"search","calls":2,"cost":0.00054}\n'),
        (FAILURES, "2026-11-29T14:00:01.000Z\tgpt-4o\topenai.RateLimitError\trate_limit_exceeded\n"),
    ],
    ids=["costs", "failures"],
)
def test_a_query(query: tuple[str, str], answer: str, tmp_path: Path) -> None:
    failed = {
        "time": "2026-11-29T14:00:01.000Z",
        "otel_genai.call.duration": 0.5,
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-4o",
        "error.type": "openai.RateLimitError",
        "otel_genai.error.code": "rate_limit_exceeded",
    }
    (tmp_path / "calls.jsonl").write_text(f"{LINE}\n{json.dumps(failed)}\n{LINE}\n")
    run = subprocess.run(
        ["jq", "-c", *query, "calls.jsonl"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
    )
    assert run.stdout == answer
