"""Our prices beside those of litellm's public price map: every difference, and who is right.

``litellm_prices.json`` holds the columns that are compared, of the providers that both know, taken from litellm's
package (MIT licence). litellm itself is no dependency, not even of the tests: it brings 40 MB and hundreds of modules,
and its map changes every few days, so that a test of its newest release would fail without a change of ours.

    python -m tests.pricing.litellm_crosscheck                       writes docs/prices-crosscheck.md
    python -m tests.pricing.litellm_crosscheck MAP VERSION DAY       takes a newer map over before
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final, cast

import yaml

from otel_genai_instr.pricing import PriceKey, PriceSource
from otel_genai_instr.pricing.charging.rates import PriceList, Rates
from otel_genai_instr.pricing.loading import bundled_prices

HERE: Final = Path(__file__).parent
PRICES: Final = HERE / "litellm_prices.json"
VERDICTS: Final = HERE / "litellm_verdicts.yaml"
PAGE: Final = HERE.parents[1] / "docs" / "prices-crosscheck.md"

AT: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)
"""The moment whose prices are compared: midday in UTC, no peak hour of DeepSeek's."""
_MILLION: Final = 1_000_000

PROVIDERS: Final = {
    "anthropic": ("anthropic", ""),
    "azure": ("azure.ai.openai", "azure/"),
    "bedrock": ("aws.bedrock", ""),
    "bedrock_converse": ("aws.bedrock", ""),
    "cohere": ("cohere", ""),
    "cohere_chat": ("cohere", ""),
    "deepseek": ("deepseek", "deepseek/"),
    "fireworks_ai": ("fireworks_ai", "fireworks_ai/"),
    "gemini": ("gcp.gemini", "gemini/"),
    "groq": ("groq", "groq/"),
    "mistral": ("mistral_ai", "mistral/"),
    "moonshot": ("moonshot_ai", "moonshot/"),
    "openai": ("openai", ""),
    "perplexity": ("perplexity", "perplexity/"),
    "together_ai": ("together_ai", "together_ai/"),
    "vertex_ai-anthropic_models": ("gcp.vertex_ai", "vertex_ai/"),
    "vertex_ai-language-models": ("gcp.vertex_ai", ""),
    "voyage": ("voyageai", "voyage/"),
    "xai": ("x_ai", "xai/"),
}
"""litellm's provider: ours, and what stands before its model names."""
_NO_PATHS: Final = frozenset({"anthropic", "azure", "bedrock", "bedrock_converse", "openai"})
"""Where a further slash means something else than a model: a region, a commitment, an image size."""

