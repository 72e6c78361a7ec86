"""What servers answer that speak OpenAI's language: one row for each way to tell tokens and money, with its source.

The rows are those of the table in ``docs/cost.md``. Tokens and dollars are worked out by hand, from the prices that
``tests/pricing/cases.yaml`` names the sources of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ..support import answers

Body = dict[str, Any]
Stream = Callable[[str, Body], list[Body]]
"""The chunks in which a model and its usage are told."""


def _pieces(model: str) -> list[Body]:
    return [{**answers.chunk({"role": "assistant", "content": text}), "model": model} for text in ("", "Hel", "lo")]


def _end(model: str, **more: Any) -> Body:
    return {**answers.chunk({}, finish="stop"), "model": model, **more}


def in_a_chunk_of_its_own(model: str, usage: Body) -> list[Body]:
    """As OpenAI's: after the last choice, with none."""
    return [*_pieces(model), _end(model), {**answers.chunk(usage=usage), "model": model}]


def beside_the_last_choice(model: str, usage: Body) -> list[Body]:
    """In its usual place, of a chunk that has a choice too."""
    return [*_pieces(model), _end(model, usage=usage)]


def in_every_chunk(model: str, usage: Body) -> list[Body]:
    """Growing: the last one counts."""
    sofar = {**usage, "completion_tokens": 1, "total_tokens": usage["prompt_tokens"] + 1, "cost": None}
    return [*({**piece, "usage": sofar} for piece in _pieces(model)), _end(model, usage=usage)]


def in_the_choice(model: str, usage: Body) -> list[Body]:
    """Moonshot's."""
    end = _end(model)
    end["choices"][0]["usage"] = usage
    return [*_pieces(model), end]


def in_x_groq(model: str, usage: Body) -> list[Body]:
    """Groq's."""
    first, *rest = _pieces(model)
    return [{**first, "x_groq": {"id": "req_1"}}, *rest, _end(model, x_groq={"id": "req_1", "usage": usage})]


@dataclass(frozen=True)
class Dialect:
    """One way to tell what was used, what is read of it, and how that is known."""

    server: str
    """As ``docs/cost.md`` calls it."""
    said: str
    """What is said in an unusual way."""
    source: str
    base_url: str
    provider: str
    """Its ``gen_ai.provider.name``."""
    model: str
    usage: Body
    tokens: Mapping[str, int]
    """All token attributes, without the beginning and end that they share."""
    money: float | str
    """Dollars, or the reason why there are none."""
    stream: Stream | None = in_a_chunk_of_its_own
    """``None`` for what doesn't stream."""
    api: str = "chat"
    more: Body = field(default_factory=dict[str, Any])
    """What the answer says beside the usage."""
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Of the user."""

    def __str__(self) -> str:
        return f"{self.server}: {self.said}"


def _chat(prompt: int, completion: int, total: int | None = None, **more: Any) -> Body:
    total = prompt + completion if total is None else total
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": total, **more}


def _response(inputs: int, outputs: int, **more: Any) -> Body:
    return {"input_tokens": inputs, "output_tokens": outputs, "total_tokens": inputs + outputs, **more}


def _reasoning(count: int) -> Body:
    return {"completion_tokens_details": {"reasoning_tokens": count}}


_XAI: Final = "https://api.x.ai/v1"
_GEMINI: Final = "https://generativelanguage.googleapis.com/v1beta/openai"
_OPENROUTER: Final = "https://openrouter.ai/api/v1"
_GATEWAY: Final = "https://llm.corp.example/v1"
_CLAUDE: Final = {"provider_by_host": {"llm.corp.example": "anthropic"}}
_PER_MILLION: Final = {"input": 1.0, "cache_write": 1.25, "cache_read": 0.1, "output": 5.0}
_OF_CONTRACT: Final = {"prices": {"prices": [{"model": "*", "per_million_tokens": _PER_MILLION}]}}
"""For who sells at prices whose source we couldn't read."""

