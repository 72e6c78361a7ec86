"""The providers under test with canaries in all they are asked and answer: all their APIs, and rich ones of a few."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from ..support import answers
from ..support.canaries import CANARIES, QUOTE, marked
from ..support.under_test import ApiUnderTest, Case, Ending, Form, UnderTest
from .cases import hole_of

SAID: Final = frozenset(
    {"system", "question", "answer", "reasoning", "arguments", "result", "definition", "card", "token"}
)
"""What is said in a rich call that came to its end."""
_QUESTION: Final = f"{CANARIES['question']}, {CANARIES['card']}"
_RESULT: Final = f"{CANARIES['result']}: {CANARIES['token']}"
_CALL: Final = json.dumps({"to": CANARIES["arguments"]})
_PARAMETERS: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {"to": {"type": "string", "description": CANARIES["definition"]}},
    "required": ["to"],
    "additionalProperties": False,
}
_TOOL: Final[Mapping[str, Any]] = {"name": "send", "description": CANARIES["definition"], "parameters": _PARAMETERS}
_HEADERS: Final[Mapping[str, Any]] = {"extra_headers": {"x-own": CANARIES["header"]}}
_FUNCTION: Final = {"id": "c2", "type": "function", "function": {"name": "send", "arguments": _CALL}}


def _of_chat(api: ApiUnderTest) -> ApiUnderTest:
    message = {"role": "assistant", "reasoning_content": CANARIES["reasoning"], "tool_calls": [_FUNCTION]}
    body = answers.chat(CANARIES["answer"])
    body["choices"][0]["message"] |= message
    first, *others = marked(answers.chat_chunks())
    more = [
        answers.chunk({"reasoning_content": CANARIES["reasoning"]}),
        answers.chunk({"tool_calls": [{"index": 0, **_FUNCTION}]}),
    ]
    messages = [
        {"role": "system", "content": CANARIES["system"]},
        {"role": "user", "content": _QUESTION},
        {"role": "assistant", "content": None, "tool_calls": [_FUNCTION]},
        {"role": "tool", "tool_call_id": "c2", "content": _RESULT},
    ]
    return replace(
        api,
        name="rich_chat",
        arguments={
            "model": "gpt-4o-mini",
            "messages": messages,
            "tools": [{"type": "function", "function": {**_TOOL, "strict": True}}],
            "user": CANARIES["person"],
            **_HEADERS,
        },
        answer=lambda: body,
        chunks=lambda: [first, *others[:2], *more, *others[2:]],
        cut=4,
    )


def _of_responses(api: ApiUnderTest) -> ApiUnderTest:
    reasoning = {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": CANARIES["reasoning"]}],
    }
    call = {"type": "function_call", "id": "fc_1", "call_id": "c2", "name": "send", "arguments": _CALL}
    outputs = [reasoning, {**call, "status": "completed"}]
    body = marked(answers.response())
    # The provider sends back what it was told.
    echo = {"instructions": CANARIES["system"], "user": CANARIES["person"]}
    body |= {"output": [*body["output"], *outputs], **echo}
    items = [
        {"type": f"response.output_item.{what}", "output_index": index, "item": item}
        for index, item in enumerate(outputs, 1)
        for what in ("added", "done")
    ]
    events = [*marked(answers.response_events())[:-1], *items, {"type": "response.completed", "response": body}]
    said = [
        {"role": "user", "content": _QUESTION},
        call,
        {"type": "function_call_output", "call_id": "c2", "output": _RESULT},
    ]
    return replace(
        api,
        name="rich_responses",
        arguments={
            "model": "gpt-4o-mini",
            "input": said,
            "instructions": CANARIES["system"],
            "tools": [{"type": "function", **_TOOL, "strict": True}],
            "user": CANARIES["person"],
            **_HEADERS,
        },
        answer=lambda: body,
        chunks=lambda: [{**event, "sequence_number": number} for number, event in enumerate(events)],
    )


def _of_messages(api: ApiUnderTest) -> ApiUnderTest:
    called: dict[str, Any] = {"type": "tool_use", "id": "c2", "name": "send", "input": {"to": CANARIES["arguments"]}}
    body = marked(api.answer())
    thinking = {"type": "thinking", "thinking": CANARIES["reasoning"], "signature": "s"}
    body["content"] = [thinking, *body["content"], called]
    begun, start, ping, *others = marked(api.chunks())
    deltas = [others[0], others[1], others[2]]
    text = [{**event, "index": 1} for event in (start, *deltas)]
    thought = [
        {"type": "content_block_start", "index": 0, "content_block": {**thinking, "thinking": "", "signature": ""}},
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "thinking_delta", "thinking": thinking["thinking"]},
        },
        {"type": "content_block_stop", "index": 0},
    ]
    use: list[dict[str, Any]] = [
        {"type": "content_block_start", "index": 2, "content_block": {**called, "input": {}}},
        {"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": _CALL}},
        {"type": "content_block_stop", "index": 2},
    ]
    messages = [
        {"role": "user", "content": _QUESTION},
        {"role": "assistant", "content": [called]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c2", "content": _RESULT}]},
    ]
    tool = {"name": "send", "description": _TOOL["description"], "input_schema": dict(_PARAMETERS)}
    return replace(
        api,
        name="rich_messages",
        arguments={
            **api.arguments,
            "messages": messages,
            "system": CANARIES["system"],
            "tools": [tool],
            "metadata": {"user_id": CANARIES["person"]},
            **_HEADERS,
        },
        answer=lambda: body,
        chunks=lambda: [begun, ping, *thought, *text, *use, *others[3:]],
        cut=8,
    )


_RICH: Final = {"chat": _of_chat, "responses": _of_responses, "messages": _of_messages}


def _failing(provider: UnderTest, api: ApiUnderTest) -> ApiUnderTest:
    """The generation fails, although the call succeeds: the answer, or the stream, says so."""
    error: dict[str, Any] = {"type": "server_error", "code": "server_error", "message": QUOTE}
    if api.name == "rich_responses":
        body = answers.response("failed", error={"code": "server_error", "message": QUOTE})
        end = {"type": "response.failed", "response": body, "sequence_number": 1}
    else:
        body = {**api.answer(), "error": {"code": 500, "message": QUOTE}}
        end = {"error": error}
        if provider.name == "anthropic":
            end = {"type": "error", "error": {"type": "api_error", "message": QUOTE}}
    return replace(
        api, name=f"failed_{api.name}", answer=lambda: body, chunks=lambda: [*api.chunks()[: api.cut], end], end=b""
    )


@functools.cache
def marked_provider(provider: UnderTest) -> UnderTest:
    """All its APIs, with canaries; those that have more places for them twice, and twice more for a failed answer."""

    def plain(api: ApiUnderTest) -> ApiUnderTest:
        return replace(
            api,
            arguments=marked(dict(api.arguments)),
            answer=lambda: marked(api.answer()),
            chunks=lambda: marked(api.chunks()),
        )

    apis = [plain(api) for api in provider.apis]
    rich = [_RICH[api.name](api) for api in _rich_ones(provider)]
    failing = [_failing(provider, api) for api in rich]
    return replace(provider, apis=(*apis, *rich, *failing))


@functools.cache
def cells_of(provider: UnderTest) -> tuple[Case, ...]:
    """All APIs, whole and streamed, answered and refused; the rich ones in all their forms, and with all endings."""
    marked = marked_provider(provider)
    originals = dict(zip((api.name for api in marked.apis), (*provider.apis, *_rich_ones(provider) * 2), strict=True))
    cells: list[Case] = []
    for api in marked.apis:
        kinds = [(Form.PLAIN, Ending.DRAINED), (Form.STREAM, Ending.DRAINED)]
        if api.name.startswith("rich_"):
            kinds = [(form, ending) for form in Form for ending in _FEW]
            kinds += [(Form.STREAM, ending) for ending in Ending if ending not in _FEW]
        elif not api.name.startswith("failed_"):
            kinds.append((Form.PLAIN, Ending.REFUSED))
        for number, (form, ending) in enumerate(kinds):
            # By turns synchronous and not: what the SDK does is the same, and it is told twice as fast.
            for is_async in (number % 2 == 0, number % 2 == 1):
                if hole_of(Case(provider, originals[api.name], is_async, form, ending, True)) is None:
                    cells.append(Case(marked, api, is_async, form, ending, True))
                    break
    return tuple(cells)


_FEW: Final = (Ending.DRAINED, Ending.REFUSED, Ending.MIDWAY)


def _rich_ones(provider: UnderTest) -> list[ApiUnderTest]:
    return [api for api in provider.apis if api.name in _RICH]
