"""What the SDKs that Stainless generates have in common: ``openai``, ``anthropic`` and others.

Every request of theirs, whichever method, helper or stream manager makes it, is one call of the client's ``request``,
which is looked up late, repeats failed attempts by itself, and returns an object whose stream can be observed in place.
(Read in ``openai`` 1.55 to 3.57, ``anthropic`` 0.50 to 2.14.)
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, cast
from urllib.parse import unquote

from ..patching.contract import Amend, Api, Arguments, Asked, Attempt, Call, Keywords, Parser, Raw, Seam, Streamed
from .fields import NOTHING, fields_of

Routes = Mapping[tuple[str, str], Api]
"""Method and path, both in lower case, to the API. A part in braces is anything, and an argument. With a query, it is
one that the SDK itself writes."""

_VERSION: Final = re.compile(r"v\d+(?:beta\d*|alpha\d*)?")


def seams(package: str, routes: Routes, clients: tuple[str, ...]) -> tuple[Seam, ...]:
    """Where ``package`` makes a call and an HTTP attempt.

    Args:
        package: name of the SDK's package.
        routes: which requests are operations.
        clients: the public client classes; other instrumentations put a ``request`` of their own there.
    """
    unpack = _unpacker(_Router(routes))
    base, public = f"{package}._base_client", f"{package}._client"
    return (
        Call(base, "SyncAPIClient.request", unpack, amend=_amend),
        Call(base, "AsyncAPIClient.request", unpack, is_awaited=True, amend=_amend),
        *(Call(public, f"{client}.request", unpack, client.startswith("Async"), _amend) for client in clients),
        Attempt(base, "BaseClient._build_request", _watch_parser),
    )


class _Router:
    """Finds the API of a request."""

    def __init__(self, routes: Routes) -> None:
        self.exact: Final = {(method, f"/{path}"): api for (method, path), api in routes.items()}
        """As the SDK itself writes it."""
        self._routes: Final = [
            (method, path.split("/"), api) for (method, path), api in routes.items() if "?" not in path
        ]

    def find(self, method: str, url: str) -> tuple[Api, Mapping[str, object], str | None] | None:
        """The API, the arguments that stand in the path, and the URL if it is absolute."""
        path, absolute = re.split(r"[?#]", url, maxsplit=1)[0], None
        if "://" in path:
            absolute, path = url, path.partition("://")[2].partition("/")[2]
        parts = [part for part in path.split("/") if part]
        named: dict[str, object] = {}
        if "deployments" in parts[:-2]:  # Azure's, whose name stands for the model
            at = parts.index("deployments")
            named["model"] = unquote(parts[at + 1])
            parts = parts[at + 2 :]
        for wanted, pattern, api in self._routes:
            # Of an absolute URL nobody knows where its base ends.
            ahead = parts[: -len(pattern)]
            if wanted != method.lower() or (ahead and absolute is None and not _is_version(ahead)):
                continue
            found = _match(pattern, parts[len(ahead) :])
            if found is not None:
                return api, {**named, **found}, absolute
        return None


def _is_version(ahead: list[str]) -> bool:
    """A base URL without the version has it in the path."""
    return len(ahead) == 1 and _VERSION.fullmatch(ahead[0]) is not None


def _match(pattern: list[str], parts: list[str]) -> dict[str, object] | None:
    if len(pattern) != len(parts):
        return None
    named: dict[str, object] = {}
    for expected, part in zip(pattern, parts, strict=True):
        if expected.startswith("{"):
            named[expected[1:-1]] = unquote(part)
        elif expected != part:
            return None
    return named


def _unpacker(router: _Router) -> Callable[[Arguments, Keywords], Asked | None]:
    exact = router.exact

    def unpack(args: Arguments, kwargs: Keywords) -> Asked | None:
        """``request(self, cast_to, options, ...)``: the body is what the SDK made of the caller's arguments."""
        try:  # a way for nearly all calls, since all calls come by
            said = args[2].__dict__
            body = said["json_data"]
            if body.__class__ is dict and not said["extra_json"]:
                return exact[said["method"], said["url"]], body, args[0], None
        except (AttributeError, IndexError, KeyError, TypeError):
            pass
        client, _cast_to, options, *_ = (*args, None, kwargs.get("options"), kwargs.get("options"))
        return _unpack_any(router, client, fields_of(options))

    return unpack


