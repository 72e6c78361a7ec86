"""Wraps the methods of one provider when the app imports them, and puts the originals back."""

from __future__ import annotations

import contextlib
import functools
import importlib
import sys
from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import Final, cast

from wrapt import register_post_import_hook

from .. import guard
from ..telemetry.telemetry import Telemetry
from .binding import Function, as_function
from .bridge import wrap_async, wrap_attempt, wrap_sync
from .methods import AttemptHook, Method, Provider


class Patcher:
    """Patches one SDK. Importing nothing by itself, it costs a process that never uses the SDK nothing."""

    def __init__(self, provider: Provider) -> None:
        self.provider: Final = provider
        self.telemetry: Telemetry | None = None
        """Set while the instrumentation is on. Wrappers that outlive it pass straight through."""
        self._hooked: set[str] = set()
        self._patched: dict[tuple[type, str], tuple[object, Function]] = {}
        """What stood there before us, and what we put in its place."""

    def install(self, telemetry: Telemetry) -> None:
        """Observe every call from now on, of modules already imported and of those to come."""
        self.telemetry = telemetry
        rows = (*self.provider.methods, self.provider.attempts)
        for module in dict.fromkeys([*(row.module for row in rows), *dict(self.provider.ahead)]):
            if module in self._hooked:
                loaded = sys.modules.get(module)
                if loaded is not None:
                    self._patch_module(module, loaded)
            else:
                self._hooked.add(module)
                register_post_import_hook(functools.partial(self._patch_module, module), module)

    def uninstall(self) -> None:
        """Put every original back that is still ours to put back."""
        self.telemetry = None
        for owner, name in list(self._patched):
            guard.run("unpatch", self._restore, owner, name)

    def _restore(self, owner: type, name: str) -> None:
        original, wrapper = self._patched[owner, name]
        if owner.__dict__.get(name) is wrapper:
            setattr(owner, name, original)
            del self._patched[owner, name]

    def _patch_module(self, name: str, module: ModuleType) -> None:
        if self.telemetry is None:
            return
        for row in self.provider.methods:
            if row.module == name:
                guard.run("patch", self._patch, module, row.owner, row.name, functools.partial(self._wrap, row))
        row = self.provider.attempts
        if row.module == name:
            guard.run("patch", self._patch, module, row.owner, row.name, functools.partial(self._wrap_attempt, row))
        wanted = dict(self.provider.ahead).get(name)
        if wanted is not None and self.telemetry.settings.cost:
            # What can't be imported here can't be imported in a thread either, whatever the reason.
            with contextlib.suppress(Exception):
                importlib.import_module(wanted)

    def _patch(self, module: ModuleType, owner_name: str, name: str, wrap: Callable[[Function], Function]) -> None:
        owner: object = getattr(module, owner_name, None)
        if not isinstance(owner, type):  # SDKs of the supported range lack some of the methods
            return
        present: object = owner.__dict__.get(name)
        if present is None:
            return
        # Known: one class is reached by two paths, or somebody put a wrapper around ours, which is still below it.
        original, wrapper = self._patched.get((owner, name), (None, None))
        if wrapper is None:
            original, wrapper = self._patched[(owner, name)] = (present, wrap(as_function(present)))
        if present is original:
            setattr(owner, name, wrapper)

    def _wrap(self, row: Method, original: Function) -> Function:
        if row.is_async:
            return wrap_async(cast("Callable[..., Awaitable[object]]", original), row.api, self)
        return wrap_sync(original, row.api, self)

    def _wrap_attempt(self, row: AttemptHook, original: Function) -> Function:
        return wrap_attempt(original, row, self)
