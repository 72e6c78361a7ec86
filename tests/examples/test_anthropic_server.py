"""The example server of the Messages API, by the real SDK, synchronous and asynchronous."""

from __future__ import annotations

import json
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import anthropic
import pytest
from anthropic import Anthropic
from pydantic import BaseModel

from examples.anthropic_server import AnthropicServer, Timing

from .anthropic_sdk import (
    BODY,
    KNOWN,
    ORDERS,
    QUESTION,
    SEARCH,
    THINKING,
    TOOL,
    WARRANTY,
    Client,
    Json,
    Sync,
    marked,
    text_of,
)

knows_searches = pytest.mark.skipif(
    not hasattr(anthropic.types, "ServerToolUseBlock"), reason="this SDK doesn't collect the input of a search"
)


def test_a_message_as_it_is_sent(client: Client) -> None:
    message = client.create()
    usage = message.pop("usage")
    assert message.pop("id").startswith("msg_")
    assert message == {
        "model": "claude-haiku-4-5-20251001",
        "type": "message",
        "role": "assistant",
        "content": [{"type": "text", "text": WARRANTY}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
    }
    assert usage.pop("input_tokens") == client.count()
    assert usage.pop("output_tokens") > 3
    assert usage == {
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
        "service_tier": "standard",
        "inference_geo": "not_available",
    }


def test_the_same_request_has_the_same_answer(client: Client) -> None:
    assert client.create() == client.create()


def test_the_events_of_a_stream(client: Client) -> None:
    events = client.events([])
    kinds = [event["type"] for event in events]
    words = kinds.count("content_block_delta")
    assert words > 3
    assert kinds == [
        "message_start",
        "content_block_start",
        *["content_block_delta"] * words,
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    assert events[0]["message"]["content"] == []
    assert events[0]["message"]["stop_reason"] is None
    assert events[0]["message"]["usage"]["output_tokens"] == 1
    assert events[1]["content_block"] == {"type": "text", "text": ""}
    assert text_of(events) == WARRANTY
    assert events[-2]["delta"] == {"stop_reason": "end_turn", "stop_sequence": None}
    assert set(events[-2]["usage"]) == {
        "input_tokens",
        "cache_creation_input_tokens",
        "cache_read_input_tokens",
        "output_tokens",
    }


def test_events_are_named_and_a_ping_is_among_them(server: AnthropicServer) -> None:
    headers = {"x-api-key": "none", "anthropic-version": "2023-06-01"}
    body = json.dumps(BODY | {"stream": True}).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{server.url}/v1/messages", body, headers)) as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        assert answer.headers["request-id"] == "req_1"
        events = answer.read().decode().split("\n\n")
    for event in filter(None, events):
        name, data = event.split("\n")
        assert name == f"event: {json.loads(data.removeprefix('data: '))['type']}"
    assert 'event: ping\ndata: {"type": "ping"}' in events


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({}, id="text"),
        pytest.param({"thinking": THINKING}, id="thinking"),
        pytest.param({"messages": [ORDERS], "tools": [TOOL]}, id="tools"),
        pytest.param({"tools": [SEARCH]}, id="search", marks=knows_searches),
        pytest.param({"max_tokens": 4}, id="cut"),
        pytest.param({"stop_sequences": ["warranty"]}, id="stop sequence"),
    ],
)
def test_a_collected_stream_is_the_plain_message(client: Client, more: Json) -> None:
    plain, streamed = client.create(**more), client.collected(**more)
    # Of the last usage the oldest SDKs keep no more than this.
    assert streamed.pop("usage")["output_tokens"] == plain.pop("usage")["output_tokens"]
    # Streams of a request differ from its plain form in the body, and so in the id.
    del plain["id"], streamed["id"]
    assert _without_empty(streamed) == _without_empty(plain)


def _without_empty(message: Json) -> Json:
    """Newer SDKs fill in what a text block may have besides; older ones don't."""
    blocks = [{name: part for name, part in block.items() if part is not None} for block in message["content"]]
    return {name: value for name, value in message.items() if value is not None} | {"content": blocks}


def test_the_last_usage_of_a_stream_is_that_of_the_plain_message(client: Client) -> None:
    more: Json = {"thinking": THINKING, "tools": [SEARCH]}
    plain, events = client.create(**more)["usage"], client.events([], **more)
    last: Json = events[-2]["usage"]
    assert last == {name: plain[name] for name in last}
    assert last["input_tokens"] > events[0]["message"]["usage"]["input_tokens"]
    assert "server_tool_use" not in events[0]["message"]["usage"]


