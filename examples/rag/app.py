"""The HTTP side: ``POST /index`` loads the handbook, ``POST /ask`` answers a question."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel

from .assistant import Assistant
from .chat import ServiceError
from .settings import Settings
from .store import Store


class Question(BaseModel):
    """What a customer asks."""

    question: str


class AnswerBody(BaseModel):
    """What the customer gets."""

    answer: str
    pages: list[str]
    tools: list[str]


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None]:
    store = Store(Path(os.environ.get("RAG_DATABASE", "rag.sqlite3")))
    assistant = Assistant(Settings.from_environment(), store)
    app.state.assistant = assistant
    yield
    await assistant.close()


def _assistant(request: Request) -> Assistant:
    return request.app.state.assistant


TheAssistant = Annotated[Assistant, Depends(_assistant)]
app = FastAPI(title="Lamp shop assistant", lifespan=_lifespan)


@app.get("/health")
async def health() -> dict[str, str]:
    """Say that the app is up."""
    return {"status": "ok"}


@app.post("/index")
async def index(assistant: TheAssistant) -> dict[str, int]:
    """Embed the handbook and write it to the database."""
    try:
        return {"pages": await assistant.index()}
    except ServiceError as error:
        raise HTTPException(502, f"the model service failed: {error}") from error


@app.post("/ask")
async def ask(body: Question, assistant: TheAssistant) -> AnswerBody:
    """Answer a question about the handbook or about an order."""
    try:
        answer = await assistant.ask(body.question)
    except ServiceError as error:
        raise HTTPException(502, f"the model service failed: {error}") from error
    return AnswerBody(answer=answer.text, pages=answer.pages, tools=answer.tools)
