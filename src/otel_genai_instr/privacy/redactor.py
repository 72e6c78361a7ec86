"""Takes out of content what shall not leave the process. What can't be redacted doesn't leave it, either."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NoReturn, TypeVar, cast

from .. import log
from ..text import class_name
from ..withheld import Withheld
from .detectors import BY_NAME
from .engine import BadPattern, Pattern
from .paths import json_data, json_text
from .redaction import PRESIDIO, Redaction, WrongRedaction, redaction_from
from .scanner import Deadline, Scanner
from .tools import Masks
from .worker import Worker

T = TypeVar("T")

_FAILED: Final = "redactor_failed"
_UNAVAILABLE: Final = "redactor_unavailable"
_OWN_WORDS: Final = frozenset(
    {
        "arguments", "array", "assistant", "audio", "blob", "boolean", "content", "content_filter",
        "description", "developer", "digest", "error", "file", "file_id", "finish_reason", "function", "id",
        "image", "integer", "length", "mime_type", "modality", "name", "number", "object", "parameters",
        "parts", "properties", "reasoning", "required", "response", "role", "server_tool_call",
        "server_tool_call_response", "size", "stop", "string", "system", "text", "tool", "tool_call",
        "tool_call_response", "type", "uri", "user", "video",
    }
)  # fmt: skip
"""Words that content is built of."""
_LONG_NUMBER: Final = 100_000_000
"""Numbers from here on may be a card's, or a person's."""


def redactor_from(asked: object) -> Redactor | None:
    """The redactor that ``Settings.redact`` asks for; ``None`` when it asks for none.

    What can't be understood or loaded is warned about once, and then everything is withheld: an app that meant to be
    redacted isn't recorded as it is.

    Args:
        asked: ``True`` or ``"true"`` for the detectors that are on by default; names of detectors, as one text with
            commas or as a sequence, in which functions may stand, too; the path of a file; a :class:`Redaction`.
    """
    try:
        redaction = redaction_from(asked)
        return None if redaction is None else _made(redaction)
    except WrongRedaction as error:
        problem = str(error)
    except Exception as error:  # of a package, or a fault of ours
        problem = f"redact: can't be set up ({class_name(type(error))}: {error})"
    log.warning("%s. No content is recorded until OTEL_GENAI_REDACT (or redact=) is put right.", problem)
    return _Closed()


def _made(redaction: Redaction) -> Redactor:
    functions = list(redaction.functions)
    if redaction.presidio:
        functions.insert(0, _presidio(redaction))
    for name, pattern in redaction.patterns.items():
        _check_pattern(name, pattern)
    try:
        scanner = Scanner([BY_NAME[name] for name in redaction.detectors], redaction.patterns)
    except ImportError:
        raise _missing("detectors and patterns", "redaction") from None
    return Redactor(scanner, Masks(redaction.paths), functions, redaction.seconds)


def _check_pattern(name: str, pattern: str) -> None:
    try:
        matches_nothing = Pattern(pattern).find(b"") is not None
    except ImportError:
        raise _missing("patterns", "redaction") from None
    except BadPattern as error:
        raise WrongRedaction(
            f"redact: patterns: {name}: is not understood ({error}); the engine is RE2, which takes linear time and has"
            " neither look-around nor back-references"
        ) from None
    if matches_nothing:
        raise WrongRedaction(f"redact: patterns: {name}: matches the empty text; it has to match something")


def _presidio(redaction: Redaction) -> Callable[[str], str]:
    from . import presidio

    try:
        return presidio.names_and_places(redaction.presidio)
    except ImportError:
        raise _missing(PRESIDIO, PRESIDIO) from None
    except presidio.NoModel as error:
        raise WrongRedaction(f"redact: {PRESIDIO}: {error}") from None


def _missing(what: str, extra: str) -> WrongRedaction:
    return WrongRedaction(f"redact: {what} can't be used; pip install 'otel-genai-instr[{extra}]'")


class Redactor:
    """Takes out of content what was asked for."""

    def __init__(
        self, scanner: Scanner, masks: Masks, functions: Sequence[Callable[[str], str]], seconds: float
    ) -> None:
        self._scanner: Final = scanner
        self._masks: Final = masks
        self._functions: Final = tuple(functions)
        self._seconds: Final = seconds
        self._worker: Final = Worker() if functions else None
        self._warned: Final[set[type]] = set()

    def structure(self, content: dict[str, object], tool: str | None = None) -> dict[str, object]:
        """Structured content attributes by their names, redacted; ``content`` stays as it is.

        Args:
            content: JSON data by attribute. JSON inside of texts is read as data, and stays JSON.
            tool: whose ``gen_ai.tool.call.arguments`` and ``.result`` are in it.

        Raises:
            Withheld: when it can't be redacted: ``redactor_failed``, ``redactor_slow``, ``redactor_unavailable``.
        """
        return self._bounded(lambda deadline: self._structure(content, tool, deadline))

    def text(self, text: str) -> str:
        """A text, such as the message of an exception, redacted.

        Raises:
            Withheld: as by :meth:`structure`.
        """
        return self._bounded(lambda deadline: self._text(text, deadline))

    def _bounded(self, work: Callable[[Deadline], T]) -> T:
        deadline = Deadline(self._seconds)
        try:
            if self._worker is None:
                return work(deadline)
            return self._worker.run(lambda: work(deadline), deadline)
        except Withheld:
            raise
        except Exception as error:
            self._warn(error)
            raise Withheld(_FAILED) from None

    def _warn(self, error: Exception) -> None:
        if type(error) not in self._warned:
            self._warned.add(type(error))
            # The error isn't shown: its text may quote what was to be redacted.
            log.warning("Content is withheld: the redactor failed (%s). This is logged once.", class_name(type(error)))

    def _structure(self, content: dict[str, object], tool: str | None, deadline: Deadline) -> dict[str, object]:
        content = self._masks.on(content, tool)
        return {name: self._value(value, deadline) for name, value in content.items()}

    def _value(self, value: object, deadline: Deadline) -> object:
        """JSON data, redacted; ``value`` itself if there is nothing in it."""
        if isinstance(value, str):
            return value if value in _OWN_WORDS else self._text(value, deadline)
        if isinstance(value, dict):
            return self._object(cast("dict[str, object]", value), deadline)
        if isinstance(value, list | tuple):
            items = cast("Sequence[object]", value)
            new = [self._value(item, deadline) for item in items]
            return items if all(one is other for one, other in zip(new, items, strict=True)) else new
        return self._number(value, deadline)

    def _object(self, members: dict[str, object], deadline: Deadline) -> dict[str, object]:
        new: dict[str, object] = {}
        is_same = True
        for key, value in members.items():
            cleaned = self._value(value, deadline)
            name = key if key in _OWN_WORDS else self._plain(key, deadline)
            is_same = is_same and cleaned is value and name == key
            count = 1
            while name in new:  # two addresses have one name
                count += 1
                name = f"{name.removesuffix(f' {count - 1}')} {count}"
            new[name] = cleaned
        return members if is_same else new

    def _number(self, value: object, deadline: Deadline) -> object:
        if isinstance(value, float) and value.is_integer():
            digits = str(int(value))
        elif isinstance(value, int) and not isinstance(value, bool):
            digits = str(value)
        else:
            return value
        if len(digits) < len(str(_LONG_NUMBER)):
            return value
        cleaned = self._plain(digits, deadline)
        return value if cleaned == digits else cleaned

    def _text(self, text: str, deadline: Deadline) -> str:
        """A text, redacted; ``text`` itself if there is nothing in it. JSON stays JSON."""
        data = json_data(text)
        if data is None:
            return self._plain(text, deadline)
        cleaned = self._value(data, deadline)
        if cleaned is not data:
            return json_text(cleaned)
        # Something may stand in the text alone: under a key that comes twice.
        return text if self._scanner.clean(text, deadline) == text else json_text(data)

    def _plain(self, text: str, deadline: Deadline) -> str:
        cleaned = self._scanner.clean(text, deadline)
        for function in self._functions:
            deadline.check()
            returned = cast(object, function(cleaned))
            if not isinstance(returned, str):
                raise TypeError(f"{type(returned).__name__} is no text")
            cleaned = returned
        deadline.check()
        return text if cleaned == text else cleaned


class _Closed(Redactor):
    """Withholds everything."""

    def __init__(self) -> None:
        pass

    def structure(self, content: dict[str, object], tool: str | None = None) -> NoReturn:
        """Withhold ``content``."""
        raise Withheld(_UNAVAILABLE)

    def text(self, text: str) -> NoReturn:
        """Withhold ``text``."""
        raise Withheld(_UNAVAILABLE)