def test_thinking_comes_first_and_is_counted(client: Client) -> None:
    message = client.create(thinking=THINKING)
    thought, said = message["content"]
    assert (thought["type"], said["type"]) == ("thinking", "text")
    assert thought["thinking"]
    assert thought["signature"]
    usage = message["usage"]
    assert 0 < usage["output_tokens_details"]["thinking_tokens"] < usage["output_tokens"]
    assert "output_tokens_details" not in client.create()["usage"]
    deltas = [
        event["delta"] for event in client.events([], thinking=THINKING) if event["type"] == "content_block_delta"
    ]
    assert "".join(delta.get("thinking", "") for delta in deltas) == thought["thinking"]
    assert [delta["signature"] for delta in deltas if delta["type"] == "signature_delta"] == [thought["signature"]]


def test_thinking_that_is_not_shown_costs_the_same(client: Client) -> None:
    shown, hidden = (client.create(thinking=THINKING | {"display": how}) for how in ("summarized", "omitted"))
    assert hidden["content"][0]["thinking"] == ""
    assert hidden["content"][0]["signature"] == shown["content"][0]["signature"]
    assert hidden["usage"] == shown["usage"]


def test_tools_are_asked_for_plain_and_in_pieces(client: Client) -> None:
    plain = client.create(messages=[ORDERS], tools=[TOOL])
    assert plain["stop_reason"] == "tool_use"
    assert [block["input"] for block in plain["content"]] == [{"order_id": "A-1041"}, {"order_id": "A-1042"}]
    assert all(block["id"].startswith("toolu_") for block in plain["content"])
    events = client.events([], messages=[ORDERS], tools=[TOOL])
    pieces: dict[int, list[str]] = {}
    for event in events:
        if event["type"] == "content_block_delta":
            assert event["delta"]["type"] == "input_json_delta"
            pieces.setdefault(event["index"], []).append(event["delta"]["partial_json"])
    assert all(parts[0] == "" and len(parts) > 3 for parts in pieces.values())
    assert [json.loads("".join(parts)) for parts in pieces.values()] == [block["input"] for block in plain["content"]]
    assert all(event["content_block"]["input"] == {} for event in events if event["type"] == "content_block_start")


@pytest.mark.parametrize(
    ("choice", "reason"),
    [
        ({"type": "auto"}, "end_turn"),
        ({"type": "none"}, "end_turn"),
        ({"type": "any"}, "tool_use"),
        ({"type": "tool", "name": TOOL["name"]}, "tool_use"),
    ],
)
def test_the_tool_choice_is_heeded(client: Client, choice: Json, reason: str) -> None:
    assert client.create(tools=[TOOL], tool_choice=choice)["stop_reason"] == reason


def test_the_answer_uses_what_the_tool_returned(client: Client) -> None:
    asked = client.create(messages=[ORDERS], tools=[TOOL])
    results = [
        {"type": "tool_result", "tool_use_id": block["id"], "content": '{"status": "delivered"}'}
        for block in asked["content"]
    ]
    conversation = [
        ORDERS,
        {"role": "assistant", "content": asked["content"]},
        {"role": "user", "content": results},
    ]
    told = client.create(messages=conversation, tools=[TOOL])
    assert told["stop_reason"] == "end_turn"
    assert "delivered" in told["content"][0]["text"]


def test_a_search_is_made_by_the_service_and_counted(client: Client) -> None:
    message = client.create(tools=[SEARCH])
    use, result, said = message["content"]
    assert (use["type"], use["name"]) == ("server_tool_use", "web_search")
    assert use["input"] == {"query": QUESTION["content"]}
    assert (result["type"], result["tool_use_id"]) == ("web_search_tool_result", use["id"])
    assert said["text"] == WARRANTY
    assert message["usage"]["server_tool_use"] == {"web_search_requests": 1, "web_fetch_requests": 0}
    assert message["stop_reason"] == "end_turn"


def test_a_prefix_is_written_once_and_read_from_then_on(client: Client) -> None:
    system = [{"type": "text", "text": KNOWN, **marked()}]
    first, second = client.create(system=system)["usage"], client.create(system=system, messages=[ORDERS])["usage"]
    written = first["cache_creation_input_tokens"]
    assert written > 0
    assert first["cache_read_input_tokens"] == 0
    assert first["cache_creation"] == {"ephemeral_5m_input_tokens": written, "ephemeral_1h_input_tokens": 0}
    assert (second["cache_read_input_tokens"], second["cache_creation_input_tokens"]) == (written, 0)
    assert written + first["input_tokens"] == client.count()
    assert written + second["input_tokens"] == client.count(messages=[ORDERS])


