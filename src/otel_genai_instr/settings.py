"""Every environment variable that this package reads, and the settings made from them.

A wrong value never stops the app: it is warned about once, naming the variable, the value and what is
allowed, and the default stays in force.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field, fields, replace
from enum import Enum
from typing import Final, cast

from . import file_settings, log, variables
from .records import frozen
from .semconv import attributes as names
from .semconv import own

CAPTURE_MESSAGE_CONTENT: Final = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
ERROR_MESSAGES: Final = "OTEL_GENAI_ERROR_MESSAGES"
METRICS_COMPAT: Final = "OTEL_GENAI_METRICS_COMPAT"
TIME_PER_OUTPUT_CHUNK: Final = "OTEL_GENAI_TIME_PER_OUTPUT_CHUNK"
PROPAGATE_BAGGAGE: Final = "OTEL_GENAI_PROPAGATE_BAGGAGE"
COST: Final = "OTEL_GENAI_COST"
PROVIDER_BY_HOST: Final = "OTEL_GENAI_PROVIDER_BY_HOST"
PRICES: Final = "OTEL_GENAI_PRICES"
ESTIMATE_USAGE: Final = "OTEL_GENAI_ESTIMATE_USAGE"
STREAM_USAGE: Final = "OTEL_GENAI_STREAM_USAGE"
CONTENT: Final = "OTEL_GENAI_CONTENT"
CONTENT_SAMPLE: Final = "OTEL_GENAI_CONTENT_SAMPLE"
CONTENT_ON_ERROR: Final = "OTEL_GENAI_CONTENT_ON_ERROR"
CONTENT_KEY: Final = "OTEL_GENAI_CONTENT_KEY"
CONTENT_PREVIEW: Final = "OTEL_GENAI_CONTENT_PREVIEW"
CONTENT_MAX_BYTES: Final = "OTEL_GENAI_CONTENT_MAX_BYTES"
CONTENT_STORE: Final = "OTEL_GENAI_CONTENT_STORE"
CONTENT_STORE_KEYS: Final = "OTEL_GENAI_CONTENT_STORE_KEYS"
COMPLETION_HOOK: Final = "OTEL_INSTRUMENTATION_GENAI_COMPLETION_HOOK"
REDACT: Final = "OTEL_GENAI_REDACT"
PSEUDONYM_KEYS: Final = "OTEL_GENAI_PSEUDONYM_KEYS"
RECORD: Final = "OTEL_GENAI_RECORD"
METRIC_DIMENSIONS: Final = "OTEL_GENAI_METRIC_DIMENSIONS"
METRIC_DIMENSION_VALUES: Final = "OTEL_GENAI_METRIC_DIMENSION_VALUES"
PROMPT_LENGTH: Final = "OTEL_GENAI_PROMPT_LENGTH"
FEEDBACK_KEY: Final = "OTEL_GENAI_FEEDBACK_KEY"
CONSOLE_HTTP_MESSAGES: Final = "OTEL_GENAI_CONSOLE_HTTP_MESSAGES"

VARIABLES: Final = {
    "capture_content": CAPTURE_MESSAGE_CONTENT,
    "content": CONTENT,
    "content_sample": CONTENT_SAMPLE,
    "content_on_error": CONTENT_ON_ERROR,
    "content_key": CONTENT_KEY,
    "content_preview": CONTENT_PREVIEW,
    "content_max_bytes": CONTENT_MAX_BYTES,
    "content_store": CONTENT_STORE,
    "content_store_keys": CONTENT_STORE_KEYS,
    "completion_hook": COMPLETION_HOOK,
    "redact": REDACT,
    "pseudonym_keys": PSEUDONYM_KEYS,
    "record": RECORD,
    "error_messages": ERROR_MESSAGES,
    "metrics_compat": METRICS_COMPAT,
    "time_per_output_chunk": TIME_PER_OUTPUT_CHUNK,
    "propagate_baggage": PROPAGATE_BAGGAGE,
    "cost": COST,
    "provider_by_host": PROVIDER_BY_HOST,
    "prices": PRICES,
    "estimate_usage": ESTIMATE_USAGE,
    "stream_usage": STREAM_USAGE,
    "metric_dimensions": METRIC_DIMENSIONS,
    "metric_dimension_values": METRIC_DIMENSION_VALUES,
    "prompt_length": PROMPT_LENGTH,
    "feedback_key": FEEDBACK_KEY,
}
"""The variable of each setting that can be said in one."""
OF_EXPORTERS: Final = frozenset({CONSOLE_HTTP_MESSAGES})
"""Variables that ``instrument()`` has nothing to do with."""
_KNOWN: Final = frozenset(
    (*VARIABLES.values(), *OF_EXPORTERS, *file_settings.VARIABLES.values(), *file_settings.REPORTS)
)

SHORTEST_FEEDBACK_KEY: Final = 16
"""Characters."""

_NEVER_DIMENSIONS: Final = frozenset({names.USER_ID, names.SESSION_ID, names.CONVERSATION_ID})


class CaptureContent(Enum):
    """Where messages, instructions and tool definitions are recorded."""

    NO_CONTENT = "no_content"
    SPAN_ONLY = "span_only"
    EVENT_ONLY = "event_only"
    SPAN_AND_EVENT = "span_and_event"

    def __init__(self, text: str) -> None:
        self.on_span: bool = text in ("span_only", "span_and_event")
        """Whether content goes onto spans."""
        self.on_event: bool = text in ("event_only", "span_and_event")
        """Whether content goes into the details event."""


class Tier(Enum):
    """How much of what was said is recorded; each has what those before it have."""

    NONE = "none"
    """Counts only."""
    DIGEST = "digest"
    """Keyed hashes of what was asked, and the beginning of the answer."""
    FULL = "full"
    """Messages, instructions and tool definitions."""

    def __init__(self, text: str) -> None:
        self.rank: int = ("none", "digest", "full").index(text)
        """The higher, the more."""


class RecordTo(Enum):
    """Where the record of each call goes."""

    NOWHERE = "false"
    OTEL = "true"
    LOGGING = "logging"
    BOTH = "both"

    def __init__(self, text: str) -> None:
        self.is_otel: bool = text in ("true", "both")
        """Whether it is an OpenTelemetry log record."""
        self.is_logging: bool = text in ("logging", "both")
        """Whether it is a line of JSON in Python's ``logging``."""
        self.is_anywhere: bool = text != "false"


