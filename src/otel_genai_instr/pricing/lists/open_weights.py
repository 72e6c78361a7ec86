"""Models whose weights anybody can serve: their price is that of who does, never that of who made them.

An unknown name counts as closed: its maker alone sells it, whatever gateway stands between.
"""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Final, NamedTuple


class OpenWeights(NamedTuple):
    """Models that one maker gives away."""

    models: tuple[str, ...]
    """Patterns of names in lower case, without the path before them."""
    source: str
    """Where the weights are."""
    closed: tuple[str, ...] = ()
    """Patterns of models with such a name that the maker keeps."""


OPEN_WEIGHTS: Final[Sequence[OpenWeights]] = (
    OpenWeights(("gpt-oss*", "openai.gpt-oss*"), "https://huggingface.co/openai"),
    OpenWeights(("llama*", "meta-llama*", "meta.llama*", "codellama*"), "https://huggingface.co/meta-llama"),
    OpenWeights(
        (
            "mistral",
            "mistral:*",
            "mistral-7b*",
            "mistral-nemo*",
            "mistral-small*",
            "mixtral*",
            "open-mistral*",
            "open-mixtral*",
            "devstral*",
            "magistral-small*",
            "ministral-*-2512*",
            "pixtral-12b*",
            "voxtral*",
        ),
        "https://huggingface.co/mistralai",
        ("devstral-medium*", "voxtral-*-transcribe*"),
    ),
    OpenWeights(
        ("qwen*", "qwq*", "qvq*"),
        "https://huggingface.co/Qwen",
        # https://www.alibabacloud.com/help/en/model-studio/models
        ("qwen*-max*", "qwen*-plus*", "qwen*-turbo*", "qwen*-flash*", "qwen-long*", "qvq-max*", "qwq-plus*"),
    ),
    OpenWeights(("deepseek*",), "https://huggingface.co/deepseek-ai"),
    OpenWeights(("gemma*", "codegemma*"), "https://huggingface.co/google"),
    OpenWeights(("phi", "phi:*", "phi-*", "phi3*", "phi4*"), "https://huggingface.co/microsoft", ("phi-silica*",)),
    OpenWeights(("granite*",), "https://huggingface.co/ibm-granite"),
    OpenWeights(("glm-4*", "glm-5*"), "https://huggingface.co/zai-org", ("glm-4-*", "glm-*-flash*", "glm-*-air?*")),
    OpenWeights(("kimi-k2*",), "https://huggingface.co/moonshotai", ("kimi-k2*-turbo*", "kimi-k2*-highspeed*")),
    OpenWeights(("nemotron*", "*-nemotron-*"), "https://huggingface.co/nvidia"),
    OpenWeights(("olmo*", "tulu*"), "https://huggingface.co/allenai"),
    OpenWeights(("smollm*", "starcoder*"), "https://huggingface.co/HuggingFaceTB"),
    OpenWeights(("bge-*", "nomic-embed-*", "mxbai-embed-*", "all-minilm*"), "https://ollama.com/search?c=embedding"),
    OpenWeights(("*.gguf",), "https://github.com/ggml-org/llama.cpp"),  # a file of weights, whoever made them
)


def has_open_weights(model: str) -> bool:
    """Whether a model of this name may be anybody's to serve: with a path before it or without, in any case."""
    name = model.lower().rpartition("/")[2]
    return any(
        any(fnmatchcase(name, pattern) for pattern in row.models)
        and not any(fnmatchcase(name, pattern) for pattern in row.closed)
        for row in OPEN_WEIGHTS
    )
