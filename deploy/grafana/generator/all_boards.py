"""The six dashboards, as the texts of their files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from . import cost, errors, latency, overview, pipeline, quality
from .board import Board, as_json

FOLDER: Final = Path(__file__).parents[1] / "dashboards"
BOARDS: Final[tuple[Board, ...]] = (
    overview.BOARD,
    cost.BOARD,
    latency.BOARD,
    errors.BOARD,
    quality.BOARD,
    pipeline.BOARD,
)


def texts() -> Mapping[str, str]:
    """Name and content of each file."""
    return {f"{board.uid}.json": as_json(board) for board in BOARDS}
