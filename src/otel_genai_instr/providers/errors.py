"""An exception of the SDK to a failure, without anything that may quote the user's input."""

from __future__ import annotations

from ..model import Failure
from ..text import class_name
from .fields import as_int, as_str


def read_error(error: BaseException) -> Failure:
    """Class, HTTP status and the provider's code; any exception has at least a class."""
    return Failure(
        type=class_name(type(error)),
        status_code=as_int(getattr(error, "status_code", None)),
        code=as_str(getattr(error, "code", None)),
    )
