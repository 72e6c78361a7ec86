"""What the documentation shows and lists is what the code understands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from otel_genai_instr.hosts import HOSTS
from otel_genai_instr.model import Usage
from otel_genai_instr.pricing import Cost, Pricer, pricing_from
from otel_genai_instr.pricing.files.book_checks import checked_book
from otel_genai_instr.pricing.files.price_file import read_price_file
from otel_genai_instr.pricing.lists.corrections import CACHED_INPUT, MOVED_NAMES, WRONG_PRICES
from otel_genai_instr.pricing.lists.own_table import OWN_FACTORS
from otel_genai_instr.pricing.names import PROVIDER_IDS
from otel_genai_instr.semconv import units

DOCS = Path(__file__).parents[2] / "docs"
NOON = 1_795_262_400.0  # 2026-11-21T12:00Z
YAML = re.findall(r"^```yaml\n(.*?)^```", (DOCS / "prices.md").read_text(), re.DOTALL | re.MULTILINE)


def rows_under(heading: str) -> list[list[str]]:
    section = (DOCS / "cost.md").read_text().split(heading, 1)[1]
    table = section.split("|---", 1)[1].split("\n\n", 1)[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[1:]]


@pytest.fixture
def example(tmp_path: Path) -> Path:
    path = tmp_path / "prices.yaml"
    path.write_text(YAML[0])
    return path


def test_every_yaml_example_is_understood(tmp_path: Path) -> None:
    assert len(YAML) == 2
    for text in YAML:
        path = tmp_path / "prices.yaml"
        path.write_text(text)
        checked_book(read_price_file(path), "prices")


@pytest.mark.parametrize(
    ("provider", "model", "amount"),
    [
        ("openai", "gpt-4o", 0.0022 + 0.00088),
        ("azure.ai.openai", "prod-chat-eu", 0.0035),
        ("my-gateway", "smart", 0.0022 + 0.00088),
        ("my-gateway", "llama-3.3-70b", 0.0004 + 0.00006 + 0.0005),
        ("anthropic", "claude-haiku-4-5", 0.0015 * 0.85),
        (
            "aws.bedrock",
            "arn:aws:bedrock:eu-west-1:1:application-inference-profile/a1b2c3d4e5f6",
            0.00165,
        ),
        ("openai", "o3", 0.0028),
    ],
)
def test_the_example_prices_what_it_says(example: Path, provider: str, model: str, amount: float) -> None:
    usage = Usage(input_tokens=1_000, output_tokens=100)

    cost = pricing_from(example).price(provider, model, None, usage, at=NOON)
    assert isinstance(cost, Cost), cost
    assert cost.amount == pytest.approx(amount)


def test_units_are_listed() -> None:
    listed = {row[0].split("`")[1]: row[2] for row in rows_under("## Units")}

    assert listed == {name: units.part_of(name) for name in units.UNITS}


def test_hosts_and_providers_are_listed() -> None:
    by_host = rows_under("### Who is paid")[:-1]
    assert [(host, row[1].strip("`")) for row in by_host for host in re.findall(r"`([^`]+)`", row[0])] == sorted(
        HOSTS, key=lambda row: [line[1].strip("`") for line in by_host].index(row[1])
    )
    by_name = [(row[1], row[2]) for row in by_host] + [
        (row[0], row[1]) for row in rows_under("Names that only you can give:")[:-1]
    ]
    listed = {name: identifier.strip("`") for names, identifier in by_name for name in re.findall(r"`([^`]+)`", names)}
    assert {name: identifier for name, identifier in listed.items() if PROVIDER_IDS.get(name)} == PROVIDER_IDS
    assert all(identifier in ("none", name) for name, identifier in listed.items() if name not in PROVIDER_IDS)


def test_regions_are_listed() -> None:
    assert sorted(float(row[3]) for row in rows_under("### Regions")) == sorted(
        row.factor for row in OWN_FACTORS if row.regions
    )


def test_corrections_are_listed() -> None:
    rows = rows_under("### Corrections")
    moved = {
        (name, f"since {row.since:%B} {row.since.day}, {row.since.year}", row.right)
        for row in MOVED_NAMES
        for name in row.names
    }
    listed = {
        (name, row[2].partition("the model ")[2], row[3].split("`")[1])
        for row in rows
        if row[3].startswith("that of")
        for name in re.findall(r"`([^`]+)`", row[1])
    }
    assert listed == moved

    parts = {"half of the input price": 0.5, "a tenth of the input price": 0.1}
    cached = {row[0].lower(): parts[row[3]] for row in rows if row[2] == "cached input"}
    assert cached == {row.provider: row.part for row in CACHED_INPUT}

    dollars = {float(amount) for row in rows for amount in re.findall(r"\$(\d+)", row[3])}
    right = {
        amount * (1_000 if name in units.UNITS else 1) for row in WRONG_PRICES for name, amount in row.right.items()
    }
    assert sorted(dollars) == pytest.approx(sorted(right))


def test_the_same_file_as_before_costs_the_same(example: Path) -> None:
    """The book changes no price that it doesn't name."""
    usage = Usage(input_tokens=1_000, output_tokens=100, cache_read_tokens=10)
    with_book = pricing_from(example).price("deepseek", "deepseek-chat", None, usage, at=NOON)

    assert with_book == Pricer().price("deepseek", "deepseek-chat", None, usage, at=NOON)
