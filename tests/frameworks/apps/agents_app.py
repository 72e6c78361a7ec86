# pyright: basic, reportMissingImports=false
# The Agents SDK is not installed where the types are checked.
"""OpenAI's Agents SDK, as its users write it: Responses by default, chat completions where a model says so."""

from __future__ import annotations

from typing import Any, Final

from agents import Agent, ModelSettings, OpenAIChatCompletionsModel, OpenAIResponsesModel, Runner, function_tool
from openai import AsyncOpenAI
from pydantic import BaseModel

from ..forms import CHAT_MODEL, LARGE_MODEL, QUESTION, SYSTEM, TOOL_QUESTION, Forms
from ..forms import look_up_warranty as look_up

FORMS: Final = Forms()


class Warranty(BaseModel):
    """The warranty of an item."""

    item: str
    years: int


look_up_warranty = function_tool(look_up)


def agent(model: Any = CHAT_MODEL, **options: Any) -> Agent:
    return Agent(name="shop", instructions=SYSTEM, model=model, **options)


def chat_agent(**options: Any) -> Agent:
    return agent(OpenAIChatCompletionsModel(CHAT_MODEL, AsyncOpenAI()), **options)


@FORMS.form()
def run_sync() -> None:
    # A client of its own: this one runs in an event loop of its own.
    print(Runner.run_sync(agent(OpenAIResponsesModel(LARGE_MODEL, AsyncOpenAI())), QUESTION).final_output)


@FORMS.form(calls=2)
async def tools() -> None:
    print((await Runner.run(agent(tools=[look_up_warranty]), TOOL_QUESTION)).final_output)


@FORMS.form(calls=2)
async def streamed() -> None:
    result = Runner.run_streamed(agent(tools=[look_up_warranty]), TOOL_QUESTION)
    async for event in result.stream_events():
        print(event.type)
    print(result.final_output)


@FORMS.form(left=True, cancelled=True)
async def streamed_left() -> None:
    result = Runner.run_streamed(agent(), QUESTION)
    async for event in result.stream_events():
        print(event.type)
        if event.type == "raw_response_event":
            result.cancel()
            break


@FORMS.form(calls=2)
async def handoff() -> None:
    """The first agent hands over by calling a tool; the second one answers."""
    other = Agent(name="warranty", instructions=SYSTEM, model=CHAT_MODEL)
    first = agent(handoffs=[other], model_settings=ModelSettings(tool_choice="required"))
    print((await Runner.run(first, TOOL_QUESTION)).final_output)


@FORMS.form()
async def structured() -> None:
    print((await Runner.run(agent(output_type=Warranty), QUESTION)).final_output)


@FORMS.form(refused=1)
async def retried() -> None:
    print((await Runner.run(agent(), QUESTION)).final_output)


@FORMS.form(calls=2)
async def chat_tools() -> None:
    print((await Runner.run(chat_agent(tools=[look_up_warranty]), TOOL_QUESTION)).final_output)


@FORMS.form(calls=2)
async def chat_streamed() -> None:
    settings = ModelSettings(include_usage=True)
    result = Runner.run_streamed(chat_agent(tools=[look_up_warranty], model_settings=settings), TOOL_QUESTION)
    async for event in result.stream_events():
        print(event.type)


@FORMS.form(calls=2)
async def chat_streamed_without_usage() -> None:
    settings = ModelSettings(include_usage=False)
    result = Runner.run_streamed(chat_agent(tools=[look_up_warranty], model_settings=settings), TOOL_QUESTION)
    async for event in result.stream_events():
        print(event.type)
