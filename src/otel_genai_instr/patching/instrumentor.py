"""The common part of every provider's instrumentor."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Any, ClassVar

from opentelemetry.instrumentation.dependencies import (
    DependencyConflict,
    DependencyConflictError,
    get_dependency_conflicts,
)
from opentelemetry.instrumentation.instrumentor import BaseInstrumentor  # pyright: ignore[reportMissingTypeStubs]

from .. import log
from ..telemetry.telemetry import Telemetry, share, telemetry_with
from .neighbours import named, say_who_else
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

    def conflict(self) -> DependencyConflict | None:
        """What is installed, where that is a version that isn't supported."""
        conflict = get_dependency_conflicts(self.requirements)
        return conflict if conflict is not None and conflict.found else None

    def instrument(self, **kwargs: Any) -> None:
        """Observe every call from now on, of versions that are supported, now or when they are installed.

        ``opentelemetry-instrument`` leaves the check to us: it knows requirements of a whole distribution, and ours
        has several SDKs.

        Keyword Args:
            kwargs: see :meth:`_instrument`.

        Raises:
            DependencyConflictError: for another version, if ``raise_exception_on_conflict`` is true.
            TypeError: for an option that doesn't exist.
            ValueError: for a value that an option can't have.
        """
        raises = kwargs.pop("raise_exception_on_conflict", False)
        conflict = self.conflict()
        if conflict is None:
            super().instrument(**{**kwargs, "skip_dep_check": True})
            return
        if raises:
            raise DependencyConflictError(conflict)
        log.warning_once(
            (GenAIInstrumentor, conflict.found),
            "%s is installed, and %s is supported: its calls are not observed.",
            conflict.found,
            conflict.required,
        )

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
        telemetry.first_looks.extend(partial(say_who_else, GenAIInstrumentor, sdk) for sdk in named(self.requirements))
        self.patcher.install(telemetry)
        share(telemetry)

    def _uninstrument(self, **kwargs: Any) -> None:
        """Put the original methods back. Operations that are under way still end."""
        self.patcher.uninstall()
