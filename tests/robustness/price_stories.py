"""Stories of calls whose price is not simply listed: prices of one's own, other regions, usage that nobody reported."""

from __future__ import annotations

import importlib.util
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from otel_genai_instr.pricing import Estimator, Pricer, pricing_from
from otel_genai_instr.pricing.configured import WatchedBook

from ..support import answers
from ..support.provider import FakeProvider, Reply, json_reply, sse_reply
from .stories import MESSAGES, TOOLS, Story

_FOLDER: Final = tempfile.TemporaryDirectory(prefix="otel-genai-stories")
HAS_YAML: Final = importlib.util.find_spec("yaml") is not None
HAS_TIKTOKEN: Final = importlib.util.find_spec("tiktoken") is not None

BOOK: Final[dict[str, Any]] = {
    "name": "acme",
    "models": [
        {"model": "prod-*", "is": "gpt-4o-mini", "is_provider": "openai", "from": "2026-01-01"},
        {"model": "local", "is": "llama"},
    ],
    "prices": [
        {
            "model": "llama",
            "until": "2030-01-01",
            "per_million_tokens": {"input": 1, "output": 2},
            "above": [{"input_tokens": 500, "per_million_tokens": {"input": 2}}],
            "per_unit": {"page": 0.1},
            "per_request": 0.5,
        }
    ],
    "discounts": [{"provider": "openai", "model": "gpt-4o*", "percent": 20}],
}
DATA: Final[list[dict[str, Any]]] = [
    {
        "id": "openai",
        "name": "OpenAI",
        "api_pattern": "x",
        "models": [{"id": "gpt-9", "match": {"equals": "gpt-9"}, "prices": {"input_mtok": 7, "output_mtok": 0.5}}],
    }
]
YAML: Final = "prices:\n  - {model: gpt-9, per_unit: {page: 0.5}}\nbase: data.json\n"
CACHED_AUDIO: Final[dict[str, Any]] = {
    "prompt_tokens": 1000,
    "completion_tokens": 200,
    "prompt_tokens_details": {
        "audio_tokens": 300,
        "cached_tokens": 400,
        "cached_tokens_details": {"text_tokens": 300, "audio_tokens": 100},
    },
}

IMAGES: Final[dict[str, Any]] = {
    "prompt_tokens": 1000,
    "completion_tokens": 200,
    "prompt_tokens_details": {"image_tokens": 300, "cached_tokens": 400, "cache_write_tokens": 100},
}


def _call(provider: FakeProvider, model: str, **options: Any) -> object:
    client: Any = provider.client(**options)
    return client.chat.completions.create(model=model, messages=MESSAGES, tools=TOOLS).model_dump()


def _asks(*models: str, **options: Any) -> Callable[[FakeProvider], object]:
    return lambda provider: [_call(provider, model, **options) for model in models]


def _answered(model: str, **more: Any) -> Callable[[], list[Reply]]:
    return lambda: [json_reply(answers.chat(model=model, **more))]


def _answered_as_asked() -> list[Reply]:
    """The model's name is left to the request."""
    return [json_reply({**answers.chat(), "model": ""})]


def _file(name: str, text: str) -> Path:
    path = Path(_FOLDER.name) / name
    other = path.with_suffix(".new")
    other.write_text(text)
    os.replace(other, path)
    return path


def _with_dictionary() -> dict[str, Any]:
    return {"pricer": pricing_from(BOOK)}


def _with_json() -> dict[str, Any]:
    return {"pricer": Pricer(WatchedBook(_file("prices.json", json.dumps(BOOK)), check_every=0.0))}


def _with_yaml() -> dict[str, Any]:
    _file("data.json", json.dumps(DATA))
    return {"pricer": Pricer(WatchedBook(_file("prices.yaml", YAML), check_every=0.0))}


def _with_too_deep_a_file() -> dict[str, Any]:
    return {"pricer": Pricer(WatchedBook(_file("deep.json", "[" * 100), check_every=0.0))}


def _with_wrong_yaml() -> dict[str, Any]:
    return {"pricer": Pricer(WatchedBook(_file("wrong.yaml", "prices: &x\n"), check_every=0.0))}


def _with_wrong_json() -> dict[str, Any]:
    return {"pricer": Pricer(WatchedBook(_file("wrong.json", '{"name": 5}'), check_every=0.0))}


def _reloaded(provider: FakeProvider) -> object:
    before = _call(provider, "llama")
    dearer = json.dumps({**BOOK, "name": "acme, renewed and dearer"})
    _file("prices.json", dearer)
    return before, _call(provider, "llama")


def _unreported() -> list[Reply]:
    return [sse_reply(*answers.chat_chunks()[:-1])]


def _streamed(provider: FakeProvider) -> object:
    parameters = {"properties": {"at": {"type": "string", "description": "where", "enum": ["here", "there"]}}}
    tools: list[Any] = [{"type": "function", "function": {"name": "look", "parameters": parameters}}]
    client: Any = provider.client()
    texts: list[Any] = [{"role": "user", "content": "Hello"}]
    stream = client.chat.completions.create(model="gpt-4o-mini", messages=texts, tools=tools, stream=True)
    return [chunk.model_dump() for chunk in stream]


def _estimating() -> dict[str, Any]:
    import tiktoken

    letters = {bytes([number]): number for number in range(256)}
    return {
        "estimator": Estimator(
            lambda name: tiktoken.Encoding(name, pat_str=r"\S+|\s+", mergeable_ranks=letters, special_tokens={})
        )
    }


_FIRST_REALTIME: Final = "gpt-4o-realtime-preview-2024-10-01"
_EU: Final = "https://eu.api.openai.com/v1"
_ALWAYS: Final = (
    Story("another name for a model", _answered_as_asked, _asks("prod-eu"), _with_dictionary),
    Story("a discount", _answered("gpt-4o-mini-2024-07-18"), _asks("gpt-4o-mini"), _with_dictionary),
    Story("a price file that changes", _answered("llama"), _reloaded, _with_json),
    Story("a wrong price file", _answered("gpt-4o"), _asks("gpt-4o"), _with_wrong_json),
    Story("a price file that nests too deep", _answered("gpt-4o"), _asks("gpt-4o"), _with_too_deep_a_file),
    Story("a price for a region", _answered("gpt-5.4"), _asks("gpt-5.4", base_url=_EU)),
    Story(
        "cached audio",
        _answered("gpt-realtime", usage=CACHED_AUDIO),
        _asks("gpt-realtime"),
    ),
    Story("images that cost what text costs", _answered("gpt-4o", usage=IMAGES), _asks("gpt-4o")),
    Story("a price of a service tier", _answered("gpt-5.4", service_tier="priority"), _asks("gpt-5.4")),
    Story("a listed price that is wrong", _answered(_FIRST_REALTIME), _asks(_FIRST_REALTIME)),
    Story(
        "a name for another model than listed, with cached input",
        _answered("mistral-large-latest"),
        _asks("mistral-large-latest", base_url="https://api.mistral.ai/v1"),
    ),
)
_WITH_YAML: Final = (
    Story("a price file over other list prices", _answered("gpt-9"), _asks("gpt-9"), _with_yaml),
    Story("a wrong price file in YAML", _answered("gpt-4o"), _asks("gpt-4o"), _with_wrong_yaml),
)
_WITH_TIKTOKEN: Final = (Story("usage that nobody reported", _unreported, _streamed, _estimating),)
PRICE_STORIES: Final = (
    *_ALWAYS,
    *(_WITH_YAML if HAS_YAML else ()),
    *(_WITH_TIKTOKEN if HAS_TIKTOKEN else ()),
)
