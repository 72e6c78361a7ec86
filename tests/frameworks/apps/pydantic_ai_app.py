# pyright: basic, reportMissingImports=false
# Pydantic AI is not installed where the types are checked.
"""Pydantic AI, as its users write it."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel
from pydantic_ai import Agent, Embedder, NativeOutput

from ..forms import (
    CHAT_MODEL,
    EMBEDDING_MODEL,
    LARGE_MODEL,
    QUESTION,
    SYSTEM,
    TEXTS,
    TOOL_QUESTION,
    Forms,
    look_up_warranty,
)

FORMS: Final = Forms()
CHAT: Final = f"openai-chat:{CHAT_MODEL}"
RESPONSES: Final = f"openai-responses:{CHAT_MODEL}"


class Warranty(BaseModel):
    """The warranty of an item."""

    item: str
    years: int


@FORMS.form()
def run_sync() -> None:
    print(Agent(f"openai-chat:{LARGE_MODEL}", instructions=SYSTEM).run_sync(QUESTION).output)


@FORMS.form()
async def run() -> None:
    print((await Agent(CHAT, instructions=SYSTEM).run(QUESTION)).output)


@FORMS.form()
async def run_stream() -> None:
    async with Agent(CHAT, instructions=SYSTEM).run_stream(QUESTION) as result:
        async for text in result.stream_text(delta=True, debounce_by=None):
            print(text)


@FORMS.form(left=True)
async def run_stream_left() -> None:
    async with Agent(CHAT, instructions=SYSTEM).run_stream(QUESTION) as result:
        async for text in result.stream_text(delta=True, debounce_by=None):
            print(text)
            break


@FORMS.form(refused=1)
async def retried() -> None:
    print((await Agent(CHAT, instructions=SYSTEM).run(QUESTION)).output)


@FORMS.form()
def structured_by_a_tool() -> None:
    print(Agent(CHAT, instructions=SYSTEM, output_type=Warranty).run_sync(QUESTION).output)


@FORMS.form()
def structured() -> None:
    print(Agent(CHAT, instructions=SYSTEM, output_type=NativeOutput(Warranty)).run_sync(QUESTION).output)


@FORMS.form(calls=2)
def tools() -> None:
    print(Agent(CHAT, instructions=SYSTEM, tools=[look_up_warranty]).run_sync(TOOL_QUESTION).output)


@FORMS.form(calls=2)
async def tools_stream() -> None:
    async with Agent(CHAT, instructions=SYSTEM, tools=[look_up_warranty]).run_stream(TOOL_QUESTION) as result:
        print(await result.get_output())


@FORMS.form(calls=2)
async def iterate() -> None:
    async with Agent(CHAT, instructions=SYSTEM, tools=[look_up_warranty]).iter(TOOL_QUESTION) as nodes:
        async for node in nodes:
            print(type(node).__name__)


@FORMS.form(calls=2)
def responses() -> None:
    print(Agent(RESPONSES, instructions=SYSTEM, tools=[look_up_warranty]).run_sync(TOOL_QUESTION).output)


@FORMS.form(calls=2)
async def responses_stream() -> None:
    async with Agent(RESPONSES, instructions=SYSTEM, tools=[look_up_warranty]).run_stream(TOOL_QUESTION) as result:
        async for text in result.stream_text(delta=True, debounce_by=None):
            print(text)


@FORMS.form()
async def embeddings() -> None:
    result = await Embedder(f"openai:{EMBEDDING_MODEL}").embed_documents(TEXTS)
    print([len(vector) for vector in result.embeddings])
