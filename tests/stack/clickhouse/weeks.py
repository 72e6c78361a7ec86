"""Six weeks of calls by four instrumentations: what the same reports are asked of on two engines.

More than 10,000 calls of one model lie in the last week: there, what an engine estimates is no longer what it counts.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from otel_genai_instr.reports.asked import Window

from ...reports.lines import Json, call, document, evaluation, span

LAST_WEEK: Final = Window(datetime(2026, 11, 2), datetime(2026, 11, 9))
LONG_AGO: Final = Window(datetime(2026, 3, 1), datetime(2026, 3, 2))
"""When calls were made that came without a cost, and without a reason for it."""
_FIRST: Final = datetime(2026, 9, 28)
_LARGE: Final = "gpt-4o"
_MODELS: Final = (*[_LARGE] * 9, "gpt-4o-mini")
_BATCH: Final = 1000


def documents() -> Iterator[Json]:
    """Requests of OTLP, one of them twice."""
    chance = random.Random(7)
    days = [(LAST_WEEK.start + timedelta(days=day), 1750) for day in range(7)]
    days += [(_FIRST + timedelta(days=day), 120) for day in range((LAST_WEEK.start - _FIRST).days)]
    judged: list[Json] = []
    runs: list[Json] = []
    for day, calls in sorted(days):
        spans = [_call(chance, day) for _ in range(calls)]
        # Calls that are seen by two instrumentations, each with a span of its own.
        seen_twice = [_around(each) for each in spans[:6]]
        judged += [_judged(chance, each, day) for each in spans[::9]]
        for first in range(0, calls, _BATCH):
            yield document(spans[first : first + _BATCH])
        runs = [part for _ in range(12) for part in _run(chance, day)]
        yield document(runs)
        yield document(
            [_of_openllmetry(chance, day) for _ in range(8)], scope="opentelemetry.instrumentation.openai.v1"
        )
        yield document([_of_openinference(chance, day) for _ in range(8)], scope="openinference.instrumentation.openai")
        yield document([_of_the_first_release(chance, day) for _ in range(4)], scope="somebody")
        yield document(seen_twice, scope="openinference.instrumentation.openai")
    yield document(runs)
    for first in range(0, len(judged), _BATCH):
        yield document(logs=judged[first : first + _BATCH])
    yield document([_of_nobody(number) for number in range(10)], scope="opentelemetry.instrumentation.openai.v1")


def _at(chance: random.Random, day: datetime) -> datetime:
    return day + timedelta(microseconds=chance.randrange(86_400_000_000))


def _call(chance: random.Random, day: datetime) -> Json:
    tokens = (int(chance.lognormvariate(6.5, 1)), int(chance.lognormvariate(4, 1)))
    said: dict[str, Any] = {
        "user": f"user-{chance.randrange(40)}",
        "feature": chance.choice(("search", "report", "chat")),
        "prompt": "answer",
        "version": chance.choice(("1", "2")),
        "finish": [chance.choice(("stop", "stop", "stop", "length", "content_filter"))],
        "response_id": f"chatcmpl-{chance.getrandbits(64):x}",
        "attempts": 1 + (chance.random() < 0.05),
        "otel_genai.input.message_count": chance.randrange(1, 9),
        "otel_genai.output.length": tokens[1] * 4,
        "gen_ai.response.model": "gpt-4o-2024-08-06",
        "session.id": f"session-{chance.randrange(500)}",
    }
    if chance.random() < 0.3:
        said |= {"first_chunk": chance.lognormvariate(-1, 0.5), "gen_ai.request.stream": True}
    if chance.random() < 0.1:
        del said["user"], said["prompt"], said["version"]
    options: dict[str, Any] = {"at": _at(chance, day), "seconds": chance.lognormvariate(0.5, 0.8)}
    model = chance.choice(_MODELS)
    if chance.random() < 0.03:
        failure = {"error": "openai.RateLimitError", "http.response.status_code": 429, "unpriced": "no_usage"}
        return _without_tokens(call(model=model, cost=None, failed=True, **said, **failure, **options))
    if chance.random() < 0.02:
        return call(model="house-llm", tokens=tokens, cost=None, unpriced="unknown_model", **said, **options)
    cached = tokens[0] // 2 if chance.random() < 0.4 else 0
    parts = {"cost_input": (tokens[0] - cached) * 2.5e-6, "cost_cache_read": cached * 1.25e-6}
    parts |= {"cost_output": tokens[1] * 1e-5}
    currency = "EUR" if chance.random() < 0.01 else "USD"
    cost = sum(parts.values())
    return call(model=model, tokens=tokens, cost=cost, currency=currency, cached=cached, **parts, **said, **options)


def _without_tokens(failed: Json) -> Json:
    failed["attributes"] = [each for each in failed["attributes"] if "usage" not in each["key"]]
    return failed


def _run(chance: random.Random, day: datetime) -> Iterator[Json]:
    """An agent that calls a model and tools; the agent has the sums of its calls, as other libraries write them."""
    start = _at(chance, day)
    agent = span(
        {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": "writer",
            "gen_ai.usage.input_tokens": 5000,
            "gen_ai.usage.cost.amount": 9.99,
        },
        at=start,
        seconds=9,
        name="invoke_agent writer",
    )
    inside: dict[str, Any] = {"trace": agent["traceId"], "parent": agent["spanId"]}
    yield agent
    yield call(at=start, seconds=chance.random(), **{"gen_ai.agent.name": "writer"}, **inside)
    for _ in range(3):
        failed = chance.random() < 0.2
        said: Json = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": chance.choice(("look", "write"))}
        said |= {"user.id": f"user-{chance.randrange(40)}", "app.feature": "report"}
        if failed:
            said["error.type"] = "TimeoutError"
        yield span(said, at=start, seconds=chance.random(), failed=failed, name="execute_tool", **inside)
    yield span({"http.request.method": "GET", "user.id": "not said of a model"}, at=start, name="GET", **inside)


def _of_openllmetry(chance: random.Random, day: datetime) -> Json:
    return span(
        {
            "llm.request.type": "chat",
            "gen_ai.system": "OpenAI",
            "gen_ai.request.model": _LARGE,
            "gen_ai.usage.prompt_tokens": chance.randrange(100, 900),
            "gen_ai.usage.completion_tokens": chance.randrange(10, 90),
            "gen_ai.is_streaming": chance.random() < 0.5,
            "gen_ai.completion.0.finish_reason": "stop",
            "traceloop.association.properties.user_id": "it's \\ theirs",
            "gen_ai.usage.cost.amount": chance.random() / 1e6,
        },
        at=_at(chance, day),
        seconds=chance.random(),
        name="openai.chat",
    )


def _of_openinference(chance: random.Random, day: datetime) -> Json:
    kind = chance.choice(("LLM", "LLM", "TOOL", "RETRIEVER", "CHAIN", "EMBEDDING"))
    return span(
        {
            "openinference.span.kind": kind,
            "llm.system": "openai",
            "llm.model_name": _LARGE,
            "llm.token_count.prompt": chance.randrange(100, 900),
            "llm.token_count.completion": chance.randrange(10, 90),
            "llm.cost.total": chance.random() / 1e3,
            "tool.name": "their tool",
        },
        at=_at(chance, day),
        seconds=chance.random(),
        name=f"their {kind}",
    )


def _of_the_first_release(chance: random.Random, day: datetime) -> Json:
    return span(
        {
            "gen_ai.system": "az.ai.openai",
            "gen_ai.request.model": "gpt-35-turbo",
            "gen_ai.usage.completion_tokens": 10,
            "gen_ai.response.finish_reasons": [],
            "otel_genai.cost.unpriced_reason": "unknown_model",
        },
        at=_at(chance, day),
        name="somebody.chat",
    )


def _around(inner: Json) -> Json:
    """Another instrumentation's span of the same call."""
    outer = span(
        {
            "openinference.span.kind": "LLM",
            "llm.model_name": _LARGE,
            "llm.token_count.prompt": 10,
            "llm.cost.total": 1.0,
        },
        trace=inner["traceId"],
        name="the same call",
    )
    outer |= {name: inner[name] for name in ("startTimeUnixNano", "endTimeUnixNano")}
    inner["parentSpanId"] = outer["spanId"]
    return outer


def _of_nobody(number: int) -> Json:
    used = {"gen_ai.usage.prompt_tokens": 100, "gen_ai.usage.completion_tokens": 10} if number < 7 else {}
    return span(
        {"llm.request.type": "chat", "gen_ai.system": "openai", "gen_ai.request.model": _LARGE, **used},
        at=LONG_AGO.start + timedelta(hours=number),
        name="openai.chat",
    )


def _judged(chance: random.Random, judged: Json, day: datetime) -> Json:
    name = chance.choice(("relevance", "relevance", "user_feedback"))
    score = chance.betavariate(8, 2) if name == "relevance" else float(chance.random() < 0.8)
    label = "pass" if score > 0.5 else "fail"
    response = next(
        each["value"]["stringValue"] for each in judged["attributes"] if each["key"] == "gen_ai.response.id"
    )
    of = judged if chance.random() < 0.7 else None
    said = {"gen_ai.evaluation.score.label": label, "gen_ai.response.id": response}
    return evaluation(of, name, score, at=_at(chance, day), **said)
