"""Real SDK clients without a network: ``full`` (a transport in memory) and ``stub`` (parsed objects at once).

``full`` is what users pay for: the whole SDK and its HTTP client. In ``stub`` the SDK's method is there in
name only and returns parsed objects, which leaves out nearly all of the noise.
"""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any, Final

import openai
from openai._base_client import AsyncAPIClient, BaseClient, SyncAPIClient  # where every call of the SDK comes by
from openai._models import FinalRequestOptions

from .cases import Case

http: Final[Any] = importlib.import_module("httpx2" if int(openai.__version__.split(".")[0]) >= 3 else "httpx")

Client = openai.OpenAI | openai.AsyncOpenAI
Request = Callable[..., Any]
"""What stands in the place of a client's ``request``: it takes the client, the type of the answer, and the options."""


class _Pieces(http.SyncByteStream, http.AsyncByteStream):
    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        yield from self._pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece


class _Memory(http.BaseTransport, http.AsyncBaseTransport):
    """Answers every request with the same body."""

    def __init__(self, case: Case) -> None:
        self._case = case

    def handle_request(self, request: Any) -> Any:
        headers = {"content-type": self._case.media_type}
        return http.Response(200, headers=headers, stream=_Pieces(self._case.events), request=request)

    async def handle_async_request(self, request: Any) -> Any:
        return self.handle_request(request)


def full_client(case: Case, is_async: bool) -> Client:
    """A client whose HTTP client talks to memory."""
    if is_async:
        return openai.AsyncOpenAI(api_key="k", max_retries=0, http_client=http.AsyncClient(transport=_Memory(case)))
    return openai.OpenAI(api_key="k", max_retries=0, http_client=http.Client(transport=_Memory(case)))


def stub_request(case: Case, client: Client, is_async: bool) -> Request:
    """A ``request`` that lets its HTTP request be built and returns an answer that was parsed beforehand."""
    whole = resource_of(full_client(case, is_async=False), case.api).create(**case.arguments)
    parsed: Any = list(whole) if case.is_stream else whole
    build: Any = client

    def answer(options: object) -> Any:
        build._build_request(options)
        if not case.is_stream:
            return parsed
        response = http.Response(200, stream=_Pieces(()))
        kind: Any = openai.AsyncStream if is_async else openai.Stream
        stream = kind(cast_to=object, response=response, client=client)
        stream._iterator = _replay_async(parsed, response) if is_async else _replay(parsed, response)
        return stream

    def request(_client: object, _cast_to: object, options: object) -> Any:
        return answer(options)

    async def request_async(_client: object, _cast_to: object, options: object) -> Any:
        return answer(options)

    return request_async if is_async else request


def stub_create(case: Case, client: Any) -> Callable[..., Any]:
    """Stands for a ``create`` that has nothing left to do but to call the client's ``request``."""
    path = {"chat": "/chat/completions", "responses": "/responses", "embeddings": "/embeddings"}[case.api]
    options = FinalRequestOptions.construct(method="post", url=path, json_data=dict(case.arguments))

    def create(_resource: object, **_: object) -> Any:
        return client.request(object, options)

    return create


def resource_of(client: Client, api: str) -> Any:
    """The object whose ``create`` is called."""
    return {"chat": client.chat.completions, "responses": client.responses, "embeddings": client.embeddings}[api]


def build_nothing(_self: object, _options: object, **_: object) -> None:
    """Stands in for the SDK's building of a request where no request is sent."""


def client_class(is_async: bool) -> Any:
    """The class whose ``request`` the instrumentation wraps."""
    return AsyncAPIClient if is_async else SyncAPIClient


REQUEST_BUILDER: Final = (BaseClient, "_build_request")
"""Called by the SDK once for each attempt; the instrumentation wraps it."""


def _replay(chunks: Sequence[object], response: Any) -> Iterator[object]:
    yield from chunks
    response.close()


async def _replay_async(chunks: Sequence[object], response: Any) -> AsyncIterator[object]:
    for chunk in chunks:
        yield chunk
    await response.aclose()
