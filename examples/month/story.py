"""What happens in the month: planned calls, by seed. Pure: no clock, no telemetry, nothing of the package.

A request of the app is a trace; it makes one call to a model, an agent's request several. All times are whole
microseconds, in nanoseconds since 1970, UTC.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import accumulate
from typing import Final

from .events import CACHE_STOPS, DAYS, RUNAWAY, SLOWDOWN, TEMPLATE_DOUBLES, UPDATE, HOUR_NS, midnight, runaway_calls
from .features import FEATURES, MODELS, UNPRICED, Feature, Model

FIRST_DAY: Final = date(2026, 10, 26)
LEAST_CALLS: Final = 1_000
USERS: Final = 2_000
TENANTS: Final = ("acme", "globex", "initech", "umbrella", "hooli", "stark", "wayne", "tyrell")
_USER_WEIGHTS: Final = list(accumulate(1 / rank**1.05 for rank in range(1, USERS + 1)))
"""Zipf: the first user asks most."""
_BY_HOUR: Final = (2, 1, 1, 1, 1, 2, 4, 9, 18, 26, 28, 27, 22, 24, 28, 27, 24, 18, 11, 8, 6, 5, 4, 3)
_WEEKEND: Final = 0.3
_OVERHEAD_NS: Final = 400_000
"""What the app itself takes before and after each of its steps."""
_TOOLS: Final = ("web_search", "read_page", "calculator")
_MOST_INPUT: Final = 180_000
_MOST_MESSAGES: Final = 24

Outcome = str
"""``ok``, ``filtered`` (no answer for reasons of policy), or a failure: ``rate_limit``, ``timeout``, ``server_error``."""
_OUTCOMES: Final = (("rate_limit", 0.007), ("timeout", 0.003), ("server_error", 0.005), ("filtered", 0.005))
_RETRIED: Final = 0.015
_CUT_OFF: Final = 0.02


@dataclass(slots=True)
class PlannedCall:
    """One call to a model, and what belongs to it alone."""

    feature: Feature
    model: Model
    answered_model: str
    prompt_version: str
    start_ns: int
    latency_ns: int
    first_chunk_ns: int | None
    """After the start; of streams that succeed."""
    outcome: Outcome
    finish: str | None
    """Finish reason in the provider's words; ``None`` of failures."""
    attempts: int
    input_tokens: int
    """Cached ones included, as everywhere in the conventions. Zero of failures."""
    cache_read_tokens: int
    cache_write_tokens: int
    output_tokens: int
    reasoning_tokens: int
    messages: int
    response_id: str
    lookup_ns: int
    """How long the search or the query before the call takes."""
    documents: tuple[tuple[str, float], ...] = ()
    """What a search found: id and score."""
    tool: str | None = None
    """The tool that the answer asks for, and that the app then runs."""
    tool_ns: int = 0
    scores: tuple[tuple[str, float], ...] = ()
    """What the judge said of the answer."""
    feedback: str | None = None
    """What the user did with it."""

    @property
    def failed(self) -> bool:
        """Whether the SDK raised."""
        return self.finish is None

    @property
    def error_type(self) -> str | None:
        """Class of what the SDK raised, with its module."""
        names = {"rate_limit": "RateLimitError", "timeout": "APITimeoutError", "server_error": "InternalServerError"}
        return f"{self.model.provider}.{names[self.outcome]}" if self.failed else None

    @property
    def end_ns(self) -> int:
        """When the answer was there."""
        return self.start_ns + self.latency_ns

    @property
    def lookup_start_ns(self) -> int:
        """When the search or query before it began."""
        return self.start_ns - _OVERHEAD_NS - self.lookup_ns

    @property
    def tool_start_ns(self) -> int:
        """When the tool began."""
        return self.end_ns + _OVERHEAD_NS

    @property
    def over_ns(self) -> int:
        """When all that belongs to it was over."""
        return self.end_ns if self.tool is None else self.tool_start_ns + self.tool_ns


@dataclass(slots=True)
class PlannedRequest:
    """One request of a user to the app: one trace."""

    trace_id: int
    start_ns: int
    feature: Feature
    user: str
    tenant: str
    session: str
    calls: list[PlannedCall] = field(default_factory=list[PlannedCall])

    @property
    def frame_start_ns(self) -> int:
        """When the workflow or agent inside it began."""
        return self.start_ns + _OVERHEAD_NS

    @property
    def frame_end_ns(self) -> int:
        """When that was over."""
        return self.calls[-1].over_ns + _OVERHEAD_NS

    @property
    def end_ns(self) -> int:
        """When the app had answered."""
        return self.frame_end_ns + _OVERHEAD_NS

    def span_id(self, number: int) -> int:
        """The id of the span that is made as that number in this trace, from 0."""
        return (self.trace_id + number * 0x9E3779B97F4A7C15) & 0xFFFF_FFFF_FFFF_FFFF or 1


