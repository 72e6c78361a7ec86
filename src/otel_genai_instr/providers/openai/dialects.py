"""Usage as servers report it that speak OpenAI's language, but not in OpenAI's words.

OpenAI's own usage is read by :mod:`~otel_genai_instr.providers.openai.usage` alone. The table in ``docs/cost.md`` says
which server reports what, and how that is known. Counts that no row explains give no cost instead of a wrong one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ...model import Usage
from ..fields import as_count, as_float, as_list, as_str, fields_of

_READS: Final = ("cached_tokens", "prompt_cache_hit_tokens", "cache_read_input_tokens")
"""At the top of the usage: Moonshot and Together, DeepSeek, LiteLLM."""
_WRITES: Final = ("cache_creation_tokens", "cache_creation_input_tokens")
"""In the details: LiteLLM, DashScope. LiteLLM's second one stands at the top, too."""
_WRITES_BY_LIFE: Final = "cache_creation_token_details"
"""In the details: LiteLLM. DashScope keeps what it writes for five minutes only."""
_TICKS_IN_A_DOLLAR: Final = 1e10
_ROUTER_FEE: Final = "router_fee"
_BILLED: Final = {"num_sources_used": "search_source", "num_server_side_tools_used": "server_side_tool_call"}
"""xAI's counts beside the tokens, and the units that they become. No list has a price for them."""


def complete(read: Usage, said: Mapping[str, Any], input_details: object, model: object) -> Usage | None:
    """Add to what was read in OpenAI's words what ``said`` has in others; ``None`` if it has nothing."""
    _add_cached(read, said, fields_of(input_details))
    _add_money(read, said)
    if not read.input_tokens:
        # No answer comes of no input: a zero is a count that is missing.
        read.input_tokens = None
        if not read.output_tokens and not read.reasoning_tokens:
            read.output_tokens = None
            return read if read.provider_cost is not None or read.units else None
    _add_up(read, as_count(said.get("total_tokens")), as_str(model) or "")
    return read


def complete_embeddings(read: Usage, said: Mapping[str, Any]) -> Usage | None:
    """Add the same to the usage of embeddings, of which all tokens are input."""
    total = as_count(said.get("total_tokens"))
    _add_money(read, said)
    if not read.input_tokens:
        read.input_tokens = total or None
    elif total and total != read.input_tokens:
        read.inconsistent = True
    if read.input_tokens is None and read.provider_cost is None:
        return None
    return read


def usage_elsewhere(answer: Mapping[str, Any]) -> object:
    """The usage of a chat completion, or of a chunk, that has none in its place: Groq's, Moonshot's."""
    groq = answer.get("x_groq")
    if groq is not None and (usage := fields_of(groq).get("usage")) is not None:
        return usage
    choices = as_list(answer.get("choices"))
    # Of several choices nobody says whether each has its own usage or that of all.
    return fields_of(choices[0]).get("usage") if len(choices) == 1 else None


def _add_cached(read: Usage, said: Mapping[str, Any], details: Mapping[str, Any]) -> None:
    reads = [read.cache_read_tokens, *(as_count(said.get(name)) for name in _READS)]
    writes = [read.cache_write_tokens, as_count(said.get(_WRITES[1])), *(as_count(details.get(n)) for n in _WRITES)]
    read.cache_read_tokens = _the_one(read, reads)
    read.cache_write_tokens = _the_one(read, writes)
    if (by_life := details.get(_WRITES_BY_LIFE)) is not None and (
        hour := as_count(fields_of(by_life).get("ephemeral_1h_input_tokens"))
    ):
        read.cache_write_1h_tokens = hour


def _the_one(read: Usage, counts: Iterable[int | None]) -> int | None:
    """The count that several places may say, each of them the same, or zero, or nothing."""
    said = {count for count in counts if count}
    if len(said) > 1:
        read.inconsistent = True
    return max(said, default=None)


def _add_up(read: Usage, total: int | None, model: str) -> None:
    """Compare the total with its parts: what lies beside the output becomes a part of it."""
    inputs, outputs, reasoning = read.input_tokens, read.output_tokens or 0, read.reasoning_tokens or 0
    if not total or inputs is None:
        rest = 0
        if inputs is not None and read.output_tokens is None:
            read.inconsistent = True  # half of the call
    else:
        rest = total - inputs - outputs
    if rest > 0 and rest == reasoning:  # xAI; Gemini, where it put out nothing else
        read.output_tokens = as_count(outputs + reasoning)
    elif rest > 0 and not reasoning and "gemini" in model:
        read.output_tokens = as_count(outputs + rest)
        read.reasoning_tokens = rest
    elif rest or reasoning > outputs:
        read.inconsistent = True


def _add_money(read: Usage, said: Mapping[str, Any]) -> None:
    """The cost that was told, else what is billed beside the tokens."""
    units: dict[str, float] = {}
    cost = _told(said, units)
    if cost is not None:
        read.provider_cost = cost
        return
    for name, unit in _BILLED.items():
        if count := as_count(said.get(name)):
            units[unit] = float(count)
    if units:
        read.units = units


def _told(said: Mapping[str, Any], units: dict[str, float]) -> float | None:
    """OpenRouter tells a number, Perplexity an object with a total, both in US dollars; xAI ticks of them."""
    cost = said.get("cost")
    if cost is None:
        ticks = as_float(said.get("cost_in_usd_ticks"))
        return None if ticks is None else ticks / _TICKS_IN_A_DOLLAR
    amount = as_float(cost)
    if amount is None:
        return as_float(fields_of(cost).get("total_cost"))
    upstream = as_float(fields_of(said.get("cost_details")).get("upstream_inference_cost"))
    by_user = said.get("is_byok")
    if by_user is None:  # of old only calls with the user's key had a price of their own
        by_user = upstream is not None and upstream != amount
    if by_user is not True:
        return amount
    if upstream is None:
        units[_ROUTER_FEE] = 1.0
        return None
    return amount + upstream
