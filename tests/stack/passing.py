"""Spans sent through a Collector, and what came out of it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Any

from .collector import Collector
from .otlp_receiver import OTLPReceiver
from .programs import wait_until
from .spans import SpanRecord
from .telemetry import Call, calls_trace, export

SECONDS = 30.0
KEY = "5f0c8a4e" * 8
RunCollector = Callable[..., Collector]


def pseudonym(user: str) -> str:
    """What a user's id becomes with ``KEY``."""
    return hmac.new(KEY.encode(), user.encode(), hashlib.sha256).hexdigest()


def through(collector: Collector, receiver: OTLPReceiver, *calls: Call) -> list[SpanRecord]:
    """Send calls, and return their spans as they came out, in order."""
    spans = calls_trace("shop", calls)
    assert export(spans, collector)
    wait_until(lambda: len(receiver.find("shop")) == len(spans), what="all spans are there", seconds=SECONDS)
    children = (span for span in receiver.find("shop").values() if span.parent_id)
    return sorted(children, key=lambda span: span.start)


def values(span: SpanRecord) -> dict[str, Any]:
    """A span's attributes as Python values."""
    return {name: span.value(name) for name in span.attributes}
