"""The common part of every provider's instrumentor."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, ClassVar

from opentelemetry.instrumentation.instrumentor import BaseInstrumentor  # pyright: ignore[reportMissingTypeStubs]

from .. import settings
from ..telemetry.telemetry import Telemetry
from .patcher import Patcher

_PROVIDERS = ("tracer_provider", "meter_provider", "logger_provider", "pricer", "clock")


class GenAIInstrumentor(BaseInstrumentor):
    """Turns the instrumentation of one SDK on and off."""

    patcher: ClassVar[Patcher]
    """One for each SDK and process: methods are patched once however many instrumentors are made."""
    requirements: ClassVar[tuple[str, ...]]
    """The SDK versions that are supported."""

    def instrumentation_dependencies(self) -> Collection[str]:
        """The SDK versions that are supported."""
        return self.requirements

    def _instrument(self, **kwargs: Any) -> None:
        """Observe every call from now on.

        Keyword Args:
            tracer_provider, meter_provider, logger_provider: the global ones when absent.
            Any field of :class:`~otel_genai_instr.settings.Settings`: wins over the environment.
        """
        parts = {name: kwargs.pop(name) for name in _PROVIDERS if name in kwargs}
        kwargs.pop("auto_instrumentation_version", None)
        chosen = settings.with_overrides(settings.from_environ(), kwargs)
        self.patcher.install(Telemetry(chosen, **parts))

    def _uninstrument(self, **kwargs: Any) -> None:
        """Put the original methods back. Operations that are under way still end."""
        self.patcher.uninstall()
