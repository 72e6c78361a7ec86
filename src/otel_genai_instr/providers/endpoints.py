"""Who answers: ``gen_ai.provider.name`` and the server, by where the request goes and by the class of the client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from ..hosts import plain_host, provider_of_host, region_of_host
from ..model import Endpoint
from .fields import as_count

OPENAI: Final = "openai"
ANTHROPIC: Final = "anthropic"
AZURE: Final = "azure.ai.openai"
AZURE_INFERENCE: Final = "azure.ai.inference"
BEDROCK: Final = "aws.bedrock"
VERTEX: Final = "gcp.vertex_ai"


class Endpoints:
    """The endpoints of one SDK's clients, each worked out once for a client and its base URL."""

    def __init__(self, package: str, default: str, by_client: Mapping[str, str]) -> None:
        """``default`` is the provider of the SDK in ``package``, ``by_client`` that of some classes, by name."""
        self._own_modules: Final = (f"{package}._base_client", f"{package}._client")
        self._default: Final = default
        self._by_client: Final = by_client
        self._known: WeakKeyDictionary[object, tuple[object, Mapping[str, str], Endpoint]] = WeakKeyDictionary()

    def read(self, client: Any, url: str | None, provider_by_host: Mapping[str, str]) -> Endpoint:
        """The endpoint at ``url``, else at the client's base URL; the user's own names win."""
        if url is None:
            try:
                base_url, names, endpoint = self._known[client]
                if base_url is client._base_url and names is provider_by_host:
                    return endpoint
            except (AttributeError, KeyError, TypeError):
                pass  # not seen before, or not to be remembered
            return self._read_base_url(client, provider_by_host)
        return self._read_absolute(client, url, provider_by_host)

    def _read_base_url(self, client: Any, provider_by_host: Mapping[str, str]) -> Endpoint:
        base_url: object = getattr(client, "base_url", None)
        # By attribute: SDKs changed their HTTP library, and with it the class of URLs.
        host, port = getattr(base_url, "host", None), getattr(base_url, "port", None)
        endpoint = self._of(client, host, port, str(getattr(base_url, "scheme", "")), provider_by_host)
        if self._keeps_its_url(client.__class__):
            self._known[client] = (base_url, provider_by_host, endpoint)
        return endpoint

    def _keeps_its_url(self, kind: type) -> bool:
        """Whether its property is the SDK's own: that of a subclass may say another URL at each call."""
        says: object = getattr(kind, "base_url", None)
        return isinstance(says, property) and says.fget is not None and says.fget.__module__ in self._own_modules

    def _read_absolute(self, client: object, url: str, provider_by_host: Mapping[str, str]) -> Endpoint:
        try:
            parts = urlsplit(url)
            return self._of(client, parts.hostname, parts.port, parts.scheme.lower(), provider_by_host)
        except ValueError:  # no URL, which the SDK will say
            return self._of(client, None, None, "", provider_by_host)

    def _of(
        self, client: object, host: object, port: object, scheme: str, provider_by_host: Mapping[str, str]
    ) -> Endpoint:
        address = plain_host(host) if isinstance(host, str) and host else None
        number = as_count(port)
        if number is None:
            number = {"https": 443, "http": 80}.get(scheme)
        provider = (
            _said_by_the_user(provider_by_host, address or "", number)
            or next(
                (self._by_client[kind.__name__] for kind in type(client).__mro__ if kind.__name__ in self._by_client),
                None,
            )
            or provider_of_host(address or "")
        )
        return Endpoint(
            provider or self._default,
            address,
            number if address is not None else None,
            region_of_host(address or ""),
            is_known=provider is not None,
        )


def _said_by_the_user(provider_by_host: Mapping[str, str], address: str, port: int | None) -> str | None:
    """The most exact of the user's own names. An IPv6 address stands in brackets, as in a URL, or without a port."""
    host = f"[{address}]" if ":" in address else address
    return (
        provider_by_host.get(f"{host}:{port}")
        or provider_by_host.get(host)
        or provider_by_host.get(address)
        or provider_by_host.get("*")
    )