DIALECTS: Final = (
    Dialect(
        "xAI",
        "reasoning beside the completion",
        "inspect_ai#5528, vercel/ai#12425; the last chunk: brainlid/langchain#626",
        _XAI,
        "x_ai",
        "grok-4.3",
        _chat(1000, 10, 1910, **_reasoning(900)),
        {"input": 1000, "output": 910, "reasoning.output": 900},
        1000 * 1.25e-6 + 910 * 2.50e-6,
    ),
    Dialect(
        "xAI",
        "cost in ticks",
        "https://docs.x.ai/developers/cost-tracking",
        _XAI,
        "x_ai",
        "grok-4.3",
        _chat(1000, 100, num_sources_used=0, cost_in_usd_ticks=37_756_000),
        {"input": 1000, "output": 100},
        0.0037756,
    ),
    Dialect(
        "xAI",
        "cost in ticks, with tools, of a response",
        "https://docs.x.ai/developers/cost-tracking, BerriAI/litellm#39441",
        _XAI,
        "x_ai",
        "grok-4.3",
        _response(
            2000,
            300,
            input_tokens_details={"cached_tokens": 500},
            output_tokens_details={"reasoning_tokens": 200},
            num_sources_used=0,
            num_server_side_tools_used=2,
            cost_in_usd_ticks=123_450_000,
            server_side_tool_usage_details={"web_search_calls": 2, "x_search_calls": 0},
        ),
        {"input": 2000, "output": 300, "cache_read.input": 500, "reasoning.output": 200},
        0.012345,
        api="responses",
    ),
    Dialect(
        "xAI",
        "tools without their cost",
        "maximhq/bifrost: ResponsesResponseUsage.NumServerSideToolsUsed",
        _XAI,
        "x_ai",
        "grok-4.3",
        _response(2000, 300, num_server_side_tools_used=2),
        {"input": 2000, "output": 300},
        "unsupported_unit",
        api="responses",
    ),
    Dialect(
        "xAI",
        "sources without their cost",
        "BerriAI/litellm#16001, BerriAI/litellm#30817",
        _XAI,
        "x_ai",
        "grok-4.3",
        _chat(2000, 300, num_sources_used=5),
        {"input": 2000, "output": 300},
        "unsupported_unit",
    ),
    Dialect(
        "Gemini's endpoint",
        "thinking in the total alone",
        "langfuse#16321, any-llm#1290",
        _GEMINI,
        "gcp.gemini",
        "gemini-2.5-flash",
        _chat(20, 200, 820),
        {"input": 20, "output": 800, "reasoning.output": 600},
        20 * 0.30e-6 + 800 * 2.50e-6,
        beside_the_last_choice,
    ),
    Dialect(
        "Gemini's endpoint",
        "thinking beside no output",
        "CLIProxyAPI#5733",
        _GEMINI,
        "gcp.gemini",
        "gemini-2.5-flash",
        _chat(20, 0, 620, **_reasoning(600)),
        {"input": 20, "output": 600, "reasoning.output": 600},
        20 * 0.30e-6 + 600 * 2.50e-6,
        beside_the_last_choice,
    ),
    Dialect(
        "Moonshot",
        "cached tokens at the top, a stream's usage in the choice",
        "promptfoo#10132, earendil-works/pi#2017",
        "https://api.moonshot.ai/v1",
        "moonshot_ai",
        "kimi-k2.6",
        _chat(1000, 100, cached_tokens=500),
        {"input": 1000, "output": 100, "cache_read.input": 500},
        500 * 0.95e-6 + 500 * 0.16e-6 + 100 * 4.00e-6,
        in_the_choice,
    ),
    Dialect(
        "Together",
        "cached tokens at the top",
        "bike4mind#1089",
        "https://api.together.xyz/v1",
        "together",
        "meta-llama/Llama-3.3-70B-Instruct-Turbo",
        _chat(1000, 100, cached_tokens=400),
        {"input": 1000, "output": 100, "cache_read.input": 400},
        600 * 1.0e-6 + 400 * 0.1e-6 + 100 * 5.0e-6,
        beside_the_last_choice,
        settings=_OF_CONTRACT,
    ),
    Dialect(
        "Groq",
        "a stream's usage in x_groq",
        "groq/groq-python: XGroq.usage; vercel/ai#1651",
        "https://api.groq.com/openai/v1",
        "groq",
        "openai/gpt-oss-120b",
        _chat(1000, 100, queue_time=0.04, prompt_time=0.01, completion_time=0.2, total_time=0.25, **_reasoning(80)),
        {"input": 1000, "output": 100, "reasoning.output": 80},
        1000 * 0.15e-6 + 100 * 0.60e-6,
        in_x_groq,
    ),
    Dialect(
        "DeepSeek",
        "cached tokens as cache hits",
        "https://api-docs.deepseek.com/guides/kv_cache, BerriAI/litellm#5017",
        "https://api.deepseek.com",
        "deepseek",
        "deepseek-flash",
        _chat(20000, 2000, prompt_cache_hit_tokens=12800, prompt_cache_miss_tokens=7200),
        {"input": 20000, "output": 2000, "cache_read.input": 12800},
        7200 * 0.15e-6 + 12800 * 0.003e-6 + 2000 * 0.60e-6,
    ),
    Dialect(
        "LiteLLM proxy",
        "cache writes in four places, and by how long they are kept",
        "BerriAI/litellm: prompt_tokens_details of the tests in integration/translation; litellm#39505, litellm#11364",
        _GATEWAY,
        "anthropic",
        "claude-haiku-4-5",
        _chat(
            30000,
            600,
            prompt_tokens_details={
                "cached_tokens": 0,
                "text_tokens": 22000,
                "cache_write_tokens": 8000,
                "cache_creation_tokens": 8000,
                "cache_creation_token_details": {"ephemeral_5m_input_tokens": 5000, "ephemeral_1h_input_tokens": 3000},
            },
            cache_creation_input_tokens=8000,
            cache_read_input_tokens=0,
        ),
        {"input": 30000, "output": 600, "cache_write.input": 8000, "cache_write_1h.input": 3000, "text.input": 22000},
        22000 * 1.00e-6 + 5000 * 1.25e-6 + 3000 * 2.00e-6 + 600 * 5.00e-6,
        settings=_CLAUDE,
    ),
    Dialect(
        "LiteLLM proxy",
        "cache reads at the top",
        "litellm#40090",
        _GATEWAY,
        "anthropic",
        "claude-haiku-4-5",
        _chat(30000, 600, cache_read_input_tokens=20000, cache_creation_input_tokens=0),
        {"input": 30000, "output": 600, "cache_read.input": 20000},
        10000 * 1.00e-6 + 20000 * 0.10e-6 + 600 * 5.00e-6,
        settings=_CLAUDE,
    ),
    Dialect(
        "DashScope",
        "cache writes in the details",
        "https://www.alibabacloud.com/help/en/model-studio/context-cache; dashscope-sdk-java#214",
        "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        "dashscope",
        "qwen3-coder-plus",
        _chat(
            2000,
            100,
            prompt_tokens_details={
                "cached_tokens": 0,
                "cache_creation_input_tokens": 1500,
                "cache_creation": {"ephemeral_5m_input_tokens": 1500},
                "cache_type": "ephemeral",
            },
        ),
        {"input": 2000, "output": 100, "cache_write.input": 1500},
        500 * 1.0e-6 + 1500 * 1.25e-6 + 100 * 5.0e-6,
        settings=_OF_CONTRACT,
    ),
    Dialect(
        "OpenRouter",
        "its cost",
        "https://openrouter.ai/docs/use-cases/usage-accounting",
        _OPENROUTER,
        "openrouter",
        "anthropic/claude-haiku-4.5",
        _chat(1000, 100, cost=0.00123, is_byok=False, cost_details={"upstream_inference_cost": None}),
        {"input": 1000, "output": 100},
        0.00123,
        beside_the_last_choice,
    ),
    Dialect(
        "OpenRouter, with the user's own key",
        "a fee, and the price beside it",
        "https://openrouter.ai/docs/use-cases/usage-accounting, dd-trace-py#19324",
        _OPENROUTER,
        "openrouter",
        "anthropic/claude-haiku-4.5",
        _chat(1000, 100, cost=0.000075, is_byok=True, cost_details={"upstream_inference_cost": 0.0015}),
        {"input": 1000, "output": 100},
        0.000075 + 0.0015,
        beside_the_last_choice,
    ),
    Dialect(
        "OpenRouter, with the user's own key",
        "a fee alone",
        "https://openrouter.ai/docs/use-cases/usage-accounting, Roo-Code#5144",
        _OPENROUTER,
        "openrouter",
        "anthropic/claude-haiku-4.5",
        _chat(1000, 100, cost=0.000075, is_byok=True),
        {"input": 1000, "output": 100},
        "unsupported_unit",
        beside_the_last_choice,
    ),
    Dialect(
        "Perplexity",
        "its cost in parts, and usage in every chunk",
        "kardolus/chatgpt-cli#149, agno-agi/agno#6058",
        "https://api.perplexity.ai",
        "perplexity",
        "sonar",
        _chat(14, 120, search_context_size="low", cost={"request_cost": 0.005, "total_cost": 0.005134}),
        {"input": 14, "output": 120},
        0.005134,
        in_every_chunk,
    ),
    Dialect(
        "OpenAI, Responses",
        "searches as billed",
        "openai: ToolUsage",
        "https://api.openai.com/v1",
        "openai",
        "gpt-5",
        _response(1000, 100),
        {"input": 1000, "output": 100},
        1000 * 1.25e-6 + 100 * 10.00e-6 + 10.00e-3,
        api="responses",
        more={"tool_usage": {"web_search": {"num_requests": 1}}},
    ),
    Dialect(
        "OpenAI, Responses",
        "images of a hosted tool",
        "openai: ToolUsage",
        "https://api.openai.com/v1",
        "openai",
        "gpt-5",
        _response(1000, 100),
        {"input": 1000, "output": 100},
        "unsupported_unit",
        api="responses",
        more={"tool_usage": {"image_gen": {"input_tokens": 50, "output_tokens": 7000, "total_tokens": 7050}}},
    ),
    Dialect(
        "Embedding servers",
        "a total alone",
        "signetai#1154",
        _GATEWAY,
        "openai",
        "text-embedding-3-small",
        {"total_tokens": 1000},
        {"input": 1000},
        1000 * 0.02e-6,
        None,
        api="embeddings",
    ),
    Dialect(
        "Embedding servers",
        "a total beside a zero",
        "llm-agent#87",
        _GATEWAY,
        "openai",
        "text-embedding-3-small",
        {"prompt_tokens": 0, "total_tokens": 1000},
        {"input": 1000},
        1000 * 0.02e-6,
        None,
        api="embeddings",
    ),
)
