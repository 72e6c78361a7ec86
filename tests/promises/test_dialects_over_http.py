"""Each server of the table in ``docs/cost.md``, spoken to by the real SDK over a socket, plain and streamed.

A client has the real base URL of the server. Its HTTP client connects to this machine instead, where somebody answers
as that server does: so the name of who answers, tokens and dollars are those of the whole way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pytest

from examples.openai_server import INSTANT, OpenAIServer

from ..support import answers
from ..support.capture import Capture
from ..support.clock import START_NS
from ..support.provider import http
from ..support.sdk import HAS_RESPONSES
from .dialects import DIALECTS, Dialect
from .either import Block, Chunks, call, run

from model_server import Answer, EventStream, Received, event_of  # isort: skip  # where the server above found it
import openai  # isort: skip

NOW: Final = datetime.fromisoformat("2026-11-20T23:30:00Z")
"""Some prices change with the day and the hour."""
COST_PAGE: Final = (Path(__file__).parents[2] / "docs" / "cost.md").read_text()
TOKENS: Final = re.compile(r"(?:otel_)?gen_?ai\.usage\.(?P<kind>[a-z0-9_.]+)_tokens")

both_modes = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])


class DialectServer(OpenAIServer):
    """Answers every request as the server of the dialect does."""

    def __init__(self, dialect: Dialect) -> None:
        super().__init__(INSTANT)
        self._dialect = dialect

    def respond(self, request: Received) -> Answer | EventStream:
        """A whole answer, or a stream of it."""
        dialect = self._dialect
        streams = json.loads(request.body).get("stream", False)
        if dialect.api == "embeddings":
            return Answer({**answers.embeddings(), "model": dialect.model, "usage": dialect.usage})
        if dialect.api == "responses":
            whole = answers.response(model=dialect.model, usage=dialect.usage, **dialect.more)
            return EventStream(self._events(whole)) if streams else Answer(whole)
        if not streams or dialect.stream is None:
            return Answer({**answers.chat(model=dialect.model), "usage": dialect.usage, **dialect.more})
        return EventStream(map(event_of, dialect.stream(dialect.model, dialect.usage)), b"data: [DONE]\n\n")

    def _events(self, whole: dict[str, Any]) -> Iterator[bytes]:
        *begun, _ = answers.response_events()
        for event in [*begun, {"type": "response.completed", "sequence_number": len(begun), "response": whole}]:
            yield event_of(event, str(event["type"]))


@contextmanager
def _answered_by(server: OpenAIServer) -> Generator[Any]:
    """HTTP clients by their kind, whose every connection goes to ``server``, whoever is asked."""
    here = http.URL(server.url)

    def redirected(request: Any) -> Any:
        url = request.url.copy_with(scheme="http", host=here.host, port=here.port)
        return http.Request(
            request.method, url, headers=request.headers, stream=request.stream, extensions=request.extensions
        )

    transport: Any = http.HTTPTransport
    async_transport: Any = http.AsyncHTTPTransport

    class Loopback(transport):
        def handle_request(self, request: Any) -> Any:
            return transport.handle_request(self, redirected(request))

    class AsyncLoopback(async_transport):
        async def handle_async_request(self, request: Any) -> Any:
            return await async_transport.handle_async_request(self, redirected(request))

    def make(is_async: bool) -> Any:
        return http.AsyncClient(transport=AsyncLoopback()) if is_async else http.Client(transport=Loopback())

    yield make


async def _ask(client: Any, dialect: Dialect, streams: bool) -> None:
    if dialect.api == "embeddings":
        await call(client.embeddings.create, model=dialect.model, input="a", encoding_format="float")
        return
    if dialect.api == "responses":
        answer = await call(client.responses.create, model=dialect.model, input="hi", stream=streams)
    else:
        messages = [{"role": "user", "content": "hi"}]
        answer = await call(client.chat.completions.create, model=dialect.model, messages=messages, stream=streams)
    if streams:
        assert [chunk async for chunk in Chunks(answer)]


def _cases() -> Iterator[Any]:
    for dialect in DIALECTS:
        if dialect.api == "responses" and not HAS_RESPONSES:
            continue
        for streams in (False, True) if dialect.stream is not None else (False,):
            yield pytest.param(dialect, streams, id=f"{dialect}-{'streamed' if streams else 'plain'}")


@both_modes
@pytest.mark.parametrize(("dialect", "streams"), list(_cases()))
def test_who_answered_tokens_and_money(dialect: Dialect, streams: bool, is_async: bool, capture: Capture) -> None:
    capture.clock.advance(NOW.timestamp() - START_NS / 1e9)
    capture.instrument(**dialect.settings)
    with DialectServer(dialect) as server, _answered_by(server) as http_client:

        async def body() -> None:
            kind: Any = openai.AsyncOpenAI if is_async else openai.OpenAI
            options = {"base_url": dialect.base_url, "api_key": "sk-secret", "max_retries": 0}
            async with Block(kind(**options, http_client=http_client(is_async))) as client:
                await _ask(client, dialect, streams)

        run(body(), is_async=is_async)
        assert len(server.received) == 1
    said = capture.attributes()
    assert said["gen_ai.provider.name"] == dialect.provider
    assert said["server.address"] == http.URL(dialect.base_url).host
    assert said["gen_ai.response.model"] == dialect.model
    tokens = {found["kind"]: count for name, count in said.items() if (found := TOKENS.fullmatch(name))}
    assert tokens == dialect.tokens
    amount, reason = said.get("gen_ai.usage.cost.amount"), said.get("otel_genai.cost.unpriced_reason")
    if isinstance(dialect.money, str):
        assert (amount, reason) == (None, dialect.money)
    else:
        assert (amount, reason) == (pytest.approx(dialect.money, rel=1e-9), None)


def test_every_server_of_the_table_in_the_docs_is_spoken_to() -> None:
    table = COST_PAGE.partition("\n## Dialects\n")[2].partition("\n## ")[0]
    servers = {
        server.strip()
        for row in re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE)
        if row not in ("Server", "---")
        for server in (row.split(", ") if row == "Moonshot, Together" else [row])
    }
    assert servers == {dialect.server for dialect in DIALECTS}
