"""Examples of calls that several instrumentations tell of, for the waterfall and for the tables of reports."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, NamedTuple

from . import lines

OURS: Final = "otel_genai_instr"
THEIRS: Final = "opentelemetry.instrumentation.langchain"
OTHERS: Final = "openinference.instrumentation.openai"
APP: Final = "f" * 16


class Said(NamedTuple):
    """One span; its id is its number among the others, from 1 on."""

    scope: str
    begin: float
    """Milliseconds."""
    end: float
    parent: int = 0
    """The number of the span around it; 0 is the app's."""
    tokens: tuple[int | None, int | None] = (26, 10)
    model: str = "gpt-4o"
    response: str | None = None
    is_call: bool = True


CASES: Final[dict[str, tuple[list[Said], set[int]]]] = {
    "a sibling": ([Said(THEIRS, 0, 9), Said(OURS, 1, 8)], {2}),
    "a parent": ([Said(THEIRS, 0, 9), Said(OURS, 1, 8, 1)], {2}),
    "a parent of two": ([Said(THEIRS, 0, 9), Said(OURS, 1, 3, 1), Said(OURS, 4, 8, 1)], {2, 3}),
    "a grandparent with the response id": (
        [Said(THEIRS, 0, 9, response="r"), Said("app", 0.5, 8.5, 1, is_call=False), Said(OURS, 1, 8, 2, response="r")],
        {3},
    ),
    "response ids": ([Said(THEIRS, 0, 9, tokens=(None, None), response="r"), Said(OURS, 1, 9.5, response="r")], {2}),
    "other response ids": ([Said(THEIRS, 0, 9, response="r"), Said(OURS, 1, 8, response="s")], {1, 2}),
    "an id of one only": ([Said(THEIRS, 0, 9), Said(OURS, 1, 8, response="s")], {2}),
    "other tokens": ([Said(THEIRS, 0, 9, tokens=(26, 11)), Said(OURS, 1, 8)], {1, 2}),
    "no tokens": ([Said(THEIRS, 0, 9, tokens=(None, None)), Said(OURS, 1, 8)], {2}),
    "another model": ([Said(THEIRS, 0, 9, model="gpt-5"), Said(OURS, 1, 8)], {1, 2}),
    "the same instrumentation": ([Said(OURS, 0, 9), Said(OURS, 1, 8), Said(THEIRS, 20, 21)], {1, 2, 3}),
    "only overlapping": ([Said(THEIRS, 0, 9), Said(OURS, 1, 10)], {1, 2}),
    "one after the other": ([Said(THEIRS, 0, 9), Said(OURS, 10, 19)], {1, 2}),
    "three instrumentations": ([Said(OTHERS, 0, 9), Said(THEIRS, 1, 8), Said(OURS, 2, 7)], {3}),
    "three of which one is the parent": ([Said(OTHERS, 0, 9), Said(THEIRS, 1, 8), Said(OURS, 2, 7, 2)], {3}),
    "several could be meant": ([Said(THEIRS, 0, 90), Said(OURS, 10, 30), Said(OURS, 40, 60)], {1, 2, 3}),
    "several could be meant, further inside": (
        [Said(OTHERS, 0, 99), Said(THEIRS, 1, 90), Said(OURS, 10, 30), Said(OURS, 40, 60)],
        {1, 2, 3, 4},
    ),
    "two at the same time": (
        [Said(THEIRS, 0, 43), Said(OURS, 1, 42), Said(THEIRS, 1.7, 37), Said(OURS, 2.7, 36)],
        {2, 4},
    ),
    "three at the same time of three instrumentations": (
        [
            Said(scope, 3 * at + step, 90 - 3 * at - step)
            for at in range(3)
            for step, scope in enumerate((OTHERS, THEIRS, OURS))
        ],
        {3, 6, 9},
    ),
    "inside ours": ([Said(OURS, 0, 9), Said(OTHERS, 1, 8, 1)], {1}),
    "inside ours, beside it": ([Said(OURS, 0, 9), Said(THEIRS, 1, 8)], {1}),
    "inside ours, which knows nothing": ([Said(OURS, 0, 9, tokens=(None, None)), Said(OTHERS, 1, 8, 1)], {2}),
    "two inside ours": ([Said(OURS, 0, 9), Said(THEIRS, 1, 8, 1), Said(OTHERS, 2, 7, 2)], {1}),
    "ours between two": ([Said(THEIRS, 0, 9), Said(OURS, 1, 8, 1), Said(OTHERS, 2, 7, 2)], {2}),
    "attempts inside ours": ([Said(OURS, 0, 9, tokens=(30, 12)), Said(OTHERS, 1, 3, 1), Said(OTHERS, 4, 8, 1)], {1}),
    "a block of ours around one of theirs around ours": (
        [Said(OURS, 0, 9), Said(THEIRS, 1, 8, 1), Said(OURS, 2, 7, 2)],
        {3},
    ),
    "two one after the other": (
        [Said(THEIRS, 0, 9), Said(OURS, 1, 8), Said(THEIRS, 10, 19), Said(OURS, 11, 18)],
        {2, 4},
    ),
}
"""Spans, and the numbers of those that count."""


def span_id(number: int) -> str:
    """The id of the span with this number."""
    return f"{number:016x}" if number else APP


def documents(spans: list[Said], trace: str) -> list[lines.Json]:
    """The spans, each as its instrumentation sends it, below one of the app."""
    app = lines.span({}, trace=trace, own_id=APP)
    return [
        lines.document([app], scope="app"),
        *(lines.document([_span(said, number, trace)], scope=said.scope) for number, said in enumerate(spans, 1)),
    ]


def _span(said: Said, number: int, trace: str) -> lines.Json:
    usage = dict(zip(("gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens"), said.tokens, strict=True))
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": said.model,
        **{name: tokens for name, tokens in usage.items() if tokens is not None},
        **({"gen_ai.response.id": said.response} if said.response else {}),
    }
    return lines.span(
        attributes if said.is_call else {},
        at=lines.NOON + timedelta(milliseconds=said.begin),
        seconds=(said.end - said.begin) / 1000,
        trace=trace,
        own_id=span_id(number),
        parent=span_id(said.parent),
    )
