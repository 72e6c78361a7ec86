# pyright: basic, reportMissingImports=false
# LlamaIndex is not installed where the types are checked.
"""LlamaIndex, as its users write it: models, an agent, structured answers, an index."""

from __future__ import annotations

from typing import Final

from llama_index.core import Document, VectorStoreIndex
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.llms import ChatMessage
from llama_index.core.prompts import PromptTemplate
from llama_index.embeddings.openai import OpenAIEmbedding
from llama_index.llms.openai import OpenAI, OpenAIResponses
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
MESSAGES: Final = [ChatMessage(role="system", content=SYSTEM), ChatMessage(role="user", content=QUESTION)]
USAGE: Final = {"stream_options": {"include_usage": True}}


class Warranty(BaseModel):
    """The warranty of an item."""

    item: str
    years: int


@FORMS.form()
def complete() -> None:
    print(OpenAI(model=LARGE_MODEL, system_prompt=SYSTEM).complete(QUESTION))


@FORMS.form()
def chat() -> None:
    print(OpenAI(model=CHAT_MODEL).chat(MESSAGES))


@FORMS.form()
async def achat() -> None:
    print(await OpenAI(model=CHAT_MODEL).achat(MESSAGES))


@FORMS.form()
def stream_chat() -> None:
    for part in OpenAI(model=CHAT_MODEL, additional_kwargs=USAGE).stream_chat(MESSAGES):
        print(part.delta)


@FORMS.form()
def stream_chat_without_usage() -> None:
    for part in OpenAI(model=CHAT_MODEL).stream_chat(MESSAGES):
        print(part.delta)


@FORMS.form()
async def astream_chat() -> None:
    async for part in await OpenAI(model=CHAT_MODEL, additional_kwargs=USAGE).astream_chat(MESSAGES):
        print(part.delta)


@FORMS.form(left=True)
def stream_chat_left() -> None:
    for part in OpenAI(model=CHAT_MODEL, additional_kwargs=USAGE).stream_chat(MESSAGES):
        print(part.delta)
        break


@FORMS.form(left=True)
async def astream_chat_left() -> None:
    async for part in await OpenAI(model=CHAT_MODEL, additional_kwargs=USAGE).astream_chat(MESSAGES):
        print(part.delta)
        break


@FORMS.form(refused=1)
def retried() -> None:
    print(OpenAI(model=CHAT_MODEL).chat(MESSAGES))


@FORMS.form()
def structured() -> None:
    print(OpenAI(model=CHAT_MODEL).structured_predict(Warranty, PromptTemplate("{question}"), question=QUESTION))


@FORMS.form(calls=2)
async def agent() -> None:
    made = FunctionAgent(tools=[look_up_warranty], llm=OpenAI(model=CHAT_MODEL), system_prompt=SYSTEM, streaming=False)
    print(await made.run(TOOL_QUESTION))


@FORMS.form(calls=2)
async def agent_stream() -> None:
    model = OpenAI(model=CHAT_MODEL, additional_kwargs=USAGE)
    made = FunctionAgent(tools=[look_up_warranty], llm=model, system_prompt=SYSTEM)
    running = made.run(TOOL_QUESTION)
    async for event in running.stream_events():
        print(getattr(event, "delta", type(event).__name__))
    print(await running)


@FORMS.form()
def responses() -> None:
    print(OpenAIResponses(model=CHAT_MODEL).chat(MESSAGES))


@FORMS.form()
async def responses_stream() -> None:
    async for part in await OpenAIResponses(model=CHAT_MODEL).astream_chat(MESSAGES):
        print(part.delta)


@FORMS.form(calls=2)
def embeddings() -> None:
    model = OpenAIEmbedding(model=EMBEDDING_MODEL, embed_batch_size=2)
    print([len(vector) for vector in model.get_text_embedding_batch(TEXTS)])


@FORMS.form()
async def aembeddings() -> None:
    print(len(await OpenAIEmbedding(model=EMBEDDING_MODEL).aget_text_embedding(TEXTS[0])))


@FORMS.form(calls=3)
def query() -> None:
    """The texts are embedded at once, then the question; then the model answers."""
    documents = [Document(text=text, id_=text) for text in TEXTS]
    index = VectorStoreIndex.from_documents(documents, embed_model=OpenAIEmbedding(model=EMBEDDING_MODEL))
    print(index.as_query_engine(llm=OpenAI(model=CHAT_MODEL)).query(QUESTION))