TIERS: Final = {"standard": "", "batch": "_batches", "flex": "_flex", "priority": "_priority"}
TOKENS: Final = {
    "input": "input_cost_per_token",
    "output": "output_cost_per_token",
    "cache_read": "cache_read_input_token_cost",
    "cache_write": "cache_creation_input_token_cost",
    "cache_write_1h": "cache_creation_input_token_cost_above_1hr",
    "reasoning": "output_cost_per_reasoning_token",
    "audio_input": "input_cost_per_audio_token",
    "audio_output": "output_cost_per_audio_token",
    "audio_cache_read": "cache_read_input_audio_token_cost",
    "image_input": "input_cost_per_image_token",
    "image_output": "output_cost_per_image_token",
}
LENGTHS: Final = (100_000, 128_000, 200_000, 272_000)
UNITS: Final = {
    "input_second": "input_cost_per_second",
    "input_character": "input_cost_per_character",
    "search_unit": "input_cost_per_query",
    "page": "ocr_cost_per_page",
    "web_search_call": "search_context_cost_per_query",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One price of one model that the two lists disagree about."""

    provider: str
    model: str
    tier: str
    price: str
    """``input``, ``output above 200,000``, ``web_search_call``, ..."""
    ours: float
    theirs: float
    """Dollars, per million of tokens and per single other unit."""

    @property
    def matched_by(self) -> tuple[str, str, str, str]:
        return self.provider, self.model, self.tier, self.price


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that was compared."""

    differences: list[Difference]
    equal: int
    only_theirs: Counter[str]
    """Models and tiers that litellm has a price for and we don't, by provider."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Who is right about some differences, and why."""

    title: str
    right: str
    """``ours``, ``both``, ``neither`` or ``open``."""
    why: str
    provider: str
    models: tuple[str, ...]
    tiers: tuple[str, ...]
    prices: tuple[str, ...]

    def covers(self, difference: Difference) -> bool:
        return (
            fnmatchcase(difference.provider, self.provider)
            and any(fnmatchcase(difference.model, pattern) for pattern in self.models)
            and any(fnmatchcase(difference.tier, pattern) for pattern in self.tiers)
            and any(fnmatchcase(difference.price, pattern) for pattern in self.prices)
        )


def read_prices(path: Path = PRICES) -> dict[str, Any]:
    """Read the copy: ``version``, ``day``, ``licence``, and ``models``."""
    return json.loads(path.read_text())


def read_verdicts(path: Path = VERDICTS) -> list[Verdict]:
    """Read who is right."""
    return [
        Verdict(
            row["title"],
            row["right"],
            row["why"],
            row["provider"],
            tuple(row.get("models", ["*"])),
            tuple(row.get("tiers", ["*"])),
            tuple(row.get("prices", ["*"])),
        )
        for row in yaml.safe_load(path.read_text())
    ]


def compare(models: Mapping[str, Mapping[str, Any]], source: PriceSource) -> Outcome:
    """Compare every price that both lists have."""
    differences: list[Difference] = []
    only_theirs: Counter[str] = Counter()
    equal = 0
    for name, row in models.items():
        provider, prefix = PROVIDERS[row["litellm_provider"]]
        model = name.removeprefix(prefix)
        for tier, suffix in TIERS.items():
            if not _has_price(row, tier):
                continue
            key = PriceKey(provider, model, None if tier == "standard" else tier)
            prices = source.find(key, AT.timestamp()).prices
            if not isinstance(prices, PriceList):
                only_theirs[provider] += 1
                continue
            for price, ours, theirs in _pairs(prices, row, suffix):
                if abs(ours - theirs) <= 1e-6 * max(ours, theirs):
                    equal += 1
                else:
                    differences.append(Difference(provider, model, tier, price, ours, theirs))
    return Outcome(sorted(differences, key=lambda item: item.matched_by), equal, only_theirs)


def _has_price(row: Mapping[str, Any], tier: str) -> bool:
    units = ("input_cost_per_second", "input_cost_per_character", "input_cost_per_query", "ocr_cost_per_page")
    return f"{TOKENS['input']}{TIERS[tier]}" in row or (tier == "standard" and any(unit in row for unit in units))


def _pairs(prices: PriceList, row: Mapping[str, Any], suffix: str) -> Iterator[tuple[str, float, float]]:
    if prices.rates is not None:
        yield from _token_pairs("", prices.rates, row, suffix)
        for length in LENGTHS:
            above = next((rates for start, rates in prices.long_context if length >= start), None)
            if above is not None:
                where = f"_above_{length // 1000}k_tokens"
                yield from _token_pairs(f" above {length:,}", above, row, f"{where}{suffix}")
    if not suffix:
        for unit, column in UNITS.items():
            ours, theirs = prices.units.get(unit), row.get(column)
            if ours is not None and theirs is not None:
                yield unit, ours.amount, theirs


def _token_pairs(where: str, rates: Rates, row: Mapping[str, Any], suffix: str) -> Iterator[tuple[str, float, float]]:
    for name, column in TOKENS.items():
        ours: float | None = getattr(rates, name)
        theirs = row.get(column + suffix)
        if ours is not None and theirs is not None:
            yield name + where, ours * _MILLION, theirs * _MILLION


def take_over(source: Path, version: str, day: str) -> None:
    """Write the copy anew from litellm's ``model_prices_and_context_window_backup.json``."""
    columns = {"litellm_provider", *UNITS.values()}
    for suffix in TIERS.values():
        columns |= {column + suffix for column in TOKENS.values()}
        columns |= {
            f"{column}_above_{length // 1000}k_tokens{suffix}" for column in TOKENS.values() for length in LENGTHS
        }
    models: dict[str, dict[str, Any]] = {}
    for name, row in cast("dict[str, dict[str, Any]]", json.loads(source.read_text())).items():
        provider = row.get("litellm_provider", "")
        if provider not in PROVIDERS or not name.startswith(prefix := PROVIDERS[provider][1]):
            continue
        if provider in _NO_PATHS and "/" in name.removeprefix(prefix):
            continue
        kept = {column: row[column] for column in sorted(columns & row.keys()) if row[column] is not None}
        if isinstance(kept.get("search_context_cost_per_query"), dict):
            kept["search_context_cost_per_query"] = kept["search_context_cost_per_query"]["search_context_size_medium"]
        if len(kept) > 1:
            models[name] = kept
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(models[name])}" for name in sorted(models))
    about = {
        "about": "columns of model_prices_and_context_window_backup.json of the package litellm",
        "licence": "MIT, Copyright (c) 2023 Berri AI",
        "version": version,
        "day": day,
    }
    PRICES.write_text(json.dumps(about)[:-1] + ',\n"models": {\n' + lines + "\n}}\n")


