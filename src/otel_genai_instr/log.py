"""The log of this package. An app's own handler may raise, which is no reason to fail the app's call."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Hashable
from typing import Final

_logger: Final = logging.getLogger("otel_genai_instr")
WHOSE: Final = "otel-genai-instr: "
"""Where an app configures no logging, the message alone is printed, and has to say whose it is."""
_CALLER: Final = 2  # frames up: the line that has something to say
_said: Final[dict[Hashable, object]] = {}
"""What is said once in a process. Of a dictionary, that no thread needs a lock for."""


def warning(message: str, *args: object, error: BaseException | None = None) -> None:
    """Something of ours went wrong, or is set wrong; ``error`` is shown with its traceback."""
    with contextlib.suppress(Exception):
        _logger.warning(WHOSE + message, *args, exc_info=error, stacklevel=_CALLER)


def warning_once(about: Hashable, message: str, *args: object) -> None:
    """Something that holds for the whole process, the first time that ``about`` is spoken of."""
    mark = object()
    if _said.setdefault(about, mark) is mark:
        with contextlib.suppress(Exception):
            _logger.warning(WHOSE + message, *args, stacklevel=_CALLER)


def error(message: str, *args: object) -> None:
    """Something that was asked for is not done."""
    with contextlib.suppress(Exception):
        _logger.error(WHOSE + message, *args, stacklevel=_CALLER)
