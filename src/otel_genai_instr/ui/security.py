"""Who is let in: a browser on this machine that was given the address with the token.

- The ``Host`` header must be ours: a page of the web whose name is made to lead here (DNS rebinding) has another one.
- The token comes in the address once. From then on it is a cookie that no other site can send and no script can read.
- Nothing is changed here, so nothing but reading is answered.
"""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..page.html import policy

TOKEN: Final = "token"
"""The name in the query of an address."""
FORM_ACTION: Final = "'self'"
_HOSTS: Final = ("127.0.0.1", "localhost", "[::1]")
_HTTP: Final = 80
_WELCOME: Final = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=/">'
    '<title>otel-genai</title></head><body><a href="/">otel-genai</a></body></html>'
)
"""A page and no redirect: what comes after it was asked for by our own page, and so the cookie goes with it."""


class Keys:
    """What opens the server: the address that is printed, and another one for the browser, which opens it once.

    What is given to a browser stands in the list of processes, where others on the machine may read it.
    """

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(32)
        self.once = secrets.token_urlsafe(32)
        self.cookie = secrets.token_urlsafe(32)

    def opens(self, token: str) -> bool:
        """Whether this token in an address lets in."""
        if secrets.compare_digest(token.encode(), self.once.encode()):
            self.once = secrets.token_urlsafe(32)
            return True
        return secrets.compare_digest(token.encode(), self.token.encode())

    def knows(self, cookie: str) -> bool:
        """Whether this is the cookie of one that was let in."""
        return secrets.compare_digest(cookie.encode(), self.cookie.encode())


class Gate:
    """Stands before the app."""

    def __init__(self, app: ASGIApp, keys: Keys, port: int) -> None:
        self._app = app
        self._keys = keys
        self._hosts = {f"{host}:{port}" for host in _HOSTS}
        if port == _HTTP:  # which addresses leave out
            self._hosts.update(_HOSTS)
        # Cookies know no ports: each server of this machine has its own.
        self._cookie = f"otel_genai_{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on."""
        if scope["type"] != "http":
            return
        answer = self._refusal(HTTPConnection(scope))

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                _say_headers(MutableHeaders(scope=message))
            await send(message)

        await (answer or self._app)(scope, receive, guarded)

    def _refusal(self, asked: HTTPConnection) -> Response | None:
        hosts = asked.headers.getlist("host")
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            return PlainTextResponse("this is no name of this server\n", HTTPStatus.MISDIRECTED_REQUEST)
        if asked.scope["method"] not in ("GET", "HEAD"):
            return PlainTextResponse("read only\n", HTTPStatus.METHOD_NOT_ALLOWED, {"allow": "GET, HEAD"})
        token = dict(parse_qsl(asked.scope["query_string"].decode("latin-1"))).get(TOKEN)
        if token is not None and self._keys.opens(token):
            welcome = Response(_WELCOME, media_type="text/html")
            welcome.set_cookie(self._cookie, self._keys.cookie, path="/", httponly=True, samesite="strict")
            return welcome
        if not self._keys.knows(asked.cookies.get(self._cookie, "")):
            return PlainTextResponse("open the address that `otel-genai ui` printed\n", HTTPStatus.FORBIDDEN)
        return None


def _say_headers(headers: MutableHeaders) -> None:
    headers["content-security-policy"] = f"{policy(FORM_ACTION)}; frame-ancestors 'none'"
    headers["referrer-policy"] = "no-referrer"
    headers["x-content-type-options"] = "nosniff"
    headers["x-frame-options"] = "DENY"
    headers["cache-control"] = "no-store"
    headers["cross-origin-opener-policy"] = "same-origin"
    headers["cross-origin-resource-policy"] = "same-origin"
