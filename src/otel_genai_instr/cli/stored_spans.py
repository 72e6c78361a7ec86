"""Spans from files: OTLP JSON as the Collector's file exporter writes it, or one JSON document, packed or not.

Pure reading: knows no price. A line that is no JSON (the last one of a file that is being written) is counted
and passed over.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Final, cast

from .problems import Problem
from .sources import require

_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_HEAD: Final = 8
"""Bytes that say how a file is packed: before each message by zstd the Collector writes in four how long it is."""
_NANOSECONDS: Final = 1e9
_DIGITS: Final = re.compile(r"-?[0-9]{1,20}")
_LARGEST: Final = 2**63

Attributes = Mapping[str, str | bool | int | float]
Document = Mapping[str, object]
OnBadLine = Callable[[int], None]
"""Called with the number of each line that is not JSON."""


@dataclass(frozen=True, slots=True)
class StoredSpan:
    """What repricing needs of one span."""

    start: float | None
    """Unix seconds; ``None`` where the span has no time."""
    attributes: Attributes
    """Scalars only."""
    identity: str | None = None
    """Trace and span id: a span that was exported twice stands in a file twice."""


def read_spans(path: str, on_bad_line: OnBadLine) -> Iterator[StoredSpan]:
    """Read every span of a file; ``-`` is standard input.

    Raises:
        Problem: if the file can't be read, isn't OTLP JSON at all, or needs a package that isn't installed.
    """
    try:
        with _open(path) as file:
            head = file.peek(_HEAD)[:_HEAD]
            unpack = _of_zstd if _ZSTD in head else _of_gzip if head.startswith(_GZIP) else _of_text
            for document in unpack(file, path, on_bad_line):
                yield from _spans(document)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise Problem(f"{path}: can't be read: {reason}") from None


def _open(path: str) -> io.BufferedReader:
    return io.BufferedReader(cast("io.RawIOBase", sys.stdin.buffer)) if path == "-" else open(path, "rb")


def _of_gzip(file: IO[bytes], path: str, on_bad_line: OnBadLine) -> Iterator[Document]:
    return _of_text(cast("IO[bytes]", gzip.GzipFile(fileobj=file)), path, on_bad_line)


def _of_zstd(file: io.BufferedReader, path: str, on_bad_line: OnBadLine) -> Iterator[Document]:
    require(("pyarrow",), "reports")
    from ..reports.stored.files import LONGEST_LINE
    from ..reports.stored.packing import messages, packing_of, unpacked

    packing = packing_of(file.peek(_HEAD)[:_HEAD])
    if packing.is_whole:
        with unpacked(file, packing) as text:
            yield from _of_text(text, path, on_bad_line)
        return
    for number, message in enumerate(messages(file, 0, LONGEST_LINE), start=1):
        document = _parsed(message.text.decode("utf-8", "replace"))
        if document is None:
            on_bad_line(number)
        else:
            yield document


def _of_text(file: IO[bytes], path: str, on_bad_line: OnBadLine) -> Iterator[Document]:
    return _documents(io.TextIOWrapper(file, encoding="utf-8-sig"), path, on_bad_line)


def _documents(file: IO[str], path: str, on_bad_line: OnBadLine) -> Iterator[Document]:
    lines = ((number, line) for number, line in enumerate(file, start=1) if line.strip())
    first = next(lines, None)
    if first is None:
        return
    document = _parsed(first[1])
    if document is not None:
        yield document
        for number, line in lines:
            document = _parsed(line)
            if document is None:
                on_bad_line(number)
            else:
                yield document
        return
    rest = file.read()
    document = _parsed(first[1] + rest)
    if document is not None:
        yield document
        return
    # The first line may have been cut off, such as that of a file whose beginning was dropped.
    bad_lines = [first[0]]
    found = False
    for number, line in enumerate(io.StringIO(rest), start=first[0] + 1):
        document = _parsed(line)
        if document is None:
            if line.strip():
                bad_lines.append(number)
        elif "resourceSpans" in document:
            found = True
            yield document
    if not found:
        raise Problem(f"{path}: is not OTLP JSON, neither as one document nor line by line")
    for number in bad_lines:
        on_bad_line(number)


def _parsed(text: str) -> Document | None:
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return cast("Document", value) if isinstance(value, dict) else None


def _spans(document: Mapping[str, object]) -> Iterator[StoredSpan]:
    for resource in _objects(document, "resourceSpans"):
        for scope in _objects(resource, "scopeSpans"):
            for span in _objects(scope, "spans"):
                start = _moment(span, "startTimeUnixNano") or _moment(span, "endTimeUnixNano")
                yield StoredSpan(start, _attributes(span), _identity(span))


def _identity(span: Mapping[str, object]) -> str | None:
    trace, own = span.get("traceId"), span.get("spanId")
    return f"{trace}/{own}" if isinstance(trace, str) and isinstance(own, str) and trace and own else None


def _moment(span: Mapping[str, object], name: str) -> float | None:
    nanoseconds = _number(span.get(name))
    return nanoseconds / _NANOSECONDS if nanoseconds is not None and nanoseconds > 0 else None


def _objects(owner: Mapping[str, object], name: str) -> Iterator[Mapping[str, object]]:
    value = owner.get(name)
    if isinstance(value, list):
        for item in cast("list[object]", value):
            if isinstance(item, dict):
                yield cast("Mapping[str, object]", item)


def _attributes(span: Mapping[str, object]) -> Attributes:
    found: dict[str, str | bool | int | float] = {}
    for item in _objects(span, "attributes"):
        name, value = item.get("key"), item.get("value")
        if isinstance(name, str) and isinstance(value, dict):
            scalar = _scalar(cast("Mapping[str, object]", value))
            if scalar is not None:
                found[name] = scalar
    return found


def _scalar(value: Mapping[str, object]) -> str | bool | int | float | None:
    for kind, content in value.items():
        if kind == "stringValue" and isinstance(content, str):
            return content
        if kind == "boolValue" and isinstance(content, bool):
            return content
        if kind == "intValue":  # a string in OTLP JSON, a number with some writers
            number = _number(content)
            return None if number is None else int(number)
        if kind == "doubleValue":
            return _number(content)
    return None


def _number(value: object) -> int | float | None:
    """Return a finite number that fits into 64 bits, as OTLP has them."""
    if isinstance(value, str):
        try:
            value = int(value) if _DIGITS.fullmatch(value) else float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if -_LARGEST <= value <= _LARGEST else None  # NaN is neither
