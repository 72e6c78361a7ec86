"""An OTLP/HTTP receiver on loopback: what stands for Prometheus, Langfuse and other destinations of overlays."""

from __future__ import annotations

import gzip
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from .programs import free_port
from .spans import SpanRecord, spans_of_request


@dataclass(frozen=True)
class Series:
    """One series of a metric: its name, and its attributes with those of its resource."""

    name: str
    attributes: frozenset[tuple[str, str]]

    def __getitem__(self, attribute: str) -> str | None:
        return dict(self.attributes).get(attribute)


class HTTPReceiver:
    """Keeps what an OTLP/HTTP exporter sends it. Does not listen before ``start``; may listen again after ``stop``."""

    def __init__(self) -> None:
        self._port = free_port()
        self.endpoint = f"http://127.0.0.1:{self._port}"
        self.answer = 200
        """The status of every answer from now on; what is refused is not kept."""
        self._lock = threading.Lock()
        self._requests: list[tuple[str, dict[str, str], bytes]] = []
        self._server: ThreadingHTTPServer | None = None

    def start(self, tls: ssl.SSLContext | None = None) -> None:
        """Listen, with a certificate or in the clear."""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                receiver.keep(self.path, dict(self.headers.items()), body)
                self.send_response(receiver.answer)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", self._port), Handler)
        server.daemon_threads = True
        if tls is not None:
            # Not at `accept`: a client that gives up on the handshake must not end the server's loop.
            server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        self._server = server
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self) -> None:
        """Stop listening; does nothing when it does not listen."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def keep(self, path: str, headers: dict[str, str], body: bytes) -> None:
        """Keep one request, if it is not refused."""
        if self.answer == 200:
            with self._lock:
                self._requests.append((path, {name.lower(): value for name, value in headers.items()}, body))

    def paths(self) -> set[str]:
        """Where requests were sent to."""
        with self._lock:
            return {path for path, _, _ in self._requests}

    def headers(self, path: str) -> dict[str, str]:
        """Those of the first request to a path, by their names in lower case."""
        with self._lock:
            return next(headers for found, headers, _ in self._requests if found == path)

    def spans(self, path: str = "/v1/traces") -> dict[str, SpanRecord]:
        """All spans that have arrived at a path, by span id."""
        found: dict[str, SpanRecord] = {}
        for body in self._sent_to(path):
            found.update(spans_of_request(ExportTraceServiceRequest.FromString(body)))
        return found

    def totals(self, metric: str) -> dict[Series, float]:
        """The counters of this name as a backend of cumulative metrics has them: the last value of each series.

        Of a histogram that is the number of its values.
        """
        last: dict[Series, float] = {}
        for body in self._sent_to("/v1/metrics"):
            for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                for scope in resource.scope_metrics:
                    for found in scope.metrics:
                        if found.name != metric:
                            continue
                        points: Any = found.sum.data_points or found.histogram.data_points
                        for point in points:
                            series = Series(metric, _texts(resource.resource.attributes) | _texts(point.attributes))
                            last[series] = (
                                point.count if found.HasField("histogram") else point.as_double or point.as_int
                            )
        return last

    def _sent_to(self, path: str) -> Iterator[bytes]:
        with self._lock:
            requests = list(self._requests)
        yield from (body for found, _, body in requests if found.endswith(path))


def _texts(attributes: Any) -> frozenset[tuple[str, str]]:
    pairs: list[KeyValue] = list(attributes)
    return frozenset((pair.key, pair.value.string_value) for pair in pairs)
