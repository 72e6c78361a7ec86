# pyright: basic, reportMissingImports=false
# LiteLLM is not installed where the types are checked.
"""LiteLLM, as its users write it."""

from __future__ import annotations

import json
from typing import Any, Final

import litellm
from pydantic import BaseModel

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
MODEL: Final = f"openai/{CHAT_MODEL}"
MESSAGES: Final = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": QUESTION}]
USAGE: Final = {"include_usage": True}
TOOL: Final = {
    "type": "function",
    "function": {
        "name": "look_up_warranty",
        "parameters": {"type": "object", "properties": {"item": {"type": "string"}}, "required": ["item"]},
    },
}


class Warranty(BaseModel):
    """The warranty of an item."""

    item: str
    years: int


@FORMS.form()
def completion() -> None:
    print(litellm.completion(model=f"openai/{LARGE_MODEL}", messages=MESSAGES).choices[0].message.content)


@FORMS.form()
async def acompletion() -> None:
    print((await litellm.acompletion(model=MODEL, messages=MESSAGES)).choices[0].message.content)


@FORMS.form()
def stream() -> None:
    for chunk in litellm.completion(model=MODEL, messages=MESSAGES, stream=True, stream_options=USAGE):
        print(chunk.choices[0].delta.content)


@FORMS.form()
def stream_without_usage() -> None:
    for chunk in litellm.completion(model=MODEL, messages=MESSAGES, stream=True):
        print(chunk.choices[0].delta.content)


@FORMS.form()
async def astream() -> None:
    async for chunk in await litellm.acompletion(model=MODEL, messages=MESSAGES, stream=True, stream_options=USAGE):
        print(chunk.choices[0].delta.content)


@FORMS.form(left=True)
def stream_left() -> None:
    for chunk in litellm.completion(model=MODEL, messages=MESSAGES, stream=True, stream_options=USAGE):
        print(chunk.choices[0].delta.content)
        break


@FORMS.form(left=True)
async def astream_left() -> None:
    async for chunk in await litellm.acompletion(model=MODEL, messages=MESSAGES, stream=True, stream_options=USAGE):
        print(chunk.choices[0].delta.content)
        break


@FORMS.form(refused=1)
def retried() -> None:
    print(litellm.completion(model=MODEL, messages=MESSAGES, num_retries=2).choices[0].message.content)


@FORMS.form(refused=1)
async def retried_by_the_sdk() -> None:
    print((await litellm.acompletion(model=MODEL, messages=MESSAGES, max_retries=2)).choices[0].message.content)


@FORMS.form()
def structured() -> None:
    answer = litellm.completion(model=MODEL, messages=MESSAGES, response_format=Warranty)
    print(Warranty.model_validate_json(answer.choices[0].message.content))


@FORMS.form(calls=2)
def tools() -> None:
    messages: list[Any] = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": TOOL_QUESTION}]
    asked = litellm.completion(model=MODEL, messages=messages, tools=[TOOL]).choices[0].message
    messages.append(asked)
    for call in asked.tool_calls:
        found = look_up_warranty(**json.loads(call.function.arguments))
        messages.append({"role": "tool", "tool_call_id": call.id, "content": found})
    print(litellm.completion(model=MODEL, messages=messages, tools=[TOOL]).choices[0].message.content)


@FORMS.form()
def router() -> None:
    made = litellm.Router([{"model_name": "small", "litellm_params": {"model": MODEL}}])
    print(made.completion(model="small", messages=MESSAGES).choices[0].message.content)


@FORMS.form()
def embedding() -> None:
    answer = litellm.embedding(model=f"openai/{EMBEDDING_MODEL}", input=TEXTS)
    print([len(item["embedding"]) for item in answer.data])


@FORMS.form()
async def aembedding() -> None:
    answer = await litellm.aembedding(model=f"openai/{EMBEDDING_MODEL}", input=TEXTS, dimensions=8)
    print([len(item["embedding"]) for item in answer.data])


@FORMS.form()
def embedding_as_floats() -> None:
    answer = litellm.embedding(model=f"openai/{EMBEDDING_MODEL}", input=TEXTS, encoding_format="float")
    print([len(item["embedding"]) for item in answer.data])


@FORMS.form()
def responses() -> None:
    print(litellm.responses(model=MODEL, input=QUESTION, instructions=SYSTEM).output[0].content[0].text)


@FORMS.form()
def responses_stream() -> None:
    for event in litellm.responses(model=MODEL, input=QUESTION, instructions=SYSTEM, stream=True):
        print(event.type)
