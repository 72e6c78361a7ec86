"""Arithmetic: token counts times prices per token. Knows no price list and no clock.

The rules of this file: a count without a rate is never charged at a wrong one and never silently free, and
counts that contradict each other give no cost instead of a negative or an invented one.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..model import Usage
from ..semconv.values import COST_FROM_LOCAL_PRICES
from .cost import Cost, Unpriced


@dataclass(frozen=True, slots=True)
class Rates:
    """Prices per token. ``None``: the price list has no price of its own for this unit."""

    input: float
    cache_read: float
    """The input rate, where the price list has no price for it."""
    cache_write: float
    """The input rate, where the price list has no price for it."""
    output: float | None = None
    reasoning: float | None = None
    audio_input: float | None = None
    audio_cache_read: float | None = None
    audio_output: float | None = None
    image_input: float | None = None
    image_cache_read: float | None = None
    image_output: float | None = None
    request: float | None = None
    """Charge per request, whatever its tokens."""


@dataclass(frozen=True, slots=True)
class PriceList:
    """The rates of one model, in one window of time, for one service tier."""

    rates: Rates
    currency: str
    version: str
    """Name and version of the price list they come from."""
    long_context: tuple[tuple[int, Rates], ...] = ()
    """Rates for *all* tokens of a call with more input tokens than the given number; largest number first."""


def charge(prices: PriceList, usage: Usage, model: str | None) -> Cost | Unpriced:
    """Price one call. ``model`` is the matched price entry as it shall stand in the cost.

    Raises ``OverflowError`` for a count that no float can hold.
    """
    total = usage.input_tokens
    if total is None:
        return Unpriced.NO_USAGE
    rates = prices.rates
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
    if usage.audio_input_tokens or usage.image_input_tokens:
        parts = _charge_mixed_input(rates, usage, fresh, read, write)
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
            write_part = write * rates.cache_write
            amount += write_part

    if rates.reasoning is not None or usage.audio_output_tokens or usage.image_output_tokens:
        output_part = _charge_mixed_output(rates, usage, generated)
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
    return Cost(
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
    )


def _charge_mixed_input(
    rates: Rates, usage: Usage, fresh: int, read: int, write: int
) -> tuple[float, float | None, float | None] | Unpriced:
    """Price input that has audio or image tokens: (input, cache read, cache write).

    Image tokens of a model without an image price cost what text costs: that is how vision input is billed.
    Audio tokens never do.
    """
    audio = usage.audio_input_tokens or 0
    image = usage.image_input_tokens or 0
    total = fresh + read + write
    if audio < 0 or image < 0 or audio + image > total:
        return Unpriced.NO_USAGE
    if audio and rates.audio_input is None:
        return Unpriced.UNSUPPORTED_UNIT
    audio_rate = rates.input if rates.audio_input is None else rates.audio_input
    image_rate = rates.input if rates.image_input is None else rates.image_input

    read_matters = read and (rates.cache_read, rates.audio_cache_read, rates.image_cache_read) != (
        rates.input,
        None,
        None,
    )
    if not read_matters and not (write and rates.cache_write != rates.input):
        # Nothing is cheaper or dearer for being cached, so it doesn't matter which tokens were.
        text = total - audio - image
        return text * rates.input + audio * audio_rate + image * image_rate, None, None
    if not audio and rates.image_input is None:
        # Images at the rates of text: the same as text alone.
        read_part = read * rates.cache_read if read else None
        write_part = write * rates.cache_write if write else None
        return fresh * rates.input, read_part, write_part
    if write:
        return Unpriced.UNSUPPORTED_UNIT

    # Only reads are left. Usage says how many tokens were cached and how many are audio, but not how many are
    # both: priced only where one answer is possible.
    if audio and rates.audio_cache_read is None:
        return Unpriced.UNSUPPORTED_UNIT
    if image and rates.image_input is not None and rates.image_cache_read is None:
        return Unpriced.UNSUPPORTED_UNIT
    audio_read_rate = rates.cache_read if rates.audio_cache_read is None else rates.audio_cache_read
    image_read_rate = rates.cache_read if rates.image_cache_read is None else rates.image_cache_read
    if not fresh:
        text = total - audio - image
        return 0.0, text * rates.cache_read + audio * audio_read_rate + image * image_read_rate, None
    if audio == total:
        return fresh * audio_rate, read * audio_read_rate, None
    if image == total:
        return fresh * image_rate, read * image_read_rate, None
    return Unpriced.UNSUPPORTED_UNIT


def _charge_mixed_output(rates: Rates, usage: Usage, generated: int) -> float | Unpriced | None:
    """Price output that has audio or image tokens, or of a model that charges reasoning apart."""
    audio = usage.audio_output_tokens or 0
    image = usage.image_output_tokens or 0
    reasoning = 0 if rates.reasoning is None else usage.reasoning_tokens or 0
    text = generated - audio - image - reasoning
    if text < 0 or audio < 0 or image < 0 or reasoning < 0:
        return Unpriced.NO_USAGE
    if not generated:
        return None
    image_rate = rates.image_output
    if image_rate is None and rates.image_input is not None:
        # An image model with a single output price: what it puts out is images.
        image_rate = rates.output
    amount = 0.0
    counts = (
        (text, rates.output),
        (audio, rates.audio_output),
        (image, image_rate),
        (reasoning, rates.reasoning),
    )
    for count, rate in counts:
        if not count:
            continue
        if rate is None:
            return Unpriced.UNSUPPORTED_UNIT
        amount += count * rate
    return amount
