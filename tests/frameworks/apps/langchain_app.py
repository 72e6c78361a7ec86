# pyright: basic, reportMissingImports=false
# LangChain is not installed where the types are checked.
"""LangChain, as its users write it: chat models, an agent, structured answers, embeddings."""

from __future__ import annotations

from typing import Final

from langchain.agents import create_agent
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel

from ..forms import CHAT_MODEL, EMBEDDING_MODEL, LARGE_MODEL, QUESTION, SYSTEM, TEXTS, TOOL_QUESTION, Forms
from ..forms import look_up_warranty as look_up

FORMS: Final = Forms()
MESSAGES: Final = [("system", SYSTEM), ("user", QUESTION)]


class Warranty(BaseModel):
    """The warranty of an item."""

    item: str
    years: int


look_up_warranty = tool(look_up)


@FORMS.form()
def invoke() -> None:
    print(ChatOpenAI(model=LARGE_MODEL).invoke(MESSAGES).content)


@FORMS.form()
async def ainvoke() -> None:
    print((await ChatOpenAI(model=CHAT_MODEL).ainvoke(MESSAGES)).content)


@FORMS.form(calls=3)
def batch() -> None:
    print([message.content for message in ChatOpenAI(model=CHAT_MODEL).batch([f"{QUESTION} {n}" for n in range(3)])])


@FORMS.form(calls=3)
async def abatch() -> None:
    model = ChatOpenAI(model=CHAT_MODEL)
    print([message.content for message in await model.abatch([f"{QUESTION} {n}" for n in range(3)])])


@FORMS.form()
def stream() -> None:
    for chunk in ChatOpenAI(model=CHAT_MODEL, stream_usage=True).stream(MESSAGES):
        print(chunk.content, chunk.usage_metadata)


@FORMS.form()
def stream_without_usage() -> None:
    for chunk in ChatOpenAI(model=CHAT_MODEL, stream_usage=False).stream(MESSAGES):
        print(chunk.content)


@FORMS.form()
async def astream() -> None:
    async for chunk in ChatOpenAI(model=CHAT_MODEL, stream_usage=True).astream(MESSAGES):
        print(chunk.content)


@FORMS.form(left=True)
def stream_left() -> None:
    for chunk in ChatOpenAI(model=CHAT_MODEL, stream_usage=True).stream(MESSAGES):
        print(chunk.content)
        break


@FORMS.form(left=True)
async def astream_left() -> None:
    async for chunk in ChatOpenAI(model=CHAT_MODEL, stream_usage=True).astream(MESSAGES):
        print(chunk.content)
        break


@FORMS.form(refused=1)
def retried() -> None:
    print(ChatOpenAI(model=CHAT_MODEL).invoke(MESSAGES).content)


@FORMS.form(refused=1, errors=1)
def retried_by_the_framework() -> None:
    model = ChatOpenAI(model=CHAT_MODEL, max_retries=0).with_retry(wait_exponential_jitter=False)
    print(model.invoke(MESSAGES).content)


@FORMS.form(refused=1, errors=1)
def falls_back() -> None:
    model = ChatOpenAI(model=LARGE_MODEL, max_retries=0).with_fallbacks([ChatOpenAI(model=CHAT_MODEL)])
    print(model.invoke(MESSAGES).content)


@FORMS.form()
def structured() -> None:
    print(ChatOpenAI(model=CHAT_MODEL).with_structured_output(Warranty).invoke(MESSAGES))


@FORMS.form()
def structured_by_a_tool() -> None:
    print(ChatOpenAI(model=CHAT_MODEL).with_structured_output(Warranty, method="function_calling").invoke(MESSAGES))


@FORMS.form()
async def structured_stream() -> None:
    async for part in (
        ChatOpenAI(model=CHAT_MODEL, stream_usage=True).with_structured_output(Warranty).astream(MESSAGES)
    ):
        print(part)


@FORMS.form(calls=2)
def agent() -> None:
    made = create_agent(ChatOpenAI(model=CHAT_MODEL), [look_up_warranty], system_prompt=SYSTEM)
    print([message.content for message in made.invoke({"messages": [("user", TOOL_QUESTION)]})["messages"]])


@FORMS.form(calls=2)
async def agent_stream() -> None:
    model = ChatOpenAI(model=CHAT_MODEL, stream_usage=True)
    made = create_agent(model, [look_up_warranty], system_prompt=SYSTEM)
    async for chunk, _ in made.astream({"messages": [("user", TOOL_QUESTION)]}, stream_mode="messages"):
        print(chunk.content)


@FORMS.form()
def responses() -> None:
    print(ChatOpenAI(model=CHAT_MODEL, use_responses_api=True).invoke(MESSAGES).text)


@FORMS.form()
async def responses_stream() -> None:
    async for chunk in ChatOpenAI(model=CHAT_MODEL, use_responses_api=True).astream(MESSAGES):
        print(chunk.text)


@FORMS.form(left=True)
def responses_stream_left() -> None:
    for chunk in ChatOpenAI(model=CHAT_MODEL, use_responses_api=True).stream(MESSAGES):
        if chunk.text:
            print(chunk.text)
            break


@FORMS.form()
def responses_structured() -> None:
    print(ChatOpenAI(model=CHAT_MODEL, use_responses_api=True).with_structured_output(Warranty).invoke(MESSAGES))


@FORMS.form(calls=2)
def embeddings() -> None:
    # A chunk is a request. To count tokens itself, LangChain would fetch a vocabulary from the network.
    model = OpenAIEmbeddings(model=EMBEDDING_MODEL, chunk_size=2, check_embedding_ctx_length=False)
    print([len(vector) for vector in model.embed_documents(TEXTS)])


@FORMS.form()
async def aembeddings() -> None:
    model = OpenAIEmbeddings(model=EMBEDDING_MODEL, dimensions=8, check_embedding_ctx_length=False)
    print(await model.aembed_query(TEXTS[0]))