class MetricsCompat(Enum):
    """Which metric names are emitted."""

    LATEST = "latest"
    LEGACY = "legacy"
    BOTH = "both"

    def __init__(self, text: str) -> None:
        self.emits_latest: bool = text != "legacy"
        """Whether today's names of the conventions are emitted."""
        self.emits_legacy: bool = text != "latest"
        """Whether the names that older dashboards read are emitted."""


@frozen
class CallSeen:
    """What is known of a call that is over, for who chooses how much of it is recorded."""

    operation: str
    """Value of ``gen_ai.operation.name``."""
    model: str | None
    """The model that answered, else the one that was asked."""
    attributes: Mapping[str, object]
    """Everything that its span says: tokens, cost, user, feature, ..."""
    error: BaseException | None
    """What the call raised."""


ChooseTier = Callable[[CallSeen], "Tier | str | None"]
"""Says how much of a call is recorded."""


@frozen
class Settings:
    """How the instrumentation behaves. Every field can be passed to ``instrument()`` by its name."""

    capture_content: CaptureContent | None = None
    """Where content is recorded; unless said, on spans, or in the store if there is one."""
    content: Tier | None = None
    """How much of it is recorded; unless said, all of it if ``capture_content`` names a place, and else none."""
    content_for: ChooseTier | None = None
    """Asked at the end of each call, in place of ``content``; ``None`` leaves it at that."""
    content_sample: float = 0.0
    """The share of traces whose calls are recorded in full, from 0 to 1."""
    content_on_error: Tier = Tier.NONE
    """What is recorded of a call that failed, at least."""
    content_key: str | None = field(default=None, repr=False)
    """Secret of the hashes; without it there are none."""
    content_preview: int = 0
    """Characters of the answer that go with its digest."""
    content_max_bytes: int = 32_768
    """How much content one attribute may hold; what is longer is cut, part by part, and stays JSON."""
    content_store: str | None = field(default=None, repr=False)
    """URL of the folder that content goes to, in place of spans and events. Needs the extra ``store``."""
    content_store_keys: tuple[str, ...] = field(default=(), repr=False)
    """Fernet keys: the first one encrypts what is stored, all of them decrypt."""
    completion_hook: str | None = None
    """Name of the hook that is given content as well: an entry point of ``opentelemetry-util-genai``'s."""
    redact: object = None
    """What is taken out of content before it leaves the process. Needs the extra ``redaction``."""
    pseudonym_keys: tuple[str, ...] = field(default=(), repr=False)
    """Secrets of the pseudonyms that stand for user ids; the first one is in force."""
    record: RecordTo = RecordTo.NOWHERE
    """Write one structured log record for each call."""
    error_messages: bool = False
    """Record the provider's error message, which may quote the user's input."""
    metrics_compat: MetricsCompat = MetricsCompat.LATEST
    time_per_output_chunk: bool = False
    """Record a histogram point per streamed chunk; it costs more than all the rest of a stream."""
    propagate_baggage: bool = False
    """Let W3C baggage reach the model provider."""
    cost: bool = True
    """Price the calls."""
    provider_by_host: Mapping[str, str] = field(default_factory=dict[str, str])
    """``gen_ai.provider.name`` for hosts (``host`` or ``host:port``); ``*`` stands for every other host."""
    prices: object = None
    """Prices of your own: the path of a YAML or JSON file, or the same as a dictionary."""
    estimate_usage: bool = False
    """Count the tokens of a call whose provider reported none; marked as estimated. Needs the extra ``estimate``."""
    stream_usage: bool = False
    """Have streams tell their usage that weren't asked to. The one setting that alters a call."""
    metric_dimensions: tuple[str, ...] = (own.APP_FEATURE, names.PROMPT_NAME, names.PROMPT_VERSION)
    """Attributes of the surrounding blocks that become dimensions of the metrics."""
    metric_dimension_values: int = 50
    """How many values of one such attribute are told apart; what comes later is counted as ``other``."""
    prompt_length: bool = False
    """Tell the times of short prompts from those of long ones: up to five times as many series for each model."""
    feedback_key: str | None = field(default=None, repr=False)
    """Secret that signs feedback tokens."""


