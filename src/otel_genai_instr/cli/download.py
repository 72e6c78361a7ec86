"""One file from the web, with a limit to its size and to the time it takes."""

from __future__ import annotations

import time
from http.client import HTTPException, HTTPMessage, HTTPResponse
from typing import IO, Final, cast
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from .problems import Misuse, Problem

_MOST_BYTES: Final = 50_000_000
_SECONDS_OF_SILENCE: Final = 30
_SECONDS: Final = 300
_PIECE: Final = 65_536


class _StayOnTheWeb(HTTPRedirectHandler):
    """Follows no redirect to FTP, nor to an address that can be changed on its way if the first one couldn't."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        schemes = ("https",) if urlsplit(req.full_url).scheme == "https" else ("http", "https")
        if urlsplit(newurl).scheme not in schemes:
            raise Problem(f"{req.full_url}: leads to {newurl}, which is not followed")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def downloaded(url: str) -> bytes:
    """Return what the address answers.

    Raises:
        Misuse: if it is no address of the web.
        Problem: if it answers nothing, too much or too slowly.
    """
    try:
        scheme = urlsplit(url).scheme
    except ValueError as error:
        raise Misuse(f"--url: {url!r} is not allowed: {error}") from None
    if scheme not in ("http", "https"):
        raise Misuse(f"--url: {url!r} is not allowed; an address that begins with http:// or https://")
    try:
        with build_opener(_StayOnTheWeb).open(url, timeout=_SECONDS_OF_SILENCE) as answer:
            return _read(cast("HTTPResponse", answer), url)
    except HTTPError as error:
        raise Problem(f"{url}: answered {error.code} {error.reason}") from None
    except UnicodeError:
        raise Misuse(f"--url: {url!r} is not allowed; write letters beyond ASCII as %XX") from None
    except (URLError, HTTPException, OSError, ValueError) as error:
        reason = error.reason if isinstance(error, URLError) else error
        raise Problem(f"{url}: can't be read: {reason}") from None


def _read(answer: HTTPResponse, url: str) -> bytes:
    end = time.monotonic() + _SECONDS
    content = bytearray()
    while piece := answer.read1(_PIECE):  # as much as is there
        content += piece
        if len(content) > _MOST_BYTES:
            raise Problem(f"{url}: is larger than {_MOST_BYTES:,} bytes")
        if time.monotonic() > end:
            raise Problem(f"{url}: was not read within {_SECONDS} seconds")
    return bytes(content)
