"""What a type checker sees of decorated functions; read by pyright in test_types.py, never run."""

from collections.abc import AsyncIterator, Iterator
from typing import reveal_type

import otel_genai_instr as genai


@genai.tool
def bare(a: int, *, b: str = "") -> float:
    return a + len(b)


@genai.tool(name="t")
async def named(a: int) -> str:
    return str(a)


@genai.agent("a")
def generator(a: int) -> Iterator[int]:
    yield a


@genai.workflow("w")
async def async_generator(a: int) -> AsyncIterator[int]:
    yield a


class Thing:
    @genai.step
    @property
    def value(self) -> int:
        return 1

    @genai.step("s")
    @classmethod
    def make(cls) -> "Thing":
        return cls()


reveal_type(bare)
reveal_type(named)
reveal_type(generator)
reveal_type(async_generator)
reveal_type(Thing().value)
reveal_type(Thing.make)
with genai.retrieval("kb") as block:
    reveal_type(block.documents)
