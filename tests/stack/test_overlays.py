"""The overlays of deploy/collector/, alone and together, judged by the Collector that reads them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from .collector import OVERLAYS, ROOT, Collector, config_arguments
from .http_receiver import HTTPReceiver
from .otlp_receiver import OTLPReceiver
from .programs import wait_until
from .telemetry import export, rag_trace
from .test_files import run

pytestmark = pytest.mark.stack

NAMES = sorted(file.stem for file in OVERLAYS.glob("*.yaml"))
PAGE = ROOT / "docs" / "stack.md"
SECRETS = {
    "OTELCOL_TOKEN": "secret",
    "OTELCOL_TLS_CERT": "cert.pem",
    "OTELCOL_TLS_KEY": "key.pem",
    "DD_API_KEY": "secret",
    "LANGFUSE_AUTH": "secret",
}
"""What has no default, on purpose."""
SECONDS = 30.0


def documented() -> list[tuple[str, ...]]:
    """The combinations that docs/stack.md tells to type."""
    commands = re.findall(r"^otelcol-contrib(.*(?:\\\n.*)*)", PAGE.read_text(), flags=re.MULTILINE)
    return [tuple(re.findall(r"deploy/collector/([\w-]+)\.yaml", command)) for command in commands]


def combinations() -> list[tuple[str, ...]]:
    """Each alone, all at once, and what is documented."""
    second_tier = ("scale/sampler", "tail-sampling", "tempo")
    return list(dict.fromkeys([*((name,) for name in NAMES), tuple(NAMES), second_tier, *documented()]))


@pytest.mark.parametrize("overlays", combinations(), ids="+".join)
def test_collector_validates(collector_binary: Path, tmp_path: Path, overlays: tuple[str, ...]) -> None:
    done = run(
        [collector_binary, "validate", *config_arguments(*overlays)], SECRETS | {"OTELCOL_QUEUE_DIR": str(tmp_path)}
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_documentation_has_every_overlay_and_variable() -> None:
    page = PAGE.read_text() + (ROOT / "docs" / "scale.md").read_text()
    assert documented()
    for file in (ROOT / "collector-config.yaml", *OVERLAYS.rglob("*.yaml")):
        assert file.relative_to(ROOT).as_posix() in page
        for variable in re.findall(r"\$\{env:(\w+)", file.read_text()):
            assert f"`{variable}`" in page, f"{variable} of {file.name}"


def test_a_trace_reaches_all_destinations_at_once_and_nothing_is_deprecated(
    run_collector: Callable[..., Collector], receiver: OTLPReceiver, http_receiver: HTTPReceiver, tmp_path: Path
) -> None:
    """ClickHouse and Datadog excepted: one has a test of its own, the other an address of its own."""
    collector = run_collector(
        receiver.otlp_endpoint,
        *("jaeger", "tempo", "prometheus", "file", "langfuse", "phoenix"),
        TEMPO_OTLP_ENDPOINT=receiver.otlp_endpoint,
        PROMETHEUS_OTLP_ENDPOINT=f"{http_receiver.endpoint}/api/v1/otlp",
        LANGFUSE_HOST=f"{http_receiver.endpoint}/langfuse",
        LANGFUSE_AUTH="cGs6c2s=",
        PHOENIX_ENDPOINT=f"{http_receiver.endpoint}/phoenix",
        OTELCOL_FILE_DIR=str(tmp_path / "files"),
        OTELCOL_METRICS_INTERVAL="1s",
    )
    spans = rag_trace("shop")
    assert export(spans, collector)

    # Once from Jaeger's exporter, once from Tempo's.
    wait_until(
        lambda: sorted(receiver.arrivals().values()) == [2] * len(spans),
        what="Jaeger and Tempo have it",
        seconds=SECONDS,
    )
    paths = {"/langfuse/api/public/otel/v1/traces", "/phoenix/v1/traces", "/api/v1/otlp/v1/metrics"}
    wait_until(lambda: paths <= http_receiver.paths(), what=f"requests to {paths}", seconds=SECONDS)
    assert http_receiver.headers("/langfuse/api/public/otel/v1/traces")["authorization"] == "Basic cGs6c2s="
    phoenix = http_receiver.spans("/phoenix/v1/traces").values()
    chat = next(span for span in phoenix if span.value("gen_ai.response.model"))
    assert chat.value("openinference.span.kind") == "LLM"
    assert chat.value("llm.model_name") == "gpt-4o-mini-2024-07-18"
    assert chat.value("llm.token_count.prompt") == 2_400_000_000
    # For Phoenix alone.
    assert not any(span.value("openinference.span.kind") for span in receiver.find("shop").values())
    written = tmp_path / "files" / "traces.jsonl"
    wait_until(lambda: len(spans) == written.read_text().count('"spanId"'), what="the file has it", seconds=SECONDS)
    assert "deprecat" not in collector.log().lower()