_SAID: Final = {
    "ours": "ours",
    "both": "both: they are prices of different things",
    "neither": "neither",
    "open": "not decided: no published price was found",
}


def page(copy: Mapping[str, Any], outcome: Outcome) -> str:
    """Return the report about the copy of litellm's prices."""
    verdicts = read_verdicts()
    by_verdict: dict[int, list[Difference]] = {}
    for difference in outcome.differences:
        number = next((number for number, verdict in enumerate(verdicts) if verdict.covers(difference)), -1)
        by_verdict.setdefault(number, []).append(difference)
    counts = Counter({verdicts[number].right: 0 for number in range(len(verdicts))})
    for number, differences in by_verdict.items():
        if number >= 0:
            counts[verdicts[number].right] += len(differences)
    compared = outcome.equal + len(outcome.differences)
    lines = [
        "# Prices beside litellm's",
        "",
        "Every price that we and [litellm](https://github.com/BerriAI/litellm) both have for a model, compared;",
        "written by `python -m tests.pricing.litellm_crosscheck`, checked by a test. Ours are those of genai-prices",
        f"and of our own tables on {AT:%B %d, %Y} at {AT:%H:%M} UTC, litellm's those of version",
        f"{copy['version']}, taken on {copy['day']} (MIT licence).",
        "",
        f"{compared:,} prices were compared: {outcome.equal:,} are equal, {len(outcome.differences)} differ.",
        "",
        "| Right | Differences |",
        "|---|---|",
        *(f"| {_SAID[right]} | {count} |" for right, count in sorted(counts.items())),
        "",
        "Where a provider's page says that litellm is right and genai-prices isn't, we charge what the page says (see",
        "[corrections](cost.md#corrections)), so there is no difference. Where nothing decides, we charge what",
        "genai-prices lists; a [price of your own](prices.md) goes before it. Amounts are dollars, per million tokens",
        "and per single other unit.",
        "",
    ]
    for number, verdict in enumerate(verdicts):
        differences = by_verdict.get(number, [])
        lines += [
            f"## {verdict.title}",
            "",
            f"Right: {_SAID[verdict.right]}. {verdict.why.strip()}",
            "",
            "| Provider | Model | Tier | Price | Ours | litellm |",
            "|---|---|---|---|---|---|",
            *(_row(difference) for difference in differences),
            "",
        ]
    lines += [
        "## What litellm prices and we don't",
        "",
        "Models and tiers, counted; we answer `unknown_model` or `unsupported_unit`, never another thing's price.",
        "",
        "| Provider | Models and tiers |",
        "|---|---|",
        *(f"| `{provider}` | {count} |" for provider, count in sorted(outcome.only_theirs.items())),
    ]
    return "\n".join(lines) + "\n"


def _row(item: Difference) -> str:
    return f"| `{item.provider}` | `{item.model}` | {item.tier} | {item.price} | {item.ours:.6g} | {item.theirs:.6g} |"


def main(arguments: Sequence[str]) -> None:
    """Write the page; with arguments, take a newer map over before."""
    if arguments:
        source, version, day = arguments
        take_over(Path(source), version, day)
    copy = read_prices()
    PAGE.write_text(page(copy, compare(copy["models"], bundled_prices.get())))


if __name__ == "__main__":
    main(sys.argv[1:])
