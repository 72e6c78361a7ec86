"""Costs worked out by hand from published prices: ``cases.yaml`` against its own arithmetic and against the pricer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, cast

import pytest
import yaml

from otel_genai_instr.model import Endpoint, Usage
from otel_genai_instr.pricing import Cost, Pricer, Unpriced, pricing_from
from otel_genai_instr.providers.openai.answers import ChatAnswer, EmbeddingsAnswer, ResponseAnswer

from .arithmetic import evaluate

FILE: Final = Path(__file__).with_name("cases.yaml")
EXACT: Final = 1e-9
FIELDS: Final = {
    "in": "input_tokens",
    "out": "output_tokens",
    "read": "cache_read_tokens",
    "write": "cache_write_tokens",
    "write_1h": "cache_write_1h_tokens",
    "reasoning": "reasoning_tokens",
    "text_in": "text_input_tokens",
    "image_in": "image_input_tokens",
    "audio_in": "audio_input_tokens",
    "text_out": "text_output_tokens",
    "image_out": "image_output_tokens",
    "audio_out": "audio_output_tokens",
    "text_read": "text_cache_read_tokens",
    "image_read": "image_cache_read_tokens",
    "audio_read": "audio_cache_read_tokens",
    "units": "units",
    "provider_cost": "provider_cost",
    "inconsistent": "inconsistent",
}
READ_BY: Final = {"chat": ChatAnswer, "responses": ResponseAnswer, "embeddings": EmbeddingsAnswer}
PARTS: Final = ("input", "cache_read", "cache_write", "output", "other")


@dataclass(frozen=True)
class Case:
    """One call of the file."""

    name: str
    call: Mapping[str, str]
    usage: Mapping[str, Any] | None
    answer: tuple[str, Mapping[str, Any]] | None
    """The API, and what a server says of the usage there, in its own words; instead of ``usage``."""
    source: str
    parts: Mapping[str, str]
    expected: Decimal | None
    """``None``: no cost, for the reason in ``unpriced``."""
    currency: str
    paid: str
    """Value of ``gen_ai.usage.cost.source``."""
    unpriced: str | None
    prices: object
    """Prices of the user's own, as :func:`pricing_from` takes them."""

    @property
    def at(self) -> float:
        return datetime.fromisoformat(self.call["at"]).timestamp()


class _ExactLoader(yaml.SafeLoader):
    """Reads a number with a point as the decimal number that it is."""


_ExactLoader.add_constructor(
    "tag:yaml.org,2002:float",
    lambda loader, node: Decimal(loader.construct_scalar(cast("yaml.ScalarNode", node))),
)


def _read() -> tuple[dict[str, dict[str, object]], list[Case]]:
    content = yaml.load(FILE.read_text(), _ExactLoader)
    cases = [
        Case(
            item["name"],
            {"at": content["default_at"], **item["call"]},
            item.get("usage"),
            _answer(item),
            item["source"],
            item.get("parts", {}),
            None if item.get("expected") is None else Decimal(item["expected"]),
            item.get("currency", "USD"),
            item.get("paid", "local"),
            item.get("unpriced"),
            _plain(item.get("prices")),
        )
        for item in content["cases"]
    ]
    return content["sources"], cases


def _answer(item: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]] | None:
    if "answer" not in item:
        return None
    ((api, said),) = item["answer"].items()
    return api, {"model": item["call"].get("model"), **cast("dict[str, Any]", _plain(said))}


def _plain(value: Any) -> object:
    """Return numbers as a price file has them."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, list):
        return [_plain(item) for item in cast("list[object]", value)]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in cast("dict[str, object]", value).items()}
    return value


SOURCES, CASES = _read()
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def _usage(case: Case) -> Usage | None:
    if case.answer is not None:
        api, said = case.answer
        return READ_BY[api](said).response().usage
    if case.usage is None:
        return None
    said = {FIELDS[name]: value for name, value in case.usage.items()}
    if "units" in said:
        said["units"] = {unit: float(count) for unit, count in said["units"].items()}
    if "provider_cost" in said:
        said["provider_cost"] = float(said["provider_cost"])
    return Usage(**said)


def _price(case: Case, pricer: Pricer) -> Cost | Unpriced:
    call = case.call
    return pricer.price(
        Endpoint(call["provider"], is_known=not call.get("unknown_host", False)).seller,
        call.get("request"),
        call.get("model"),
        _usage(case),
        service_tier=call.get("tier"),
        region=call.get("region"),
        at=case.at,
    )


@pytest.fixture(scope="module")
def bundled() -> Pricer:
    return Pricer()


@each_case
def test_the_arithmetic_is_right(case: Case) -> None:
    assert (case.expected is None) == (case.unpriced is not None)
    if case.parts:
        assert sum(map(evaluate, case.parts.values())) == pytest.approx(case.expected, abs=Decimal("1e-15"))


@pytest.mark.skipif(version("genai-prices") != "0.2.3", reason="checked against the prices of genai-prices 0.2.3")
@each_case
def test_the_price_is_that_of_the_case(case: Case, bundled: Pricer) -> None:
    cost = _price(case, bundled if case.prices is None else pricing_from(case.prices))

    if case.expected is None:
        assert cost == Unpriced(cast("str", case.unpriced))
        return
    assert isinstance(cost, Cost), cost
    assert cost.amount == pytest.approx(float(case.expected), abs=EXACT, rel=EXACT)
    assert (cost.currency, cost.source) == (case.currency, case.paid)
    parts = {name: getattr(cost, name) for name in PARTS}
    charged = {name: part for name, part in parts.items() if part is not None}
    assert charged == pytest.approx(
        {name: float(evaluate(text)) for name, text in case.parts.items()}, abs=EXACT, rel=EXACT
    )


def test_there_are_many_cases_and_each_is_named_once() -> None:
    assert len(CASES) >= 150
    assert [name for name, count in Counter(case.name for case in CASES).items() if count > 1] == []
    assert len({(case.call["provider"], case.call.get("model")) for case in CASES}) >= 100


def test_every_case_has_a_source_that_was_checked() -> None:
    assert {case.source for case in CASES} == set(SOURCES)
    for source in SOURCES.values():
        assert str(source["url"]).startswith(("https://", "docs/"))
        assert isinstance(source["checked"], date)


def test_every_reason_for_no_price_has_a_case() -> None:
    about_loading = {Unpriced.NOT_LOADED}  # of any call: no matter of what it used
    assert {case.unpriced for case in CASES} - {None} == set(Unpriced) - about_loading


@pytest.mark.parametrize(
    ("text", "value"), [("(1000-800)*2.50/1e6", "0.0005"), ("1/8+2*0.1", "0.325"), ("7.0e-7", "0.0000007")]
)
def test_arithmetic_is_exact(text: str, value: str) -> None:
    assert evaluate(text) == Decimal(value)


@pytest.mark.parametrize("text", ["f(1)", "x", "2**3", "-1", "'1'", "1 if 1 else 2", "True", "1j", "[1]", "1 +", ""])
def test_only_arithmetic_is_worked_out(text: str) -> None:
    with pytest.raises(ValueError, match="not arithmetic"):
        evaluate(text)
