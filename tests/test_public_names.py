"""The names of the package: what a person sees who asks for completion, before anything was used."""

from __future__ import annotations

import subprocess
import sys

import otel_genai_instr as genai


def test_dir_shows_every_public_name_without_importing_what_stands_behind_it() -> None:
    program = (
        "import sys; import otel_genai_instr as g; print(*dir(g)); "
        "print(*(name for name in sys.modules if name.startswith(('otel_genai_instr.spans', 'opentelemetry'))))"
    )
    fresh = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    shown, imported = fresh.stdout.splitlines()
    assert set(genai.__all__) <= set(shown.split())
    assert imported == ""


def test_every_public_name_is_there() -> None:
    for name in genai.__all__:
        assert getattr(genai, name) is not None
