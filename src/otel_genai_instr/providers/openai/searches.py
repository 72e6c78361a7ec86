"""Searches in vector stores: what was searched for, where, and what was found.

Facts of the SDK's types ``VectorStoreSearchParams`` and ``VectorStoreSearchResponse`` (3.57).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ...model import Content, Details, Request
from ...semconv import attributes as names
from ...semconv import values
from ..asked import AskedFields, read_asked
from ..fields import as_count, as_float, as_list, as_str, as_texts, fields_of
from .plain import PlainAnswer

_SEARCH: Final[AskedFields] = {
    "vector_store_id": (names.DATA_SOURCE_ID, as_str),
    "max_num_results": (names.RETRIEVAL_TOP_K, as_count),
}


def read_search_request(asked: Mapping[str, object]) -> Request:
    """``vector_stores.search``: the store stands in the path."""
    store = as_str(asked.get("vector_store_id"))
    name = f"{values.RETRIEVAL} {store}" if store is not None else values.RETRIEVAL
    return Request(values.RETRIEVAL, attributes=read_asked(asked, _SEARCH), span_name=name)


def read_search_content(asked: Mapping[str, object]) -> Content:
    """The query; several are one line each."""
    queries = as_texts(asked.get("query"))
    return Content(attributes={names.RETRIEVAL_QUERY_TEXT: "\n".join(queries)} if queries else {})


class SearchAnswer(PlainAnswer):
    """A page of results."""

    __slots__ = ()

    def details(self) -> Details:
        """What was found, where content is captured."""
        read = Details()
        read.content = self._found
        return read

    def _found(self) -> Content:
        documents = [_document(fields_of(result)) for result in as_list(self._said.get("data"))]
        return Content(attributes={names.RETRIEVAL_DOCUMENTS: documents})


def _document(result: Mapping[str, object]) -> Mapping[str, object]:
    """Id and score as the conventions name them; the rest by the SDK's names."""
    texts = [as_str(fields_of(part).get("text")) for part in as_list(result.get("content"))]
    said = {
        "id": as_str(result.get("file_id")),
        "score": as_float(result.get("score")),
        "filename": as_str(result.get("filename")),
        "attributes": dict(fields_of(result.get("attributes"))) or None,
        "content": "\n".join(text for text in texts if text) or None,
    }
    return {name: value for name, value in said.items() if value is not None}