def from_environ(environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings as the environment says; wrong values are warned about once and left at their default."""
    variables.warn_of_names(environ, _KNOWN)
    default = Settings()
    return Settings(
        capture_content=_capture_content(environ, default.capture_content),
        content=variables.choice(environ, CONTENT, Tier, default.content),
        content_sample=variables.share(environ, CONTENT_SAMPLE, default.content_sample),
        content_on_error=variables.choice(environ, CONTENT_ON_ERROR, Tier, default.content_on_error),
        content_key=environ.get(CONTENT_KEY) or None,
        content_preview=variables.count(environ, CONTENT_PREVIEW, default.content_preview),
        content_max_bytes=variables.count(environ, CONTENT_MAX_BYTES, default.content_max_bytes),
        content_store=environ.get(CONTENT_STORE, "").strip() or None,
        content_store_keys=variables.listed(environ, CONTENT_STORE_KEYS),
        completion_hook=environ.get(COMPLETION_HOOK, "").strip() or None,
        redact=environ.get(REDACT, "").strip() or None,
        pseudonym_keys=variables.listed(environ, PSEUDONYM_KEYS),
        record=variables.choice(environ, RECORD, RecordTo, default.record),
        error_messages=variables.switch(environ, ERROR_MESSAGES, default.error_messages),
        metrics_compat=variables.choice(environ, METRICS_COMPAT, MetricsCompat, default.metrics_compat),
        time_per_output_chunk=variables.switch(environ, TIME_PER_OUTPUT_CHUNK, default.time_per_output_chunk),
        propagate_baggage=variables.switch(environ, PROPAGATE_BAGGAGE, default.propagate_baggage),
        cost=variables.switch(environ, COST, default.cost),
        provider_by_host=variables.pairs(environ, PROVIDER_BY_HOST),
        prices=environ.get(PRICES, "").strip() or None,
        estimate_usage=variables.switch(environ, ESTIMATE_USAGE, default.estimate_usage),
        stream_usage=variables.switch(environ, STREAM_USAGE, default.stream_usage),
        metric_dimensions=_names(environ, METRIC_DIMENSIONS, default.metric_dimensions),
        metric_dimension_values=variables.count(environ, METRIC_DIMENSION_VALUES, default.metric_dimension_values),
        prompt_length=variables.switch(environ, PROMPT_LENGTH, default.prompt_length),
        feedback_key=_feedback_key(environ),
    )


def console_shows_http_messages(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the waterfall has a row for each message of an ASGI server."""
    return variables.switch(environ, CONSOLE_HTTP_MESSAGES, False)


def is_set(variable: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the variable says anything."""
    return bool(environ.get(variable, "").strip())


def disabled_instrumentations(environ: Mapping[str, str] = os.environ) -> set[str]:
    """Names that ``opentelemetry-instrument`` is told to leave alone."""
    return {name.strip() for name in environ.get("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "").split(",")}


def sdk_is_disabled(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the OpenTelemetry SDK is told to record nothing."""
    return environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"


def with_overrides(settings: Settings, overrides: Mapping[str, object]) -> Settings:
    """``settings`` with the fields that ``overrides`` names; an enumerated field also takes its string.

    Raises:
        TypeError: for a name that is no setting.
        ValueError: for a string that is no value of an enumerated setting.
    """
    known = {f.name for f in fields(Settings)}
    unknown = sorted(set(overrides) - known)
    if unknown:
        raise TypeError(f"unknown setting {', '.join(unknown)}; known: {', '.join(sorted(known))}")
    values = dict(overrides)
    for setting, allowed in _NAMED.items():
        if isinstance(value := values.get(setting), str | bool):
            values[setting] = _named(setting, str(value), allowed)
    for setting in _SWITCHES.intersection(values):
        if isinstance(word := values[setting], str):
            values[setting] = _switched(setting, word)
    dimensions = values.get("metric_dimensions", ())
    if people := sorted(_NEVER_DIMENSIONS.intersection(cast("Iterable[str]", dimensions))):
        raise ValueError(f"metric_dimensions can't contain {', '.join(people)}: each would make series of its own")
    if isinstance(key := values.get("feedback_key"), str) and (lengths := _too_short(key)):
        raise ValueError(f"feedback_key: a key has {lengths[0]} characters; allowed: {SHORTEST_FEEDBACK_KEY} or more")
    return replace(settings, **values)  # pyright: ignore[reportArgumentType]


def _named(setting: str, value: str, allowed: Mapping[str, Enum]) -> Enum:
    choice = variables.meant(value, allowed)
    if choice is None:
        raise ValueError(f"{setting}={value!r} is not understood; allowed: {', '.join(allowed)}")
    return choice


def _switched(setting: str, word: str) -> bool:
    value = variables.is_on(word)
    if value is None:
        raise ValueError(f"{setting}={word!r} is not understood; allowed: true, false")
    return value


def _content_modes() -> dict[str, CaptureContent]:
    modes = {mode.value: mode for mode in CaptureContent}
    # What years of documentation told people to set.
    return {**modes, "true": CaptureContent.SPAN_ONLY, "false": CaptureContent.NO_CONTENT}


def _capture_content(environ: Mapping[str, str], default: CaptureContent | None) -> CaptureContent | None:
    raw = environ.get(CAPTURE_MESSAGE_CONTENT, "").strip()
    modes = _content_modes()
    if not raw:
        return default
    mode = variables.meant(raw, modes)
    if mode is None:
        variables.warn(CAPTURE_MESSAGE_CONTENT, raw, modes, "no content is captured")
    return mode or CaptureContent.NO_CONTENT


_NAMED: Final[Mapping[str, Mapping[str, Enum]]] = {
    "capture_content": _content_modes(),
    **{
        setting: {choice.value: choice for choice in kind}
        for setting, kind in (
            ("content", Tier),
            ("content_on_error", Tier),
            ("record", RecordTo),
            ("metrics_compat", MetricsCompat),
        )
    },
}
"""The settings that take a name."""
_SWITCHES: Final = frozenset(each.name for each in fields(Settings) if isinstance(each.default, bool))


def _names(environ: Mapping[str, str], variable: str, default: tuple[str, ...]) -> tuple[str, ...]:
    """A list of names; set but empty, there are none."""
    if variable not in environ:
        return default
    return _without_people(variables.listed(environ, variable))


def _without_people(names_given: tuple[str, ...]) -> tuple[str, ...]:
    """A user, a session or a conversation is never a dimension: each would make series of its own."""
    for name in names_given:
        if name in _NEVER_DIMENSIONS:
            variables.warn(METRIC_DIMENSIONS, name, ("attributes with few values",), "this one is left out")
    return tuple(name for name in names_given if name not in _NEVER_DIMENSIONS)


def feedback_keys(configured: str | None) -> list[str]:
    """The keys in the setting, which are separated by commas."""
    return [key for part in (configured or "").split(",") if (key := part.strip())]


def _too_short(configured: str) -> list[int]:
    return [len(key) for key in feedback_keys(configured) if len(key) < SHORTEST_FEEDBACK_KEY]


def _feedback_key(environ: Mapping[str, str]) -> str | None:
    """The keys as they are. Short ones are told of now, and not when the first token is asked for; never quoted."""
    configured = environ.get(FEEDBACK_KEY) or None
    if configured and (lengths := _too_short(configured)):
        log.warning_once(
            (FEEDBACK_KEY, "short"),
            "%s: a key has %d characters; allowed: %d or more, several separated by commas; "
            "no feedback token can be made or read.",
            FEEDBACK_KEY,
            lengths[0],
            SHORTEST_FEEDBACK_KEY,
        )
    return configured
