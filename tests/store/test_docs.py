"""``docs/content-store.md`` says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from otel_genai_instr.store import reading, store

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/content-store.md").read_text()


def _cells(heading: str) -> dict[str, str]:
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| ([^|]+?) \| ([^|]+?) \|", section, re.MULTILINE))


def test_the_limits() -> None:
    said = {name.partition(" (")[0]: value for name, value in _cells("Sizes and limits").items()}
    assert said == {
        "Limit": "Value",
        "calls that wait": f"{store.QUEUED:,}",
        "memory that they take": f"{store.QUEUED_BYTES >> 20} MiB",
        "memory that one call takes": f"{store.OBJECT_BYTES >> 20} MiB",
        "uploads at a time": str(store.TOGETHER),
        "seconds for each upload": f"{store.UPLOAD_SECONDS:g}",
        "attempts for each object": str(store.ATTEMPTS),
        "seconds at the end of the process": f"{store.EXIT_SECONDS:g}",
    }


def test_the_days_that_are_looked_through() -> None:
    assert f"in at most {reading.DAYS} of them" in (ROOT / "docs/cli.md").read_text()


def test_the_reasons() -> None:
    source = Path(store.__file__).read_text()
    withheld = set(re.findall(r'Withheld\("(\w+)"\)', source))
    dropped = set(re.findall(r'return "(\w+)"', source)) | {"unencodable", "exit"}
    said = {name.strip("`"): text.partition(":")[0] for name, text in _cells("What is lost, and how you know").items()}
    assert {name for name, how in said.items() if how == "withheld"} == withheld
    assert {name for name, how in said.items() if how == "dropped"} == dropped
