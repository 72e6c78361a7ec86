"""``otel-genai status``: what would be instrumented here and why not, by whom besides, and the settings in force."""

from __future__ import annotations

import logging
import platform
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from enum import Enum
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, version
from typing import Final, cast

from opentelemetry.instrumentation.dependencies import get_dependency_conflicts

from .. import file_settings, log, settings
from .._version import __version__
from .tables import JSON, clean_line, say, say_json, show_table

_GROUP: Final = "opentelemetry_instrumentor"
_OURS: Final = "otel_genai_instr."
_RIVALS: Final = ("ddtrace", "langfuse", "langsmith", "logfire", "openlit", "sentry-sdk", "traceloop-sdk")
"""Distributions that observe model calls without an entry point: their own code turns that on."""
_SECRETS: Final = frozenset(field.name for field in fields(settings.Settings) if not field.repr)
"""What ``repr()`` of the settings leaves out: keys, and an address that may have a password in it."""
_HIDDEN: Final = "set, not shown"


@dataclass(frozen=True)
class Sdk:
    """An SDK that we instrument."""

    sdk: str
    installed: str | None
    """Its version."""
    supported: str
    instrumented: bool
    why_not: str | None


@dataclass(frozen=True)
class Neighbour:
    """Another package that may make spans of the same calls."""

    package: str
    installed: str
    says: str


@dataclass(frozen=True)
class Setting:
    """A setting in force."""

    setting: str
    value: object
    source: str
    """The variable, or ``default``."""


def status(options: Namespace) -> int:
    """Run the command, and return its exit code."""
    sdks, neighbours = _sdks(), _neighbours()
    in_force, mistakes = _settings()
    if options.format == JSON:
        say_json(
            {
                "version": __version__,
                "python": platform.python_version(),
                "sdks": [asdict(sdk) for sdk in sdks],
                "others": [asdict(neighbour) for neighbour in neighbours],
                "settings": [asdict(setting) for setting in in_force],
                "mistakes": mistakes,
            }
        )
        return 0
    say(f"otel-genai-instr {__version__}, Python {platform.python_version()}")
    say()
    show_table(
        ("SDK", "installed", "supported", "instrumented"),
        [
            (sdk.sdk, sdk.installed or "-", sdk.supported, "yes" if sdk.instrumented else f"no: {sdk.why_not}")
            for sdk in sdks
        ],
        numbers=0,
    )
    if neighbours:
        say()
        show_table(
            ("others here", "installed", ""),
            [(neighbour.package, neighbour.installed, neighbour.says) for neighbour in neighbours],
            numbers=0,
        )
    say()
    show_table(
        ("setting", "value", "from"),
        [(setting.setting, _shown(setting.value), setting.source) for setting in in_force],
        numbers=0,
    )
    if mistakes:
        say()
    for mistake in mistakes:
        say(clean_line(f"mistake: {mistake}"))
    return 0


def _entry_points() -> Iterator[tuple[EntryPoint, bool]]:
    """Instrumentations that ``opentelemetry-instrument`` finds, and whether each is ours. One may stand there twice."""
    for point in sorted(set(entry_points(group=_GROUP)), key=lambda point: point.name):
        yield point, point.value.startswith(_OURS)


def _sdks() -> list[Sdk]:
    return [_sdk(point) for point, is_ours in _entry_points() if is_ours]


def _sdk(point: EntryPoint) -> Sdk:
    requirements = cast("tuple[str, ...]", point.load()().instrumentation_dependencies())
    supported = ", ".join(text.removeprefix(point.name).strip() for text in requirements)
    installed = _version(point.name)
    why_not: str | None = None
    if installed is None:
        why_not = "not installed"
    elif get_dependency_conflicts(requirements) is not None:
        why_not = "this version is not supported"
    elif settings.sdk_is_disabled():
        why_not = "OTEL_SDK_DISABLED is set"
    elif _is_off(point.name):
        why_not = "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS names it; instrument() in code does it nevertheless"
    return Sdk(point.name, installed, supported, why_not is None, why_not)


def _is_off(instrumentation: str) -> bool:
    """Whether ``opentelemetry-instrument`` is told to leave it alone; ``*`` is every one."""
    return not settings.disabled_instrumentations().isdisjoint((instrumentation, "*"))


def _neighbours() -> list[Neighbour]:
    ours = {point.name for point, is_ours in _entry_points() if is_ours}
    found: list[Neighbour] = []
    for point, is_ours in _entry_points():
        same = next((sdk for sdk in ours if point.name.startswith(sdk)), None)
        if is_ours or same is None or point.dist is None:
            continue
        if _is_off(point.name):
            says = "off: OTEL_PYTHON_DISABLED_INSTRUMENTATIONS names it"
        else:
            cure = f"OTEL_PYTHON_DISABLED_INSTRUMENTATIONS={point.name} turns it off"
            if point.name == same:
                cure = "its name is that of ours: uninstall one"
            says = f"doubles the spans of {same} under opentelemetry-instrument; {cure}"
        found.append(Neighbour(point.dist.name, point.dist.version, says))
    for name in _RIVALS:
        installed = _version(name)
        if installed is not None:
            found.append(Neighbour(name, installed, "may observe the same calls, where the app turns that on"))
    return found


def _settings() -> tuple[list[Setting], list[str]]:
    """Return what is in force, and what is set wrong: what an app would log."""
    collector = _Collector()
    logger = logging.getLogger("otel_genai_instr")
    propagated, logger.propagate = logger.propagate, False
    logger.addHandler(collector)
    try:
        in_force, files = settings.from_environ(), file_settings.from_environ()
    finally:
        logger.removeHandler(collector)
        logger.propagate = propagated
    default = settings.Settings()
    found: list[Setting] = []
    for name, variable in settings.VARIABLES.items():
        value: object = getattr(in_force, name)
        is_set = collector.has_understood(variable) or value != getattr(default, name)
        found.append(Setting(name, _plain(name, value), variable if is_set else "default"))
    for name, variable in file_settings.VARIABLES.items():
        source = variable if collector.has_understood(variable) else "default"
        found.append(Setting(f"genai_file {name}", getattr(files, name), source))
    return found, collector.messages


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []
        self._variables: set[object] = set()
        """Those whose value isn't understood."""

    def has_understood(self, variable: str) -> bool:
        """Whether it is set, and its value is in force."""
        return settings.is_set(variable) and variable not in self._variables

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage().removeprefix(log.WHOSE))
        if isinstance(record.args, tuple):
            self._variables.update(record.args[:1])


def _plain(name: str, value: object) -> object:
    if name in _SECRETS:
        return _HIDDEN if value else None
    if isinstance(value, Enum):
        return cast("object", value.value)
    return value


def _shown(value: object) -> str:
    if value is None or value == {} or value == ():
        return "-"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ", ".join(map(str, cast("tuple[object, ...]", value)))
    if isinstance(value, dict):
        return ", ".join(f"{key}={item}" for key, item in cast("dict[str, str]", value).items())
    return str(value)


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None
