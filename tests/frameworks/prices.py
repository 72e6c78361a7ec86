"""What the server's answers cost, worked out by hand: not by our code, and not from its price lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Price:
    """US dollars per million tokens."""

    input: float
    cached: float
    output: float
    written: float = 0.00
    """To the cache, for five minutes."""


PRICES: Final[Mapping[str, Price]] = {
    # OpenAI's price page, standard tier, text tokens: "GPT-4o", $2.50 in, $1.25 cached, $10.00 out.
    "gpt-4o-2024-08-06": Price(2.50, 1.25, 10.00),
    # The same page: "GPT-4o mini", $0.15 in, $0.075 cached, $0.60 out.
    "gpt-4o-mini-2024-07-18": Price(0.15, 0.075, 0.60),
    # The same page, embeddings: "text-embedding-3-small", $0.02; nothing is cached, and nothing comes out.
    "text-embedding-3-small": Price(0.02, 0.02, 0.00),
    # Anthropic's price page: "Claude Sonnet 4.5", $3 in, $0.30 read from the cache, $15 out, $3.75 written to it.
    "claude-sonnet-4-5-20250929": Price(3.00, 0.30, 15.00, 3.75),
    # The same page: "Claude Haiku 4.5", $1 in, $0.10 read, $5 out, $1.25 written.
    "claude-haiku-4-5-20251001": Price(1.00, 0.10, 5.00, 1.25),
}


def dollars(model: str, tokens_in: int, cached: int, tokens_out: int, written: int) -> float:
    """What a call costs; ``cached`` and ``written`` are parts of ``tokens_in``."""
    price = PRICES[model]
    read = (tokens_in - cached - written) * price.input + cached * price.cached
    return (read + written * price.written + tokens_out * price.output) / 1_000_000
