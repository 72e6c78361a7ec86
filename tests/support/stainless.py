"""What the SDKs that Stainless generates have in common: openai, anthropic, groq, together, ..."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from .under_test import ApiUnderTest, Form, Way


def _way(view: str | None = None, **more: Any) -> Way:
    def start(client: Any, api: ApiUnderTest) -> Any:
        resource = api.resource(client)
        if view is not None:
            resource = getattr(resource, view)
        return getattr(resource, api.method)(**api.arguments, **more)

    return start


def _manager(client: Any, api: ApiUnderTest) -> Any:
    return api.resource(client).stream(**api.arguments)


FORMS: Final[Mapping[Form, Way]] = {
    Form.PLAIN: _way(),
    Form.STREAM: _way(stream=True),
    Form.MANAGER: _manager,
    Form.RAW: _way("with_raw_response"),
    Form.STREAMING_RAW: _way("with_streaming_response"),
    Form.RAW_STREAM: _way("with_raw_response", stream=True),
    Form.STREAMING_RAW_STREAM: _way("with_streaming_response", stream=True),
}


def parse(result: Any) -> Any:
    """What a raw response holds; anything else as it is."""
    return result.parse() if hasattr(result, "parse") else result


def pieces(response: Any, size: int) -> Any:
    """The body of a streaming raw response."""
    return response.iter_bytes(size)


def http_of(*streams: type) -> Callable[[Any], Any]:
    """The HTTP response of a raw response, and of streams of these classes."""
    return lambda result: result.response if isinstance(result, streams) else getattr(result, "http_response", None)
