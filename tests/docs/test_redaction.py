"""The table of detectors in the docs is that of the code."""

from __future__ import annotations

import re
from pathlib import Path

from otel_genai_instr.privacy.detectors import DETECTORS

PAGE = (Path(__file__).parents[2] / "docs" / "redaction.md").read_text()


def test_every_detector_stands_in_the_table() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+) \| (on|off) \|$", PAGE, re.MULTILINE)
    assert rows == [(each.name, each.finds, "on" if each.is_on else "off") for each in DETECTORS]
