"""JSON paths: values of tools' arguments and results that are masked wherever they stand.

A part of RFC 9535: ``$.name``, ``$['name']``, ``$[0]``, ``$.*``, ``$[*]``, and ``$..`` before a name for any depth.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Final, NamedTuple, cast

MASK: Final = "[masked]"

_STEP: Final = re.compile(
    r"""(?P<deep>\.\.)?(?:
        \[(?:(?P<index>[0-9]+)|'(?P<single>[^'\\]*)'|"(?P<double>[^"\\]*)"|(?P<every>\*))\]
        |(?P<dot>\.)?(?:(?P<name>[^\s.\[\]'"*$@?(),:!&|<>=]+)|(?P<all>\*))
    )""",
    re.VERBOSE,
)


_LIKE_JSON: Final = re.compile(r"""\{|\[\s*["'\[0-9-]""")


class WrongPath(Exception):
    """Text that is no path, or one with more than is understood."""


class Step(NamedTuple):
    """From a value to some of those inside it."""

    key: str | int | None
    """Of an object's member, or of a list's item; ``None`` for all of them."""
    is_deep: bool
    """At any depth."""


Path = tuple[Step, ...]


def parsed(text: object) -> Path:
    """Read a path.

    Raises:
        WrongPath: if it is none, or has filters, slices, unions or negative indexes.
    """
    if not isinstance(text, str) or not text.startswith("$"):
        raise WrongPath(f"{text!r} is not allowed; a path begins with $")
    steps: list[Step] = []
    place = 1
    while place < len(text):
        match = _STEP.match(text, place)
        is_name = match is not None and (match["name"] is not None or match["all"] is not None)
        # Before a name stands one dot, or two; before a bracket none, or two.
        if match is None or (is_name and (match["dot"] is None) == (match["deep"] is None)):
            raise WrongPath(
                f"{text!r} is not understood from {text[place:]!r} on; allowed are .name, ['name'], [0], .*, [*] and .."
            )
        key: str | int | None = None
        if match["index"] is not None:
            key = int(match["index"])
        elif match["every"] is None and match["all"] is None:
            key = next(found for found in match.group("name", "single", "double") if found is not None)
        steps.append(Step(key, match["deep"] is not None))
        place = match.end()
    return tuple(steps)


def masked(value: object, paths: Sequence[Path]) -> object:
    """JSON data like ``value``, which is not changed, with a mask at ``paths``; ``value`` itself if nothing is there.

    JSON in texts is read as the data that it is. Text with something like it that can't be read, such as JSON that was
    cut, is masked whole: nobody can say what stands where.
    """
    if not paths:
        return value
    if isinstance(value, str):
        data = json_data(value)
        if data is None:
            return MASK if _LIKE_JSON.search(value) else value
        cleaned = masked(data, paths)
        return value if cleaned is data else json_text(cleaned)
    if isinstance(value, list):
        value = _masked_texts(cast("list[object]", value), paths)
    for path in paths:
        value = _at(value, path)
    return value


def json_data(text: str) -> object:
    """The object, list or string that ``text`` is the JSON of; ``None`` if it is something else."""
    if text.lstrip()[:1] not in ("{", "[", '"') or text.rstrip()[-1:] not in ("}", "]", '"'):
        return None
    try:
        return json.loads(text, parse_float=_number, parse_constant=str)
    except (ValueError, RecursionError):
        return None


def json_text(data: object) -> str:
    """The JSON of ``data``."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def _number(text: str) -> float | str:
    number = float(text)
    return text if number in (float("inf"), float("-inf")) else number


def _masked_texts(items: list[object], paths: Sequence[Path]) -> list[object]:
    """Results may be lists of parts that have a text, which is what the paths are meant for."""
    cleaned = [_masked_text(item, paths) for item in items]
    return items if all(new is old for new, old in zip(cleaned, items, strict=True)) else cleaned


def _masked_text(item: object, paths: Sequence[Path]) -> object:
    if not isinstance(item, dict):
        return item
    part = cast("dict[str, object]", item)
    if part.get("type") not in ("text", "input_text", "output_text"):
        return part
    for name in ("text", "content"):
        text = part.get(name)
        if isinstance(text, str) and (cleaned := masked(text, paths)) is not text:
            part = {**part, name: cleaned}
    return part


def _at(value: object, path: Path) -> object:
    if not path:
        return MASK
    step, rest = path[0], path[1:]
    if isinstance(value, str):
        data = json_data(value)
        if data is None:
            return value
        cleaned = _at(data, path)
        return value if cleaned is data else json_text(cleaned)
    if isinstance(value, dict):
        members = cast("dict[str, object]", value)
        changed = {name: _inside(name, member, step, path, rest) for name, member in members.items()}
        return members if all(changed[name] is members[name] for name in members) else changed
    if isinstance(value, list):
        items = cast("list[object]", value)
        new = [_inside(index, item, step, path, rest) for index, item in enumerate(items)]
        return items if all(one is other for one, other in zip(new, items, strict=True)) else new
    return value


def _inside(key: str | int, value: object, step: Step, path: Path, rest: Path) -> object:
    if step.is_deep:
        value = _at(value, path)
    return _at(value, rest) if step.key is None or step.key == key else value
