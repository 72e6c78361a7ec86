"""What a run looks at: which providers (``--provider``), and how many of their cells (``--pairs``)."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import Any

import pytest

from ..providers import installed
from ..support.under_test import Case, UnderTest
from .cases import cases_of, hole_of, pairs_of


@dataclass(frozen=True)
class Selection:
    """The choice that the command line makes."""

    names: tuple[str, ...]
    """Of providers; without any, every one that is installed."""
    only_pairs: bool

    @classmethod
    def of(cls, config: pytest.Config) -> Selection:
        """What was asked for. A provider that isn't installed is an error, and never an empty run."""
        names: Any = config.getoption("--provider")
        only_pairs: Any = config.getoption("--pairs")
        known = [provider.name for provider in installed()]
        for name in names:
            if name not in known:
                raise pytest.UsageError(f"--provider {name}: its SDK isn't installed; there is {', '.join(known)}")
        return cls(tuple(names), only_pairs)

    def providers(self) -> list[UnderTest]:
        """Whom the stories are told with."""
        return [provider for provider in installed() if not self.names or provider.name in self.names]

    def stories(self) -> list[Case]:
        """Cells as they are without us, where content is neither on nor off."""
        cases = [case for provider in self.providers() for case in _cells(provider, self.only_pairs)]
        return list(dict.fromkeys(replace(case, content=False) for case in cases))

    def cases(self) -> list[Case]:
        """Cells that the promises are kept in: those of providers that we can observe."""
        observed = [provider for provider in self.providers() if provider.is_instrumented]
        return [case for provider in observed for case in _cells(provider, self.only_pairs)]

    def twins(self) -> list[Case]:
        """Of these the synchronous ones that can be lived through asynchronously too."""
        return [case for case in self.cases() if not case.is_async and hole_of(replace(case, is_async=True)) is None]


@functools.cache  # every test that asks for cells is given the same
def _cells(provider: UnderTest, only_pairs: bool) -> list[Case]:
    cases = cases_of(provider)
    return pairs_of(cases) if only_pairs else cases
