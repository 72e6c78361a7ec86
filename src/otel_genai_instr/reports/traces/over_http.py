"""Questions to a server over HTTP, answered in JSON, with limits to time and size."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Mapping
from http.client import HTTPException, HTTPMessage, HTTPResponse
from typing import IO, Any, Final, cast
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from ...file_settings import REPORTS_HEADERS
from ..exceptions import Unanswered

_MOST_BYTES: Final = 256_000_000
_SECONDS_OF_SILENCE: Final = 30
_SECONDS: Final = 120
_PIECE: Final = 1_048_576
_MOST_OF_AN_ERROR: Final = 300
_NOT_FOUND: Final = 404
_NO_SUCH_PATH: Final = re.compile(r"\A(?:404 page not found\Z|\s*<)")
"""What programs in Go, and servers of web pages, say of a path that they don't know. APIs say otherwise of a trace."""


class _NoRedirects(HTTPRedirectHandler):
    """A redirect would take the headers, which may be secret, elsewhere."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        return None


class Server:
    """One server.

    Args:
        url: ``http://`` or ``https://``, a host, a port, maybe a path before those of its API; a name and a password in
            it are sent as HTTP has it.
        what: what it is, for people: ``Jaeger``.
        headers: that go with every question.

    Raises:
        Unanswered: if the address is none.
    """

    def __init__(self, url: str, what: str, headers: Mapping[str, str]) -> None:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise Unanswered(f"the address of {what} can't be understood: {error}") from None
        if parts.scheme not in ("http", "https") or not host:
            raise Unanswered(f"the address of {what} needs http:// or https:// and a host")
        self._base = f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{f':{port}' if port else ''}"
        self._base += parts.path.rstrip("/")
        self.name = f"{what} at {self._base}"
        """What it is and where, without a password."""
        self._headers = {"Accept": "application/json", **headers}
        if parts.username is not None:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            self._headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"

    def ask(self, path: str, **question: str) -> tuple[int, Any]:
        """Ask, and return the status and the JSON that came; with a status of failure what it says of it, as text.

        Raises:
            Unanswered: if nobody answers, not in time, too much, or no JSON.
        """
        asked = f"?{urlencode(question)}" if question else ""
        try:
            request = Request(f"{self._base}{path}{asked}", headers=self._headers)
            with build_opener(_NoRedirects).open(request, timeout=_SECONDS_OF_SILENCE) as answer:
                text = self._read(cast("HTTPResponse", answer))
        except HTTPError as error:
            with error:
                said = error.read(_MOST_OF_AN_ERROR).decode("utf-8", "replace").strip()
            if error.code == _NOT_FOUND and _NO_SUCH_PATH.search(said):
                where = "is it another program, or is there a path before it?"
                raise Unanswered(f"{self.name} knows no {path}; {where}") from None
            return error.code, said
        except (URLError, HTTPException, OSError, ValueError) as error:
            reason = error.reason if isinstance(error, URLError) else error
            raise Unanswered(f"{self.name} doesn't answer: {reason}") from None
        try:
            return 200, json.loads(text)
        except (ValueError, RecursionError):
            raise Unanswered(f"{self.name}: what answers {path} is no JSON; is it another program?") from None

    def failure(self, status: int, said: object) -> Unanswered:
        """What to tell of a status of failure."""
        if status in (401, 403):
            return Unanswered(f"{self.name} wants to know who asks (HTTP {status}): {REPORTS_HEADERS} has its headers")
        if 300 <= status < 400:
            return Unanswered(f"{self.name} sends elsewhere (HTTP {status}), which is not followed: give that address")
        return Unanswered(f"{self.name} answered HTTP {status}: {said or 'nothing'}")

    def _read(self, answer: HTTPResponse) -> bytes:
        end = time.monotonic() + _SECONDS
        content = bytearray()
        while piece := answer.read1(_PIECE):
            content += piece
            if len(content) > _MOST_BYTES:
                raise Unanswered(f"{self.name} answers with more than {_MOST_BYTES:,} bytes")
            if time.monotonic() > end:
                raise Unanswered(f"{self.name} did not answer within {_SECONDS} seconds")
        return bytes(content)