def plan(calls: int, seed: int, first_day: date = FIRST_DAY) -> Iterator[PlannedRequest]:
    """The requests of the month, by their start; together they make exactly so many calls.

    Raises:
        ValueError: for fewer calls than :data:`LEAST_CALLS`: the events would be lost among them.
    """
    if calls < LEAST_CALLS:
        raise ValueError(f"calls={calls}; allowed: {LEAST_CALLS} or more")
    author = _Author(random.Random(f"{seed}/{calls}/{first_day}"), first_day)
    runaway, runaway_at = runaway_calls(calls), RUNAWAY.at(first_day)
    weights = list(accumulate(_weight(first_day, hour) for hour in range(DAYS * 24)))
    planned = 0
    for hour, weight in enumerate(weights):
        due = round((calls - runaway) * weight / weights[-1])
        begin = midnight(first_day) + hour * HOUR_NS
        requests: list[PlannedRequest] = []
        while planned < due:
            request = author.request(begin, at_most=due - planned)
            planned += len(request.calls)
            requests.append(request)
        if begin <= runaway_at < begin + HOUR_NS:
            requests.append(author.runaway(runaway_at, runaway))
        requests.sort(key=lambda request: request.start_ns)
        yield from requests


def _weight(first_day: date, hour: int) -> float:
    day = first_day + timedelta(days=hour // 24)
    return _BY_HOUR[hour % 24] * (_WEEKEND if day.weekday() >= 5 else 1.0)


class _Author:
    """Draws requests, one after the other."""

    def __init__(self, chance: random.Random, first_day: date) -> None:
        self._chance = chance
        self._doubled_ns = TEMPLATE_DOUBLES.at(first_day)
        self._updated_ns = UPDATE.at(first_day)
        self._uncached_ns = CACHE_STOPS.at(first_day)
        self._slow = (SLOWDOWN.at(first_day), SLOWDOWN.at(first_day) + SLOWDOWN.lasts_ns)
        self._first_ns = midnight(first_day)
        self._features = list(FEATURES.values())
        self._shares = list(accumulate(feature.share for feature in self._features))

    def request(self, begin: int, at_most: int) -> PlannedRequest:
        """A request in the hour that begins at ``begin``, with no more calls than that."""
        chance = self._chance
        start = begin + int(chance.random() * 3_600_000_000) * 1000
        feature = chance.choices(self._features, cum_weights=self._shares)[0]
        user = bisect_left(_USER_WEIGHTS, chance.random() * _USER_WEIGHTS[-1])
        request = self._open(start, feature, user)
        model = MODELS[chance.choices(*feature.models)[0]]
        turns = min(at_most, 1 if feature.frame != "agent" else chance.randint(2, 7))
        cursor, context = request.frame_start_ns, 0
        for turn in range(turns):
            call = self._call(request, model, cursor, turn, context)
            if call.outcome == "ok" and turn + 1 < turns:
                self._use_tool(call, chance.choice(_TOOLS))
            request.calls.append(call)
            if call.outcome != "ok":
                break
            cursor, context = call.over_ns, call.input_tokens + call.output_tokens + chance.randint(200, 900)
        return request

    def runaway(self, start: int, calls: int) -> PlannedRequest:
        """An agent that searches on and on, until somebody stops it."""
        feature = FEATURES[RUNAWAY.feature]
        request = self._open(start, feature, RUNAWAY.user)
        each = RUNAWAY.lasts_ns // calls // 1000 * 1000
        cursor, context = request.frame_start_ns, 0
        for turn in range(calls):
            call = self._call(request, MODELS[feature.models[0][0]], cursor, turn, context, smooth=True)
            call.latency_ns = each * 8 // 10 // 1000 * 1000
            if turn + 1 < calls:
                self._use_tool(call, _TOOLS[0])
                call.tool_ns = each // 10 // 1000 * 1000
            request.calls.append(call)
            cursor, context = (
                request.frame_start_ns + (turn + 1) * each,
                min(call.input_tokens + call.output_tokens, _MOST_INPUT),
            )
        return request

    def _open(self, start: int, feature: Feature, user: int) -> PlannedRequest:
        day = (start - self._first_ns) // (24 * HOUR_NS)
        return PlannedRequest(
            trace_id=self._chance.getrandbits(128) or 1,
            start_ns=start,
            feature=feature,
            user=f"u-{user:04d}",
            tenant=TENANTS[user % len(TENANTS)],
            session=f"s-{user:04d}-{day:02d}-{feature.name}",
        )

    def _call(
        self, request: PlannedRequest, model: Model, cursor: int, turn: int, context: int, smooth: bool = False
    ) -> PlannedCall:
        chance, feature = self._chance, request.feature
        lookup = int(_drawn(chance, feature.lookup_ms, 0.5) * 1000) * 1000 if feature.lookup and not turn else 0
        start = cursor + _OVERHEAD_NS + (lookup + _OVERHEAD_NS if lookup else 0)
        outcome = "ok" if smooth else _outcome(chance)
        failed = outcome in ("rate_limit", "timeout", "server_error")
        doubled = feature.name == TEMPLATE_DOUBLES.feature and start >= self._doubled_ns
        updated = model.asked == UPDATE.model and start >= self._updated_ns
        template = feature.template_tokens * (2 if doubled else 1)
        read = write = tokens_in = tokens_out = reasoning = 0
        finish: str | None = None
        if not failed:
            tokens_in = context or template + int(_drawn(chance, feature.input_tokens, 0.6)) + 1
            read, write = self._cached(model, feature, start, template, context)
            tokens_out = int(_drawn(chance, feature.output_tokens * (UPDATE.longer if updated else 1.0), 0.5)) + 8
            tokens_out = 8 if outcome == "filtered" else min(tokens_out, feature.max_tokens)
            cut = outcome == "ok" and feature.frame != "agent" and chance.random() < _CUT_OFF
            tokens_out = feature.max_tokens if cut else tokens_out
            reasoning = tokens_out * chance.randint(20, 60) // 100 if model.reasons and outcome == "ok" else 0
            finish = model.finish("filtered" if outcome == "filtered" else "cut" if cut else "done")
        slow = (
            SLOWDOWN.factor if model.provider == SLOWDOWN.provider and self._slow[0] <= start < self._slow[1] else 1.0
        )
        first_s = _drawn(chance, model.first_s, 0.3) * slow + (tokens_in - read) * 15e-6
        latency_s = first_s + tokens_out * model.token_s * _drawn(chance, 1.0, 0.15) * slow
        if outcome == "timeout":
            latency_s = 60.0
        call = PlannedCall(
            feature=feature,
            model=model,
            answered_model=UPDATE.answered if updated else model.answered,
            prompt_version=TEMPLATE_DOUBLES.version if doubled else feature.prompt_version,
            start_ns=start,
            latency_ns=int(latency_s * 1e6) * 1000,
            first_chunk_ns=int(first_s * 1e6) * 1000 if feature.streamed and not failed else None,
            outcome=outcome,
            finish=finish,
            attempts=3
            if outcome in ("rate_limit", "server_error")
            else 2
            if outcome == "ok" and not smooth and chance.random() < _RETRIED
            else 1,
            input_tokens=tokens_in,
            cache_read_tokens=read,
            cache_write_tokens=write,
            output_tokens=tokens_out,
            reasoning_tokens=reasoning,
            messages=min(2 + 2 * turn, _MOST_MESSAGES),
            response_id=f"{model.id_prefix}{request.trace_id:032x}{turn:03x}",
            lookup_ns=lookup,
        )
        if feature.lookup == "retrieval":
            best = 0.7 + 0.25 * chance.random()
            found = zip(chance.sample(range(400), 4), (1.0, 0.93, 0.85, 0.7), strict=True)
            call.documents = tuple((f"page-{page:03d}", round(best * part, 3)) for page, part in found)
        if outcome == "ok":
            self._judge(call, updated)
        return call

    def _cached(self, model: Model, feature: Feature, start: int, template: int, context: int) -> tuple[int, int]:
        """Tokens that are read from the provider's cache, and written to it."""
        if context:  # an agent's next turn: what went before is cached in blocks of 128
            return context * 9 // 10 // 128 * 128, 0
        hit = self._chance.random() < feature.cache_hits
        if model.provider == "anthropic":
            if feature.name == CACHE_STOPS.feature and start >= self._uncached_ns:
                hit = False
            return (template, 0) if hit else (0, template)
        return (template // 128 * 128 if hit and template >= 1024 and model.asked != UNPRICED else 0), 0

    def _judge(self, call: PlannedCall, updated: bool) -> None:
        chance, feature = self._chance, call.feature
        if chance.random() < feature.judged:
            mean = feature.quality - (UPDATE.worse if updated else 0.0)
            call.scores = tuple(
                (name, round(min(1.0, max(0.0, chance.gauss(mean, 0.08))), 3)) for name in feature.judged_for
            )
        if chance.random() < feature.rated:
            call.feedback = chance.choices(("thumbs_up", "thumbs_down", "retry"), (70, 20, 10))[0]

    def _use_tool(self, call: PlannedCall, tool: str) -> None:
        call.tool = tool
        call.tool_ns = int(_drawn(self._chance, 400.0, 0.6) * 1000) * 1000
        call.finish = call.model.finish("tool")
        call.scores, call.feedback = (), None


def _outcome(chance: random.Random) -> Outcome:
    drawn = chance.random()
    for name, share in _OUTCOMES:
        if drawn < share:
            return name
        drawn -= share
    return "ok"


def _drawn(chance: random.Random, median: float, sigma: float) -> float:
    """A log-normal value."""
    return median * math.exp(chance.gauss(0.0, sigma))
