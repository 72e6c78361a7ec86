"""Why a bill changed: causes that add up to the change, whatever order one takes them in.

The cost of a time is calls × share of each model × (input tokens a call × price × what a cache left of it + output
tokens a call × price + all else). Each of these is a cause. What a cause is worth depends on which ones one has changed
before it, so it is the mean over all orders: the Shapley value (L. S. Shapley, 1953), whose sum is the whole change,
exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from itertools import combinations
from math import factorial
from typing import Final, Generic, TypeVar

from .spending import Spent

CAUSES: Final = ("calls", "model mix", "tokens per call", "price", "cache rate", "other charges")

_DEAREST_WRITE: Final = 4.0
"""How many times the price of input writing it to a cache may cost; providers ask for up to twice."""

_Key = TypeVar("_Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class _Rates:
    """One model in one time, a call."""

    input_tokens: float
    output_tokens: float
    input_price: float
    output_price: float
    cache_left: float
    """What caches left of the input's price: 1 without one; above 1 where writing cost more than reading saved."""
    other: float


@dataclass(frozen=True, slots=True)
class _Time(Generic[_Key]):
    calls: int
    shares: Mapping[_Key, float]
    rates: Mapping[_Key, _Rates]


def causes(before: Mapping[_Key, Spent], after: Mapping[_Key, Spent]) -> dict[str, float]:
    """What each cause is worth, in the currency of the costs. They add up to the change.

    Args:
        before: What was spent in the time before, by model.
        after: What was spent in the time that is asked about.
    """
    times = (_time(before), _time(after))
    changed: dict[frozenset[str], float] = {}

    def cost(new: frozenset[str]) -> float:
        if new not in changed:
            changed[new] = _cost(times, new)
        return changed[new]

    return {cause: _mean_effect(cause, cost) for cause in CAUSES}


def _mean_effect(cause: str, cost: Callable[[frozenset[str]], float]) -> float:
    others = [each for each in CAUSES if each != cause]
    total = 0.0
    for size in range(len(others) + 1):
        weight = factorial(size) * factorial(len(others) - size) / factorial(len(CAUSES))
        for chosen in combinations(others, size):
            with_others = frozenset(chosen)
            total += weight * (cost(with_others | {cause}) - cost(with_others))
    return total


def _cost(times: tuple[_Time[_Key], _Time[_Key]], new: frozenset[str]) -> float:
    """The cost, with those causes as they are after the change that ``new`` names."""
    calls = times["calls" in new].calls
    shares = times["model mix" in new].shares
    total = 0.0
    for key, part in shares.items():
        tokens, price = _rates(times, key, "tokens per call" in new), _rates(times, key, "price" in new)
        cache, other = _rates(times, key, "cache rate" in new), _rates(times, key, "other charges" in new)
        total += part * (
            tokens.input_tokens * price.input_price * cache.cache_left
            + tokens.output_tokens * price.output_price
            + other.other
        )
    return calls * total


def _rates(times: tuple[_Time[_Key], _Time[_Key]], key: _Key, is_after: bool) -> _Rates:
    """Of a model that one of the times doesn't have, those of the other: all of its change is model mix."""
    own = times[is_after].rates.get(key)
    return times[not is_after].rates[key] if own is None else own


def _time(spent: Mapping[_Key, Spent]) -> _Time[_Key]:
    known = {key: each for key, each in spent.items() if each.calls}
    calls = sum(each.calls for each in known.values())
    return _Time(
        calls,
        {key: each.calls / calls for key, each in known.items()},
        {key: _rates_of(each) for key, each in known.items()},
    )


def _rates_of(spent: Spent) -> _Rates:
    # A cost without parts, such as one that a provider reported, is taken as one price for all tokens.
    tokens = spent.input_tokens + spent.output_tokens
    parts = spent.cost_input + spent.cost_cache_read + spent.cost_cache_write + spent.cost_output + spent.cost_other
    flat = (spent.cost - parts) / tokens if tokens else 0.0
    paid = spent.cost_input + spent.cost_cache_read + spent.cost_cache_write + flat * spent.input_tokens
    plain = spent.input_tokens - spent.cache_read_tokens - spent.cache_write_tokens
    mean = paid / spent.input_tokens if spent.input_tokens else 0.0
    input_price = spent.cost_input / plain + flat if plain > 0 else 0.0
    if mean > _DEAREST_WRITE * input_price:  # nothing tells what input costs without a cache
        input_price = mean
    output_price = spent.cost_output / spent.output_tokens + flat if spent.output_tokens else 0.0
    full = input_price * spent.input_tokens
    cache_left = paid / full if full else 1.0
    rest = spent.cost - full * cache_left - output_price * spent.output_tokens
    return _Rates(
        spent.input_tokens / spent.calls,
        spent.output_tokens / spent.calls,
        input_price,
        output_price,
        cache_left,
        rest / spent.calls,
    )
