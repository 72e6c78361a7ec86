"""The providers of the month, in memory: clients of the real SDKs whose transport answers what was planned."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from types import ModuleType, TracebackType
from typing import Any, Final, Self

import anthropic
import anthropic._base_client
import openai
import openai._base_client

from . import answers
from .planned import PlannedCall

FAILURES: Final = (openai.APIError, anthropic.APIError)
"""What the SDKs raise of a call that fails."""


class Providers:
    """Makes planned calls. A context manager, which closes the clients.

    Args:
        move_to: sets the clock, in nanoseconds since 1970: answers take the time that was planned.
    """

    def __init__(self, move_to: Callable[[int], None]) -> None:
        self._move_to = move_to
        self._clients: dict[tuple[str, str | None, int], Any] = {}
        self._call: PlannedCall
        self._attempts = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for client in self._clients.values():
            client.close()

    def ask(self, call: PlannedCall) -> None:
        """Make the call as an app does, and read the whole answer.

        Raises:
            APIError: of either SDK, if that was planned.
        """
        self._call, self._attempts = call, 0
        client = self._client(call.model.provider, call.model.base_url, call.attempts - 1)
        roles = ["user", "assistant"] * (call.messages // 2)
        more: dict[str, Any] = {"model": call.model.asked, "messages": [_MESSAGES[role] for role in roles]}
        if call.feature.streamed:
            more["stream"] = True
        if call.model.provider == "anthropic":
            answer = client.messages.create(max_tokens=call.feature.max_tokens, **more)
        else:
            if call.feature.streamed:
                more["stream_options"] = {"include_usage": True}
            answer = client.chat.completions.create(max_completion_tokens=call.feature.max_tokens, **more)
        if call.feature.streamed:
            for _ in answer:
                pass

    def _client(self, provider: str, base_url: str | None, retries: int) -> Any:
        key = (provider, base_url, retries)
        if key not in self._clients:
            if provider == "anthropic":
                kind, home, http = anthropic.Anthropic, "https://api.anthropic.com", _http_of(anthropic._base_client)
            else:
                kind, home, http = openai.OpenAI, "https://api.openai.com/v1", _http_of(openai._base_client)
            transport = http.MockTransport(partial(self._answer, http))
            # With a client of its own the SDK looks for no proxies.
            made: Any = kind
            self._clients[key] = made(
                api_key="none",
                base_url=base_url or home,
                max_retries=retries,
                http_client=http.Client(transport=transport),
            )
        return self._clients[key]

    def _answer(self, http: Any, request: Any) -> Any:
        call = self._call
        self._attempts += 1
        is_last = self._attempts == call.attempts
        if is_last and (call.failed or call.first_chunk_ns is None):
            self._move_to(call.end_ns)
        if call.outcome == "timeout":
            raise http.ReadTimeout("no answer", request=request)
        if call.failed or not is_last:
            status, body = answers.refusal(call)
            headers = {"content-type": "application/json", "retry-after-ms": "1"}
            return http.Response(status, headers=headers, content=body, request=request)
        if call.first_chunk_ns is None:
            headers = {"content-type": "application/json"}
            return http.Response(200, headers=headers, content=answers.whole(call), request=request)
        headers = {"content-type": "text/event-stream"}
        return http.Response(200, headers=headers, stream=_body_class(http)(self._pieces(call)), request=request)

    def _pieces(self, call: PlannedCall) -> Iterator[bytes]:
        begin, rest = answers.streamed(call)
        self._move_to(call.start_ns + (call.first_chunk_ns or 0))
        yield begin
        self._move_to(call.end_ns)
        yield rest


_MESSAGES: Final = {role: {"role": role, "content": "..."} for role in ("user", "assistant")}
"""What is said is no matter here: tokens are the provider's to count."""


def _http_of(base_client: ModuleType) -> Any:
    """The module of the HTTP client that an SDK uses: ``httpx``, or ``httpx2``."""
    return base_client.__dict__.get("httpx2") or base_client.__dict__["httpx"]


@cache
def _body_class(http: Any) -> Any:
    class Body(http.SyncByteStream):
        def __init__(self, pieces: Iterator[bytes]) -> None:
            self._pieces = pieces

        def __iter__(self) -> Iterator[bytes]:
            return self._pieces

    return Body
