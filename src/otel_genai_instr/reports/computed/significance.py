"""Whether two samples differ by more than chance. The tests are those of scipy; here is what they are given."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from ..samples import LEAST_FOR_P95

LEVEL: Final = 0.01
"""Below this probability of chance, a difference is called one."""
LEAST: Final = LEAST_FOR_P95
"""Values on both sides, below which nothing is said."""


class Moments(NamedTuple):
    """A sample, summed up."""

    n: int
    mean: float
    deviation: float
    """Standard deviation of the sample."""


def means_differ(one: Moments, other: Moments) -> float | None:
    """Welch's t-test: the probability of such a difference by chance. ``None`` for too small samples."""
    from scipy import stats

    if min(one.n, other.n) < LEAST:
        return None
    if one.deviation == other.deviation == 0:
        return 1.0 if one.mean == other.mean else 0.0
    result = stats.ttest_ind_from_stats(
        one.mean, one.deviation, one.n, other.mean, other.deviation, other.n, equal_var=False
    )
    return _probability(result.pvalue)


def shares_differ(hits: int, n: int, other_hits: int, other_n: int) -> float | None:
    """Fisher's exact test on two shares, or chi-squared where there are many."""
    return counts_differ({True: hits, False: n - hits}, {True: other_hits, False: other_n - other_hits})


def counts_differ(one: Mapping[Any, int], other: Mapping[Any, int]) -> float | None:
    """Whether two samples of words come from one distribution: Fisher's exact test of few, chi-squared of many."""
    from scipy import stats

    if min(sum(one.values()), sum(other.values())) < LEAST:
        return None
    words = sorted({*one, *other}, key=str)
    table = [[side.get(word, 0) for word in words] for side in (one, other)]
    columns = [column for column in zip(*table, strict=True) if sum(column)]
    if len(columns) < 2:
        return 1.0
    rows = list(zip(*columns, strict=True))
    if len(columns) == 2 and sum(map(sum, rows)) < 10_000:
        return _probability(stats.fisher_exact(rows).pvalue)
    return _probability(stats.chi2_contingency(rows).pvalue)


def distributions_differ(one: Sequence[float], other: Sequence[float]) -> float | None:
    """The Kolmogorov-Smirnov test on two samples of numbers."""
    from scipy import stats

    if min(len(one), len(other)) < LEAST:
        return None
    return _probability(stats.ks_2samp(one, other, method="asymp").pvalue)


def correlation(one: Sequence[float], other: Sequence[float]) -> float | None:
    """Spearman's rank correlation; ``None`` for a small sample, or where one side is always the same."""
    from scipy import stats

    if len(one) < LEAST or len(set(one)) < 2 or len(set(other)) < 2:
        return None
    return _probability(stats.spearmanr(one, other).statistic)


def kappa(both_yes: int, only_one: int, only_other: int, both_no: int) -> float | None:
    """Cohen's kappa of two judges who say yes or no (J. Cohen, 1960): agreement beyond chance, 1 at most."""
    n = both_yes + only_one + only_other + both_no
    if n < LEAST:
        return None
    agreed = (both_yes + both_no) / n
    yes, other_yes = (both_yes + only_one) / n, (both_yes + only_other) / n
    by_chance = yes * other_yes + (1 - yes) * (1 - other_yes)
    return None if by_chance == 1 else (agreed - by_chance) / (1 - by_chance)


def _probability(value: Any) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None
