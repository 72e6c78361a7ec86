"""Names of what is charged by anything but tokens: the keys of ``Usage.units``.

A name is a unit, and after slashes what its price depends on: ``image/1024x1024/hd``. A price of ``image`` holds for
every image that has no price of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeVar

WEB_SEARCH_CALL: Final = "web_search_call"
"""A web search that the provider ran."""
WEB_SEARCH_PREVIEW_CALL: Final = "web_search_call/preview"
"""The same by the tool ``web_search_preview``."""
FILE_SEARCH_CALL: Final = "file_search_call"
"""A search in files that the provider stores."""
CODE_INTERPRETER_SESSION: Final = "code_interpreter_session"
"""A container that was started to run code."""
SVG: Final = "svg"
"""A drawing that another model than the image's has written, whose tokens are billed beside."""
IMAGE: Final = "image"
"""An image that was made; see :func:`image`."""
INPUT_CHARACTER: Final = "input_character"
"""A character of text to be spoken."""
INPUT_SECOND: Final = "input_second"
"""A second of audio that was transcribed or translated."""
OUTPUT_SECOND: Final = "output_second"
"""A second of video or audio that was made; for video see :func:`video_second`."""
SEARCH_UNIT: Final = "search_unit"
"""A search of a reranking model, in the provider's own count."""
PAGE: Final = "page"
"""A page that was read; ``page/annotated`` with annotations."""

Part = Literal["input", "output", "other"]

_PARTS: Final[dict[str, Part]] = {
    WEB_SEARCH_CALL: "other",
    FILE_SEARCH_CALL: "other",
    CODE_INTERPRETER_SESSION: "other",
    SVG: "other",
    IMAGE: "output",
    INPUT_CHARACTER: "input",
    INPUT_SECOND: "input",
    OUTPUT_SECOND: "output",
    SEARCH_UNIT: "other",
    PAGE: "input",
}
UNITS: Final = frozenset(_PARTS)
_MEASURES: Final = frozenset({IMAGE, INPUT_CHARACTER, INPUT_SECOND, OUTPUT_SECOND, SEARCH_UNIT, PAGE})

V = TypeVar("V")


def image(size: str | None = None, quality: str | None = None) -> str:
    """Return the unit of one image. A quality counts only with a size: prices by quality depend on both."""
    return "/".join(part for part in (IMAGE, size, quality if size else None) if part)


def video_second(size: str | None = None) -> str:
    """Return the unit of one second of video, as ``output_second/1280x720``."""
    return f"{OUTPUT_SECOND}/{size}" if size else OUTPUT_SECOND


def unit_of(name: str) -> str:
    """Return the name without what its price depends on."""
    return name.partition("/")[0]


def part_of(name: str) -> Part:
    """Return the part of a cost that a unit belongs to; a unit of the user's own is ``other``."""
    return _PARTS.get(unit_of(name), "other")


def is_measure(name: str) -> bool:
    """Whether the unit measures the same work as tokens do.

    Of such a call the model's price list decides which of the two is charged. Anything else, such as a search,
    is charged beside the tokens.
    """
    return unit_of(name) in _MEASURES


def most_exact(prices: Mapping[str, V], name: str) -> V | None:
    """Return the entry for the name, else for the name with fewer and fewer details."""
    while (price := prices.get(name)) is None:
        name, slash, _ = name.rpartition("/")
        if not slash:
            return None
    return price
