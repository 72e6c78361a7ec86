"""The URL of a store: whether anything can write to it, and how it is shown."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from ..addresses import without_password
from ..records import frozen

_LOCAL: Final = ("", "file", "local")
_NEEDS_EXTRA: Final = 'it needs the extra "store": pip install "otel-genai-instr[store]"'


class Unusable(Exception):
    """A store that can't be used as it is set; the text says what to do about it."""


@frozen
class Location:
    """The folder that all objects are below."""

    url: str
    """For a file system. It may hold a password."""
    shown: str
    """For people, spans and logs: without one. Ends with no slash."""
    is_local: bool


def located(url: str) -> Location:
    """The location that ``url`` names; its file system is loaded.

    Raises:
        Unusable: if no file system is known or installed for the URL.
    """
    try:
        registry = import_module("fsspec.registry")
        local = import_module("fsspec.implementations.local")
    except ImportError:
        raise Unusable(_NEEDS_EXTRA) from None
    scheme = scheme_of(url)
    if scheme in _LOCAL:
        path: str = local.LocalFileSystem._strip_protocol(url)  # absolute: the app may change its folder
        path = path.rstrip("/")
        return Location(path or "/", f"file://{path}", is_local=True)
    if "::" in url or "?" in url or "#" in url:
        raise Unusable("a chained URL, a query or a fragment can't be part of it")
    try:
        # Here and not when it is needed, in a thread: a process that forks meanwhile would have children with half a
        # module, for good.
        registry.get_filesystem_class(scheme)
        import_module("fsspec.core").url_to_fs("memory://")  # it imports more when it is first called
    except ValueError:
        raise Unusable(f"fsspec knows no file system for {scheme}://") from None
    except ImportError as error:
        raise Unusable(f"{error}") from None
    return Location(url.rstrip("/"), without_password(url).rstrip("/"), is_local=False)


def scheme_of(url: str) -> str:
    """What stands before ``://``; nothing for a path, of Windows too."""
    scheme, separator, _ = url.partition("://")
    return scheme if separator else ""
