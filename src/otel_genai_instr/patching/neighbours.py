"""Other instrumentations of the same SDK that are on: each call has a span of theirs as well. Said once.

Theirs may be around ours, inside it, or beside it, turned on before or after, so it is what is loaded that tells. No
distribution is read, and nothing of theirs is called but what says which SDK they observe.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterator
from functools import cache
from typing import Final, cast

from opentelemetry.instrumentation.instrumentor import BaseInstrumentor  # pyright: ignore[reportMissingTypeStubs]

from .. import log

_ON_WHEN_LOADED: Final = {
    "langfuse.{}": "import from `{0}`, not from `langfuse.{0}`",
    "logfire._internal.integrations.llm_providers.{}": "leave out `logfire.instrument_{}()`",
}
"""Modules that observe an SDK from when they are imported, and what keeps them from it."""
_NAME: Final = re.compile(r"[\w.-]+")


def named(requirements: Collection[str]) -> list[str]:
    """The names in requirements."""
    return [name[0] for requirement in requirements if (name := _NAME.match(requirement))]


def say_who_else(ours: type[BaseInstrumentor], sdk: str) -> bool:
    """Say who else than ``ours`` observes ``sdk``, and return whether there is anybody."""
    others = _others(ours, sdk) if sdk in sys.modules else {}
    for who, cure in others.items():
        log.warning_once(
            (say_who_else, who, sdk),
            "%s makes a span of each call of %s as well, and sums over spans count its tokens and cost twice. "
            "To keep ours alone, %s. This is said once.",
            who,
            sdk,
            cure,
        )
    return bool(others)


def _others(ours: type[BaseInstrumentor], sdk: str) -> dict[str, str]:
    """By name, what keeps ours alone."""
    modules = set(_instrumentors_of(ours, sdk))
    found: dict[str, str] = {}
    for module in modules:
        if any(module.startswith(f"{other}.") for other in modules):
            continue  # a part of that one
        package = re.sub(r"[._]", "-", module)
        found[module] = (
            f"leave out its `instrument()`; under opentelemetry-instrument uninstall {package}, or set "
            f"OTEL_PYTHON_DISABLED_INSTRUMENTATIONS={sdk}, which is both of us, and call "
            "`otel_genai_instr.instrument()` in the app"
        )
    for module, cure in _ON_WHEN_LOADED.items():
        if module.format(sdk) in sys.modules:
            found[module.partition(".")[0]] = cure.format(sdk)
    return found


def _instrumentors_of(ours: type[BaseInstrumentor], sdk: str) -> Iterator[str]:
    """The modules of those that follow OpenTelemetry's contract, and are on."""
    for kind in _kinds(BaseInstrumentor, ours):
        # Their instance alone: to make one would run their `__init__` again, which may set them up anew.
        instance = cast("BaseInstrumentor | None", vars(kind).get("_instance"))
        if instance is not None and instance.is_instrumented_by_opentelemetry and sdk in _observed_by(instance):
            yield kind.__module__


@cache  # some look at what is installed
def _observed_by(instrumentor: BaseInstrumentor) -> list[str]:
    try:
        return named(instrumentor.instrumentation_dependencies())
    except Exception:  # theirs to tell
        return []


def _kinds(kind: type[BaseInstrumentor], ours: type[BaseInstrumentor]) -> Iterator[type[BaseInstrumentor]]:
    for below in kind.__subclasses__():
        if below is not ours:
            yield below
            yield from _kinds(below, ours)