def _unpack_any(router: _Router, client: object, said: Mapping[str, Any]) -> Asked | None:
    method, url = said.get("method"), said.get("url")
    found = router.find(method, url) if isinstance(method, str) and isinstance(url, str) else None
    if found is None:
        return None
    api, named, absolute = found
    body = fields_of(said.get("json_data"))
    query = NOTHING if body else fields_of(said.get("params"))
    return api, {**named, **query, **body, **fields_of(said.get("extra_json"))}, client, absolute


_RAW_HEADER: Final = "X-Stainless-Raw-Response"


def _amend(args: Arguments, kwargs: Keywords, amend: Amend) -> bool:
    """``request(self, cast_to, options, *, stream, ...)``: the options are the SDK's, what is in them may not be."""
    options: Any = args[2] if len(args) > 2 else kwargs["options"]
    # Who asks for the HTTP response, or uses `with_streaming_response`, reads its bytes: nothing can be hidden there.
    cast_to = args[1] if len(args) > 1 else kwargs["cast_to"]
    reads_bytes = hasattr(cast_to, "iter_raw") or fields_of(options.headers).get(_RAW_HEADER) == "stream"
    if kwargs.get("stream") is not True or reads_bytes:
        return False
    body, extra = fields_of(options.json_data), fields_of(options.extra_json)
    changed = amend({**body, **extra})
    if changed is None:
        return False
    if extra:  # it wins over the body
        options.extra_json = {**extra, **changed}
    else:
        options.json_data = {**body, **changed}
    return True


def _watch_parser(args: Arguments, kwargs: Keywords, watch: Callable[[Parser], Parser]) -> None:
    """``_build_request(self, options, ...)``: ``parse()`` and others bring a parser, which the SDK calls with the
    answer."""
    try:
        options: Any = args[1]
    except IndexError:
        options = kwargs["options"]
    parser = options.post_parser
    if callable(parser):  # if there is none, a marker stands there
        options.post_parser = watch(parser)


_STREAM: Final = "stream"
_RAW: Final = "raw"
_HTTP: Final = "http"


@functools.lru_cache(maxsize=256)
def _kind_of(kind: type) -> str | None:
    """What objects of this class are, by what they can do: classes differ from version to version."""
    if hasattr(kind, "__stream__") and (hasattr(kind, "__next__") or hasattr(kind, "__anext__")):
        return _STREAM
    if hasattr(kind, "parse") and hasattr(kind, "http_request"):
        return _RAW
    if hasattr(kind, "iter_raw") and hasattr(kind, "raise_for_status"):
        return _HTTP
    return None


def look(result: Any) -> Streamed | Raw | None:
    """What a client's ``request`` returned."""
    # Not its type: a transparent proxy, as other instrumentations make them, has the class of what it stands for.
    kind = _kind_of(result.__class__)
    if kind is None:
        return None
    if kind is _STREAM:
        close = "aclose" if hasattr(result.__class__, "__anext__") else "close"
        return Streamed(result, "_iterator", ((result.response, close),))
    http = result.http_response if kind is _RAW else result
    # A transport may have loaded a stream of events before it hands it over: closed, but not over.
    is_over = http.is_closed and "event-stream" not in http.headers.get("content-type", "")
    return Raw(
        http,
        is_over,
        functools.partial(_loaded_body, http),
        functools.partial(_loaded_bytes, http),
        result if kind is _RAW else None,
    )


def _loaded_bytes(http: Any) -> bytes | None:
    """The body of a response, if it was loaded."""
    content: object = getattr(http, "_content", None)
    return content if isinstance(content, bytes) else None


def _loaded_body(http: Any) -> object | None:
    """The JSON object in the body of a response, if it was loaded."""
    content = _loaded_bytes(http)
    if content is None or "json" not in http.headers.get("content-type", ""):
        return None
    try:
        body: object = json.loads(content)
    except ValueError:  # the server's fault, and the caller's to find out
        return None
    return cast("object", body) if isinstance(body, dict) else None
