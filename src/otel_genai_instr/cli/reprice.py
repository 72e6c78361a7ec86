"""``otel-genai reprice``: what stored calls would cost at other prices."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from .pricers import pricer_from
from .problems import Problem
from .repricing import GROUPS, Comparison, Row, compare
from .stored_spans import read_spans
from .tables import say, show_table, warn

_SHOWN_BAD_LINES: Final = 10


def reprice(options: Namespace) -> int:
    """Run the command, and return its exit code: 1 if a line of the file could not be read."""
    groups = _groups(options.by)
    bad_lines: list[int] = []
    outcome = compare(read_spans(options.spans, bad_lines.append), pricer_from(options.prices), groups)
    if options.json:
        say(json.dumps(_as_json(outcome, groups, len(bad_lines)), indent=2, ensure_ascii=False))
    else:
        _show(outcome, groups)
    for number in bad_lines[:_SHOWN_BAD_LINES]:
        warn(f"{options.spans}, line {number}: is not JSON; passed over")
    if bad_lines:
        warn(f"{options.spans}: {len(bad_lines)} lines could not be read: what they hold is missing")
    return 1 if bad_lines else 0


def _groups(text: str) -> tuple[str, ...]:
    groups = tuple(word.strip() for word in text.split(",") if word.strip())
    for group in groups:
        if group not in GROUPS:
            raise Problem(f"--by: {group!r} is not known; allowed are {', '.join(GROUPS)}")
    return tuple(dict.fromkeys(groups))


def _show(outcome: Comparison, groups: Sequence[str]) -> None:
    if outcome.rows:
        headers = (
            *groups,
            "currency",
            "calls",
            "recorded",
            "recomputed",
            "difference",
            "no cost before",
            "no cost now",
        )
        cells = [[*row.key, *_figures(row)] for row in outcome.rows]
        if groups:
            cells += [["total", *[""] * (len(groups) - 1), *_figures(total)] for total in outcome.totals]
        show_table(headers, cells, numbers=6)
        say()
    say(f"{outcome.calls} calls; prices of {', '.join(outcome.versions) or 'no list'}")
    for reason, missing in sorted(outcome.missing.items()):
        say(f"no cost at these prices: {missing.calls} calls with {missing.tokens} tokens, {reason}")


def _figures(row: Row) -> list[str]:
    return [
        row.currency,
        str(row.calls),
        _money(row.recorded),
        _money(row.recomputed),
        _money(row.difference, sign="+"),
        str(row.not_recorded),
        str(row.unpriced),
    ]


def _money(amount: Decimal, sign: str = "") -> str:
    return f"{amount:{sign},.6f}"


def _as_json(outcome: Comparison, groups: Sequence[str], bad_lines: int) -> dict[str, object]:
    return {
        "calls": outcome.calls,
        "price_versions": outcome.versions,
        "rows": [{**dict(zip(groups, row.key, strict=True)), **_numbers(row)} for row in outcome.rows],
        "totals": [_numbers(total) for total in outcome.totals],
        "no_cost_now": {
            reason: {"calls": missing.calls, "tokens": missing.tokens} for reason, missing in outcome.missing.items()
        },
        "unreadable_lines": bad_lines,
    }


def _numbers(row: Row) -> dict[str, object]:
    return {
        "currency": row.currency,
        "calls": row.calls,
        "recorded": float(row.recorded),
        "recomputed": float(row.recomputed),
        "difference": float(row.difference),
        "not_recorded": row.not_recorded,
        "unpriced": row.unpriced,
    }
