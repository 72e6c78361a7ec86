"""What goes wrong around the Collector is said by somebody, and costs nothing that its queue can hold."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import AGGREGATION_TEMPORALITY_CUMULATIVE

from .collector import Collector
from .http_receiver import HTTPReceiver, Series
from .otlp_receiver import OTLPReceiver
from .programs import ProgramFailed, http_post, wait_until
from .telemetry import Protocol, export, prompt_trace, rag_trace
from .test_load import BATCH, batches, ids_of

pytestmark = pytest.mark.stack

SECONDS = 60.0
CERTIFICATES = Path(__file__).with_name("certificates")
PROTOBUF = "application/x-protobuf"
RunCollector = Callable[..., Collector]


def metric_of(value: float) -> bytes:
    """A message with one counter."""
    request = ExportMetricsServiceRequest()
    metric = request.resource_metrics.add().scope_metrics.add().metrics.add(name="shop.orders")
    metric.sum.aggregation_temporality = AGGREGATION_TEMPORALITY_CUMULATIVE
    metric.sum.is_monotonic = True
    metric.sum.data_points.add(as_double=value, time_unix_nano=1, start_time_unix_nano=1)
    return request.SerializeToString()


def log_record() -> bytes:
    """A message with one event."""
    request = ExportLogsServiceRequest()
    record = request.resource_logs.add().scope_logs.add().log_records.add(event_name="gen_ai.evaluation.result")
    record.attributes.add(key="gen_ai.evaluation.name").value.string_value = "correct"
    return request.SerializeToString()


def tls(certificate: str) -> ssl.SSLContext:
    """A server's side of TLS with one of the certificates of the tests."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / certificate, CERTIFICATES / "key.pem")
    return context


RunOnASmallDisk = Callable[..., Collector]


@pytest.fixture
def run_on_a_small_disk(collector_binary: Path, tmp_path: Path, receiver: OTLPReceiver) -> Iterator[RunOnASmallDisk]:
    """Starts a Collector whose queue is on a disk of 8 MB, with nobody where it sends to."""
    receiver.stop()
    queue = tmp_path / "queue"
    queue.mkdir()
    own_disk = f'mount -t tmpfs -o size=8m tmpfs {queue} && exec "$@"'
    within = ["unshare", "--map-root-user", "--mount", "sh", "-c", own_disk, "sh"]
    if shutil.which("unshare") is None or subprocess.run([*within, "true"], capture_output=True).returncode != 0:
        pytest.skip("needs Linux with user namespaces, for a small disk")
    with ExitStack() as ending:

        def run(**variables: str) -> Collector:
            collector = Collector(collector_binary, tmp_path, receiver.otlp_endpoint, env=variables, within=within)
            ending.callback(collector.stop)
            collector.start()
            return collector

        yield run


def send_all(collector: Collector, seconds: float) -> tuple[set[bytes], int]:
    """The spans that it has accepted of 50,000, and how many messages it has not."""
    accepted, refused = set[bytes](), 0
    for message in batches():
        try:
            status = http_post(f"{collector.http_endpoint}/v1/traces", message, PROTOBUF, seconds=seconds)
        except OSError:
            # It waits for its queue: so do all who come later.
            refused += 1
            break
        if status == 200:
            accepted |= ids_of(message)
        else:
            assert status == 503
            refused += 1
    return accepted, refused


def test_queue_that_is_full_before_its_disk_holds_the_senders_back_and_loses_nothing(
    run_on_a_small_disk: RunOnASmallDisk, receiver: OTLPReceiver
) -> None:
    collector = run_on_a_small_disk(OTELCOL_QUEUE_BYTES="2000000")
    accepted, held_back = send_all(collector, seconds=2)
    assert held_back
    assert accepted
    receiver.start()
    wait_until(lambda: receiver.arrivals().keys() >= accepted, what="all that was accepted", seconds=SECONDS)
    assert "no space left on device" not in collector.log()
    assert http_post(f"{collector.http_endpoint}/v1/traces", batches()[-1], PROTOBUF) == 200


def test_disk_that_is_full_before_its_queue_is_said_to_the_senders_and_in_the_log(
    run_on_a_small_disk: RunOnASmallDisk, receiver: OTLPReceiver
) -> None:
    collector = run_on_a_small_disk()
    accepted, refused = send_all(collector, seconds=30)
    assert refused
    assert accepted
    assert "no space left on device" in collector.log()
    assert collector.metric("otelcol_receiver_refused_spans") == refused * BATCH
    assert collector.metric("otelcol_exporter_enqueue_failed_spans") == refused * BATCH

    receiver.start()
    # What it takes out of its queue while it can't write is lost (0 to 7 messages were, of 50), and said.
    wait_until(lambda: collector.metric("otelcol_exporter_queue_size") == 0, what="an empty queue", seconds=SECONDS)
    lost = "Failed updating currently dispatched items" in collector.log()
    wait_until(lambda: lost or receiver.arrivals().keys() == accepted, what="all that was not lost", seconds=SECONDS)
    # And it takes more.
    more = batches()[0]
    assert http_post(f"{collector.http_endpoint}/v1/traces", more, PROTOBUF) == 200
    wait_until(lambda: receiver.arrivals().keys() >= ids_of(more), what="what comes later", seconds=SECONDS)


