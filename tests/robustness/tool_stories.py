"""Stories of tools that the openai SDK runs by itself, and of blocks of the app around them."""

from __future__ import annotations

import asyncio
import importlib
from importlib.util import find_spec
from typing import Any, Final

import otel_genai_instr as genai

from ..support import answers, running_tools
from ..support.provider import FakeProvider, Reply, json_reply
from .stories import Story, told

HAS_RUNNERS: Final = find_spec("openai.lib.responses_tool_runner") is not None


def _one_call() -> list[Reply]:
    return [json_reply(answers.response(output=[running_tools.function_call()])), json_reply(answers.response())]


def _one_use() -> list[Reply]:
    return [json_reply(answers.response(output=[running_tools.COMPUTER_CALL])), json_reply(answers.response())]


def _look_up_in_a_block(_arguments: object) -> str:
    with genai.tool("lookup", arguments={"city": "Paris"}) as tool:
        tool.result = "sunny"
    with genai.tool("lookup"):
        return "sunny"


def _function(provider: FakeProvider) -> object:
    runner = running_tools.runner(False, _look_up_in_a_block)
    return told(runner.run(provider.client(), running_tools.ASKED))


async def _function_awaited(client: Any) -> object:
    return told(await running_tools.runner(True, _look_up_in_a_block).run(client, running_tools.ASKED))


def _function_in_a_block(provider: FakeProvider) -> object:
    runner = running_tools.runner(False, lambda _arguments: "sunny")
    with genai.tool("lookup"):
        return told(runner.run(provider.client(), running_tools.ASKED))


def _browser(_provider: FakeProvider) -> object:
    return told(running_tools.browser(False).execute(running_tools.browser_call()))


def _computer(provider: FakeProvider) -> object:
    computer: Any = importlib.import_module("openai.lib.computer")
    asked = {**running_tools.ASKED, "tools": [{"type": "computer"}]}
    return told(computer.ComputerToolset(running_tools.Screen()).run(provider.client(), asked))


TOOL_STORIES: Final = (
    (
        Story("function of a runner", _one_call, _function),
        Story(
            "function of a runner awaited",
            _one_call,
            lambda provider: asyncio.run(_function_awaited(provider.async_client())),
        ),
        Story("function of a runner in a tool block", _one_call, _function_in_a_block),
        Story("browser", list, _browser),
        Story("computer", _one_use, _computer),
    )
    if HAS_RUNNERS
    else ()
)
