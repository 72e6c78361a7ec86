"""Every report by its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ..asked import Asked
from ..report import Report
from ..tables import Tables
from .cost import cost
from .daily import daily
from .errors import errors
from .latency import latency
from .prompts import prompts
from .quality import quality
from .tools import tools


@dataclass(frozen=True)
class Options:
    """What only some reports know."""

    daily_budget: float | None = None


ANSWERS: Final[dict[str, Callable[[Tables, Asked, Options], Report]]] = {
    "cost": lambda tables, asked, options: cost(tables, asked, options.daily_budget),
    "latency": lambda tables, asked, _: latency(tables, asked),
    "errors": lambda tables, asked, _: errors(tables, asked),
    "prompts": lambda tables, asked, _: prompts(tables, asked),
    "quality": lambda tables, asked, _: quality(tables, asked),
    "tools": lambda tables, asked, _: tools(tables, asked),
    "daily": lambda tables, asked, _: daily(tables, asked),
}
