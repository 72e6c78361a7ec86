"""``otel-genai reprice``: what stored calls would cost at other prices."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from .figures import counted
from .pricers import pricer_from
from .problems import Misuse
from .progress import working
from .repricing import GROUPS, Comparison, Missing, Row, compare
from .stored_spans import read_spans
from .tables import JSON, clean_line, say, say_json, show_table, warn

_SHOWN_BAD_LINES: Final = 10
_SHOWN_MODELS: Final = 5
_NOTHING: Final = "-"
"""Of no call both costs are known."""
_DIGITS: Final = 12
"""Of an amount in JSON, behind the point: finer than any price of a token, and coarser than the noise of floats."""


def reprice(options: Namespace) -> int:
    """Run the command, and return its exit code: 1 if a line of the file could not be read."""
    groups = _groups(options.by)
    bad_lines: list[int] = []
    with working(f"pricing calls of {options.spans}"):
        outcome = compare(read_spans(options.spans, bad_lines.append), pricer_from(options.prices), groups)
    if options.format == JSON:
        say_json(_as_json(outcome, groups, len(bad_lines)))
    else:
        _show(outcome, groups)
    if not outcome.calls and not outcome.without_time:
        warn(f"{options.spans}: holds no call; spans in OTLP JSON are looked for, of inference and embeddings")
    if outcome.without_time:
        warn(f"{options.spans}: {counted(outcome.without_time, 'call')} left out: without a time there is no price")
    for number in bad_lines[:_SHOWN_BAD_LINES]:
        warn(f"{options.spans}, line {number}: is not JSON; passed over")
    if bad_lines:
        warn(f"{options.spans}: {counted(len(bad_lines), 'line')} could not be read: what is there is missing here")
    return 1 if bad_lines or outcome.without_time else 0


def _groups(text: str) -> tuple[str, ...]:
    groups = tuple(word.strip() for word in text.split(",") if word.strip())
    for group in groups:
        if group not in GROUPS:
            raise Misuse(f"--by: {group!r} is not known; allowed: {', '.join(GROUPS)}")
    return tuple(dict.fromkeys(groups))


def _show(outcome: Comparison, groups: Sequence[str]) -> None:
    if outcome.rows:
        headers = ["currency", "calls", "recorded", "recomputed", "difference"]
        if any(row.not_recorded or row.unpriced for row in outcome.rows):
            headers += ["no cost before", "no cost now"]
        lines = [[*row.key, *_figures(row)[: len(headers)]] for row in outcome.rows]
        if groups:
            blank = [""] * (len(groups) - 1)
            lines += [["total", *blank, *_figures(total)[: len(headers)]] for total in outcome.totals]
        show_table([*groups, *headers], lines, numbers=len(headers) - 1)
        say()
    versions = f"; prices of {', '.join(outcome.versions)}" if outcome.versions else ""
    say(clean_line(counted(outcome.calls, "call") + versions))
    if outcome.repeated:
        say(f"{counted(outcome.repeated, 'call')} stood there more than once, and counted once")
    for total in outcome.totals:
        for calls, amount, when in (
            (total.unpriced, total.lost, "now"),
            (total.not_recorded, total.gained, "before"),
        ):
            if calls:
                left_out = f"{_money(amount)} {total.currency} of {counted(calls, 'call')} without a cost {when}"
                say(clean_line(f"not in the difference: {left_out}"))
    for reason, missing in sorted(outcome.missing.items()):
        counts = f"{counted(missing.calls, 'call')} with {counted(missing.tokens, 'token')}"
        say(clean_line(f"no cost at these prices: {counts}, {reason} ({_models(missing)})"))


def _models(missing: Missing) -> str:
    most = sorted(missing.models, key=lambda model: (-missing.models[model], model))
    named = ", ".join(f"{model} of {provider}" for provider, model in most[:_SHOWN_MODELS])
    return named if len(most) <= _SHOWN_MODELS else f"{named} and {len(most) - _SHOWN_MODELS:,} more"


def _figures(row: Row) -> list[str]:
    return [
        row.currency,
        f"{row.calls:,}",
        _money(row.recorded),
        _money(row.recomputed),
        _money(row.difference, sign="+") if row.compared else _NOTHING,
        f"{row.not_recorded:,}",
        f"{row.unpriced:,}",
    ]


def _money(amount: Decimal, sign: str = "") -> str:
    return f"{amount:{sign}z,.6f}"  # z: what rounds to zero has no minus


def _as_json(outcome: Comparison, groups: Sequence[str], bad_lines: int) -> dict[str, object]:
    return {
        "calls": outcome.calls,
        "price_versions": outcome.versions,
        "rows": [{**dict(zip(groups, row.key, strict=True)), **_numbers(row)} for row in outcome.rows],
        "totals": [_numbers(total) for total in outcome.totals],
        "no_cost_now": {
            reason: {
                "calls": missing.calls,
                "tokens": missing.tokens,
                "models": [f"{model} of {provider}" for provider, model in sorted(missing.models)],
            }
            for reason, missing in outcome.missing.items()
        },
        "calls_repeated": outcome.repeated,
        "calls_without_time": outcome.without_time,
        "unreadable_lines": bad_lines,
    }


def _numbers(row: Row) -> dict[str, object]:
    return {
        "currency": row.currency,
        "calls": row.calls,
        "recorded": _number(row.recorded),
        "recomputed": _number(row.recomputed),
        "difference": _number(row.difference) if row.compared else None,
        "not_recorded": row.not_recorded,
        "unpriced": row.unpriced,
        "recorded_of_unpriced": _number(row.lost),
        "recomputed_of_not_recorded": _number(row.gained),
    }


def _number(amount: Decimal) -> float:
    return float(f"{amount:z.{_DIGITS}f}")
