"""Evaluations in a clean world."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from otel_genai_instr.telemetry.telemetry import share

from ..support.capture import Capture
from .judging import Judging


@pytest.fixture
def judging(capture: Capture) -> Iterator[Judging]:
    """Telemetry with a key, in force for one test."""
    yield Judging(capture)
    share(None)
