"""What is allowed in a price file, and yet is hardly what its writer meant."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Final

from ..pricing.files.book import ANY, PriceBook, Scope
from ..pricing.names import PROVIDER_IDS

_MOST_COMPARED: Final = 1_000
"""Rows of a kind: each is compared with all before it."""
_NEAR: Final = 0.75


def hints(book: PriceBook, known_providers: Collection[str]) -> Iterator[str]:
    """Yield a line for each row that never holds, and for each provider that looks misspelt.

    ``known_providers``: ids of providers that have listed prices.
    """
    known = {*PROVIDER_IDS, *known_providers}
    for kind, items in (("models", book.aliases), ("prices", book.rows), ("discounts", book.discounts)):
        scopes = [item.scope for item in items][:_MOST_COMPARED]
        yield from _never_holding(kind, scopes)
        for place, scope in enumerate(scopes):
            near = difflib.get_close_matches(scope.provider, known, 1, _NEAR) if _is_name(scope.provider) else []
            if near and scope.provider not in known:
                yield f"{kind}[{place}].provider: {scope.provider} has no listed prices; is {near[0]} meant?"


def _never_holding(kind: str, scopes: Sequence[Scope]) -> Iterator[str]:
    for place, scope in enumerate(scopes):
        before = next((number for number, other in enumerate(scopes[:place]) if _covers(other, scope)), None)
        if before is not None:
            yield (
                f"{kind}[{place}] ({scope.provider} {scope.model}) never holds: "
                f"{kind}[{before}] ({scopes[before].provider} {scopes[before].model}) stands before it"
            )


def _covers(first: Scope, later: Scope) -> bool:
    """Whether every call that ``later`` is about is one that ``first`` is about."""
    return (
        _takes_in(first.provider, later.provider)
        and _takes_in(first.model, later.model)
        and first.service_tier in (ANY, later.service_tier)
        and first.region in (None, later.region)
        and first.start <= later.start
        and later.end <= first.end
    )


def _takes_in(pattern: str, other: str) -> bool:
    return pattern in (ANY, other) or (_is_name(other) and fnmatchcase(other, pattern))


def _is_name(pattern: str) -> bool:
    return not any(sign in pattern for sign in "*?[")
