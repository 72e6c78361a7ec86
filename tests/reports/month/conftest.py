"""The month that is made once, read by the package and, beside it, by nothing of it."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from otel_genai_instr.reports.tables import Tables

from ..lines import tables_of
from .ledger import Ledger, Span, spans_of

if not find_spec("anthropic"):
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(scope="session")
def tables(month: Path, tmp_path_factory: pytest.TempPathFactory) -> Tables:
    return tables_of(month, tmp_path_factory.mktemp("tables"))


@pytest.fixture(scope="session")
def ledger(month: Path) -> Ledger:
    return Ledger(month)


@pytest.fixture(scope="session")
def spans(month: Path) -> list[Span]:
    return spans_of(month)
