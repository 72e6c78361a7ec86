"""Wraps the methods of one provider when the app imports them, and puts the originals back."""

from __future__ import annotations

import contextlib
import functools
import importlib
import sys
from types import ModuleType
from typing import Final, cast

from wrapt import register_post_import_hook

from .. import guard
from ..telemetry.telemetry import Telemetry
from .binding import Function, as_function
from .bridge import wrap_attempt, wrap_call, wrap_own_spans
from .contract import Attempt, Call, OwnSpans, Provider, Seam, SessionMethod, Tool
from .sessions import wrap_session
from .tools import wrap_tool


class Patcher:
    """Patches one SDK. Importing nothing by itself, it costs a process that never uses the SDK nothing."""

    def __init__(self, provider: Provider) -> None:
        self.provider: Final = provider
        self.telemetry: Telemetry | None = None
        """Set while the instrumentation is on. Wrappers that outlive it pass straight through."""
        self._hooked: set[str] = set()
        self._patched: dict[tuple[type | ModuleType, str], tuple[object, Function]] = {}
        """What stood there before us, and what we put in its place."""

    def install(self, telemetry: Telemetry) -> None:
        """Observe every call from now on, of modules already imported and of those to come."""
        self.telemetry = telemetry
        modules = (*(seam.module for seam in self.provider.seams), *dict(self.provider.imported_with))
        for module in dict.fromkeys(modules):
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

    def _restore(self, owner: type | ModuleType, name: str) -> None:
        original, wrapper = self._patched[owner, name]
        present: object = owner.__dict__.get(name)
        if present is wrapper:
            setattr(owner, name, original)
        elif present is not None and present is not original:
            return  # somebody else's, and ours may be below it
        del self._patched[owner, name]

    def _patch_module(self, name: str, module: ModuleType) -> None:
        if self.telemetry is None:
            return
        for seam in self.provider.seams:
            if seam.module == name:
                guard.run("patch", self._patch, module, seam)
        wanted = dict(self.provider.imported_with).get(name)
        if wanted is not None and self.telemetry.settings.cost:
            # What can't be imported here can't be imported in a thread either, whatever the reason.
            with contextlib.suppress(Exception):
                importlib.import_module(wanted)

    def _patch(self, module: ModuleType, seam: Seam) -> None:
        *above, name = seam.path.split(".")
        owner: object = functools.reduce(lambda found, part: getattr(found, part, None), above, cast(object, module))
        if not isinstance(owner, type | ModuleType):  # SDKs of the supported range lack some of them
            return
        present: object = owner.__dict__.get(name)
        if present is None or any(present is wrapper for _, wrapper in self._patched.values()):
            return
        # Known: one class is reached by two paths, or somebody put a wrapper around ours, which is still below it.
        original, wrapper = self._patched.get((owner, name), (None, None))
        if wrapper is None:
            original, wrapper = self._patched[(owner, name)] = (present, self._wrap(as_function(present), seam))
        if present is original:
            setattr(owner, name, wrapper)

    def _wrap(self, original: Function, seam: Seam) -> Function:
        if isinstance(seam, Call):
            return wrap_call(original, seam, self)
        if isinstance(seam, Attempt):
            return wrap_attempt(original, seam, self)
        if isinstance(seam, OwnSpans):
            return wrap_own_spans(original, seam, self)
        if isinstance(seam, Tool):
            return wrap_tool(original, seam, self)
        if isinstance(seam, SessionMethod):
            return wrap_session(original, seam, self)
        raise TypeError(f"no wrapper for {seam!r}")