def test_what_is_kept_for_an_hour_is_told_apart(client: Client) -> None:
    question = {"role": "user", "content": [{"type": "text", "text": "How long is the warranty?", **marked("5m")}]}
    body: Json = {"system": [{"type": "text", "text": KNOWN, **marked("1h")}], "messages": [question]}
    usage = client.create(**body)["usage"]
    kept = usage["cache_creation"]
    assert kept["ephemeral_1h_input_tokens"] > kept["ephemeral_5m_input_tokens"] > 0
    assert usage["cache_creation_input_tokens"] == sum(kept.values())
    assert usage["input_tokens"] == 0
    # A longer conversation reads what the shorter one wrote, and adds to it.
    answer = {"role": "assistant", "content": WARRANTY}
    more = {"role": "user", "content": [{"type": "text", "text": "And the other one?", **marked()}]}
    longer = client.create(system=body["system"], messages=[question, answer, more])["usage"]
    assert longer["cache_read_input_tokens"] == sum(kept.values())
    assert longer["cache_creation"]["ephemeral_5m_input_tokens"] > 0


def test_a_mark_on_the_request_marks_its_last_block(client: Client) -> None:
    first, second = (client.create(extra_body=marked())["usage"] for _ in range(2))
    assert first["cache_creation_input_tokens"] == second["cache_read_input_tokens"] == client.count()
    assert first["input_tokens"] == second["input_tokens"] == 0


def test_another_model_knows_nothing_of_it(client: Client) -> None:
    models = ("claude-haiku-4-5", "claude-haiku-5-5")
    usages = [client.create(model=model, extra_body=marked())["usage"] for model in models]
    assert [usage["cache_read_input_tokens"] for usage in usages] == [0, 0]


def test_where_and_how_it_was_computed(client: Client) -> None:
    asked = {"inference_geo": "us", "speed": "fast"}
    usage = client.create(model="claude-opus-5-5", extra_body=asked)["usage"]
    assert (usage["inference_geo"], usage["speed"], usage["service_tier"]) == ("us", "fast", "standard")
    assert client.create(model="claude-opus-5-5")["usage"]["inference_geo"] == "global"


@pytest.mark.parametrize("more", [{}, {"thinking": THINKING}, {"messages": [ORDERS], "tools": [TOOL]}])
def test_max_tokens_cuts_the_answer(client: Client, more: Json) -> None:
    message = client.create(max_tokens=3, **more)
    assert message["stop_reason"] == "max_tokens"
    assert message["usage"]["output_tokens"] == 3
    assert len(message["content"]) == 1
    assert WARRANTY.startswith(message["content"][0].get("text", ""))


def test_a_stop_sequence_ends_the_answer(client: Client) -> None:
    message = client.create(stop_sequences=["nothing like it", " of five"])
    assert (message["stop_reason"], message["stop_sequence"]) == ("stop_sequence", " of five")
    assert message["content"][0]["text"] == "The Aurora lamp has a warranty"


class Lamp(BaseModel):
    name: str
    years: int
    colours: list[str]


def test_a_structured_answer_fits_its_schema(client: Client) -> None:
    output = {"output_config": {"format": {"type": "json_schema", "schema": Lamp.model_json_schema()}}}
    message = client.create(messages=[{"role": "user", "content": "Describe lamp 7."}], extra_body=output)
    assert Lamp.model_validate_json(message["content"][0]["text"]).years == 7


def test_tokens_take_time() -> None:
    timing = Timing(first_chunk=0.2, token=0.01)
    with AnthropicServer(timing) as server, Anthropic(base_url=server.url, api_key="none") as client:
        started = time.monotonic()
        arrivals = [time.monotonic() - started for _ in client.messages.create(**BODY, stream=True)]
    assert arrivals[0] >= 0.2
    assert arrivals[-1] - arrivals[0] >= (len(arrivals) - 1) * 0.01 * 2 / 3


def test_many_clients_at_once(server: AnthropicServer, sdk: Anthropic) -> None:
    client = Sync(sdk.with_options(base_url=server.url))

    def ask(number: int) -> str:
        return text_of(client.events([], system="", messages=[{"role": "user", "content": f"number {number}"}]))

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(40)))
    assert all(text.endswith(f"number {number}") for number, text in enumerate(answers))
    assert len({one.id for one in server.received}) == 40
