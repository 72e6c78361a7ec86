"""An OTLP receiver on loopback: where the Collector's output is read back when there is no Jaeger."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from .programs import free_port
from .spans import SpanRecord, spans_of_request

# The gRPC package has no types; everything that comes from it stays in this file.
_grpc: Any = grpc
_MESSAGE_BYTES = 64 * 1024 * 1024


class OTLPReceiver:
    """Keeps every span that an OTLP/gRPC exporter sends it. Does not listen before ``start``."""

    name = "receiver"

    def __init__(self) -> None:
        self._port = free_port()
        self.otlp_endpoint = f"127.0.0.1:{self._port}"
        self._lock = threading.Lock()
        self._requests: list[ExportTraceServiceRequest] = []
        self._spans: dict[str, SpanRecord] = {}
        self._read = 0
        self._server: Any = None

    def start(self) -> None:
        """Listen; what was received before a ``stop`` is kept."""
        server = _grpc.server(
            ThreadPoolExecutor(max_workers=4),
            # Not shared: two receivers on one port would each get half.
            options=[("grpc.max_receive_message_length", _MESSAGE_BYTES), ("grpc.so_reuseport", 0)],
        )
        export = _grpc.unary_unary_rpc_method_handler(
            self._export,
            request_deserializer=ExportTraceServiceRequest.FromString,
            response_serializer=ExportTraceServiceResponse.SerializeToString,
        )
        service = "opentelemetry.proto.collector.trace.v1.TraceService"
        server.add_generic_rpc_handlers((_grpc.method_handlers_generic_handler(service, {"Export": export}),))
        server.add_insecure_port(self.otlp_endpoint)
        server.start()
        self._server = server

    def stop(self) -> None:
        """Stop listening; does nothing when it does not listen."""
        if self._server is not None:
            self._server.stop(grace=None).wait()
            self._server = None

    def find(self, service: str) -> dict[str, SpanRecord]:
        """The spans of a service that have arrived, by span id."""
        name = {"stringValue": service}
        with self._lock:
            # Taken apart only when somebody asks: under load that is too slow for who sends.
            for request in self._requests[self._read :]:
                self._spans.update(spans_of_request(request))
            self._read = len(self._requests)
            return {id: span for id, span in self._spans.items() if span.resource.get("service.name") == name}

    def requests(self) -> list[ExportTraceServiceRequest]:
        """All messages that have arrived."""
        with self._lock:
            return list(self._requests)

    def arrivals(self) -> Counter[bytes]:
        """How often each span has arrived, by span id."""
        return Counter(
            span.span_id
            for request in self.requests()
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        )

    def _export(self, request: ExportTraceServiceRequest, _context: object) -> ExportTraceServiceResponse:
        with self._lock:
            self._requests.append(request)
        return ExportTraceServiceResponse()
