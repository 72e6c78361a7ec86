"""Tempo with the shipped file, where ``TEMPO_BIN`` names one: every query of docs/tempo.md finds what it asks for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from otel_genai_instr.semconv import attributes as names
from otel_genai_instr.semconv import own

from ..docs.test_tempo import queries
from .programs import Program, wait_until
from .telemetry import Call
from .tempo import CONFIG, FOUND_SECONDS, Tempo, found, tempo_binary, tempo_with

pytestmark = pytest.mark.stack

PROMPT = "word " * 20_000 + "refund"
"""100 kB: fifty times what Tempo keeps of an attribute by itself."""

CALLS = (
    Call(
        {
            names.OPERATION_NAME: "chat",
            names.REQUEST_MODEL: "gpt-5",
            names.USAGE_COST_AMOUNT: 0.6,
            names.USAGE_COST_CURRENCY: "USD",
            names.USAGE_INPUT_TOKENS: 20_000,
            names.RESPONSE_TIME_TO_FIRST_CHUNK: 3.0,
            names.USER_ID: "u-1042",
            names.SESSION_ID: "s-7",
            names.CONVERSATION_ID: "conv-7",
            names.PROMPT_NAME: "answer",
            names.PROMPT_VERSION: "3",
            names.INPUT_MESSAGES: json.dumps([{"role": "user", "parts": [{"type": "text", "content": PROMPT}]}]),
            own.APP_FEATURE: "help",
            own.REQUEST_ATTEMPTS: 2,
        },
        seconds=11,
    ),
    Call({names.OPERATION_NAME: "chat", names.ERROR_TYPE: "openai.RateLimitError"}, failed=True),
    Call({names.OPERATION_NAME: "chat", own.COST_UNPRICED_REASON: "unknown_model"}),
    Call({names.OPERATION_NAME: "invoke_agent", own.TOTAL_COST: 0.7}),
    Call({names.OPERATION_NAME: "execute_tool", names.TOOL_NAME: "look", names.ERROR_TYPE: "KeyError"}, failed=True),
)


@pytest.fixture(scope="module")
def tempo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tempo]:
    """A Tempo that has the calls."""
    with tempo_with(CALLS, tmp_path_factory.mktemp("tempo")) as tempo:
        yield tempo


def test_the_shipped_file_is_verified(tmp_path: Path) -> None:
    done = Program(
        "tempo",
        [tempo_binary(), f"-config.file={CONFIG}", "-config.expand-env=true", "-config.verify=true"],
        env={"TEMPO_PROCESSORS": "[service-graphs]"},
        log=tmp_path / "log",
    ).run(60)
    assert "level=error" not in done


@pytest.mark.parametrize("query", queries())
def test_every_query_finds_what_it_asks_for(tempo: Tempo, query: str) -> None:
    assert found(tempo, query)


def test_a_long_prompt_comes_back_whole(tempo: Tempo) -> None:
    (trace,) = found(tempo, '{ span.gen_ai.input.messages =~ ".*refund.*" }')
    wait_until(
        lambda: PROMPT in tempo.get(f"/api/traces/{trace['traceID']}")[1].decode(),
        what="the whole prompt",
        seconds=FOUND_SECONDS,
    )
