"""What is planned: requests to the app, and the calls that they make. All times are nanoseconds since 1970, UTC."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

from .features import Feature, Model

Reaction = Literal["thumbs_up", "thumbs_down", "retry"]

OVERHEAD_NS: Final = 400_000
"""What the app itself takes before and after each of its steps."""
ERRORS: Final = {"rate_limit": "RateLimitError", "timeout": "APITimeoutError", "server_error": "InternalServerError"}
"""Outcomes of which the SDK makes an exception, and its class."""


@dataclass(slots=True)
class PlannedCall:
    """One call to a model, and what belongs to it alone."""

    number: int
    """Of its span in the trace, as they begin, from 0."""
    feature: Feature
    model: Model
    answered_model: str
    prompt_version: str
    start_ns: int
    outcome: str
    """``ok``, or what went wrong."""
    attempts: int
    messages: int
    response_id: str
    lookup_ns: int
    """How long the search or the query before the call takes."""
    latency_ns: int = 0
    first_chunk_ns: int | None = None
    """After the start; of streams that succeed."""
    finish: str | None = None
    """Finish reason in the provider's words; ``None`` of failures, which have no tokens either."""
    input_tokens: int = 0
    """Cached ones included, as everywhere in the conventions."""
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    documents: tuple[tuple[str, float], ...] = ()
    """What a search found: id and score."""
    tool: str | None = None
    """The tool that the answer asks for, and that the app then runs."""
    tool_ns: int = 0
    scores: tuple[tuple[str, float], ...] = ()
    """What the judge said of the answer."""
    feedback: Reaction | None = None
    """What the user did with it."""

    @property
    def failed(self) -> bool:
        """Whether the SDK raised."""
        return self.finish is None

    @property
    def error_type(self) -> str | None:
        """Class of what the SDK raised, with its module."""
        return f"{self.model.provider}.{ERRORS[self.outcome]}" if self.failed else None

    @property
    def end_ns(self) -> int:
        """When the answer was there."""
        return self.start_ns + self.latency_ns

    @property
    def lookup_start_ns(self) -> int:
        """When the search or query before it began."""
        return self.start_ns - OVERHEAD_NS - self.lookup_ns

    @property
    def tool_start_ns(self) -> int:
        """When the tool began."""
        return self.end_ns + OVERHEAD_NS

    @property
    def judged_ns(self) -> int:
        """When the judge has read it."""
        return self.end_ns + 2_000_000_000

    @property
    def felt_ns(self) -> int:
        """When the user has reacted."""
        return self.end_ns + 40_000_000_000

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
    def frame_spans(self) -> int:
        """How many spans stand around those of its calls: the server's, and that of a workflow or agent."""
        return 1 if self.feature.frame is None else 2

    @property
    def frame_start_ns(self) -> int:
        """When the workflow or agent inside it began."""
        return self.start_ns + OVERHEAD_NS

    @property
    def frame_end_ns(self) -> int:
        """When that was over."""
        return self.calls[-1].over_ns + OVERHEAD_NS

    @property
    def end_ns(self) -> int:
        """When the app had answered."""
        return self.frame_end_ns + OVERHEAD_NS

    def span_id(self, number: int) -> int:
        """The id of the span that is made as that number in this trace, from 0."""
        return (self.trace_id + number * 0x9E3779B97F4A7C15) & 0xFFFF_FFFF_FFFF_FFFF or 1
