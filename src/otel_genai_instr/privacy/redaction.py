"""What the user asks to be taken out: by a word, a list, a file or in code."""

from __future__ import annotations

import json
import math
import os
import re
import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, cast

from ..records import field, frozen
from .detectors import BY_NAME
from .paths import WrongPath, parsed

DEFAULT: Final = "default"
"""Stands among the names of detectors for all that are on by default."""
PRESIDIO: Final = "presidio"
_SECONDS: Final = 0.25
_MOST_BYTES: Final = 1_000_000
"""Of a file."""
_ON: Final = ("true", "on", "yes", "1")
_OFF: Final = ("", "false", "off", "no", "0")
_FILES: Final = (".yaml", ".yml", ".json")
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")


class WrongRedaction(Exception):
    """What was asked for can't be done; the text says which value is wrong, and what is allowed."""


@frozen
class Redaction:
    """What is taken out of content before it leaves the process.

    >>> import otel_genai_instr as genai
    >>> genai.instrument(redact=genai.Redaction(patterns={"badge": "B-[0-9]{6}"}))  # doctest: +SKIP
    """

    detectors: Sequence[str] = (DEFAULT,)
    """Names of detectors; ``default`` stands for all that are on by default."""
    patterns: Mapping[str, str] = field(default_factory=dict[str, str])
    """Regular expressions of RE2 by the name that takes the place of what they match, in brackets."""
    paths: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    """JSON paths to values that are masked, by the tool whose arguments and results they are in, ``*`` for all tools,
    or by the name of an attribute."""
    functions: Sequence[Callable[[str], str]] = ()
    """Called in this order with every text, after all else. They run in a thread of their own, one at a time."""
    presidio: bool | Mapping[str, str] = False
    """Find names and addresses, too: spaCy models by language, ``{"en": "en_core_web_sm"}``. ``True`` is
    ``{"en": "en_core_web_lg"}``. Needs the extra ``presidio`` and the models."""
    seconds: float = _SECONDS
    """How long a call may take to redact. Content that takes longer is withheld."""


def redaction_from(asked: object) -> Redaction | None:
    """What ``asked`` means; ``None`` when nothing is asked for.

    Raises:
        WrongRedaction: if it can't be understood.
    """
    if asked is None or asked is False:
        return None
    if asked is True:
        return _checked(Redaction(), "redact")
    if isinstance(asked, str):
        return _of_word(asked.strip())
    if isinstance(asked, os.PathLike):
        return _of_file(os.fsdecode(cast("os.PathLike[str]", asked)))
    if isinstance(asked, Redaction):
        return _checked(asked, "redact")
    if isinstance(asked, Mapping):
        return _of_mapping(cast("Mapping[object, object]", asked), "redact")
    if callable(asked):
        return _of_list([asked])
    if isinstance(asked, Sequence):
        return _of_list(cast("Sequence[object]", asked))
    raise WrongRedaction(f"redact: {type(asked).__name__} is not allowed; {_ALLOWED}")


_ALLOWED: Final = (
    f"allowed are true, false, the path of a {', '.join(_FILES[:-1])} or {_FILES[-1]} file, or names: {DEFAULT},"
    f" {PRESIDIO}, {', '.join(BY_NAME)}"
)


def _of_word(word: str) -> Redaction | None:
    if word.lower() in _OFF:
        return None
    if word.lower() in _ON:
        return _checked(Redaction(), "redact")
    if word.lower().endswith(_FILES):
        return _of_file(word)
    return _of_list([name.strip() for name in word.split(",") if name.strip()])


def _of_list(items: Sequence[object]) -> Redaction:
    names = [item for item in items if isinstance(item, str)]
    functions = [item for item in items if not isinstance(item, str)]
    return _checked(
        Redaction(
            detectors=[name for name in names if name != PRESIDIO],
            functions=cast("list[Callable[[str], str]]", functions),
            presidio=PRESIDIO in names,
        ),
        "redact",
    )


_IN_FILES: Final = ("detectors", "patterns", "paths", "presidio", "seconds")


def _of_mapping(given: Mapping[object, object], where: str) -> Redaction:
    for name in given:
        if name not in _IN_FILES:
            raise WrongRedaction(f"{where}: {name!r} is not allowed; allowed are {', '.join(_IN_FILES)}")
    fields: dict[str, Any] = {str(name): value for name, value in given.items() if value is not None}
    return _checked(Redaction(**fields), where)


