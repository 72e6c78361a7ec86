"""Batches: what is said of them, and the files that their results are read from.

A file of results has one JSON object in each line, with ``custom_id``, ``response`` and ``error`` (the guide at
https://developers.openai.com/api/docs/guides/batch). A request that failed was not billed; those of a batch that
expired or was cancelled stand in a file of their own, the error file.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from ...model import Batch, Details, Request, Response
from ...semconv import own, values
from ..asked import AskedFields, read_asked
from ..fields import as_list, as_str, fields_of
from .answers import ChatAnswer, EmbeddingsAnswer, ResponseAnswer
from .images import ImagesAnswer
from .unrecorded import Unrecorded

_FILES: Final = ("output_file_id", "error_file_id")
_ASKED: Final[AskedFields] = {"file_id": (own.BATCH_FILE_ID, as_str)}
_BY_OBJECT: Final[Mapping[str, tuple[str, Callable[[object], Any]]]] = {
    "chat.completion": (values.CHAT, ChatAnswer),
    "response": (values.CHAT, ResponseAnswer),
    "list": (values.EMBEDDINGS, EmbeddingsAnswer),
    "text_completion": (values.TEXT_COMPLETION, ChatAnswer),  # whose model and usage stand where a chat's do
}
"""What an answer is by its ``object``: the operation, and who reads it."""


def read_batch_request(_asked: Mapping[str, object]) -> Request:
    """A batch is submitted, or asked for."""
    return Request(values.BATCH)


def read_results_request(asked: Mapping[str, object]) -> Request:
    """A file is read."""
    return Request(values.BATCH, attributes=read_asked(asked, _ASKED))


class BatchAnswer(Unrecorded):
    """A batch, as it is by now, or a page of them."""

    __slots__ = ("_said",)

    def __init__(self, result: object) -> None:
        self._said = fields_of(result)

    def response(self) -> Response:
        """Their ids, and where their results are."""
        read = Response()
        read.batches = [batch for said in self._batches() if (batch := _read_batch(fields_of(said))) is not None]
        return read

    def details(self) -> Details:
        """The id of a single one."""
        identity = as_str(self._said.get("id"))
        return Details(attributes={own.BATCH_ID: identity}) if identity is not None else Details()

    def _batches(self) -> Iterable[object]:
        return as_list(self._said["data"]) if "data" in self._said else [self._said]


def _read_batch(said: Mapping[str, Any]) -> Batch | None:
    identity = as_str(said.get("id"))
    if identity is None:
        return None
    return Batch(identity, tuple(file for name in _FILES if (file := as_str(said.get(name))) is not None))


class FileAnswer(Unrecorded):
    """The content of a file: perhaps results of a batch, mostly not."""

    __slots__ = ("_content",)

    def __init__(self, result: object) -> None:
        self._content = _content_of(result)

    def response(self) -> Response:
        """The answers in it, if they are of a batch. Of any other file only the first line was looked at."""
        read = Response()
        if _has_results(self._content):
            read.answers = _read_lines(self._content)
        return read


def _content_of(result: object) -> bytes:
    """The SDK gives out an object around the HTTP response; by its older method a text."""
    if isinstance(result, str):
        return result.encode(errors="replace")
    content: object = result
    if not isinstance(result, bytes):
        content = getattr(fields_of(result).get("response"), "_content", None)  # no property, which may raise
    return content if isinstance(content, bytes) else b""


def _has_results(content: bytes) -> bool:
    """Whether the first line, which is only parsed if it looks so, is the result of a request."""
    if not content[:64].lstrip().startswith(b"{"):
        return False
    for line in io.BytesIO(content):
        if line.strip():
            return b'"custom_id"' in line and b'"response"' in line and _result_in(line) is not None
    return False


def _result_in(line: bytes) -> dict[str, Any] | None:
    try:
        said: Any = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or "custom_id" not in said:
        return None
    response, error = said.get("response"), said.get("error")  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    is_result = (isinstance(response, dict) and "status_code" in response) or (
        response is None and isinstance(error, dict)
    )
    return said if is_result else None  # pyright: ignore[reportUnknownVariableType]


def _read_lines(content: bytes) -> Iterator[tuple[str | None, Response]]:
    for line in io.BytesIO(content):
        if line.strip():
            yield _read_line(_result_in(line))


def _read_line(said: Mapping[str, Any] | None) -> tuple[str | None, Response]:
    if said is None:  # answered, and billed, for all that is known
        return None, Response()
    response = fields_of(said["response"])
    if response.get("status_code") != 200 or said.get("error"):
        return None, Response(error_code=as_str(fields_of(said.get("error")).get("code")) or "failed")
    body = fields_of(response.get("body"))
    operation, reader = _reader_of(body)
    if reader is None:
        return operation, Response()
    answer: Response = reader(body).response()
    answer.error_code = None  # a generation that failed was begun, and its tokens are billed
    return operation, answer


def _reader_of(body: Mapping[str, Any]) -> tuple[str | None, Callable[[object], Any] | None]:
    known = _BY_OBJECT.get(as_str(body.get("object")) or "")
    if known is not None:
        return known
    if "results" in body:
        return values.MODERATION, ChatAnswer  # which has no usage
    return (values.IMAGE_GENERATION, ImagesAnswer) if "data" in body else (None, None)
