"""Makes every form of call beside one neighbour, in a process of its own: ``python -m tests.neighbours.program``.

Writes as JSON what the app got, what reached the server, our spans and the neighbour's observations. It judges nothing:
the runner compares it with the same program without us, and without the neighbour.
"""

from __future__ import annotations

import asyncio
import contextvars
import gc
import inspect
import json
import re
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Final, cast

from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from examples.openai_server import INSTANT, OpenAIServer, Received

from . import forms, forms_async
from .asked import Form
from .table import NEIGHBOURS, Neighbour

OURS: Final = "otel_genai_instr"
NO_TIME: Final = re.compile(r"^(?!logfire\.|langfuse\.)(?!.*time)")
"""Attributes of ours that are compared. Some processors mark every span of their provider with some of their own."""
COUNTS: Final = re.compile("usage|tokens")
"""Attributes of a neighbour's that are compared."""
VARYING: Final = {"created", "created_at", "server.port"}
"""Fields that differ from one run to the next whoever is there."""
PROPAGATION: Final = ("traceparent", "tracestate", "baggage", "sentry-trace", "x-datadog-", "host")


class Process:
    """The app, its server, and where everybody's telemetry goes."""

    def __init__(self, neighbour: Neighbour, order: list[str], server: OpenAIServer) -> None:
        self.neighbour = neighbour
        self.server = server
        self.spans = InMemorySpanExporter()
        self.namespace: dict[str, Any] = {"observations": [], "spans": self.spans}
        self.runner = asyncio.Runner()
        self.ours_is_on = False
        self.exported = neighbour.exports and "theirs" in order
        if not (neighbour.brings_provider and "theirs" in order):
            trace.set_tracer_provider(TracerProvider())

    def turn_on(self, who: str) -> None:
        """Turn on the neighbour, or us."""
        if who == "theirs":
            exec(self.neighbour.on, self.namespace)
        else:
            import otel_genai_instr

            otel_genai_instr.instrument()
            self.ours_is_on = True

    def make_clients(self) -> None:
        """One of each kind, which all calls share."""
        import openai

        wrap: Callable[[Any], Any] = self.namespace.get("wrap", unchanged)
        options: dict[str, Any] = {"base_url": self.server.url, "api_key": "none"}
        self.clients = wrap(openai.OpenAI(**options)), wrap(openai.AsyncOpenAI(**options))

    def collect_spans(self) -> None:
        """From now on keep every span of the global provider, whoever made that."""
        if self.exported:
            return
        provider: Any = trace.get_tracer_provider()
        provider.add_span_processor(SimpleSpanProcessor(self.spans))

    def call_all(self) -> dict[str, Any]:
        """Make every form of call."""
        gc.collect()
        gc.freeze()  # so that the collections to come cost little
        return {form.name: self.call(form) for form in (*forms.FORMS, *forms_async.FORMS)}

    def call_all_without_and_with_us(self) -> dict[str, Any]:
        """Make every form of call twice more, and count our faults."""
        import otel_genai_instr
        from otel_genai_instr import guard

        otel_genai_instr.uninstrument()
        self.ours_is_on = False
        turned_off = self.call_all()
        self.turn_on("ours")
        return {
            "turned off": turned_off,
            "turned on again": self.call_all(),
            "internal errors": {" ".join(place): count for place, count in guard.counts().items()},
        }

    def call(self, form: Form) -> dict[str, Any]:
        """Make one form of call, in a context of its own."""
        self.server.received.clear()
        self.spans.clear()
        observations: list[Any] = self.namespace["observations"]
        observations.clear()
        got: list[object] = []
        whole = form.complete
        context = contextvars.copy_context()
        client, async_client = self.clients
        apart: AbstractContextManager[object] = self.namespace.get("apart", nullcontext)()
        context.run(apart.__enter__)
        try:
            if inspect.iscoroutinefunction(form.run):
                self.runner.run(form.run(async_client, lambda value: got.append(seen(value))), context=context)
            else:
                context.run(form.run, client, lambda value: got.append(seen(value)))
        except Exception as error:
            got.append(raised(error))
            whole = False
        context.run(apart.__exit__, None, None, None)
        if not whole:
            self.end_what_was_left()
        finished = self.spans.get_finished_spans()
        return {
            "complete": form.complete,
            "got": got,
            "sent": [sent(request) for request in self.server.received],
            "ours": [told(span) for span in finished if is_ours(span)],
            "theirs": sorted([told(span) for span in finished if not is_ours(span)] + observations, key=json.dumps),
            "left current": context.run(current_span),
        }

    def end_what_was_left(self) -> None:
        """The collector finds it, the loop closes generators, and a thread of ours ends the operation."""
        for _ in range(3):
            gc.collect()
            self.runner.run(asyncio.sleep(0.002))
        if self.ours_is_on:
            from otel_genai_instr.telemetry import later

            later.finish()


