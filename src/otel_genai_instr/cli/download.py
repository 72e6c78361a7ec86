"""One file from the web, with a limit to its size and to the time it takes."""

from __future__ import annotations

import time
from http.client import HTTPException, HTTPMessage, HTTPResponse
from typing import IO, Final, cast
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from ..addresses import without_password
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
            places = (without_password(req.full_url), without_password(newurl))
            raise Problem(f"{places[0]}: leads to {places[1]}, which is not followed")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def downloaded(url: str) -> bytes:
    """Return what the address answers.

    Raises:
        Misuse: if it is no address of the web.
        Problem: if it answers nothing, too much or too slowly.
    """
    shown = without_password(url)
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise Misuse(f"--url: {shown!r} is not allowed: {error}") from None
    if parts.scheme not in ("http", "https"):
        raise Misuse(f"--url: {shown!r} is not allowed; an address that begins with http:// or https://")
    if parts.username is not None:
        raise Misuse("--url: a name or a password in the address is not understood")
    try:
        with build_opener(_StayOnTheWeb).open(url, timeout=_SECONDS_OF_SILENCE) as answer:
            return _read(cast("HTTPResponse", answer), shown)
    except HTTPError as error:
        raise Problem(f"{shown}: answered {error.code} {error.reason}") from None
    except UnicodeError:
        raise Misuse(f"--url: {shown!r} is not allowed; write letters beyond ASCII as %XX") from None
    except (URLError, HTTPException, OSError, ValueError) as error:
        reason = error.reason if isinstance(error, URLError) else error
        raise Problem(f"{shown}: can't be read: {reason}") from None


def _read(answer: HTTPResponse, shown: str) -> bytes:
    end = time.monotonic() + _SECONDS
    content = bytearray()
    while piece := answer.read1(_PIECE):  # as much as is there
        content += piece
        if len(content) > _MOST_BYTES:
            raise Problem(f"{shown}: is larger than {_MOST_BYTES:,} bytes")
        if time.monotonic() > end:
            raise Problem(f"{shown}: was not read within {_SECONDS} seconds")
    return bytes(content)
