"""JSON inside of text: arguments of tools, as models write them."""

from __future__ import annotations

import json

from .fields import as_str


def json_or_text(arguments: object) -> object:
    """Arguments as an object where they are valid JSON; servers send objects, models send broken JSON."""
    if not isinstance(arguments, str):
        return arguments
    try:
        return json.loads(arguments)
    except (ValueError, RecursionError):
        return as_str(arguments)
