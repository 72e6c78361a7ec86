"""Log events of an operation: its details (opt-in), its exception, and what was thought of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from opentelemetry._logs import Logger, LogRecord, SeverityNumber
from opentelemetry.context import Context
from opentelemetry.util.types import AnyValue

from ..model import Failure
from ..semconv import attributes as names
from ..semconv import events


def emit_details(logger: Logger, attributes: Mapping[str, object], at_ns: int, context: Context) -> None:
    """The inference span's attributes, content as a structure; emitted however the span was sampled."""
    _emit(logger, events.INFERENCE_DETAILS, events.INFERENCE_DETAILS_SEVERITY, attributes, at_ns, context)


def emit_exception(
    logger: Logger,
    failure: Failure,
    message: str | None,
    stacktrace: str | None,
    at_ns: int,
    context: Context,
) -> None:
    """A client operation ended in an exception. Message and stack trace only where the caller allows them."""
    attributes: dict[str, object] = {names.EXCEPTION_TYPE: failure.type}
    if message is not None:
        attributes[names.EXCEPTION_MESSAGE] = message
    if stacktrace is not None:
        attributes[names.EXCEPTION_STACKTRACE] = stacktrace
    _emit(logger, events.OPERATION_EXCEPTION, events.OPERATION_EXCEPTION_SEVERITY, attributes, at_ns, context)


def emit_call(logger: Logger, record: Mapping[str, object], at_ns: int, context: Context) -> None:
    """The record of a call, which has no content that its tier doesn't allow."""
    _emit(logger, events.CALL, events.CALL_SEVERITY, record, at_ns, context)


def emit_evaluation(logger: Logger, attributes: Mapping[str, object], at_ns: int, context: Context) -> None:
    """The result of an evaluation, or feedback; ``context`` holds the span of the operation that was judged."""
    _emit(logger, events.EVALUATION_RESULT, events.EVALUATION_RESULT_SEVERITY, attributes, at_ns, context)


def _emit(
    logger: Logger,
    event_name: str,
    severity: SeverityNumber,
    attributes: Mapping[str, object],
    at_ns: int,
    context: Context,
) -> None:
    logger.emit(
        LogRecord(
            timestamp=at_ns,
            observed_timestamp=at_ns,
            context=context,
            severity_number=severity,
            attributes=cast("Mapping[str, AnyValue]", attributes),
            event_name=event_name,
        )
    )