def _of_file(name: str) -> Redaction:
    text = _read(name)
    if name.lower().endswith(".json"):
        try:
            data: object = json.loads(text)
        except ValueError as error:
            raise WrongRedaction(f"{name}: is not JSON: {error}") from None
    else:
        import yaml  # here: only who writes YAML pays for it

        try:
            data = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise WrongRedaction(f"{name}: is not YAML: {error}") from None
    if not isinstance(data, Mapping):
        raise WrongRedaction(f"{name}: has to be a mapping of {', '.join(_IN_FILES)}")
    return _of_mapping(cast("Mapping[object, object]", data), name)


def _read(name: str) -> str:
    try:
        path = Path(name).expanduser()
        if not stat.S_ISREG(os.stat(path).st_mode):  # before opening: opening a pipe would wait for its writer
            raise WrongRedaction(f"{name}: is not a file")
        with open(path, "rb") as file:
            content = file.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise WrongRedaction(f"{name}: is larger than {_MOST_BYTES:,} bytes")
        return content.decode()
    except OSError as error:
        raise WrongRedaction(f"{name}: can't be read: {error.strerror or type(error).__name__}") from None
    except (ValueError, RuntimeError):  # no UTF-8, a null character in the name, nobody has the home that ~ stands for
        raise WrongRedaction(f"{name}: can't be read as text") from None


def _checked(given: Redaction, where: str) -> Redaction:
    """``given`` in the types that it says, with the names of all its detectors.

    Types are looked at here, whatever they are declared as: files say anything.
    """
    detectors = cast(object, given.detectors)
    if isinstance(detectors, str):
        detectors = [name.strip() for name in detectors.split(",")]
    names: dict[str, None] = {}
    for name in _listed(detectors, f"{where}: detectors"):
        if name == DEFAULT:
            names.update(dict.fromkeys(name for name, detector in BY_NAME.items() if detector.is_on))
        elif isinstance(name, str) and name in BY_NAME:
            names[name] = None
        else:
            raise WrongRedaction(f"{where}: {name!r} is not allowed; {_ALLOWED}")
    functions = _listed(given.functions, f"{where}: functions")
    for function in functions:
        if not callable(function):
            raise WrongRedaction(f"{where}: functions: {type(function).__name__} is not allowed; callables are")
    patterns = _patterns(given.patterns, where)
    paths = _paths(given.paths, where)
    presidio = _presidio(given.presidio, where)
    seconds = cast(object, given.seconds)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds < math.inf:
        raise WrongRedaction(f"{where}: seconds: {seconds!r} is not allowed; a number above 0 is")
    if not (names or functions or patterns or paths or presidio):
        raise WrongRedaction(f"{where}: nothing is to be found; {_ALLOWED}")
    called = cast("Sequence[Callable[[str], str]]", functions)
    return Redaction(tuple(names), patterns, paths, called, presidio, float(seconds))


def _listed(given: object, where: str) -> Sequence[object]:
    if not isinstance(given, Sequence) or isinstance(given, str | bytes):
        raise WrongRedaction(f"{where}: {type(given).__name__} is not allowed; a list is")
    return cast("Sequence[object]", given)


def _mapped(given: object, where: str) -> Mapping[str, object]:
    if not isinstance(given, Mapping) or not all(
        isinstance(key, str) for key in cast("Mapping[object, object]", given)
    ):
        raise WrongRedaction(f"{where}: has to be a mapping of names")
    return cast("Mapping[str, object]", given)


def _patterns(given: object, where: str) -> dict[str, str]:
    patterns: dict[str, str] = {}
    for name, pattern in _mapped(given, f"{where}: patterns").items():
        if not _NAME.fullmatch(name) or name in BY_NAME:
            raise WrongRedaction(
                f"{where}: patterns: {name!r} is not allowed; small letters, digits and _ are, but no detector's name"
            )
        if not isinstance(pattern, str) or not pattern:
            raise WrongRedaction(f"{where}: patterns: {name}: has to be a regular expression")
        patterns[name] = pattern
    return patterns


def _paths(given: object, where: str) -> dict[str, Sequence[str]]:
    paths: dict[str, Sequence[str]] = {}
    for name, listed in _mapped(given, f"{where}: paths").items():
        texts = [listed] if isinstance(listed, str) else _listed(listed, f"{where}: paths: {name}")
        for path in texts:
            try:
                parsed(path)
            except WrongPath as error:
                raise WrongRedaction(f"{where}: paths: {name}: {error}") from None
        paths[name] = cast("Sequence[str]", texts)
    return paths


def _presidio(given: object, where: str) -> bool | Mapping[str, str]:
    if isinstance(given, bool):
        return given
    models = _mapped(given, f"{where}: presidio")
    if not models or not all(isinstance(model, str) and model for model in models.values()):
        raise WrongRedaction(f"{where}: presidio: has to be true, or names of spaCy models by language")
    return cast("Mapping[str, str]", models)
