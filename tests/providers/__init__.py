"""The providers under test: each file here exports one as ``UNDER_TEST``, and needs nothing more to be found."""

from __future__ import annotations

import functools
from importlib import import_module
from pkgutil import iter_modules

from ..support.under_test import UnderTest


@functools.cache
def installed() -> tuple[UnderTest, ...]:
    """Those whose SDK is installed, by name."""
    found = (_under_test(module.name) for module in iter_modules(__path__))
    return tuple(sorted((each for each in found if each is not None), key=lambda each: each.name))


def _under_test(name: str) -> UnderTest | None:
    try:
        return import_module(f"{__name__}.{name}").UNDER_TEST
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] != name:  # more is missing than its SDK
            raise
        return None
