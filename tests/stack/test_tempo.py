"""Tempo with the shipped file, where ``TEMPO_BIN`` names one: every query of docs/tempo.md finds what it asks for."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import yaml
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace.export import SpanExportResult

from otel_genai_instr.semconv import attributes as names
from otel_genai_instr.semconv import own

from ..docs.test_tempo import queries
from .programs import Program, free_port, http_get, wait_until
from .telemetry import Call, calls_trace

pytestmark = pytest.mark.stack

CONFIG = Path(__file__).parents[2] / "deploy" / "tempo" / "tempo.yaml"
NO_TEMPO = "no Tempo: let TEMPO_BIN name one of 3.0 or newer"
FOUND_SECONDS = 30.0
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


class Tempo:
    """One Tempo on ports of its own, with what is said of its surroundings for one machine."""

    def __init__(self, binary: Path, directory: Path) -> None:
        self._http, otlp, grpc, gossip = (free_port() for _ in range(4))
        self.otlp_endpoint = f"http://127.0.0.1:{otlp}"
        settings = yaml.safe_load(CONFIG.read_text().replace("/var/tempo", str(directory / "data")))
        settings["server"] |= {
            "http_listen_address": "127.0.0.1",
            "http_listen_port": self._http,
            "grpc_listen_address": "127.0.0.1",
            "grpc_listen_port": grpc,
        }
        settings["distributor"]["receivers"]["otlp"]["protocols"]["grpc"]["endpoint"] = f"127.0.0.1:{otlp}"
        settings["memberlist"] = {"bind_addr": ["127.0.0.1"], "bind_port": gossip}
        # Metrics of the last seconds, too.
        settings["query_frontend"] = {"query_end_cutoff": "0s"}
        config = directory / "tempo.yaml"
        config.write_text(yaml.safe_dump(settings))
        options = [f"-config.file={config}", "-config.expand-env=true"]
        self._program = Program("tempo", [binary, *options], env={}, log=directory / "tempo.log")

    def start(self) -> None:
        self._program.start(lambda: self.get("/ready")[0] == 200)

    def stop(self) -> None:
        self._program.stop()

    def get(self, path: str, **question: str) -> tuple[int, bytes]:
        """Status and body of an answer."""
        return http_get(f"http://127.0.0.1:{self._http}{path}?{urlencode(question)}")


def tempo_binary() -> Path:
    """What ``TEMPO_BIN`` names; without one the test is skipped."""
    named = os.environ.get("TEMPO_BIN")
    if not named:
        pytest.skip(NO_TEMPO)
    return Path(named)


@pytest.fixture(scope="module")
def tempo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tempo]:
    """A Tempo that has the calls."""
    tempo = Tempo(tempo_binary(), tmp_path_factory.mktemp("tempo"))
    try:
        tempo.start()
        exporter = OTLPSpanExporter(tempo.otlp_endpoint, insecure=True, timeout=30)
        assert exporter.export(calls_trace("shop", CALLS)) is SpanExportResult.SUCCESS
        exporter.shutdown()
        yield tempo
    finally:
        tempo.stop()


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
    over_time = "_over_time(" in query or "rate()" in query

    def found() -> list[Any]:
        now = int(time.time())
        if over_time:
            question = {"start": str(now - 600), "end": str(now + 60), "step": "60s"}
            status, body = tempo.get("/api/metrics/query_range", q=query, **question)
        else:
            status, body = tempo.get("/api/search", q=query)
        assert status == 200, body
        return json.loads(body).get("series" if over_time else "traces", [])

    wait_until(lambda: bool(found()), what=query, seconds=FOUND_SECONDS)


def test_a_long_prompt_comes_back_whole(tempo: Tempo) -> None:
    status, body = tempo.get("/api/search", q='{ span.gen_ai.input.messages =~ ".*refund.*" }')
    assert status == 200
    (trace,) = json.loads(body)["traces"]
    assert PROMPT in tempo.get(f"/api/traces/{trace['traceID']}")[1].decode()
