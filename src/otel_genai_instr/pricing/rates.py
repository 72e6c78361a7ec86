"""Arithmetic: token counts times prices per token. Knows no price list and no clock.

The rules of this file: a count without a rate is never charged at a wrong one and never silently free, and
counts that contradict each other give no cost instead of a negative or an invented one.
"""

from __future__ import annotations

from dataclasses import dataclass

from otel_genai_instr.model import Usage
from otel_genai_instr.pricing.cost import Cost, Unpriced
from otel_genai_instr.semconv.values import COST_FROM_LOCAL_PRICES

# Beyond this a count is a fault, and an int that floats cannot hold exactly.
_MAX_TOKENS = 2**53


@dataclass(frozen=True, slots=True)
class Rates:
    """Prices per token. ``None``: the price list has no price of its own for this unit."""

    input: float
    output: float | None = None
    cache_read: float | None = None
    cache_write: float | None = None
    reasoning: float | None = None
    audio_input: float | None = None
    audio_cache_read: float | None = None
    audio_output: float | None = None
    image_input: float | None = None
    image_cache_read: float | None = None
    image_output: float | None = None
    request: float = 0.0
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
    """Price one call. ``model`` is the matched price entry as it shall stand in the cost."""
    total = usage.input_tokens
    if total is None or not 0 <= total <= _MAX_TOKENS:
        return Unpriced.NO_USAGE
    rates = prices.rates
    for start, rates_above in prices.long_context:
        if total > start:
            rates = rates_above
            break

    read = usage.cache_read_tokens or 0
    write = usage.cache_write_tokens or 0
    fresh = total - read - write
    if fresh < 0 or read < 0 or write < 0:
        return Unpriced.NO_USAGE
    generated = usage.output_tokens or 0
    if not 0 <= generated <= _MAX_TOKENS:
        return Unpriced.NO_USAGE

    if usage.audio_input_tokens or usage.image_input_tokens:
        priced_input = _charge_mixed_input(rates, usage, fresh, read, write)
        if isinstance(priced_input, Unpriced):
            return priced_input
        input_part, read_part, write_part = priced_input
    else:
        input_part = fresh * rates.input
        read_part = read * (rates.input if rates.cache_read is None else rates.cache_read) if read else None
        write_part = (
            write * (rates.input if rates.cache_write is None else rates.cache_write) if write else None
        )

    if not generated:
        output_part = None
        if usage.audio_output_tokens or usage.image_output_tokens:
            return Unpriced.NO_USAGE
    elif rates.output is None:
        return Unpriced.UNSUPPORTED_UNIT
    elif rates.reasoning is None and not usage.audio_output_tokens and not usage.image_output_tokens:
        output_part = generated * rates.output
    else:
        output_part = _charge_mixed_output(rates, rates.output, usage, generated)
        if isinstance(output_part, Unpriced):
            return output_part

    other_part = rates.request or None
    amount = input_part + (read_part or 0.0) + (write_part or 0.0) + (output_part or 0.0) + rates.request
    return Cost(
        amount,
        prices.currency,
        COST_FROM_LOCAL_PRICES,
        prices.version,
        model,
        input_part if fresh else None,
        read_part,
        write_part,
        output_part,
        other_part,
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

    cache_matters = (read and rates.cache_read is not None) or (write and rates.cache_write is not None)
    if not cache_matters:
        # Nothing is cheaper or dearer for being cached, so it doesn't matter which tokens were.
        text = total - audio - image
        return text * rates.input + audio * audio_rate + image * image_rate, None, None
    if not audio and rates.image_input is None:
        # Images at the rates of text: the same as a call with text only.
        read_rate = rates.input if rates.cache_read is None else rates.cache_read
        write_rate = rates.input if rates.cache_write is None else rates.cache_write
        return (
            fresh * rates.input,
            read * read_rate if read else None,
            write * write_rate if write else None,
        )
    if write:
        return Unpriced.UNSUPPORTED_UNIT

    # Only reads are left. Usage says how many tokens were cached and how many are audio, but not how many are
    # both: priced only where one answer is possible.
    if audio and rates.audio_cache_read is None:
        return Unpriced.UNSUPPORTED_UNIT
    if image and rates.image_input is not None and rates.image_cache_read is None:
        return Unpriced.UNSUPPORTED_UNIT
    text_read_rate = rates.input if rates.cache_read is None else rates.cache_read
    audio_read_rate = text_read_rate if rates.audio_cache_read is None else rates.audio_cache_read
    image_read_rate = text_read_rate if rates.image_cache_read is None else rates.image_cache_read
    if not fresh:
        text = total - audio - image
        return 0.0, text * text_read_rate + audio * audio_read_rate + image * image_read_rate, None
    if audio == total:
        return fresh * audio_rate, read * audio_read_rate, None
    if image == total:
        return fresh * image_rate, read * image_read_rate, None
    return Unpriced.UNSUPPORTED_UNIT


def _charge_mixed_output(rates: Rates, output_rate: float, usage: Usage, generated: int) -> float | Unpriced:
    """Price output that has audio or image tokens, or of a model that charges reasoning apart."""
    audio = usage.audio_output_tokens or 0
    image = usage.image_output_tokens or 0
    reasoning = 0 if rates.reasoning is None else usage.reasoning_tokens or 0
    text = generated - audio - image - reasoning
    if text < 0 or audio < 0 or image < 0 or reasoning < 0:
        return Unpriced.NO_USAGE
    if audio and rates.audio_output is None:
        return Unpriced.UNSUPPORTED_UNIT
    image_rate = rates.image_output
    if image_rate is None and rates.image_input is not None:
        # An entry that prices image input apart and has a single output price is an image model: the price is the image's.
        image_rate = output_rate
    if image and image_rate is None:
        return Unpriced.UNSUPPORTED_UNIT
    return (
        text * output_rate
        + audio * (rates.audio_output or 0.0)
        + image * (image_rate or 0.0)
        + reasoning * (rates.reasoning or 0.0)
    )
