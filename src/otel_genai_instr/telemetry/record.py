"""The record of a call: what its span says, flat and small, as one log record, for people without traces.

Never content: it has the fields of the table and no others, each of the table's kind. ``record.schema.json`` beside
this file says the same for programs, and a test compares the two.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, cast

from opentelemetry import context
from opentelemetry._logs import Logger
from opentelemetry.context import Context
from opentelemetry.instrumentation.utils import suppress_instrumentation

from .. import guard
from ..semconv import attributes as names
from ..semconv import own
from ..settings import RecordTo
from . import events

Recorded = str | bool | int | float | list[str]
Record = dict[str, Recorded]
"""Plain JSON data."""

# As OpenTelemetry names them in log formats that aren't its own.
TIME: Final = "time"
TRACE_ID: Final = "trace_id"
SPAN_ID: Final = "span_id"

LOGGER: Final = "otel_genai_instr.record"
"""The name in Python's ``logging``."""
_logger: Final = logging.getLogger(LOGGER)
_AS_LINE: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False)  # ASCII, and no line break inside

TEXT: Final = "string"
WHOLE: Final = "integer"
NUMBER: Final = "number"
YES_OR_NO: Final = "boolean"
TEXTS: Final = "array"
"""The kinds of fields, as JSON Schema names them."""

FIELDS: Final[Mapping[str, str]] = {
    TIME: TEXT,
    TRACE_ID: TEXT,
    SPAN_ID: TEXT,
    own.CALL_DURATION: NUMBER,
    names.OPERATION_NAME: TEXT,
    names.PROVIDER_NAME: TEXT,
    names.SERVER_ADDRESS: TEXT,
    names.REQUEST_MODEL: TEXT,
    names.REQUEST_STREAM: YES_OR_NO,
    names.RESPONSE_MODEL: TEXT,
    names.RESPONSE_ID: TEXT,
    names.RESPONSE_FINISH_REASONS: TEXTS,
    names.RESPONSE_TIME_TO_FIRST_CHUNK: NUMBER,
    names.CONVERSATION_ID: TEXT,
    names.USAGE_INPUT_TOKENS: WHOLE,
    names.USAGE_OUTPUT_TOKENS: WHOLE,
    names.USAGE_CACHE_READ_INPUT_TOKENS: WHOLE,
    names.USAGE_CACHE_WRITE_INPUT_TOKENS: WHOLE,
    names.USAGE_REASONING_OUTPUT_TOKENS: WHOLE,
    names.USAGE_COST_AMOUNT: NUMBER,
    names.USAGE_COST_CURRENCY: TEXT,
    names.USAGE_COST_SOURCE: TEXT,
    own.COST_ESTIMATED: YES_OR_NO,
    own.COST_UNPRICED_REASON: TEXT,
    own.REQUEST_ATTEMPTS: WHOLE,
    own.INPUT_MESSAGE_COUNT: WHOLE,
    own.INPUT_HASH: TEXT,
    own.SYSTEM_INSTRUCTIONS_HASH: TEXT,
    own.OUTPUT_LENGTH: WHOLE,
    own.OUTPUT_PREVIEW: TEXT,
    own.OUTPUT_TOOL_NAMES: TEXTS,
    own.CONTENT_TIER: TEXT,
    own.CONTENT_REFERENCE: TEXT,
    own.CONTENT_WITHHELD: TEXT,
    own.APP_FEATURE: TEXT,
    own.APP_TENANT: TEXT,
    own.APP_TAGS: TEXTS,
    names.USER_ID: TEXT,
    names.SESSION_ID: TEXT,
    names.PROMPT_NAME: TEXT,
    names.PROMPT_VERSION: TEXT,
    names.ERROR_TYPE: TEXT,
    names.HTTP_RESPONSE_STATUS_CODE: WHOLE,
    own.ERROR_CODE: TEXT,
}
"""Everything that a record can have, and its kind. What isn't known is left out."""
_OF_THE_SPAN: Final = tuple(
    (name, kind) for name, kind in FIELDS.items() if name not in (TIME, TRACE_ID, SPAN_ID, own.CALL_DURATION)
)


def record_of(attributes: Mapping[str, object], trace_id: int, span_id: int, start_ns: int, seconds: float) -> Record:
    """The record of one call that is over.

    Args:
        attributes: all that its span says, or would say if it were sampled.
        trace_id: of its span; 0 where nothing is traced, and then left out.
        span_id: the same.
        start_ns: when it began, in nanoseconds since 1970.
        seconds: how long it took.
    """
    record: Record = {TIME: _time(start_ns)}
    if trace_id and span_id:
        record[TRACE_ID] = format(trace_id, "032x")
        record[SPAN_ID] = format(span_id, "016x")
    record[own.CALL_DURATION] = seconds
    for name, kind in _OF_THE_SPAN:
        if name in attributes and (value := _as(kind, attributes[name])) is not None:
            record[name] = value
    return record


def emit_record(
    logger: Logger,
    to: RecordTo,
    attributes: Mapping[str, object],
    trace_id: int,
    span_id: int,
    start_ns: int,
    seconds: float,
    where: Context,
) -> None:
    """Write the record of one call that is over, and fail nobody: handlers and processors are the app's.

    Args:
        logger: for the log record of OpenTelemetry.
        to: where it goes.
        attributes: see :func:`record_of`.
        trace_id: see :func:`record_of`.
        span_id: see :func:`record_of`.
        start_ns: see :func:`record_of`.
        seconds: see :func:`record_of`.
        where: the call's own context: whoever asks for the current span gets the call's.
    """
    writes_line = to.is_logging and _logger.isEnabledFor(logging.INFO)
    if not (to.is_otel or writes_line):
        return
    record = record_of(attributes, trace_id, span_id, start_ns, seconds)
    if to.is_otel:
        guard.run("record.otel", events.emit_call, logger, record, start_ns + round(seconds * 1e9), where)
    if writes_line:
        guard.run("record.logging", _write_line, record, where)


def _write_line(record: Record, where: Context) -> None:
    line = _AS_LINE.encode(record)
    token = context.attach(where)
    try:
        with suppress_instrumentation():  # a handler that sends the line away makes no span, and no record, of that
            _logger.info(line)
    finally:
        context.detach(token)


def _time(ns: int) -> str:
    """RFC 3339, in UTC, with milliseconds: what logs are sorted by."""
    seconds, rest = divmod(ns, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest // 1_000_000:03d}Z"


def _as(kind: str, value: object) -> Recorded | None:
    """``value`` if it is what the schema promises."""
    if kind == TEXTS:
        if not isinstance(value, list | tuple):
            return None
        return [item for item in cast("Sequence[object]", value) if isinstance(item, str)]
    if kind == TEXT:
        return value if isinstance(value, str) else None
    if kind == YES_OR_NO:
        return value if isinstance(value, bool) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return value if kind == NUMBER or (isinstance(value, int) and value >= 0) else None