def test_destination_with_an_expired_certificate_gets_everything_once_it_has_a_valid_one(
    run_collector: RunCollector, http_receiver: HTTPReceiver
) -> None:
    http_receiver.stop()
    http_receiver.start(tls("expired.pem"))
    collector = run_collector(
        "nowhere.invalid:4317",
        "prometheus",
        PROMETHEUS_OTLP_ENDPOINT=http_receiver.endpoint.replace("http:", "https:"),
        PROMETHEUS_CA_FILE=str(CERTIFICATES / "valid.pem"),
    )
    assert http_post(f"{collector.http_endpoint}/v1/metrics", metric_of(7), PROTOBUF) == 200
    wait_until(lambda: "certificate has expired" in collector.log(), what="it says why", seconds=SECONDS)
    assert "Exporting failed. Will retry" in collector.log()
    assert collector.metric("otelcol_exporter_queue_size", exporter="otlp_http/prometheus") > 0

    http_receiver.stop()
    http_receiver.start(tls("valid.pem"))
    expected = {Series("shop.orders", frozenset()): 7.0}
    wait_until(lambda: http_receiver.totals("shop.orders") == expected, what="the metric", seconds=SECONDS)


def test_token_that_a_destination_refuses_is_said_and_counted(
    run_collector: RunCollector, http_receiver: HTTPReceiver
) -> None:
    """Not kept: a Collector takes 401 for an answer, not for a fault that passes."""
    http_receiver.answer = 401
    collector = run_collector(
        "nowhere.invalid:4317", "langfuse", LANGFUSE_HOST=http_receiver.endpoint, LANGFUSE_AUTH="wrong"
    )
    spans = rag_trace("shop")
    assert export(spans, collector)
    failed = "otelcol_exporter_send_failed_spans"
    wait_until(lambda: collector.metric(failed) == len(spans), what="they are counted as lost", seconds=SECONDS)
    assert "HTTP Status Code 401" in collector.log()
    assert "Exporting failed. Dropping data" in collector.log()
    http_receiver.answer = 200
    after = rag_trace("shop")
    assert export(after, collector)
    wait_until(lambda: len(http_receiver.spans()) == len(after), what="what comes later", seconds=SECONDS)


def test_receivers_with_a_token_and_tls_take_no_other(
    run_collector: RunCollector, receiver: OTLPReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    # `requests` believes them rather than the exporter's setting.
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(variable, raising=False)
    collector = run_collector(
        receiver.otlp_endpoint,
        *("tls", "token"),
        OTELCOL_TLS_CERT=str(CERTIFICATES / "valid.pem"),
        OTELCOL_TLS_KEY=str(CERTIFICATES / "key.pem"),
        OTELCOL_TOKEN="right",
    )
    spans = rag_trace("shop")
    protocols: tuple[Protocol, ...] = ("grpc", "http")
    for protocol in protocols:
        assert not export(spans, collector, protocol, ca_file=None, token="right", seconds=1)
        for token in (None, "wrong"):
            assert not export(spans, collector, protocol, CERTIFICATES / "valid.pem", token, seconds=1)
        assert export(spans, collector, protocol, CERTIFICATES / "valid.pem", "right")
    wait_until(lambda: set(receiver.arrivals().values()) == {2}, what="each span, by both", seconds=SECONDS)


@pytest.mark.parametrize(
    ("overlays", "variables", "complaint"),
    [
        ((), {"OTELCOL_USER_KEY": "too-short-a-key"}, "hmac_key must be at least 32 bytes"),
        (("token",), {}, "bearertokenauth/otlp"),
        (("tail-sampling",), {"OTELCOL_KEEP_COST_ABOVE": "cheap"}, "cheap"),
    ],
    ids=["short_key", "no_token", "cost_is_no_number"],
)
def test_wrong_setting_ends_it_at_the_start_and_says_which(
    run_collector: RunCollector, overlays: tuple[str, ...], variables: dict[str, str], complaint: str
) -> None:
    with pytest.raises(ProgramFailed, match=complaint) as failed:
        run_collector("nowhere.invalid:4317", *overlays, **variables)
    assert "too-short-a-key" not in str(failed.value)


def test_message_above_the_limit_is_refused_and_the_next_one_passes(
    run_collector: RunCollector, receiver: OTLPReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    """The sender is told; the Collector's own log and metrics have nothing of it."""
    collector = run_collector(receiver.otlp_endpoint)
    assert not export(prompt_trace("shop", 5_000_000, 8), collector, seconds=6)
    assert "received message larger than max" in caplog.text
    spans = prompt_trace("shop", 5_000_000)
    assert export(spans, collector)
    wait_until(lambda: len(receiver.arrivals()) == len(spans), what="the prompt of 5 MB", seconds=SECONDS)


def test_metrics_and_logs_outlive_a_destination_and_the_collector(
    run_collector: RunCollector, http_receiver: HTTPReceiver
) -> None:
    http_receiver.stop()
    collector = run_collector(
        "nowhere.invalid:4317", "datadog", DD_OTLP_ENDPOINT=http_receiver.endpoint, DD_API_KEY="key"
    )
    # Datadog gets deltas: of 4 and 7, the 3 between them.
    for value in (4, 7):
        assert http_post(f"{collector.http_endpoint}/v1/metrics", metric_of(value), PROTOBUF) == 200
    assert http_post(f"{collector.http_endpoint}/v1/logs", log_record(), PROTOBUF) == 200
    assert export(rag_trace("shop"), collector)
    collector.kill()
    collector.start()
    http_receiver.start()
    paths = {"/v1/traces", "/v1/metrics", "/v1/logs"}
    wait_until(lambda: paths <= http_receiver.paths(), what="all three signals", seconds=SECONDS)
    assert 3 in http_receiver.totals("shop.orders").values()
    assert http_receiver.headers("/v1/logs")["dd-api-key"] == "key"
