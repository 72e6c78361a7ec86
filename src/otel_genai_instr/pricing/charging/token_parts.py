"""Tokens that are priced apart from plain ones: cache writes by how long they keep, audio, images, reasoning.

The plain path of :mod:`~otel_genai_instr.pricing.charging.charge` calls these only where they are needed.
"""

from __future__ import annotations

from ...model import Usage
from .cost import Unpriced
from .rates import Rates


def charge_writes(rates: Rates, usage: Usage, write: int) -> float | Unpriced:
    """Price tokens written to a cache, kept for five minutes or for an hour."""
    hour = usage.cache_write_1h_tokens or 0
    if not hour:
        return write * rates.cache_write
    if not 0 < hour <= write:
        return Unpriced.NO_USAGE
    if rates.cache_write_1h is None:
        return Unpriced.UNSUPPORTED_UNIT
    return (write - hour) * rates.cache_write + hour * rates.cache_write_1h


def charge_mixed_input(
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
    cached_text, cached_image = usage.text_cache_read_tokens, usage.image_cache_read_tokens
    if rates.image_input is None:
        # Images count as text from here on.
        image = 0
        cached_text = None if cached_text is None or cached_image is None else cached_text + cached_image
        cached_image = 0
    if not audio and not image:
        return _charge_text(rates, usage, fresh, read, write)
    if audio and rates.audio_input is None:
        return Unpriced.UNSUPPORTED_UNIT
    audio_rate = rates.input if rates.audio_input is None else rates.audio_input
    image_rate = rates.input if rates.image_input is None else rates.image_input
    text = total - audio - image

    if _caching_is_free_of_effect(rates, usage, read, write):
        return text * rates.input + audio * audio_rate + image * image_rate, None, None
    if write:
        return Unpriced.UNSUPPORTED_UNIT  # nobody says which of them were written
    split = _split_reads(
        read, (text, cached_text), (audio, usage.audio_cache_read_tokens), (image, cached_image), everything=not fresh
    )
    if isinstance(split, Unpriced):
        return split
    text_read, audio_read, image_read = split
    if (audio_read and rates.audio_cache_read is None) or (image_read and rates.image_cache_read is None):
        return Unpriced.UNSUPPORTED_UNIT
    input_part = (
        (text - text_read) * rates.input + (audio - audio_read) * audio_rate + (image - image_read) * image_rate
    )
    read_part = (
        text_read * rates.cache_read
        + audio_read * (rates.audio_cache_read or 0.0)
        + image_read * (rates.image_cache_read or 0.0)
    )
    return input_part, read_part if read else None, None


def _charge_text(
    rates: Rates, usage: Usage, fresh: int, read: int, write: int
) -> tuple[float, float | None, float | None] | Unpriced:
    write_part = charge_writes(rates, usage, write) if write else None
    if isinstance(write_part, Unpriced):
        return write_part
    return fresh * rates.input, read * rates.cache_read if read else None, write_part


def _caching_is_free_of_effect(rates: Rates, usage: Usage, read: int, write: int) -> bool:
    """Whether nothing is cheaper or dearer for being cached, so that it doesn't matter which tokens were."""
    reads_cost_the_same = not read or (
        rates.cache_read == rates.input and rates.audio_cache_read is None and rates.image_cache_read is None
    )
    writes_cost_the_same = not write or (
        rates.cache_write == rates.input
        and (not usage.cache_write_1h_tokens or rates.cache_write_1h in (None, rates.input))
    )
    return reads_cost_the_same and writes_cost_the_same


def _split_reads(read: int, *kinds: tuple[int, int | None], everything: bool) -> tuple[int, int, int] | Unpriced:
    """Say how many tokens of each kind (total, reported as cached) were read from the cache.

    Where one number is missing the others tell it. Where more are, several answers are possible, each of
    another price: there is none then.
    """
    if everything:
        text, audio, image = (total for total, _ in kinds)
        return text, audio, image
    known = [0 if not total or not read else cached for total, cached in kinds]
    missing = [place for place, cached in enumerate(known) if cached is None]
    if len(missing) > 1:
        return Unpriced.UNSUPPORTED_UNIT
    told = sum(cached or 0 for cached in known)
    if missing:
        known[missing[0]] = read - told
    elif told != read:
        return Unpriced.NO_USAGE
    text, audio, image = (cached or 0 for cached in known)
    if any(not 0 <= cached <= total for cached, (total, _) in zip((text, audio, image), kinds, strict=True)):
        return Unpriced.NO_USAGE
    return text, audio, image


def charge_mixed_output(rates: Rates, usage: Usage, generated: int) -> float | Unpriced | None:
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
