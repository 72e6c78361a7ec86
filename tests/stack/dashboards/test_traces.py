"""The TraceQL of every panel finds what it asks for, in a real Tempo where ``TEMPO_BIN`` names one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from otel_genai_instr.semconv import attributes as names
from otel_genai_instr.semconv import own

from ...deploy.files import DASHBOARDS, dashboard, targets
from ..telemetry import Call
from ..tempo import Tempo, found, tempo_with
from .questions import EVERYTHING, filled

pytestmark = pytest.mark.stack

VARIABLES = {**EVERYTHING, "expensive": "0.05", "slow": "10s"}
QUERIES = [
    pytest.param(filled(target["query"], VARIABLES), id=f"{path.stem}: {title}")
    for path in DASHBOARDS
    for title, target in targets(dashboard(path), "tempo")
]
CALL = Call(
    {
        names.OPERATION_NAME: "chat",
        names.REQUEST_MODEL: "gpt-5",
        names.RESPONSE_FINISH_REASONS: ("stop", "length"),
        names.USAGE_COST_AMOUNT: 0.6,
        names.USAGE_COST_CURRENCY: "USD",
        names.USER_ID: "u-1",
        own.REQUEST_ATTEMPTS: 2,
    },
    seconds=11,
)
FAILED = Call({names.OPERATION_NAME: "chat", names.ERROR_TYPE: "openai.RateLimitError"}, failed=True)


@pytest.fixture(scope="module")
def tempo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tempo]:
    """A Tempo that has the calls."""
    with tempo_with((CALL, FAILED), tmp_path_factory.mktemp("tempo")) as tempo:
        yield tempo


@pytest.mark.parametrize("query", QUERIES)
def test_it_finds_something(tempo: Tempo, query: str) -> None:
    assert found(tempo, query)
