# pyright: basic, reportMissingImports=false
# LangChain is not installed where the types are checked.
"""LangChain with Claude, as its users write it: chat models, the prompt cache, an agent, structured answers."""

from __future__ import annotations

from typing import Any, Final

from langchain.agents import create_agent
from langchain_anthropic import ChatAnthropic
from langchain_core.tools import tool
from pydantic import BaseModel

from ..forms import CLAUDE, LARGE_CLAUDE, QUESTION, SYSTEM, TOOL_QUESTION, Forms
from ..forms import look_up_warranty as look_up

FORMS: Final = Forms()
MESSAGES: Final = [("system", SYSTEM), ("user", QUESTION)]


class Warranty(BaseModel):
    """The warranty of an item."""

    item: str
    years: int


look_up_warranty = tool(look_up)


def model(name: str = CLAUDE, **options: Any) -> ChatAnthropic:
    return ChatAnthropic(model=name, max_tokens=500, **options)


@FORMS.form()
def invoke() -> None:
    print(model(LARGE_CLAUDE).invoke(MESSAGES).content)


@FORMS.form()
async def ainvoke() -> None:
    print((await model().ainvoke(MESSAGES)).content)


@FORMS.form(calls=3)
def batch() -> None:
    print([message.content for message in model().batch([f"{QUESTION} {n}" for n in range(3)])])


@FORMS.form(calls=3)
async def abatch() -> None:
    print([message.content for message in await model().abatch([f"{QUESTION} {n}" for n in range(3)])])


@FORMS.form()
def stream() -> None:
    for chunk in model().stream(MESSAGES):
        print(chunk.content, chunk.usage_metadata)


@FORMS.form()
async def astream() -> None:
    async for chunk in model().astream(MESSAGES):
        print(chunk.content, chunk.usage_metadata)


@FORMS.form(refused=1)
def retried() -> None:
    print(model().invoke(MESSAGES).content)


@FORMS.form(refused=1, errors=1)
def falls_back() -> None:
    print(model(LARGE_CLAUDE, max_retries=0).with_fallbacks([model()]).invoke(MESSAGES).content)


@FORMS.form(calls=2)
def cached() -> None:
    """The first call writes the system prompt to the cache, the second one reads it."""
    said = [{"type": "text", "text": SYSTEM, "cache_control": {"type": "ephemeral"}}]
    for question in (QUESTION, TOOL_QUESTION):
        print(model().invoke([("system", said), ("user", question)]).usage_metadata)


@FORMS.form()
def thinking() -> None:
    answer = model(thinking={"type": "enabled", "budget_tokens": 1024}).invoke(MESSAGES)
    print(answer.content, answer.usage_metadata)


@FORMS.form()
def structured() -> None:
    print(model().with_structured_output(Warranty).invoke(MESSAGES))


@FORMS.form()
def structured_by_its_schema() -> None:
    print(model().with_structured_output(Warranty, method="json_schema").invoke(MESSAGES))


@FORMS.form(calls=2)
def agent() -> None:
    made = create_agent(model(), [look_up_warranty], system_prompt=SYSTEM)
    print([message.content for message in made.invoke({"messages": [("user", TOOL_QUESTION)]})["messages"]])


@FORMS.form(calls=2)
async def agent_stream() -> None:
    made = create_agent(model(), [look_up_warranty], system_prompt=SYSTEM)
    async for chunk, _ in made.astream({"messages": [("user", TOOL_QUESTION)]}, stream_mode="messages"):
        print(chunk.content)
