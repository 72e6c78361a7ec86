"""Data as careless servers, gateways and apps make it, and a check that ours is as it is declared."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Literal, cast

from hypothesis import strategies as st

from otel_genai_instr.model import Record, Usage

# ruff: noqa: SIM905
_NAMES: Final = """
id model object choices index message delta role content refusal reasoning reasoning_content tool_calls
function function_call name arguments custom input type text image_url url input_audio data format file
file_id file_data finish_reason usage prompt_tokens completion_tokens input_tokens output_tokens
prompt_tokens_details completion_tokens_details input_tokens_details output_tokens_details cached_tokens
cache_write_tokens reasoning_tokens audio_tokens text_tokens image_tokens cost total_cost service_tier
system_fingerprint error code status output summary action incomplete_details reason conversation
response item embedding messages tools functions instructions n max_tokens max_completion_tokens stop
temperature top_p top_k seed modalities response_format reasoning_effort extra_body text_format stream
previous_response_id response_id starting_after dimensions encoding_format call_id server_label
prompt suffix echo best_of vector_store_id query max_num_results score filename attributes
""".split()
_WORDS: Final = """
assistant tool user stop length tool_calls message text refusal image_url input_audio file function_call
function_call_output reasoning web_search_call completed failed incomplete cancelled in_progress error
json_schema response.completed response.failed response.output_item.done response.output_text.delta
response.created data:image/png;base64,aGk= data:text/plain,hi data:;base64,! data: auto gpt-4o-mini 12
{} [1] {
""".split()
_texts = st.sampled_from([*_WORDS, "", "\ud800", "a\udfffb", "\x00", "é" * 50]) | st.text(st.characters(), max_size=8)
_numbers = (
    st.integers(-3, 2000)
    | st.sampled_from([2**63 - 1, 2**63, -(2**63), 10**400, -1, 0])
    | st.floats(allow_nan=True, allow_infinity=True)
)
_leaves = st.none() | st.booleans() | _numbers | _texts
JSON: Final = st.recursive(
    _leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(_NAMES) | _texts, inner, max_size=8),
    max_leaves=25,
)
OBJECTS: Final = st.dictionaries(st.sampled_from(_NAMES), JSON, max_size=12)
"""JSON objects with the fields that readers look for, of any type."""

_COUNTS: Final = {name for name in typing.get_type_hints(Usage) if name.endswith("tokens")}


def assert_declared(value: object) -> None:
    """``value`` and all that it holds have the types that they are declared with, and no count is negative."""
    if dataclasses.is_dataclass(value) or isinstance(value, Record):
        hints = typing.get_type_hints(type(value))
        assert set(getattr(value, "__dict__", ())) <= set(hints), f"a field that nobody declared: {value!r}"
        for name, declared in hints.items():
            held = getattr(value, name)
            assert _is_a(held, declared), f"{type(value).__name__}.{name}: {held!r}"
            if isinstance(value, Usage) and name in _COUNTS and held is not None:
                assert held >= 0
            assert_declared(held)
    elif isinstance(value, list | tuple):
        for item in cast("Sequence[object]", value):
            assert_declared(item)


def _is_a(value: object, declared: Any) -> bool:
    origin, arguments = typing.get_origin(declared), typing.get_args(declared)
    if declared is object:
        return True
    if origin in (types.UnionType, typing.Union):
        return any(_is_a(value, argument) for argument in arguments)
    if origin is Literal:
        return value in arguments
    if origin is tuple:
        held = cast("tuple[object, ...]", value) if isinstance(value, tuple) else None
        if held is None or arguments[-1] is Ellipsis:
            return held is not None and _are_all(held, arguments[0])
        return len(held) == len(arguments) and all(map(_is_a, held, arguments))
    if origin in (list, Sequence):
        return isinstance(value, list | tuple) and _are_all(cast(object, value), arguments[0])
    if origin is Mapping:
        pairs = cast("Mapping[object, object]", value).items() if isinstance(value, Mapping) else None
        return pairs is not None and all(_is_a(k, arguments[0]) and _is_a(v, arguments[1]) for k, v in pairs)
    if origin is Callable:
        return callable(value)
    if origin is Iterable:  # what is in it is read as it is asked for
        return isinstance(value, Iterable)
    if declared in (int, float) and isinstance(value, bool):
        return False
    return isinstance(value, declared)


def _are_all(values: object, declared: Any) -> bool:
    return all(_is_a(value, declared) for value in cast("Sequence[object]", values))
