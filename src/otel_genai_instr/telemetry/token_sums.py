"""Tokens added up, and how the counters read them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Final

from ..model import Usage
from ..records import frozen
from ..semconv import attributes as names
from ..semconv import metrics as instruments
from ..semconv import own, values
from ..semconv.metrics import Instrument

_MODALITIES: Final = (values.MODALITY_TEXT, values.MODALITY_IMAGE, values.MODALITY_AUDIO)
_BY_MODALITY: Final = frozenset(f"{modality}_{way}_tokens" for modality in _MODALITIES for way in ("input", "output"))
"""Fields of a usage that few calls fill."""


class TokenSums:
    """The tokens of one series. Takes no lock: who adds and who reads holds one."""

    __slots__ = (
        "cache_read",
        "cache_write",
        "input",
        "input_by_modality",
        "output",
        "output_by_modality",
        "reasoning",
        "unpriced",
    )

    def __init__(self) -> None:
        self.input = self.output = self.cache_read = self.cache_write = self.reasoning = 0
        self.input_by_modality: Final[dict[str, int]] = {}
        """Of the input, what the provider attributes to a modality."""
        self.output_by_modality: Final[dict[str, int]] = {}
        self.unpriced: Final[dict[str, int]] = {}
        """By reason."""

    def add(self, usage: Usage) -> None:
        """Add the tokens of one call."""
        self.input += usage.input_tokens or 0
        self.output += usage.output_tokens or 0
        self.cache_read += usage.cache_read_tokens or 0
        self.cache_write += usage.cache_write_tokens or 0
        self.reasoning += usage.reasoning_tokens or 0
        if not _BY_MODALITY.isdisjoint(usage.__dict__):
            _add_parts(self.input_by_modality, usage, usage.input_tokens, "input")
            _add_parts(self.output_by_modality, usage, usage.output_tokens, "output")

    def add_unpriced(self, tokens: int, reason: str) -> None:
        """Add tokens that have no price."""
        self.unpriced[reason] = self.unpriced.get(reason, 0) + tokens


def _add_parts(sums: dict[str, int], usage: Usage, total: int | None, way: str) -> None:
    parts: dict[str, int] = {modality: getattr(usage, f"{modality}_{way}_tokens") or 0 for modality in _MODALITIES}
    if sum(parts.values()) > (total or 0):  # a provider whose parts exceed their total: believe the total
        return
    for modality, tokens in parts.items():
        if tokens:
            sums[modality] = sums.get(modality, 0) + tokens


@frozen
class Counter:
    """A counter, the dimension that it has besides those of its series, and its tokens by the values of that one."""

    instrument: Instrument
    dimension: str
    read: Callable[[TokenSums], Mapping[str, int]]


def _input(sums: TokenSums) -> Mapping[str, int]:
    return _with_unknown(sums.input, sums.input_by_modality)


def _output(sums: TokenSums) -> Mapping[str, int]:
    return _with_unknown(sums.output, sums.output_by_modality)


def _with_unknown(total: int, parts: Mapping[str, int]) -> Mapping[str, int]:
    """Together they are ``total``, whatever the provider attributes."""
    return {**parts, values.MODALITY_UNKNOWN: total - sum(parts.values())}


def _of_no_modality(field: str) -> Callable[[TokenSums], Mapping[str, int]]:
    tokens = operator.attrgetter(field)
    return lambda sums: {values.MODALITY_UNKNOWN: tokens(sums)}


COUNTERS: Final = (
    Counter(instruments.USAGE_INPUT_TOKENS, names.TOKEN_MODALITY, _input),
    Counter(instruments.USAGE_OUTPUT_TOKENS, names.TOKEN_MODALITY, _output),
    Counter(instruments.USAGE_CACHE_READ_INPUT_TOKENS, names.TOKEN_MODALITY, _of_no_modality("cache_read")),
    Counter(instruments.USAGE_CACHE_WRITE_INPUT_TOKENS, names.TOKEN_MODALITY, _of_no_modality("cache_write")),
    Counter(instruments.USAGE_REASONING_OUTPUT_TOKENS, names.TOKEN_MODALITY, _of_no_modality("reasoning")),
    Counter(instruments.UNPRICED_TOKENS, own.COST_UNPRICED_REASON, lambda sums: dict(sums.unpriced)),
)
