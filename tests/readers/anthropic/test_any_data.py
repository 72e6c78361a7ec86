"""Readers against any data: they never raise, give only what they declare, and all of it can be encoded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from otel_genai_instr.providers.anthropic import content, requests, usage
from otel_genai_instr.providers.anthropic.answers import MessageAnswer, TokenCount
from otel_genai_instr.providers.anthropic.streams import open_message_stream
from otel_genai_instr.telemetry import content as telemetry_content

from ...robustness.shapes import assert_declared

ROOM: Final = 1_000  # bytes

# ruff: noqa: SIM905
_NAMES: Final = """
id type role model content stop_reason usage message delta index content_block error text thinking partial_json
signature citation input name input_tokens output_tokens cache_read_input_tokens cache_creation_input_tokens
cache_creation ephemeral_5m_input_tokens ephemeral_1h_input_tokens output_tokens_details thinking_tokens
server_tool_use web_search_requests service_tier inference_geo speed iterations fallback_credit status
system messages tools max_tokens temperature top_p top_k stop_sequences stream output_config output_format effort
format input_schema description source media_type data url file_id tool_use_id server_name title container
""".split()
_WORDS: Final = """
text thinking redacted_thinking tool_use tool_result server_tool_use mcp_tool_use web_search_tool_result image document
search_result container_upload compaction fallback base64 url file content user assistant system end_turn tool_use
message_start message_delta message_stop content_block_start content_block_delta content_block_stop error ping
text_delta thinking_delta input_json_delta signature_delta citations_delta compaction_delta
message advisor_message fallback_message redeemed fast standard batch us not_available json_schema high claude-opus-5-5
{} [1] { "NaN" NaN 1e999
""".split()
_texts = st.sampled_from([*_WORDS, "", "\ud800", "a\udfffb", "\x00", "é" * 50]) | st.text(st.characters(), max_size=8)
_numbers = (
    st.integers(-3, 2000)
    | st.sampled_from([2**63 - 1, 2**63, -(2**63), 10**400, -1, 0])
    | st.floats(allow_nan=True, allow_infinity=True)
)
_names = st.sampled_from(_NAMES) | _texts
JSON: Final = st.recursive(
    st.none() | st.booleans() | _numbers | _texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_names, inner, max_size=8),
    max_leaves=25,
)
OBJECTS: Final = st.dictionaries(_names, JSON, max_size=12)


def _block(kind: str, more: dict[str, Any]) -> dict[str, Any]:
    return {**more, "type": kind}


def _event(kind: str, index: object, inner: object, more: dict[str, Any]) -> dict[str, Any]:
    return {**more, "type": kind, "index": index, "delta": inner, "content_block": inner}


BLOCKS: Final = st.builds(_block, st.sampled_from(_WORDS), OBJECTS)
EVENTS: Final = st.builds(_event, st.sampled_from(_WORDS), st.integers(0, 2) | JSON, BLOCKS | JSON, OBJECTS)
USAGES: Final = st.dictionaries(st.sampled_from(_NAMES), _numbers | JSON, max_size=8)

quick = settings(max_examples=100, deadline=None, suppress_health_check=(HealthCheck.too_slow,), print_blob=True)


class Model:
    """As an SDK object: declared fields in ``__dict__``, undeclared ones beside."""

    def __init__(self, declared: Mapping[str, object], undeclared: Mapping[str, object]) -> None:
        self.__dict__.update(declared)
        self.__pydantic_extra__ = dict(undeclared)


def assert_read(reading: Any) -> None:
    assert_declared(reading.response())
    assert_declared(reading.details())
    output = reading.output()
    assert_declared(output)
    for text in telemetry_content.fit(telemetry_content.of_output(output), ROOM).texts.values():
        assert text.encode()


@quick
@given(body=OBJECTS)
def test_requests(body: dict[str, object]) -> None:
    assert_declared(requests.read_message_request(body))
    assert_declared(requests.read_count_request(body))
    read = content.read_content(body)
    assert_declared(read)
    assert all(text.encode() for text in telemetry_content.fit(telemetry_content.of_request(read), ROOM).texts.values())


@quick
@given(blocks=st.lists(BLOCKS | JSON, max_size=4), reason=JSON)
def test_content(blocks: list[object], reason: object) -> None:
    body = {"messages": [{"role": reason, "content": blocks}], "system": blocks, "tools": blocks}
    read = content.read_content(body)
    assert_declared(read)
    assert all(text.encode() for text in telemetry_content.fit(telemetry_content.of_request(read), ROOM).texts.values())
    assert_read(MessageAnswer({"content": blocks, "stop_reason": reason}))


@quick
@given(body=OBJECTS | JSON, extra=OBJECTS)
def test_answers(body: Any, extra: dict[str, object]) -> None:
    results: list[Any] = [body, extra]
    if isinstance(body, dict):
        results.append(Model(cast("dict[str, object]", body), extra))
    for result in results:
        assert_read(MessageAnswer(result))
        assert_read(TokenCount(result))


@quick
@given(said=USAGES | JSON, iterations=st.lists(USAGES, max_size=3))
def test_usage(said: object, iterations: list[object]) -> None:
    for counts in (
        said,
        {**cast("dict[str, object]", said), "iterations": iterations} if isinstance(said, dict) else 0,
    ):
        read = usage.read_usage(counts)
        assert_declared(read)
        if read is not None and read.input_tokens is not None:
            assert 0 <= read.input_tokens < 2**63
            assert all(count > 0 for count in (read.units or {}).values())


@quick
@given(events=st.lists(EVENTS | OBJECTS | JSON, max_size=8), declared=st.booleans())
def test_streams(events: list[Any], declared: bool) -> None:
    keeps, silent = open_message_stream(True), open_message_stream(False)
    for event in events:
        given = Model(cast("dict[str, object]", event), {}) if declared and isinstance(event, dict) else event
        keeps.feed(given)
        silent.feed(given)
        assert_read(keeps)
        assert (keeps.response(), keeps.details()) == (silent.response(), silent.details())
        assert silent.output() == []
