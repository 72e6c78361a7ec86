"""The model that the demo's app talks to: which one, and the environment that leads the app to it."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager

import local_model
from anthropic_server import AnthropicServer
from openai_server import Fault, OpenAIServer
from process import DemoError

_PROVIDERS = ("openai", "anthropic")
_WANTED = ("", "fake", "local")


@contextmanager
def available(busy_question: str) -> Generator[Mapping[str, str]]:
    """Make the model available that ``PROVIDER`` and ``LLM`` ask for; yields the app's environment.

    The example servers are too busy for ``busy_question`` at first. Raises DemoError for what cannot be had.
    """
    provider, wanted = os.environ.get("PROVIDER") or _PROVIDERS[0], os.environ.get("LLM", "")
    if provider not in _PROVIDERS:
        raise DemoError(f"PROVIDER is {provider!r}; it can be 'openai', 'anthropic', or left out")
    if wanted not in _WANTED:
        raise DemoError(f"LLM is {wanted!r}; it can be 'fake', 'local', or left out")
    model = _anthropic if provider == "anthropic" else _openai
    with model(wanted, busy_question) as environment:
        yield {"RAG_PROVIDER": provider, **environment}


@contextmanager
def _openai(wanted: str, busy_question: str) -> Generator[Mapping[str, str]]:
    if os.environ.get("OPENAI_API_KEY") and not wanted:
        print(f"Model: the service at {os.environ.get('OPENAI_BASE_URL') or 'api.openai.com'}")
        yield {}
        return
    with OpenAIServer(faults=[Fault("rate_limit", path="/chat/completions", when=busy_question)]) as server:
        example = {"OPENAI_API_KEY": "none", "OPENAI_BASE_URL": server.url}
        if wanted != "local":
            print("Model: the example server on loopback (OPENAI_API_KEY or LLM=local choose a real one)")
            yield example
            return
        with local_model.serve() as url:
            print("Model: SmolLM2-135M on this machine; embeddings by the example server")
            yield example | {
                "OPENAI_BASE_URL": url,
                "RAG_CHAT_MODEL": local_model.NAME,
                "RAG_EMBEDDING_URL": server.url,
                "RAG_MAX_TOKENS": "80",
            }


@contextmanager
def _anthropic(wanted: str, busy_question: str) -> Generator[Mapping[str, str]]:
    """Anthropic has no embeddings: those of the example server are enough, and need no second key."""
    if wanted == "local":
        raise DemoError("the local model speaks OpenAI's API; leave out LLM=local, or PROVIDER=anthropic")
    if importlib.util.find_spec("anthropic") is None:
        raise DemoError("PROVIDER=anthropic needs the SDK; install it: pip install '.[demo]'")
    with OpenAIServer() as embeddings:
        app = {"OPENAI_API_KEY": "none", "RAG_EMBEDDING_URL": embeddings.url}
        if os.environ.get("ANTHROPIC_API_KEY") and not wanted:
            address = os.environ.get("ANTHROPIC_BASE_URL") or "api.anthropic.com"
            print(f"Model: the service at {address}; embeddings by the example server")
            yield app
            return
        with AnthropicServer(faults=[Fault("rate_limit", path="/v1/messages", when=busy_question)]) as server:
            print("Model: the example server of Anthropic's API on loopback (ANTHROPIC_API_KEY chooses the real one)")
            yield app | {"ANTHROPIC_API_KEY": "none", "ANTHROPIC_BASE_URL": server.url}
