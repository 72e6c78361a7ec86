"""``otel-genai prices show``: the price of a model as a call would be charged it."""

from __future__ import annotations

import difflib
import math
import time
from argparse import Namespace
from typing import Final

from ..pricing import PriceKey, PriceSource, PriceWindow, Unpriced
from ..pricing.charging.rates import PriceList, Rates
from ..pricing.names import PROVIDER_IDS
from .figures import moment, moment_text, per_million, price, window_text
from .pricers import known_models, source_from
from .problems import Problem
from .tables import JSON, clean_line, say, say_json, show_table

_NEAR_NAMES = 5
SELLERS: Final = (
    # Who sells what they make, and little else.
    *("openai", "anthropic", "cohere", "deepseek", "mistral_ai", "moonshot_ai", "perplexity", "x_ai"),
    # Clouds, which sell under contract with the maker.
    *("gcp.gemini", "gcp.gen_ai", "gcp.vertex_ai", "azure.ai.openai", "azure.ai.inference", "aws.bedrock"),
    # Who runs models whose weights are open.
    *("groq", "fireworks_ai", "together_ai"),
)
"""What ``gen_ai.provider.name`` is today, in the order in which prices are shown. No reseller is there."""


def show(options: Namespace) -> int:
    """Run the command, and return its exit code."""
    at = time.time() if options.at is None else moment(options.at)
    source = source_from(options.prices)
    keys = [
        PriceKey(provider, options.model, options.tier, options.region) for provider in _providers(options.provider)
    ]
    found: dict[str, tuple[PriceWindow, list[str]]] = {}
    reasons: dict[str, Unpriced] = {}
    for key in keys:
        window = source.find(key, at)
        if isinstance(window.prices, PriceList):
            found.setdefault(repr(window), (window, []))[1].append(key.provider)
        elif window.prices is not Unpriced.UNKNOWN_MODEL:
            reasons[key.provider] = window.prices
    if not found:
        raise Problem(_why_not(options, reasons, source, at))
    if options.format == JSON:
        say_json(_as_json(options, list(found.values()), at))
        return 0
    for number, (window, providers) in enumerate(found.values()):
        if number:
            say()
        _show_window(options, window, providers, at)
    return 0


def _providers(asked: str | None) -> list[str]:
    return list(SELLERS) if asked is None else [asked]


def _show_window(options: Namespace, window: PriceWindow, providers: list[str], at: float) -> None:
    prices = window.prices
    assert isinstance(prices, PriceList)
    facts = {
        "provider": ", ".join(providers),
        "entry": window.model,
        "service tier": options.tier,
        "region": options.region,
        "price list": prices.version,
        "currency": prices.currency,
        "asked for": moment_text(at),
        "in force": window_text(window.start, window.end),
    }
    say(clean_line(options.model))
    for name, fact in facts.items():
        if fact is not None:
            say(f"  {name:<14}{clean_line(fact)}")
    if prices.rates is not None:
        _show_tokens(prices, prices.rates)
    if prices.units:
        say()
        units = sorted(prices.units.items())
        show_table(
            ("per unit", "price list", "price"),
            [(name, unit.version, price(unit.amount)) for name, unit in units],
            numbers=1,
        )


def _as_json(options: Namespace, found: list[tuple[PriceWindow, list[str]]], at: float) -> dict[str, object]:
    return {
        "model": options.model,
        "service_tier": options.tier,
        "region": options.region,
        "asked_for": moment_text(at),
        "prices": [_window_as_json(window, providers) for window, providers in found],
    }


def _window_as_json(window: PriceWindow, providers: list[str]) -> dict[str, object]:
    prices = window.prices
    assert isinstance(prices, PriceList)
    rates = prices.rates
    return {
        "providers": providers,
        "entry": window.model,
        "price_list": prices.version,
        "currency": prices.currency,
        "from": None if window.start == -math.inf else moment_text(window.start),
        "until": None if window.end == math.inf else moment_text(window.end),
        "per_million_tokens": None if rates is None else _numbers(rates),
        "above": [
            {"input_tokens": start, "per_million_tokens": _numbers(above)}
            for start, above in sorted(prices.long_context, key=lambda level: level[0])
        ],
        "per_request": None if rates is None or rates.request is None else float(price(rates.request)),
        "per_unit": {
            name: {"price": float(price(unit.amount)), "price_list": unit.version}
            for name, unit in sorted(prices.units.items())
        },
    }


def _numbers(rates: Rates) -> dict[str, float]:
    return {name: float(amount) for name, amount in per_million(rates).items()}


def _show_tokens(prices: PriceList, rates: Rates) -> None:
    levels = sorted(prices.long_context, key=lambda level: level[0])
    columns = [("price", rates)]
    if levels:
        columns = [(f"up to {levels[0][0]:,} input", rates)]
        columns += [(f"above {start:,}", above) for start, above in levels]
    by_level = [per_million(above) for _, above in columns]
    names = dict.fromkeys(name for amounts in by_level for name in amounts)
    say()
    show_table(
        ("per million tokens", *(header for header, _ in columns)),
        [(name.replace("_", " "), *(amounts.get(name, "") for amounts in by_level)) for name in names],
        numbers=len(columns),
    )
    if rates.request is not None:
        say()
        show_table(("per request", "price"), [("request", price(rates.request))], numbers=1)


def _why_not(options: Namespace, reasons: dict[str, Unpriced], source: PriceSource, at: float) -> str:
    name = f"{options.model} of {options.provider}" if options.provider else options.model
    if reasons:
        said: dict[Unpriced, list[str]] = {}
        for provider, reason in reasons.items():
            said.setdefault(reason, []).append(provider)
        return f"{name} " + ", ".join(
            f"{_words(reason, options)} ({reason.value} of {', '.join(of)})" for reason, of in said.items()
        )
    if options.provider is not None:
        known = {**PROVIDER_IDS, **{identifier: identifier for identifier in known_models()}}
        if options.provider not in known:
            near = difflib.get_close_matches(options.provider, list(known), _NEAR_NAMES)
            allowed = _did_you_mean(near) or f" Some that are: {', '.join(SELLERS)}"
            return f"{name}: the provider is in no price list.{allowed}"
    return f"{name} is in no price list.{_did_you_mean(_near_models(options.model, options.provider))}"


def _words(reason: Unpriced, options: Namespace) -> str:
    if reason is not Unpriced.UNSUPPORTED_UNIT:
        return "is listed without a price"
    if options.tier is not None:
        return f"has no price for the service tier {options.tier!r}"
    return "is priced by something that no call reports"


def _near_models(model: str, provider: str | None) -> list[str]:
    known = known_models()
    wanted = set(PROVIDER_IDS.values()) if provider is None else {PROVIDER_IDS.get(provider, provider)}
    candidates = dict.fromkeys(name for identifier, names in known.items() if identifier in wanted for name in names)
    return difflib.get_close_matches(model, candidates, _NEAR_NAMES, 0.5)


def _did_you_mean(names: list[str]) -> str:
    return f" Near to it: {', '.join(names)}" if names else ""
