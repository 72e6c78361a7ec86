"""What happens in the month: planned calls, by seed. Pure: no clock, no telemetry, nothing of the package.

A request of the app is a trace; it makes one call to a model, an agent's request several. Times are whole microseconds.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_left
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import accumulate
from typing import Final

from .events import CACHE_STOPS, DAYS, HOUR_NS, RUNAWAY, SLOWDOWN, TEMPLATE_DOUBLES, UPDATE, midnight, runaway_calls
from .features import FEATURES, MODELS, Feature, Model
from .planned import ERRORS, OVERHEAD_NS, PlannedCall, PlannedRequest, Reaction

FIRST_DAY: Final = date(2026, 10, 26)
LEAST_CALLS: Final = 1_000
CALLS_OF_A_USER: Final = 20
"""In a month, on average."""
TENANTS: Final = ("acme", "globex", "initech", "umbrella", "hooli", "stark", "wayne", "tyrell")
"""The first has a third of the users."""
_UNEVEN: Final = 0.8
"""Exponent of Zipf's law: the first user asks most."""
_BY_HOUR: Final = (2, 1, 1, 1, 1, 2, 4, 9, 18, 26, 28, 27, 22, 24, 28, 27, 24, 18, 11, 8, 6, 5, 4, 3)
_WEEKEND: Final = 0.3
_REACTIONS: Final[tuple[Reaction, ...]] = ("thumbs_up", "thumbs_down", "retry")
_TOOLS: Final = ("web_search", "read_page", "calculator")
_FOUND_TOKENS: Final = 500
"""What a tool answers, about."""
_MOST_INPUT: Final = 180_000
_MOST_MESSAGES: Final = 10
"""The app sends the newest ones."""
_CACHE_BLOCK: Final = 128
"""OpenAI's caches hold whole blocks of so many tokens."""
_FILTERED_TOKENS: Final = 8
_READING_S: Final = 15e-6
"""What a token of the prompt takes that comes from no cache."""

_OUTCOMES: Final = (("rate_limit", 0.007), ("timeout", 0.003), ("server_error", 0.005), ("filtered", 0.005))
"""How calls end that don't end well, and how often. ``filtered``: the provider's policy forbids an answer."""
_FAILED_ATTEMPTS: Final = {"rate_limit": 3, "timeout": 1, "server_error": 3}
_TIMEOUT_S: Final = 60.0
_RETRIED: Final = 0.015
_CUT_OFF: Final = 0.02


