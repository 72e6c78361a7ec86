"""Decorated functions keep their types for a type checker."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_what_pyright_reveals() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "pyright", str(Path(__file__).with_name("reveal.py"))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    assert re.findall(r'Type of "(.+)" is "(.+)"', run.stdout) == [
        ("bare", '(a: int, *, b: str = "") -> float'),
        ("named", "(a: int) -> CoroutineType[Any, Any, str]"),
        ("generator", "(a: int) -> Iterator[int]"),
        ("async_generator", "(a: int) -> AsyncIterator[int]"),
        ("Thing().value", "int"),
        ("Thing.make", "() -> Thing"),
        ("block.documents", "Sequence[object] | None"),
    ]
