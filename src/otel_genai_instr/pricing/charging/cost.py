"""The two answers to "what did this call cost?": an amount with its provenance, or a reason."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Cost(NamedTuple):
    """The cost of one call.

    The parts add up to the amount. A part is ``None`` when the call had none of it; a cost that the provider
    reported has no parts.
    """

    amount: float
    currency: str
    """ISO 4217."""
    source: str
    """Value of ``gen_ai.usage.cost.source``: ``provider`` or ``local``."""
    price_version: str | None = None
    """Name and version of the price list, e.g. ``genai-prices 0.2.3``."""
    model: str | None = None
    """The price entry that matched, when its name differs from the model name that was priced."""
    input: float | None = None
    """Input that came from no cache and went to none."""
    cache_read: float | None = None
    cache_write: float | None = None
    output: float | None = None
    """Output, reasoning included."""
    other: float | None = None
    """What is charged for the request itself and for tools that the provider ran, whatever the tokens."""
    estimated: bool = False
    """The tokens were counted here, because the provider reported none."""


class Unpriced(StrEnum):
    """Why a call has no cost."""

    UNKNOWN_MODEL = "unknown_model"
    """No price list knows this model of this provider."""
    NO_PRICE = "no_price"
    """The price list knows the model, but no price for it."""
    UNKNOWN_SELLER = "unknown_seller"
    """Anybody may serve this model, and who does at this host isn't known."""
    NO_USAGE = "no_usage"
    """The response reported no counts, or counts that contradict each other."""
    INCONSISTENT_USAGE = "inconsistent_usage"
    """The total that was reported isn't that of its parts, and no known dialect explains it."""
    NOT_LOADED = "prices_not_loaded"
    """The price data could not be loaded in time: the process was about to end, or a disk did not answer."""
    UNSUPPORTED_UNIT = "unsupported_unit"
    """A part of the usage, or the service tier, has no price of its own, or the entry is not priced by tokens."""
