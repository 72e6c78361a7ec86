"""Rate limits, without a clock."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from otel_genai_instr.evaluation.rates import RateLimit


def test_so_many_at_once_and_then_one_by_one() -> None:
    limit = RateLimit(6)
    assert [limit.wait("key", 100.0) for _ in range(7)] == [0.0] * 6 + [10.0]
    assert limit.wait("key", 105.0) == 5.0
    assert limit.wait("key", 110.0) == 0.0
    assert limit.wait("key", 110.0) == 10.0
    assert limit.wait("another key", 110.0) == 0.0


@given(st.integers(1, 600), st.floats(0, 1e9), st.lists(st.floats(0, 30), max_size=200))
def test_never_more_than_the_burst_and_the_rate_allow(per_minute: int, start: float, pauses: list[float]) -> None:
    limit = RateLimit(per_minute)
    now, taken = start, 0
    for pause in pauses:
        now += pause
        taken += limit.wait("key", now) == 0.0
    assert taken <= per_minute + (now - start) * per_minute / 60 + 0.01


@given(st.integers(1, 600), st.floats(0, 1e6))
def test_who_waits_as_long_as_told_is_let_in(per_minute: int, start: float) -> None:
    limit = RateLimit(per_minute)
    now = start
    for _ in range(per_minute):
        assert limit.wait("key", now) == 0.0
    for _ in range(20):
        seconds = limit.wait("key", now)
        assert 0 < seconds <= 60
        now += seconds
        assert limit.wait("key", now) == 0.0


def test_a_clock_that_was_set_back_locks_nobody_out() -> None:
    limit = RateLimit(2)
    assert [limit.wait("key", 1e6) for _ in range(2)] == [0.0, 0.0]
    assert 0 < limit.wait("key", 0.0) <= 60
    assert limit.wait("key", 61.0) == 0.0


def test_memory_is_bounded_and_the_quietest_is_forgotten() -> None:
    limit = RateLimit(1, max_keys=3)
    for key in ("a", "b", "c"):
        assert limit.wait(key, 0.0) == 0.0
    assert limit.wait("a", 1.0) > 0  # heard of again
    assert limit.wait("d", 1.0) == 0.0
    assert len(limit) == 3
    assert limit.wait("a", 2.0) > 0
    assert limit.wait("b", 2.0) == 0.0  # it was forgotten