def plan(calls: int, seed: int, first_day: date = FIRST_DAY) -> Iterator[PlannedRequest]:
    """The requests of the month, by their start; together they make exactly so many calls.

    Raises:
        ValueError: for fewer calls than :data:`LEAST_CALLS`: the events would be lost among them.
    """
    if calls < LEAST_CALLS:
        raise ValueError(f"calls={calls}; allowed: {LEAST_CALLS} or more")
    chance = random.Random(f"{seed}/{calls}/{first_day}")
    author = _Author(chance, first_day, calls // CALLS_OF_A_USER)
    runaway, runaway_at = runaway_calls(calls), RUNAWAY.at(first_day)
    weights = list(accumulate(_weights(chance, first_day)))
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


def _weights(chance: random.Random, first_day: date) -> Iterator[float]:
    """How much each hour of the month has of its calls."""
    for day in range(DAYS):
        is_weekend = (first_day + timedelta(days=day)).weekday() >= 5
        busy = _drawn(chance, _WEEKEND if is_weekend else 1.0, 0.05)
        for share in _BY_HOUR:
            yield _drawn(chance, share * busy, 0.1)


class _Author:
    """Draws requests, one after the other."""

    def __init__(self, chance: random.Random, first_day: date, users: int) -> None:
        self._chance = chance
        self._users = list(accumulate(rank**-_UNEVEN for rank in range(1, users + 1)))
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
        user = bisect_left(self._users, chance.random() * self._users[-1])
        request = self._open(start, feature, user)
        model = MODELS[chance.choices(*feature.models)[0]]
        turns = min(at_most, 1 if feature.frame != "agent" else chance.randint(2, 7))
        cursor, context = request.frame_start_ns, 0
        for turn in range(turns):
            call = self._call(request, model, cursor, context)
            if call.outcome == "ok" and turn + 1 < turns:
                self._use_tool(call, chance.choice(_TOOLS))
            request.calls.append(call)
            if call.outcome != "ok":
                break
            cursor, context = (
                call.over_ns,
                call.input_tokens + call.output_tokens + int(_drawn(chance, _FOUND_TOKENS, 0.4)),
            )
        return request

    def runaway(self, start: int, calls: int) -> PlannedRequest:
        """An agent that searches on and on, until somebody stops it."""
        feature = FEATURES[RUNAWAY.feature]
        request = self._open(start, feature, RUNAWAY.user)
        each = RUNAWAY.lasts_ns // calls // 1000 * 1000
        cursor, context = request.frame_start_ns, 0
        for turn in range(calls):
            call = self._call(request, MODELS[feature.models[0][0]], cursor, context, smooth=True)
            call.latency_ns = each * 8 // 10 // 1000 * 1000
            if turn + 1 < calls:
                self._use_tool(call, _TOOLS[0])
                call.tool_ns = each // 10 // 1000 * 1000
            request.calls.append(call)
            cursor = request.frame_start_ns + (turn + 1) * each
            context = min(call.input_tokens + call.output_tokens + _FOUND_TOKENS, _MOST_INPUT)
        return request

    def _open(self, start: int, feature: Feature, user: int) -> PlannedRequest:
        hour = (start - self._first_ns) // HOUR_NS
        return PlannedRequest(
            trace_id=self._chance.getrandbits(128) or 1,
            start_ns=start,
            feature=feature,
            user=f"u-{user:05d}",
            tenant=TENANTS[int((user * 0.618 % 1) ** 2 * len(TENANTS))],
            session=f"s-{user:05d}-{hour:03d}-{feature.name}",
        )

    def _call(
        self, request: PlannedRequest, model: Model, cursor: int, context: int, smooth: bool = False
    ) -> PlannedCall:
        """The request's next call. ``context``: tokens that an agent has gathered; ``smooth``: nothing goes wrong."""
        chance, feature, turn = self._chance, request.feature, len(request.calls)
        lookup = int(_drawn(chance, feature.lookup_ms, 0.5) * 1000) * 1000 if feature.lookup and not turn else 0
        start = cursor + OVERHEAD_NS + (lookup + OVERHEAD_NS if lookup else 0)
        outcome = "ok" if smooth else _outcome(chance)
        failed = outcome in ERRORS
        doubled = feature.name == TEMPLATE_DOUBLES.feature and start >= self._doubled_ns
        updated = model.asked == UPDATE.model and start >= self._updated_ns
        call = PlannedCall(
            number=(request.calls[-1].number + 2 if turn else request.frame_spans) + (lookup > 0),
            feature=feature,
            model=model,
            answered_model=UPDATE.answered if updated else model.answered,
            prompt_version=TEMPLATE_DOUBLES.version if doubled else feature.prompt_version,
            start_ns=start,
            outcome=outcome,
            attempts=_FAILED_ATTEMPTS[outcome] if failed else 2 if not smooth and chance.random() < _RETRIED else 1,
            messages=min(2 + 2 * turn, _MOST_MESSAGES),
            response_id=f"{model.id_prefix}{request.trace_id:032x}{turn:03x}",
            lookup_ns=lookup,
        )
        if not failed:
            self._answer(call, context, feature.template_tokens * (2 if doubled else 1), updated)
        self._take_time(call)
        if feature.lookup == "retrieval":
            best = 0.7 + 0.25 * chance.random()
            found = zip(chance.sample(range(400), 4), (1.0, 0.93, 0.85, 0.7), strict=True)
            call.documents = tuple((f"page-{page:03d}", round(best * part, 3)) for page, part in found)
        if outcome == "ok":
            self._judge(call, updated)
        return call

    def _answer(self, call: PlannedCall, context: int, template: int, updated: bool) -> None:
        chance, feature, model = self._chance, call.feature, call.model
        call.input_tokens = context or template + int(_drawn(chance, feature.input_tokens, 0.6)) + 1
        call.cache_read_tokens, call.cache_write_tokens = self._cached(call, template, context)
        if call.outcome == "filtered":
            call.output_tokens, call.finish = _FILTERED_TOKENS, model.finish("filtered")
            return
        median = feature.output_tokens * (UPDATE.longer if updated else 1.0)
        cut = feature.frame != "agent" and chance.random() < _CUT_OFF
        wanted = int(_drawn(chance, median, 0.5)) + _FILTERED_TOKENS
        call.output_tokens = feature.max_tokens if cut else min(wanted, feature.max_tokens)
        call.finish = model.finish("cut" if call.output_tokens == feature.max_tokens else "done")
        if model.reasons:
            call.reasoning_tokens = call.output_tokens * chance.randint(20, 60) // 100

    def _take_time(self, call: PlannedCall) -> None:
        chance, model = self._chance, call.model
        begin, end = self._slow
        slow = SLOWDOWN.factor if model.provider == SLOWDOWN.provider and begin <= call.start_ns < end else 1.0
        first_s = _drawn(chance, model.first_s, 0.3) * slow + (call.input_tokens - call.cache_read_tokens) * _READING_S
        rest_s = call.output_tokens * model.token_s * _drawn(chance, 1.0, 0.15) * slow
        call.latency_ns = int((_TIMEOUT_S if call.outcome == "timeout" else first_s + rest_s) * 1e6) * 1000
        if call.feature.streamed and not call.failed:
            call.first_chunk_ns = int(first_s * 1e6) * 1000

    def _cached(self, call: PlannedCall, template: int, context: int) -> tuple[int, int]:
        """Tokens that are read from the provider's cache, and written to it."""
        feature = call.feature
        if context:  # what an agent has gathered before
            return context * 9 // 10 // _CACHE_BLOCK * _CACHE_BLOCK, 0
        hit = self._chance.random() < feature.cache_hits
        if feature.name == CACHE_STOPS.feature and call.start_ns >= self._uncached_ns:
            hit = False
        if call.model.provider == "anthropic":
            return (template, 0) if hit else (0, template)
        return (template // _CACHE_BLOCK * _CACHE_BLOCK if hit else 0), 0

    def _judge(self, call: PlannedCall, updated: bool) -> None:
        chance, feature = self._chance, call.feature
        if chance.random() < feature.judged:
            mean = feature.quality - (UPDATE.worse if updated else 0.0)
            call.scores = tuple(
                (name, round(min(1.0, max(0.0, chance.gauss(mean, 0.08))), 3)) for name in feature.judged_for
            )
        if chance.random() < feature.rated:
            call.feedback = chance.choices(_REACTIONS, (70, 20, 10))[0]

    def _use_tool(self, call: PlannedCall, tool: str) -> None:
        call.tool = tool
        call.tool_ns = int(_drawn(self._chance, 400.0, 0.6) * 1000) * 1000
        call.finish = call.model.finish("tool")
        call.scores, call.feedback = (), None


def _outcome(chance: random.Random) -> str:
    drawn = chance.random()
    for name, share in _OUTCOMES:
        if drawn < share:
            return name
        drawn -= share
    return "ok"


def _drawn(chance: random.Random, median: float, sigma: float) -> float:
    """A log-normal value."""
    return median * math.exp(chance.gauss(0.0, sigma))
