"""Prices of the user's own: what they do, and what is said about wrong ones."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from otel_genai_instr.model import Usage
from otel_genai_instr.pricing import Cost, Unpriced, UserFileError, pricing_from
from otel_genai_instr.semconv import units

M = 1_000_000
NOON = 1_795_262_400.0  # 2026-11-21T12:00Z
USAGE = Usage(input_tokens=1_000, output_tokens=100)
Book = dict[str, object]


def price(book: Book, provider: str, model: str, usage: Usage = USAGE, at: float = NOON, **more: str) -> Cost:
    cost = pricing_from(book).price(provider, model, None, usage, at=at, **more)
    assert isinstance(cost, Cost), cost
    return cost


def tokens(**per_million: float | Decimal) -> Book:
    return {"per_million_tokens": per_million}


def test_an_absolute_price_comes_before_the_listed_one() -> None:
    cost = price({"name": "acme", "prices": [{"model": "gpt-4o*", **tokens(input=2, output=8)}]}, "openai", "gpt-4o")

    assert cost.amount == pytest.approx(1_000 * 2 / M + 100 * 8 / M)
    assert (cost.price_version, cost.model, cost.currency, cost.source) == ("acme", "gpt-4o*", "USD", "local")


def test_tools_keep_their_listed_price() -> None:
    usage = Usage(input_tokens=1_000, units={units.WEB_SEARCH_CALL: 2})
    cost = price({"name": "acme", "prices": [{"model": "gpt-4o", **tokens(input=2)}]}, "openai", "gpt-4o", usage)

    assert (cost.input, cost.other) == pytest.approx((0.002, 0.02))
    assert cost.price_version == "acme, genai-prices 0.2.3"


def test_a_price_of_a_unit_alone_leaves_the_tokens_as_listed() -> None:
    usage = Usage(input_tokens=1_000, units={units.WEB_SEARCH_CALL: 2, "rocket_launch": 1})
    rows = [{"model": "gpt-4o", "per_unit": {units.WEB_SEARCH_CALL: 0.001, "rocket_launch": 5}}]
    cost = price({"prices": rows}, "openai", "gpt-4o", usage)

    assert (cost.input, cost.other) == pytest.approx((0.0025, 5.002))


def test_a_model_that_nobody_lists() -> None:
    rows = [{"provider": "acme", "model": "llama-*", "per_request": 0.5, **tokens(input=1, output=2, cache_read=0.1)}]
    cost = price({"prices": rows}, "acme", "Llama-4-Local", Usage(input_tokens=10, cache_read_tokens=4))

    assert (cost.input, cost.cache_read, cost.other) == pytest.approx((6 / M, 0.4 / M, 0.5))


def test_a_model_that_costs_nothing() -> None:
    cost = price({"prices": [{"model": "llama", **tokens(input=0, output=0)}]}, "ollama", "llama")

    assert cost.amount == 0.0


def test_long_input() -> None:
    row = {
        "model": "m",
        "above": [
            {"input_tokens": 100, **tokens(input=2)},
            {"input_tokens": 200, **tokens(input=3, output=9)},
        ],
        **tokens(input=1, output=5),
    }
    costs = [
        price({"prices": [row]}, "acme", "m", Usage(input_tokens=count, output_tokens=1)) for count in (100, 101, 201)
    ]

    assert [cost.amount * M for cost in costs] == pytest.approx([100 + 5, 202 + 5, 603 + 9])


def test_another_currency() -> None:
    book: Book = {"currency": "EUR", "prices": [{"model": "gpt-4o", **tokens(input=2, output=8)}]}

    assert price(book, "openai", "gpt-4o").currency == "EUR"
    assert price(book, "openai", "gpt-4o-mini").currency == "USD"
    # Dollars are not added to euros: a tool that is listed in dollars has no price in euros.
    usage = Usage(input_tokens=1_000, units={units.WEB_SEARCH_CALL: 2})
    assert pricing_from(book).price("openai", "gpt-4o", None, usage, at=NOON) is Unpriced.UNSUPPORTED_UNIT


def test_a_discount_on_what_is_listed() -> None:
    book: Book = {"name": "acme", "discounts": [{"provider": "anthropic", "model": "claude-*", "percent": 12.5}]}
    usage = Usage(input_tokens=1_000, output_tokens=100, units={units.WEB_SEARCH_CALL: 1})
    cost = price(book, "anthropic", "claude-haiku-4-5", usage)

    assert cost.amount == pytest.approx((0.001 + 0.0005 + 0.01) * 0.875)
    assert cost.price_version == "acme -12.5 %, genai-prices 0.2.3"
    assert price(book, "openai", "gpt-4o").price_version == "genai-prices 0.2.3"


def test_a_discount_holds_for_every_tier_unless_it_names_one() -> None:
    every: Book = {"discounts": [{"model": "*", "percent": 50}]}
    flex: Book = {"discounts": [{"model": "*", "percent": 50, "service_tier": "flex"}]}

    assert price(every, "openai", "gpt-5", service_tier="flex").amount == pytest.approx(0.001125 / 2)
    assert price(flex, "openai", "gpt-5", service_tier="flex").amount == pytest.approx(0.001125 / 2)
    assert price(flex, "openai", "gpt-5").amount == pytest.approx(0.00225)


def test_days_begin_at_midnight_utc() -> None:
    rows = [
        {"model": "m", "from": "2026-03-01", "until": date(2026, 4, 1), **tokens(input=1)},
        {"model": "m", "from": date(2026, 4, 1), **tokens(input=2)},
    ]
    pricer = pricing_from({"prices": rows})

    def at(*moment: int) -> float | Unpriced:
        cost = pricer.price("acme", "m", None, Usage(input_tokens=M), at=datetime(*moment, tzinfo=UTC).timestamp())
        return cost.amount if isinstance(cost, Cost) else cost

    assert at(2026, 2, 28, 23, 59, 59) is Unpriced.UNKNOWN_MODEL
    assert at(2026, 3, 1) == at(2026, 3, 31, 23, 59, 59) == 1.0
    assert at(2026, 4, 1) == at(2030, 1, 1) == 2.0
    assert at(2026, 3, 15) == 1.0


def test_the_first_row_that_fits_holds() -> None:
    rows = [
        {"model": "gpt-4o-mini", **tokens(input=1)},
        {"model": "gpt-4o*", "region": "EU", **tokens(input=2)},
        {"model": "gpt-4o*", "service_tier": "batch", **tokens(input=3)},
        {"model": "gpt-4o*", "service_tier": "*", **tokens(input=4)},
    ]
    book: Book = {"prices": rows}
    usage = Usage(input_tokens=M)

    assert price(book, "openai", "gpt-4o-mini", usage).amount == 1
    assert price(book, "openai", "gpt-4o", usage, region="eu").amount == 2
    assert price(book, "openai", "gpt-4o", usage, service_tier="batch").amount == 3
    assert price(book, "openai", "gpt-4o", usage, service_tier="scale").amount == 4
    assert price(book, "openai", "gpt-4o", usage, service_tier="default").amount == 4


def test_a_row_without_a_tier_is_about_the_standard_one() -> None:
    book: Book = {"prices": [{"model": "gpt-4o", **tokens(input=1)}]}

    assert price(book, "openai", "gpt-4o", Usage(input_tokens=M), service_tier="auto").amount == 1
    scale = pricing_from(book).price("openai", "gpt-4o", None, USAGE, service_tier="scale", at=NOON)
    assert scale is Unpriced.UNSUPPORTED_UNIT


@pytest.mark.parametrize(
    ("provider", "name", "alias"),
    [
        ("azure.ai.openai", "prod-chat-eu", {"provider": "azure.ai.openai", "model": "prod-*", "is": "gpt-4o"}),
        ("azure.ai.openai", "prod-chat-eu", {"provider": "azure", "model": "PROD-*", "is": "gpt-4o"}),
        (
            "aws.bedrock",
            "arn:aws:bedrock:eu-west-1:1:application-inference-profile/a1b2",
            {"model": "a1b2", "is": "gpt-4o", "is_provider": "openai"},
        ),
        ("gateway", "smart", {"provider": "gateway", "model": "smart", "is": "gpt-4o", "is_provider": "openai"}),
    ],
)
def test_a_name_that_stands_for_a_model(provider: str, name: str, alias: Book) -> None:
    cost = price({"models": [alias]}, provider, name)

    assert (cost.amount, cost.model) == (pytest.approx(0.0035), "gpt-4o")


def test_an_alias_meets_the_other_rows_by_its_model() -> None:
    book: Book = {
        "models": [{"model": "smart", "is": "gpt-4o", "is_provider": "openai"}],
        "discounts": [{"provider": "openai", "model": "gpt-4o", "percent": 10}],
    }

    assert price(book, "gateway", "smart").amount == pytest.approx(0.0035 * 0.9)


ROW = {"model": "m", "per_million_tokens": {"input": 1}}


@pytest.mark.parametrize(
    ("book", "field", "problem"),
    [
        ({"price": []}, "price", "not known here; allowed: name, currency"),
        ({"currency": "usd"}, "currency", "'usd' is not a currency"),
        ({"currency": "XXX"}, "currency", "'XXX' is not a currency"),
        ({"currency": 5}, "currency", "5 is not allowed"),
        ({"prices": {}}, "prices", "a mapping is not allowed; a list"),
        ({"prices": ["x"]}, "prices[0]", "'x' is not allowed; a mapping of provider"),
        ({"prices": [ROW, {"model": "m"}]}, "prices[1]", "has no price"),
        ({"prices": [{"per_million_tokens": {"input": 1}}]}, "prices[0].model", "is missing"),
        ({"prices": [{**ROW, "model": ""}]}, "prices[0].model", "'' is not allowed"),
        ({"prices": [{**ROW, "model": 5}]}, "prices[0].model", "5 is not allowed"),
        ({"prices": [{**ROW, "model": "x" * 300}]}, "prices[0].model", "is not allowed; a text of 1 to 256"),
        ({"prices": [{**ROW, "modle": "x"}]}, "prices[0].modle", "not known here; allowed: provider, model"),
        ({"prices": [{"model": "m", **tokens(inptu=1)}]}, "prices[0].per_million_tokens.inptu", "not known here"),
        ({"prices": [{"model": "m", **tokens(output=1)}]}, "prices[0].per_million_tokens.input", "is missing"),
        *(
            ({"prices": [{"model": "m", "per_million_tokens": {"input": wrong}}]}, "per_million_tokens.input", shown)
            for wrong, shown in (
                (-3, "-3 is not allowed; a number of zero or more"),
                (math.nan, "nan is not allowed"),
                (math.inf, "inf is not allowed"),
                (10**400, "is not allowed"),
                (True, "true is not allowed"),
                ("2.5", "'2.5' is not allowed"),
                (None, "an empty value is not allowed"),
                ([1], "list is not allowed"),
            )
        ),
        ({"prices": [{**ROW, "per_unit": {"page": -1}}]}, "prices[0].per_unit.page", "-1 is not allowed"),
        ({"prices": [{**ROW, "per_unit": 3}]}, "prices[0].per_unit", "3 is not allowed; a mapping"),
        ({"prices": [{"model": "m", "per_request": 1}]}, "prices[0].per_request", "needs per_million_tokens"),
        ({"prices": [{**ROW, "from": "yesterday"}]}, "prices[0].from", "'yesterday' is not allowed; a day such as"),
        ({"prices": [{**ROW, "from": 20260101}]}, "prices[0].from", "20260101 is not allowed"),
        ({"prices": [{**ROW, "from": datetime(2026, 1, 1, 8)}]}, "prices[0].from", "is not allowed; a day"),
        ({"prices": [{**ROW, "from": "2026-02-01", "until": "2026-02-01"}]}, "prices[0].until", "later than from"),
        ({"prices": [{**ROW, "above": [{"input_tokens": -1}]}]}, "prices[0].above[0].input_tokens", "-1 is not"),
        ({"prices": [{**ROW, "above": [{"input_tokens": 1.5}]}]}, "prices[0].above[0].input_tokens", "1.5 is not"),
        ({"discounts": [{"model": "m"}]}, "discounts[0].percent", "is missing"),
        ({"discounts": [{"model": "m", "percent": 101}]}, "discounts[0].percent", "101 is not allowed"),
        ({"discounts": [{"model": "m", "percent": -1}]}, "discounts[0].percent", "-1 is not allowed"),
        ({"models": [{"model": "m"}]}, "models[0].is", "is missing"),
        ({1: 2}, "1", "not known here"),
    ],
)
def test_a_wrong_dictionary_is_refused_by_field_and_value(book: Book, field: str, problem: str) -> None:
    with pytest.raises(UserFileError) as refused:
        pricing_from(book)

    assert str(refused.value).startswith("prices: ")
    assert field in str(refused.value)
    assert problem in str(refused.value)
    assert len(str(refused.value)) < 400


def test_all_mistakes_stand_in_one_message_which_stays_short() -> None:
    with pytest.raises(UserFileError) as refused:
        pricing_from({"currency": "usd", "prices": [{"model": "m"}] * 30})

    assert len(refused.value.args) == 31
    said = str(refused.value).split("; and ")
    assert said[0].startswith("prices: currency: 'usd' is not a currency")
    assert "prices: prices[8]: has no price" in said[0]
    assert "prices[9]" not in said[0]
    assert said[1] == "21 more"


def test_decimals_are_money_too() -> None:
    cost = price({"prices": [{"model": "m", **tokens(input=Decimal("2.20"))}]}, "acme", "m", Usage(input_tokens=M))

    assert cost.amount == pytest.approx(2.2)


@pytest.mark.parametrize(
    "wrong",
    [10**5_000, Decimal("sNaN"), Decimal("-1"), Decimal("Infinity"), 1e13],
    ids=["huge", "signalling", "negative", "endless", "too much"],
)
def test_no_number_is_too_strange_to_be_named(wrong: object) -> None:
    with pytest.raises(UserFileError, match=r"^prices: prices\[0\]\.per_unit\.page: .{1,60} is not allowed; "):
        pricing_from({"prices": [{"model": "m", "per_unit": {"page": wrong}}]})


@pytest.mark.parametrize("wrong", [5, 2.5, True, ["x"], object()])
def test_other_things_than_paths_and_dictionaries_are_refused(wrong: object) -> None:
    with pytest.raises(UserFileError, match="is not allowed; the path of a price file, or a dictionary"):
        pricing_from(wrong)


def test_an_error_is_a_value_error() -> None:
    assert issubclass(UserFileError, ValueError)


def test_nothing_said_is_what_is_bundled() -> None:
    books: list[Book | None] = [None, {}, {"prices": []}, {"prices": None}]
    for prices in books:
        cost = pricing_from(prices).price("openai", "gpt-4o", None, USAGE, at=NOON)
        assert isinstance(cost, Cost)
        assert cost.amount == pytest.approx(0.0035)
        assert cost.price_version == "genai-prices 0.2.3"
