"""Values of one environment variable, by their kind, and what is said of wrong ones: once, with what is allowed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from enum import Enum
from typing import Final, TypeVar

from . import log

_E = TypeVar("_E", bound=Enum)
_D = TypeVar("_D", bound=Enum | None)

_OURS: Final = "OTEL_GENAI_"
"""How our own names begin, which nobody else reads."""
_OFFICIAL: Final = "OTEL_INSTRUMENTATION_GENAI_"
_LIKENESS: Final = {_OURS: 0.6, _OFFICIAL: 0.75, "OTEL_INSTRUMENTATION_GEN_AI_": 0.75, "OTEL_GEN_AI_": 0.75}
"""How much like one of ours a name is that one is meant by. What begins otherwise may be somebody else's."""

_SWITCH: Final = {
    "true": True,
    "on": True,
    "1": True,
    "yes": True,
    "false": False,
    "off": False,
    "0": False,
    "no": False,
}


def switch(environ: Mapping[str, str], variable: str, default: bool) -> bool:
    """Whether it is on."""
    raw = environ.get(variable, "").strip()
    if not raw:
        return default
    value = is_on(raw)
    if value is None:
        warn(variable, raw, ("true", "false"), f"{str(default).lower()} stays in force")
        return default
    return value


def is_on(word: str) -> bool | None:
    """What ``word`` says of a switch; ``None`` if it says nothing."""
    return _SWITCH.get(word.strip().lower())


def meant(word: str, allowed: Mapping[str, _E]) -> _E | None:
    """What ``word`` stands for among ``allowed``; where a switch is among them, its other words are too."""
    word = word.strip().lower()
    on = is_on(word)
    return allowed.get(word if on is None else str(on).lower())


def choice(environ: Mapping[str, str], variable: str, kind: type[_E], default: _D) -> _E | _D:
    """One of the values of ``kind``, in letters of any case."""
    raw = environ.get(variable, "").strip()
    if not raw:
        return default
    found = meant(raw, {each.value: each for each in kind})
    if found is not None:
        return found
    in_force = "the default" if default is None else default.value
    warn(variable, raw, (each.value for each in kind), f"{in_force} stays in force")
    return default


def share(environ: Mapping[str, str], variable: str, default: float) -> float:
    """A number from 0 to 1."""
    raw = environ.get(variable, "").strip()
    if not raw:
        return default
    try:
        value = float(raw)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        warn(variable, raw, ("a number from 0 to 1",), f"{default:g} stays in force")
        return default
    return value


def listed(environ: Mapping[str, str], variable: str) -> tuple[str, ...]:
    """What stands there, separated by commas."""
    return tuple(item for part in environ.get(variable, "").split(",") if (item := part.strip()))


def pairs(environ: Mapping[str, str], variable: str) -> dict[str, str]:
    """Providers by host."""
    found: dict[str, str] = {}
    for item in environ.get(variable, "").split(","):
        host, separator, provider = (part.strip() for part in item.partition("="))
        if separator and host and provider:
            found[host.lower()] = provider
        elif host or separator:
            warn(
                variable,
                item.strip(),
                ("host=provider,host:port=provider,*=provider",),
                "this entry is ignored",
            )
    return found


def count(environ: Mapping[str, str], variable: str, default: int) -> int:
    """A whole number of zero or more."""
    raw = environ.get(variable, "").strip()
    if not raw:
        return default
    if not raw.isdecimal():
        warn(variable, raw, ("a whole number of zero or more",), f"{default} stays in force")
        return default
    return int(raw)


def warn(variable: str, value: str, allowed: Iterable[str], consequence: str) -> None:
    """Say that a value is wrong."""
    told = "%s=%r is not understood; allowed: %s; %s."
    log.warning_once((variable, value), told, variable, value, ", ".join(allowed), consequence)


def warn_of_names(environ: Mapping[str, str], known: Set[str]) -> None:
    """Say which variables begin like ours, in letters of any case, and are none."""
    for variable in environ:
        prefix = next((each for each in _LIKENESS if variable.upper().startswith(each)), None)
        if prefix is None or variable in known:
            continue
        near = _nearest(variable.upper().removeprefix(prefix), known, _LIKENESS[prefix])
        if near is not None:
            log.warning_once((variable, ""), "%s is no setting; is %s meant? It is ignored.", variable, near)
        elif prefix == _OURS:
            allowed = ", ".join(sorted(known))
            log.warning_once((variable, ""), "%s is no setting; allowed: %s; it is ignored.", variable, allowed)


def _nearest(wanted: str, known: Set[str], likeness: float) -> str | None:
    """The known variable that is most like this one, by what follows the prefix: parts of names are written too."""
    from difflib import get_close_matches

    words = {name.removeprefix(_OURS).removeprefix(_OFFICIAL): name for name in sorted(known)}
    parts = [word for word in words if wanted and (word.startswith(wanted) or f"_{wanted}_" in f"_{word}_")]
    near = get_close_matches(wanted, parts, 1, 0.0) or get_close_matches(wanted, words, 1, likeness)
    return words[near[0]] if near else None
