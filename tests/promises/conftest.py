"""Of every provider the matrix runs; the other files here ask the engine, and openai's readers, through openai."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from .selection import Selection

OF_EVERY_PROVIDER: Final = {"test_canaries.py", "test_matrix.py"}


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Without openai in the selection these files aren't even imported: its SDK need not be there."""
    if collection_path.parent != Path(__file__).parent or not collection_path.name.startswith("test_"):
        return None
    chosen = {provider.name for provider in Selection.of(config).providers()}
    return True if collection_path.name not in OF_EVERY_PROVIDER and "openai" not in chosen else None
