"""Traffic of imagined services as input of `promtool test rules`: what Prometheus would hold of them."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby

SECONDS = (0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
"""Those of the package's boundaries that calls of some seconds fall between."""


@dataclass(frozen=True)
class Hour:
    """What one stream of calls does in an hour; means are those of one call."""

    calls: float
    input_tokens: float = 1000
    output_tokens: float = 200
    cached: float = 0.5
    dollars: float = 0.01
    median_seconds: float = 2.0
    failing: float = 0.005
    failure: str = "openai.APITimeoutError"
    answered_by: str = "m-1"
    score: float = 0.9
    agent_calls: float = 4


@dataclass(frozen=True)
class Stream:
    """Calls of one feature to one model by one process, from its first hour until it ends."""

    service: str
    hours: Callable[[int], Hour | None]
    """By the number of the hour since a Monday at midnight; ``None`` while the process is not there."""
    feature: str = "search"
    model: str = "m"
    instance: str = "a"
    prompt_length: str = ""


def jittered(stream: Stream) -> Stream:
    """The same with an honest amount of noise, which is the same in every run."""

    def hours(number: int) -> Hour | None:
        hour = stream.hours(number)
        if hour is None:
            return None
        noise = random.Random(f"{stream.service} {stream.feature} {stream.model} {number}")
        return replace(
            hour,
            calls=hour.calls * noise.uniform(0.9, 1.1),
            input_tokens=hour.input_tokens * noise.uniform(0.95, 1.05),
            output_tokens=hour.output_tokens * noise.uniform(0.95, 1.05),
            median_seconds=hour.median_seconds * noise.uniform(0.96, 1.04),
            score=hour.score * noise.uniform(0.98, 1.02),
        )

    return replace(stream, hours=hours)


def input_series(stream: Stream, hours: int, steps_per_hour: int) -> Iterator[dict[str, str]]:
    """The series of a stream, as `promtool` reads them."""
    growth: dict[str, list[float | None]] = {}
    for number in range(hours):
        hour = stream.hours(number)
        grown = {} if hour is None else dict(_grown(stream, hour))
        for name in grown.keys() - growth.keys():
            growth[name] = [None] * number
        for name, steps in growth.items():
            # A counter stays where it is for as long as its process lives.
            steps.append(None if hour is None else grown.get(name, 0.0))
    for name, by_hour in growth.items():
        yield {"series": name, "values": _values(by_hour, steps_per_hour)}


def _values(by_hour: list[float | None], steps_per_hour: int) -> str:
    total, parts = 0.0, list[str]()
    for growth, alike in groupby(by_hour):
        steps = len(list(alike)) * steps_per_hour
        if growth is None:
            parts.append(f"_x{steps}")
            continue
        step = growth / steps_per_hour
        # `a+bxn` are n + 1 samples.
        parts.append(f"{total + step:.6f}+{step:.6f}x{steps - 1}")
        total += step * steps
    return " ".join(parts)


def _grown(stream: Stream, hour: Hour) -> Iterator[tuple[str, float]]:
    """By how much each series grows in the hour."""
    process = {"service_name": stream.service, "instance": stream.instance}
    call = process | {
        "app_feature": stream.feature,
        "gen_ai_operation_name": "chat",
        "gen_ai_request_model": stream.model,
        "otel_genai_prompt_length": stream.prompt_length,
    }
    answered = call | {"gen_ai_response_model": hour.answered_by}
    good, bad = hour.calls * (1 - hour.failing), hour.calls * hour.failing

    yield from _histogram("gen_ai_client_inference_duration_seconds", answered, good, hour.median_seconds)
    yield from _histogram("gen_ai_client_inference_duration_seconds", call | {"error_type": hour.failure}, bad, 0.1)
    first_chunk = "gen_ai_client_inference_time_to_first_chunk_seconds"
    yield from _histogram(first_chunk, answered, good, hour.median_seconds / 3)
    for way, tokens in (("input", hour.input_tokens), ("output", hour.output_tokens)):
        name = f"gen_ai_client_inference_operation_{way}_tokens"
        yield _series(f"{name}_count", answered), good
        yield _series(f"{name}_sum", answered), good * tokens
    text = answered | {"gen_ai_token_modality": "text"}
    yield _series("gen_ai_client_inference_usage_input_tokens_total", text), good * hour.input_tokens
    cached = good * hour.input_tokens * hour.cached
    yield _series("gen_ai_client_inference_usage_cache_read_input_tokens_total", text), cached
    yield (
        _series("gen_ai_client_operation_cost_sum", answered | {"gen_ai_usage_cost_currency": "USD"}),
        good * hour.dollars,
    )

    score = process | {"gen_ai_evaluation_name": "helpfulness"}
    yield _series("gen_ai_evaluation_score_count", score), good / 4
    yield _series("gen_ai_evaluation_score_sum", score), good / 4 * hour.score
    agent = process | {"gen_ai_agent_name": "helper"}
    yield _series("gen_ai_invoke_agent_inference_calls_count", agent), hour.calls / hour.agent_calls
    yield _series("gen_ai_invoke_agent_inference_calls_sum", agent), hour.calls
    tool = process | {"gen_ai_tool_name": "lookup"}
    yield _series("gen_ai_execute_tool_duration_seconds_count", tool), hour.calls * 0.98
    yield (
        _series("gen_ai_execute_tool_duration_seconds_count", tool | {"error_type": "TimeoutError"}),
        hour.calls * 0.02,
    )


def _histogram(name: str, labels: Mapping[str, str], count: float, median: float) -> Iterator[tuple[str, float]]:
    """Log-normal around the median: p95 is 2.3 times as much, p99 is 3.2 times."""
    yield _series(f"{name}_count", labels), count
    for boundary in SECONDS:
        share = (1 + math.erf(math.log(boundary / median) / (0.5 * math.sqrt(2)))) / 2
        yield _series(f"{name}_bucket", {**labels, "le": str(boundary)}), count * share
    yield _series(f"{name}_bucket", {**labels, "le": "+Inf"}), count


def _series(name: str, labels: Mapping[str, str]) -> str:
    return f"{name}{{{', '.join(f'{key}={value!r}' for key, value in labels.items() if value)}}}".replace("'", '"')
