"""The common part of every provider's instrumentor."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, ClassVar

from opentelemetry.instrumentation.instrumentor import BaseInstrumentor  # pyright: ignore[reportMissingTypeStubs]

from ..telemetry.telemetry import Telemetry, share, telemetry_with
from .patcher import Patcher


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
            telemetry: what :meth:`use` takes; or else what it is made of:
            tracer_provider, meter_provider, logger_provider: the global ones when absent.
            Any field of :class:`~otel_genai_instr.settings.Settings`: wins over the environment.

        Raises:
            TypeError: for an option that doesn't exist.
            ValueError: for a value that an option can't have.
        """
        kwargs.pop("auto_instrumentation_version", None)
        self.use(kwargs.get("telemetry") or telemetry_with(kwargs))

    def use(self, telemetry: Telemetry) -> None:
        """Observe with ``telemetry`` from now on; operations that are under way keep theirs."""
        self.patcher.install(telemetry)
        share(telemetry)

    def _uninstrument(self, **kwargs: Any) -> None:
        """Put the original methods back. Operations that are under way still end."""
        self.patcher.uninstall()
