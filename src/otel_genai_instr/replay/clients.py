"""Clients of the SDKs that the app has, as their own environment variables make them."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from ..model import Endpoint
from ..providers.anthropic.seams import ENDPOINTS as ANTHROPIC_ENDPOINTS
from ..providers.anthropic.seams import MESSAGES
from ..providers.endpoints import AZURE
from ..providers.openai.apis import CHAT, RESPONSES
from ..providers.openai.seams import ENDPOINTS as OPENAI_ENDPOINTS
from ..telemetry.life import Reading
from .anthropic_body import message_body
from .captured import Api, CapturedCall
from .exceptions import NoClient
from .openai_bodies import Body, chat_body, response_body

_CLASSES: Final = {"openai": "OpenAI", "anthropic": "Anthropic"}
_AZURE_CLASS: Final = "AzureOpenAI"
_OTHER_CLIENTS: Final = ("aws.bedrock", "gcp.vertex_ai", "azure.ai.inference")


class Way(NamedTuple):
    """How one API is asked, and its answer read."""

    method: str
    """Dotted path from the client."""
    body: Callable[[CapturedCall, str, list[str]], Body]
    read: Callable[[object], Reading]


WAYS: Final[Mapping[Api, Way]] = {
    Api.CHAT_COMPLETIONS: Way("chat.completions.create", chat_body, CHAT.read_answer),
    Api.RESPONSES: Way("responses.create", response_body, RESPONSES.read_answer),
    Api.MESSAGES: Way("messages.create", message_body, MESSAGES.read_answer),
}


class Client:
    """Who is asked by one API.

    Args:
        api: how.
        provider: who answered the call as it was recorded, where its own client is needed; else ``None``.
        names: the user's own names of hosts: ``OTEL_GENAI_PROVIDER_BY_HOST``.

    Raises:
        NoClient: if the SDK is not installed, or doesn't know whom to ask, and how.
    """

    def __init__(self, api: Api, provider: str | None, names: Mapping[str, str]) -> None:
        self._way: Final = WAYS[api]
        if provider in _OTHER_CLIENTS and api is Api.MESSAGES:
            raise NoClient(f"{provider} is not asked; --model asks Anthropic or OpenAI themselves")
        try:
            sdk: Any = importlib.import_module(api.sdk)
        except ImportError:
            raise NoClient(f"{api.sdk} is not installed here: pip install {api.sdk}") from None
        try:
            self._client: Final = getattr(sdk, _AZURE_CLASS if provider == AZURE else _CLASSES[api.sdk])()
        except Exception as error:  # whatever it misses in its environment
            raise NoClient(f"{api.sdk} can't be asked: {error}") from None
        endpoints = ANTHROPIC_ENDPOINTS if api is Api.MESSAGES else OPENAI_ENDPOINTS
        self.endpoint: Final[Endpoint] = endpoints.read(self._client, None, names)
        """Who answers, by the address that the SDK has."""

    def body(self, call: CapturedCall, notes: list[str]) -> Body:
        """What is sent, but for the model.

        Raises:
            NotReplayable: for what can't be said so.
        """
        return self._way.body(call, self.endpoint.provider, notes)

    def ask(self, model: str, body: Body, seconds: float) -> Reading:
        """Ask once, as the SDK does: it tries again by itself, as its settings say.

        Raises:
            Exception: whatever the SDK raises.
        """
        ask: Any = self._client
        for name in self._way.method.split("."):
            ask = getattr(ask, name)
        return self._way.read(ask(model=model, timeout=seconds, **body))
