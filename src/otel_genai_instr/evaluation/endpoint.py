"""The ASGI endpoint that takes feedback from front ends. It needs no framework.

Whatever is sent to it, it answers with a fixed text: nothing of a request is ever in the response or in a log.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import math
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any, Final, NoReturn, TypeAlias, cast

from .. import log
from ..telemetry.telemetry import shared
from .rates import RateLimit
from .reactions import Action, checked, record_reaction
from .results import target_of_token
from .tokens import InvalidToken, UnusableKey

MAX_BODY_BYTES: Final = 8 * 1024
BODY_SECONDS: Final = 10.0
"""How long a body may take."""

_Message: TypeAlias = MutableMapping[str, Any]
_Receive: TypeAlias = Callable[[], Awaitable[_Message]]
_Send: TypeAlias = Callable[[_Message], Awaitable[None]]
_Headers: TypeAlias = dict[str, str]

_FIELDS: Final = {"token", "action", "text"}
_ALLOW: Final = "POST, OPTIONS"
# Front ends that are traced themselves send the last three with each request.
_ALLOWED_HEADERS: Final = "content-type, traceparent, tracestate, baggage"
_PREFLIGHT_SECONDS: Final = "600"


class _Refused(Exception):
    """The request is answered with a status that isn't 204."""

    def __init__(self, status: int, reason: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(reason)
        self.status: Final = status
        self.reason: Final = reason
        self.headers: Final = dict(headers or {})


class _Disconnected(Exception):
    """Nobody is there to be answered."""


class FeedbackApp:
    """An ASGI 3 application that takes ``{"token": ..., "action": ..., "text": ...}`` by POST and records it.

    Mount it in another application or serve it alone; it answers on every path. Its answers:

    ====== ==========================================================================================
    204    recorded; or taken, where the token is of a process without an OpenTelemetry SDK: that is logged once
    400    no JSON object with ``token``, ``action`` and perhaps ``text``, or an action that isn't known
    403    the token is forged or expired
    405    not POST
    408    the body took longer than 10 seconds
    413    the body has more than 8 KiB
    415    the body isn't ``application/json``
    429    too often; ``Retry-After`` says for how many seconds
    503    no key is set (see :func:`feedback_token`); logged once
    ====== ==========================================================================================

    Args:
        allow_origins: browser origins that may call from another site, such as ``https://app.example.com``;
            ``*`` is every origin. None by default: then only pages of the same origin can.
        per_operation: feedback a minute for one operation, whoever gives it.
        per_client: requests a minute from one address (IPv6: one /64 network), good or bad. The address is that of
            the connection: behind a proxy, have the server set it from the proxy's header.

    Raises:
        ValueError: for a limit below 1, and for origins that are one string.
    """

    def __init__(
        self,
        *,
        allow_origins: Iterable[str] = (),
        per_operation: int = 10,
        per_client: int = 60,
    ) -> None:
        if isinstance(allow_origins, str):
            raise ValueError(f"allow_origins={allow_origins!r} is one string; allowed: a list of origins")
        for name, limit in (("per_operation", per_operation), ("per_client", per_client)):
            if limit < 1:
                raise ValueError(f"{name}={limit!r} is not allowed; allowed: a number a minute, 1 or more")
        self._origins = frozenset(allow_origins)
        self._operations = RateLimit(per_operation)
        self._clients = RateLimit(per_client)
        self._has_complained = False

    async def __call__(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        """Answer one request, as ASGI 3 has it."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1000})  # before it is accepted: a refusal
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        else:
            raise NotImplementedError(f"FeedbackApp doesn't speak {scope['type']!r}; it speaks http")

    async def _answer(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        headers = _headers_of(scope)
        answer = self._cross_origin(headers.get("origin"))
        try:
            if scope["method"] == "OPTIONS":
                status, body = 204, b""
                answer |= {"Allow": _ALLOW}
            else:
                self._admit(scope, headers)
                self._take(await _body_of(receive))
                status, body = 204, b""
        except _Disconnected:
            return
        except _Refused as refused:
            status, body = refused.status, json.dumps({"error": refused.reason}).encode()
            answer |= {**refused.headers, "Content-Type": "application/json", "Content-Length": str(len(body))}
        lines = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.items()]
        await send({"type": "http.response.start", "status": status, "headers": lines})
        await send({"type": "http.response.body", "body": body})

    def _admit(self, scope: _Message, headers: _Headers) -> None:
        """Refuse what can be refused before its body is read."""
        _limit(self._clients, _client_of(scope))
        if scope["method"] != "POST":
            raise _Refused(405, "only POST is allowed", {"Allow": _ALLOW})
        if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            raise _Refused(415, "the body must be application/json")
        if headers.get("content-encoding", "identity").strip().lower() != "identity":
            raise _Refused(415, "the body must not be compressed")
        length = headers.get("content-length", "0")
        if length.isdecimal() and (len(length) > len(str(MAX_BODY_BYTES)) or int(length) > MAX_BODY_BYTES):
            _refuse_size()

    def _take(self, body: bytes) -> None:
        """Record the feedback in ``body``."""
        token, action, text = _parse(body)
        try:
            target = target_of_token(token)
        except InvalidToken as error:
            raise _Refused(403, str(error)) from None
        except UnusableKey as error:
            self._complain(error)
            raise _Refused(503, "feedback is not available") from None
        context = target.span_context
        if context.is_valid:  # all tokens from a process without an SDK look alike
            _limit(self._operations, (context.trace_id, context.span_id))
        record_reaction(target, action, text)

    def _complain(self, error: UnusableKey) -> None:
        if not self._has_complained:
            self._has_complained = True
            log.error("Feedback is refused: %s.", error)

    def _cross_origin(self, origin: str | None) -> _Headers:
        """What tells a browser that a page of ``origin`` may call; nothing when it may not."""
        if not self._origins:
            return {}
        headers = {"Vary": "Origin"}
        if origin is not None and (origin in self._origins or "*" in self._origins):
            headers |= {
                "Access-Control-Allow-Origin": origin if origin in self._origins else "*",
                "Access-Control-Allow-Methods": "POST",
                "Access-Control-Allow-Headers": _ALLOWED_HEADERS,
                "Access-Control-Expose-Headers": "Retry-After",
                "Access-Control-Max-Age": _PREFLIGHT_SECONDS,
            }
        return headers


async def _live(receive: _Receive, send: _Send) -> None:
    """Start and stop with the server; there is nothing to prepare and nothing to put away."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _body_of(receive: _Receive) -> bytes:
    """The whole body, as long as it is small, comes soon, and its sender is there."""
    body = bytearray()
    messages = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise _Disconnected
                body += message.get("body", b"")
                messages += 1
                if len(body) > MAX_BODY_BYTES or messages > MAX_BODY_BYTES:  # an endless row of empty ones, too
                    _refuse_size()
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        raise _Refused(408, "the body took too long") from None


def _parse(body: bytes) -> tuple[str, Action, str | None]:
    """Token, action and text.

    Raises:
        _Refused: for anything else.
    """
    try:
        parsed: object = json.loads(body.decode())
    except (ValueError, RecursionError):
        raise _Refused(400, "the body must be JSON") from None
    fields = cast(dict[str, object], parsed) if isinstance(parsed, dict) else {}
    token = fields.get("token")
    if not isinstance(token, str) or not set(fields) <= _FIELDS:
        raise _Refused(400, "the body must be an object with token, action and perhaps text")
    try:
        action, text = checked(fields.get("action"), fields.get("text"))
    except ValueError:
        raise _Refused(400, "the action is not known, or the text is no string") from None
    return token, action, text


def _limit(rate: RateLimit, key: object) -> None:
    seconds = rate.wait(key, shared().clock.monotonic())
    if seconds:
        raise _Refused(429, "too many requests", {"Retry-After": str(math.ceil(seconds))})


def _refuse_size() -> NoReturn:
    raise _Refused(413, "the body is too large")


def _headers_of(scope: _Message) -> _Headers:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _client_of(scope: _Message) -> str:
    """The address of the connection; a machine with IPv6 owns a whole /64 network, so that counts as one."""
    host = str((scope.get("client") or ("",))[0])
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return host
    if address.ipv4_mapped is not None:  # how a socket for both versions shows an IPv4 client
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address) >> 64 << 64, 64)))
