"""The month that is made once, read by the package and, beside it, by nothing of it."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from otel_genai_instr.reports.asked import Asked
from otel_genai_instr.reports.computed.all import ANSWERS, Options
from otel_genai_instr.reports.report import Report

from ..lines import tables_of
from .ledger import Answer, Ledger, Span, spans_of

if not find_spec("anthropic"):
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(scope="session")
def answer(month: Path, tmp_path_factory: pytest.TempPathFactory) -> Answer:
    """What the package says: each question is asked once."""
    tables = tables_of(month, tmp_path_factory.mktemp("tables"))

    @cache
    def answer(name: str, asked: Asked, budget: float | None = None) -> Report:
        return ANSWERS[name](tables, asked, Options(budget))

    return answer


@pytest.fixture(scope="session")
def ledger(month: Path) -> Ledger:
    return Ledger(month)


@pytest.fixture(scope="session")
def spans(month: Path) -> list[Span]:
    return spans_of(month)