def unchanged(client: Any) -> Any:
    return client


def is_ours(span: ReadableSpan) -> bool:
    return scope_of(span) == OURS


def seen(value: object) -> object:
    """What the app sees of ``value``: its type, the type that it claims, and its content."""
    dump: Callable[..., object] | None = getattr(value, "model_dump", None)
    plain = value is None or isinstance(value, str | int | float | bool)
    content = value if plain else without_varying(dump(mode="json", warnings=False)) if dump is not None else None
    return {
        "type": name_of(type(value)),
        "class": name_of(value.__class__),
        "content": content,
        "current": current_span(),
    }


def raised(error: Exception) -> object:
    """An exception as the app sees it."""
    cause, context = error.__cause__, error.__context__
    return {
        "raised": name_of(type(error)),
        "text": str(error),
        "cause": name_of(type(cause)),
        "context": name_of(type(context)),
    }


def current_span() -> str:
    """Whose span is current; there should be none of ours outside of a call."""
    span = trace.get_current_span()
    return scope_of(span) if isinstance(span, ReadableSpan) else "nobody's"


def scope_of(span: ReadableSpan) -> str:
    """The name of the instrumentation that made it."""
    return span.instrumentation_scope.name if span.instrumentation_scope is not None else ""


def name_of(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def sent(request: Received) -> object:
    """A request; of the headers that carry a trace only the names."""
    headers = {
        name: "..." if name.startswith(PROPAGATION) else value for name, value in sorted(request.headers.items())
    }
    return {"method": request.method, "path": request.path, "headers": headers, "body": request.body}


def told(span: ReadableSpan) -> object:
    """A span without its times and ids; of a neighbour's attributes only those that count something."""
    attributes = {
        name: value
        for name, value in sorted((span.attributes or {}).items())
        if (NO_TIME if is_ours(span) else COUNTS).search(name)
    }
    return {
        "scope": scope_of(span),
        "name": span.name,
        "kind": span.kind.name,
        "status": span.status.status_code.name,
        "attributes": json.loads(json.dumps(without_varying(attributes), default=list)),
        "events": [event.name for event in span.events],
    }


def without_varying(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: "..." if key in VARYING else without_varying(inner)
            for key, inner in cast("dict[str, Any]", value).items()
        }
    return [without_varying(inner) for inner in cast("list[Any]", value)] if isinstance(value, list) else value


def main(name: str, order: list[str], target: Path) -> None:
    """Turn on who stands in ``order``, and make all calls; if it is both, again without us, and again with us."""
    with OpenAIServer(INSTANT) as server:
        process = Process(NEIGHBOURS[name], order, server)
        for who in order:
            process.turn_on(who)
            if who == "theirs" or "theirs" not in order:
                process.make_clients()  # before we come, where we come last
        process.collect_spans()
        result: dict[str, Any] = {"calls": process.call_all()}
        if len(order) > 1:
            result |= process.call_all_without_and_with_us()
        target.write_text(json.dumps(result))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2].split(","), Path(sys.argv[3]))
