"""Why a bill changed: the causes add up, and one cause alone is found alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_genai_instr.reports.computed.change import CAUSES, causes
from otel_genai_instr.reports.computed.spending import Spent


def _spent(
    calls: int = 100,
    tokens: tuple[int, int] = (1000, 100),
    cached: float = 0.0,
    prices: tuple[float, float] = (2e-6, 8e-6),
    other: float = 0.0,
) -> Spent:
    """Calls that are all alike; a cached token costs half."""
    read = int(calls * tokens[0] * cached)
    plain = calls * tokens[0] - read
    parts = (plain * prices[0], read * prices[0] / 2, 0.0, calls * tokens[1] * prices[1], other * calls)
    return Spent(calls, calls * tokens[0], calls * tokens[1], read, 0, sum(parts), *parts)


@pytest.mark.parametrize(
    ("cause", "after"),
    [
        ("calls", _spent(calls=250)),
        ("tokens per call", _spent(tokens=(2000, 100))),
        ("tokens per call", _spent(tokens=(1000, 300))),
        ("price", _spent(prices=(3e-6, 8e-6))),
        ("cache rate", _spent(cached=0.5)),
        ("other charges", _spent(other=0.01)),
    ],
)
def test_one_cause_alone_is_all_of_the_change(cause: str, after: Spent) -> None:
    before = _spent()
    found = causes({"gpt": before}, {"gpt": after})
    assert found[cause] == pytest.approx(after.cost - before.cost)
    assert all(worth == pytest.approx(0, abs=1e-12) for name, worth in found.items() if name != cause)


def test_a_dearer_model_in_place_of_a_cheap_one_is_model_mix() -> None:
    before, after = (
        {"cheap": _spent(90), "dear": _spent(10, prices=(2e-5, 8e-5))},
        {"dear": _spent(100, prices=(2e-5, 8e-5))},
    )
    found = causes(before, after)
    change = after["dear"].cost - sum(each.cost for each in before.values())
    assert found["model mix"] == pytest.approx(change)


def test_calls_that_became_more_and_dearer_share_the_change() -> None:
    before, after = _spent(100), _spent(200, prices=(4e-6, 16e-6))
    found = causes({"gpt": before}, {"gpt": after})
    # 1 -> 4: alone each doubles; either way round the mean is half of the whole.
    half = pytest.approx((after.cost - before.cost) / 2)
    assert (found["calls"], found["price"]) == (half, half)


amounts = st.floats(0, 1000, allow_nan=False)


def _any_spent(
    calls: int,
    plain: int,
    read: int,
    write: int,
    output: int,
    parts: tuple[float, float, float, float, float],
    rest: float,
) -> Spent:
    return Spent(calls, plain + read + write, output, read, write, sum(parts) + rest, *parts)


spents = st.builds(
    _any_spent,
    st.integers(0, 1000),
    st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.tuples(amounts, amounts, amounts, amounts, amounts),
    amounts,
)
times = st.dictionaries(st.sampled_from("abc"), spents, max_size=3)


@settings(max_examples=150, deadline=None)
@given(times, times)
def test_causes_add_up_to_the_change(before: dict[str, Spent], after: dict[str, Spent]) -> None:
    # A call is needed for a cost; nothing is said of what isn't one.
    was, now = (sum(each.cost for each in time.values() if each.calls) for time in (before, after))
    found = causes(before, after)
    assert set(found) == set(CAUSES)
    assert sum(found.values()) == pytest.approx(now - was, rel=1e-6, abs=1e-6)


def test_what_was_saved_is_the_difference_to_the_price_of_other_input() -> None:
    spent = _spent(cached=0.5)
    assert spent.saved_by_cache == pytest.approx(50_000 * 1e-6)
    assert replace(spent, input_tokens=50_000).saved_by_cache == 0  # all of it cached: no price to compare with
