"""Who may stand beside us: one row for each instrumentation of the ``openai`` package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.environments.environments import ROOT, Environments, Requirements

NOWHERE: Final = "http://127.0.0.1:9"
"""The discard port of loopback: nobody listens there, and a connection is refused at once."""


THEIRS_FIRST: Final = "theirs,ours"
OURS_FIRST: Final = "ours,theirs"


@dataclass(frozen=True)
class Exempt:
    """What can't be as it is alone, for a reason of the neighbour's own. When it no longer happens, it has to go."""

    order: str
    part: str
    """Of a problem: see ``judge``."""
    forms: str
    """A pattern for their whole names."""
    because: str


@dataclass(frozen=True)
class Neighbour:
    """One row."""

    requirements: Requirements
    on: str
    """The lines that turn it on. They may append what it observes to ``observations``, and define ``wrap`` for a
    client, and ``apart``, a context manager that keeps one call apart from the next. ``spans`` is the exporter of all
    spans, for a provider that ``exports`` to it by its own means."""
    environ: Mapping[str, str] = field(default_factory=dict[str, str])
    brings_provider: bool = False
    """It sets the global TracerProvider; otherwise the app does."""
    exports: bool = False
    """Its provider passes on to ``spans`` what it would export; otherwise all that was started and ended counts."""
    observes: bool = True
    """What it observes can be seen, and is something."""
    doubles: str | None = None
    """What our log calls it where it says that each call has two spans; ``None`` for who makes none."""
    exempt: tuple[Exempt, ...] = ()


_INSTRUMENTOR: Final = """
from {} import OpenAIInstrumentor
OpenAIInstrumentor().instrument()
"""

_SENTRY: Final = """
import sentry_sdk
from sentry_sdk.integrations.openai import OpenAIIntegration

def keep_transaction(event, hint):
    operations = [span["op"] for span in event["spans"]]
    observations.append([event["transaction"], *(name for name in operations if name.startswith("gen_ai"))])

def keep_error(event, hint):
    observations.append([error["type"] for error in event["exception"]["values"]])

sentry_sdk.init(
    dsn="http://key@127.0.0.1:9/1",
    traces_sample_rate=1.0,
    enable_backpressure_handling=False,
    integrations=[OpenAIIntegration()],
    before_send=keep_error,
    before_send_transaction=keep_transaction,
)
apart = sentry_sdk.isolation_scope  # it lets an abandoned stream's span be the parent of whatever comes next
"""

_DATADOG: Final = """
import {}
import ddtrace
from ddtrace.trace import TraceFilter, tracer

class Keep(TraceFilter):
    def process_trace(self, trace):
        observations.extend([span.name, span.resource, span.error] for span in trace)

tracer.configure(trace_processors=[Keep()])
ddtrace.patch(openai=True)
"""
_DATADOG_ENVIRON: Final = {
    "DD_TRACE_AGENT_URL": NOWHERE,
    "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false",
    "DD_REMOTE_CONFIGURATION_ENABLED": "false",
}

_LANGSMITH: Final = """
import functools
import langsmith
from langsmith.wrappers import wrap_openai

class Keep(langsmith.Client):
    def create_run(self, name, inputs, run_type, **more):
        observations.append(["begins", name])

    def update_run(self, run_id, name=None, **more):
        observations.append(["ends", sorted(more.get("outputs") or {}), (more.get("error") or "").split("(")[0]])

wrap = functools.partial(wrap_openai, tracing_extra={"client": Keep()})
"""
_LOGFIRE_COMPLETES: Final = tuple(
    Exempt(
        order,
        "ours",
        "(async_)?chat_(refused|streaming_response_lines)",
        "it exports every span without a model of the response with that of the request",
    )
    for order in (THEIRS_FIRST, OURS_FIRST)
)

NEIGHBOURS: Final[Mapping[str, Neighbour]] = {
    "nobody": Neighbour(requirements=(), on="", observes=False),
    "langfuse": Neighbour(
        requirements=("langfuse",),
        on="""
import langfuse
from langfuse.openai import openai
langfuse.get_client()
""",
        environ={"LANGFUSE_PUBLIC_KEY": "pk", "LANGFUSE_SECRET_KEY": "sk", "LANGFUSE_HOST": NOWHERE},
        brings_provider=True,
        doubles="langfuse",
    ),
    "logfire": Neighbour(
        requirements=("logfire",),
        on="""
import logfire
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
logfire.configure(send_to_logfire=False, additional_span_processors=[SimpleSpanProcessor(spans)])
logfire.instrument_openai()
""",
        brings_provider=True,
        doubles="logfire",
        exports=True,
        exempt=_LOGFIRE_COMPLETES,
    ),
    "sentry": Neighbour(requirements=("sentry-sdk",), on=_SENTRY),
    "langsmith": Neighbour(
        requirements=("langsmith",),
        on=_LANGSMITH,
        environ={"LANGSMITH_TRACING": "true", "LANGSMITH_ENDPOINT": NOWHERE, "LANGSMITH_API_KEY": "none"},
    ),
    "langsmith off": Neighbour(
        requirements=("langsmith",),
        on=_LANGSMITH,
        environ={"LANGSMITH_TRACING": "false"},
        observes=False,
    ),
    "openinference": Neighbour(
        requirements=("openinference-instrumentation-openai",),
        on=_INSTRUMENTOR.format("openinference.instrumentation.openai"),
        doubles="openinference.instrumentation.openai",
    ),
    "openllmetry": Neighbour(
        requirements=("opentelemetry-instrumentation-openai",),
        on=_INSTRUMENTOR.format("opentelemetry.instrumentation.openai"),
        doubles="opentelemetry.instrumentation.openai",
    ),
    "official v2": Neighbour(
        # It imports what newer ones of the utilities lack, and httpx, which newer ones of openai don't bring.
        requirements=("opentelemetry-instrumentation-openai-v2", "opentelemetry-util-genai<1.2", "httpx"),
        on=_INSTRUMENTOR.format("opentelemetry.instrumentation.openai_v2"),
        doubles="opentelemetry.instrumentation.openai_v2",
    ),
    "official genai": Neighbour(
        requirements=("opentelemetry-instrumentation-genai-openai",),
        on=_INSTRUMENTOR.format("opentelemetry.instrumentation.genai.openai"),
        doubles="opentelemetry.instrumentation.genai.openai",
    ),
    "datadog": Neighbour(
        requirements=("ddtrace",),
        on=_DATADOG.format("ddtrace"),
        environ=_DATADOG_ENVIRON,
    ),
    "datadog auto": Neighbour(
        requirements=("ddtrace",),
        on=_DATADOG.format("ddtrace.auto"),
        environ=_DATADOG_ENVIRON,
    ),
}

ENVIRONMENTS: Final = Environments(
    ROOT / ".venv-neighbours",
    Path(__file__).with_name("locks"),
    frozenset(neighbour.requirements for neighbour in NEIGHBOURS.values()),
)
