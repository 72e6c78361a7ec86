"""What a stored call costs at given prices. Knows attributes, no file."""

from __future__ import annotations

from typing import Final

from ..hosts import plain_host, provider_of_host, region_of_host
from ..model import Endpoint, Usage
from ..pricing import Cost, Pricer, Unpriced

_LANGUAGES: Final = {"anthropic", "openai"}
"""Providers whose SDK also calls unknown hosts, which then have its name."""


def cost_of(
    pricer: Pricer,
    usage: Usage | None,
    *,
    provider: str | None,
    address: str | None,
    request_model: str | None,
    response_model: str | None,
    service_tier: str | None,
    region: str | None,
    at: float,
) -> Cost | Unpriced:
    """Price a call as of its own time: unix seconds."""
    return pricer.price(
        _seller(provider or "", address),
        request_model,
        response_model,
        usage,
        service_tier=service_tier,
        region=region or region_of_host(address or ""),
        at=at,
    )


def _seller(provider: str, address: str | None) -> str:
    """Who is paid. A provider that only lent its language to an unknown host is told by that host."""
    is_lent = provider in _LANGUAGES and address is not None and provider_of_host(plain_host(address)) is None
    return Endpoint(provider, is_known=not is_lent).seller
