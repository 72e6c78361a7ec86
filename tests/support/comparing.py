"""Answers that ought to be the same, made in two ways."""

from __future__ import annotations

import math
from typing import Any, cast


def differences(expected: Any, found: Any, place: str = "") -> list[str]:
    """Where two answers differ; numbers may by what sums in another order differ by."""
    if isinstance(expected, dict) and isinstance(found, dict):
        cells, others = cast("dict[str, Any]", expected), cast("dict[str, Any]", found)
        if cells.keys() != others.keys():
            return [f"{place}: {sorted(cells)} and {sorted(others)}"]
        return [each for name in cells for each in differences(cells[name], others[name], f"{place}.{name}")]
    if isinstance(expected, list | tuple) and isinstance(found, list | tuple):
        rows, other_rows = cast("list[Any]", expected), cast("list[Any]", found)
        if len(rows) != len(other_rows):
            return [f"{place}: {len(rows)} and {len(other_rows)} rows"]
        pairs = enumerate(zip(rows, other_rows, strict=True))
        return [each for number, (one, other) in pairs for each in differences(one, other, f"{place}[{number}]")]
    if isinstance(expected, float) and isinstance(found, float):
        is_same = math.isclose(expected, found, rel_tol=1e-9, abs_tol=1e-11)
        return [] if is_same or (math.isnan(expected) and math.isnan(found)) else [f"{place}: {expected} and {found}"]
    is_same = type(cast("object", expected)) is type(cast("object", found)) and expected == found
    return [] if is_same else [f"{place}: {expected!r} and {found!r}"]
