"""Arithmetic: what was used times what it costs. Knows no price list and no clock.

The rules of this file: a count without a rate is never charged at a wrong one and never silently free, and
counts that contradict each other give no cost instead of a negative or an invented one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, cast

from ...model import Usage
from ...semconv import units
from ...semconv.values import COST_FROM_LOCAL_PRICES
from .cost import Cost, Unpriced
from .rates import PriceList, joined
from .token_parts import charge_mixed_input, charge_mixed_output, charge_writes

_EVERY_CALL: Final = {"input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens"}
_SOME_CALLS: Final = frozenset(Usage.__annotations__) - _EVERY_CALL
"""What most usages don't say, and then needn't be asked for one by one."""
_new: Final = cast("Callable[[type[Cost], tuple[object, ...]], Cost]", tuple[object, ...].__new__)
"""Takes half as long as the class, and runs for every call."""


def charge(prices: PriceList, usage: Usage, model: str | None, only_tokens: bool = False) -> Cost | Unpriced:
    """Price one call. ``model`` is the matched price entry as it shall stand in the cost.

    ``only_tokens``: leave out what is charged by anything but tokens.

    Raises ``OverflowError`` for a count that no float can hold.
    """
    total = usage.input_tokens
    rates = prices.rates
    says_more = not _SOME_CALLS.isdisjoint(usage.__dict__)
    if total is None or rates is None or (says_more and (usage.inconsistent or (usage.units and not only_tokens))):
        return _charge_units(prices, usage, model)
    if prices.long_context:
        for start, rates_above in prices.long_context:
            if total > start:
                rates = rates_above
                break

    read = usage.cache_read_tokens or 0
    write = usage.cache_write_tokens or 0
    fresh = total - read - write
    generated = usage.output_tokens or 0
    if fresh < 0 or read < 0 or write < 0 or generated < 0:
        return Unpriced.NO_USAGE

    read_part = write_part = output_part = None
    if says_more and (usage.audio_input_tokens or usage.image_input_tokens):
        parts = charge_mixed_input(rates, usage, fresh, read, write)
        if isinstance(parts, Unpriced):
            return parts
        input_part, read_part, write_part = parts
        amount = input_part + (read_part or 0.0) + (write_part or 0.0)
    else:
        amount = input_part = fresh * rates.input
        if read:
            read_part = read * rates.cache_read
            amount += read_part
        if write:
            write_part = charge_writes(rates, usage, write)
            if isinstance(write_part, Unpriced):
                return write_part
            amount += write_part

    if rates.reasoning is not None or (says_more and (usage.audio_output_tokens or usage.image_output_tokens)):
        output_part = charge_mixed_output(rates, usage, generated)
        if isinstance(output_part, Unpriced):
            return output_part
        amount += output_part or 0.0
    elif generated:
        if rates.output is None:
            return Unpriced.UNSUPPORTED_UNIT
        output_part = generated * rates.output
        amount += output_part

    request_part = rates.request
    if request_part is not None:
        amount += request_part
    return _new(
        Cost,
        (
            amount,
            prices.currency,
            COST_FROM_LOCAL_PRICES,
            prices.version,
            model,
            input_part or None,
            read_part,
            write_part,
            output_part,
            request_part,
            says_more and usage.estimated,
        ),
    )


def _charge_units(prices: PriceList, usage: Usage, model: str | None) -> Cost | Unpriced:
    """Price a call that used more than tokens, or other things than tokens."""
    if usage.inconsistent:
        return Unpriced.INCONSISTENT_USAGE
    counts = usage.units or {}
    parts: dict[units.Part, float] = {}
    versions = [prices.version] if prices.rates is not None else []
    measured = without_price = False
    for name, count in counts.items():
        if not 0 <= count < math.inf:
            return Unpriced.NO_USAGE
        price = units.most_exact(prices.units, name)
        if price is None:
            if not count:
                continue
            if not units.is_measure(name):
                return Unpriced.UNSUPPORTED_UNIT
            without_price = True
            continue
        measured = measured or units.is_measure(name)
        part = units.part_of(name)
        parts[part] = parts.get(part, 0.0) + (max(count, price.minimum) if count else 0.0) * price.amount
        versions.append(price.version)

    cost = Cost(0.0, prices.currency, COST_FROM_LOCAL_PRICES, model=model, estimated=usage.estimated)
    if prices.rates is not None and usage.input_tokens is not None:
        tokens = charge(prices, usage, model, only_tokens=True)
        if isinstance(tokens, Unpriced):
            return tokens
        cost = tokens
    elif not measured:
        # Of a model that is priced by tokens, what the request says of images or characters is no usage.
        nothing_known = usage.input_tokens is None and (prices.rates is not None or not without_price)
        return Unpriced.NO_USAGE if nothing_known else Unpriced.UNSUPPORTED_UNIT
    changed = {part: (getattr(cost, part) or 0.0) + amount for part, amount in parts.items()}
    amount = cost.amount + sum(parts.values())
    return cost._replace(amount=amount, price_version=joined(versions), **changed)
