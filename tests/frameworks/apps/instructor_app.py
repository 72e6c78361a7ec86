# pyright: basic, reportMissingImports=false
# Instructor is not installed where the types are checked.
"""Instructor, as its users write it: a client of the SDK that answers with objects."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import instructor
from instructor.core import InstructorRetryException
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel, field_validator

from ..forms import CHAT_MODEL, LARGE_MODEL, QUESTION, SYSTEM, Forms

FORMS: Final = Forms()
CHAT: Final[dict[str, Any]] = {
    "model": CHAT_MODEL,
    "messages": [{"role": "system", "content": SYSTEM}, {"role": "user", "content": QUESTION}],
}
USAGE: Final = {"include_usage": True}


class Warranty(BaseModel):
    """The warranty of an item."""

    item: str
    years: int


class ShortWarranty(Warranty):
    """A warranty that the model never gets right."""

    @field_validator("years")
    @classmethod
    def too_many(cls, years: int) -> int:
        raise ValueError("no item has a warranty of so many years")


@FORMS.form()
def create() -> None:
    print(instructor.from_openai(OpenAI()).create(**{**CHAT, "model": LARGE_MODEL}, response_model=Warranty))


@FORMS.form()
def from_provider() -> None:
    client = instructor.from_provider(f"openai/{CHAT_MODEL}")
    print(client.create(messages=CHAT["messages"], response_model=Warranty))


@FORMS.form()
async def async_create() -> None:
    print(await instructor.from_openai(AsyncOpenAI()).create(**CHAT, response_model=Warranty))


@FORMS.form()
def with_completion() -> None:
    made = instructor.from_openai(OpenAI()).chat.completions.create_with_completion(**CHAT, response_model=Warranty)
    print(made[0], made[1].usage.total_tokens)


@FORMS.form()
def json_schema() -> None:
    client = instructor.from_openai(OpenAI(), mode=instructor.Mode.JSON_SCHEMA)
    print(client.create(**CHAT, response_model=Warranty))


@FORMS.form()
def responses() -> None:
    client = instructor.from_openai(OpenAI(), mode=instructor.Mode.RESPONSES_TOOLS)
    print(client.create(**CHAT, response_model=Warranty))


@FORMS.form()
def partial() -> None:
    for part in instructor.from_openai(OpenAI()).create_partial(**CHAT, response_model=Warranty, stream_options=USAGE):
        print(part)


@FORMS.form()
def partial_without_usage() -> None:
    for part in instructor.from_openai(OpenAI()).create_partial(**CHAT, response_model=Warranty):
        print(part)


@FORMS.form()
def partial_left() -> None:
    """Instructor has read the stream to its end before it gives the first part: all tokens are known."""
    for part in instructor.from_openai(OpenAI()).create_partial(**CHAT, response_model=Warranty, stream_options=USAGE):
        print(part)
        break


@FORMS.form()
async def async_partial() -> None:
    client = instructor.from_openai(AsyncOpenAI())
    async for part in client.create_partial(**CHAT, response_model=Warranty, stream_options=USAGE):
        print(part)


@FORMS.form()
def iterable() -> None:
    client = instructor.from_openai(OpenAI())
    for item in client.create(**CHAT, response_model=Iterable[Warranty], stream=True, stream_options=USAGE):
        print(item)


@FORMS.form(refused=1)
def retried() -> None:
    print(instructor.from_openai(OpenAI()).create(**CHAT, response_model=Warranty))


@FORMS.form(calls=4)
def asked_again() -> None:
    """Asked three times more for an answer that fits; each time it is a call of its own."""
    try:
        instructor.from_openai(OpenAI()).create(**CHAT, response_model=ShortWarranty, max_retries=3)
    except InstructorRetryException as error:
        print(error.n_attempts, error.total_usage.total_tokens)
