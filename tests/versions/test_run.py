"""What is said of a row."""

from __future__ import annotations

import pytest

from .interpreters import OLDEST
from .rows import Row
from .run import Outcome


@pytest.mark.parametrize(("minutes", "is_slow"), [(4.0, False), (4.1, True)])
def test_a_row_that_takes_more_than_twice_its_time_says_so(minutes: float, is_slow: bool) -> None:
    outcome = Outcome(Row(OLDEST, "openai<2", usual_minutes=2), "passed", "openai 1.109.1", minutes)
    assert ("more than twice the usual 2" in str(outcome)) == is_slow
