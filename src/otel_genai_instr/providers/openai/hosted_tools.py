"""Tools that the provider ran for a response, by what they are charged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..fields import as_count, as_list, as_str, fields_of

_PLAIN: Final = ("message", "reasoning", "function_call")
_IMAGE: Final = "image_generation_call"
_CODE: Final = "code_interpreter_call"
_SHELL: Final = "shell_call"
# The last three have no price in any list: images are charged by the tokens of a model that isn't named, code by the
# container, which several responses can share. A call that had one gets no cost instead of one that is too low.


def tools_run(response: Mapping[str, Any]) -> dict[str, float]:
    """How many of each unit.

    Of a web search only the searches are charged, not the pages that were opened
    (https://platform.openai.com/docs/pricing). Where the response says how many are billed, that holds
    (``ToolUsage`` of the SDK: its searches leave out discounted ones).
    """
    units: dict[str, float] = {}
    for item in as_list(response.get("output")):
        said = fields_of(item)
        kind = said.get("type")
        if kind in _PLAIN:
            continue
        unit = _unit_of(kind, said, response)
        if unit is not None:
            units[unit] = units.get(unit, 0.0) + 1.0
    used = response.get("tool_usage")
    if used is not None:
        _add_used(units, fields_of(used), response)
    return units


def _unit_of(kind: object, said: Mapping[str, Any], response: Mapping[str, Any]) -> str | None:
    if kind == "web_search_call":
        searched = as_str(fields_of(said.get("action")).get("type")) in (None, "search")
        return _web_search(response) if searched else None
    if kind == _SHELL:  # the app runs those of its own machine
        environment = as_str(fields_of(said.get("environment")).get("type"))
        return _SHELL if environment == "container_reference" else None
    name = as_str(kind)
    return name if name in ("file_search_call", _IMAGE, _CODE) else None


def _add_used(units: dict[str, float], used: Mapping[str, Any], response: Mapping[str, Any]) -> None:
    searches = as_count(fields_of(used.get("web_search")).get("num_requests"))
    if searches is not None:
        unit = _web_search(response)
        units.pop(unit, None)
        if searches:
            units[unit] = float(searches)
    images = fields_of(used.get("image_gen"))
    if _IMAGE not in units and any(as_count(images.get(name)) for name in ("input_tokens", "output_tokens")):
        units[_IMAGE] = 1.0


def _web_search(response: Mapping[str, Any]) -> str:
    """The tool's older form has another price."""
    kinds = (as_str(fields_of(tool).get("type")) for tool in as_list(response.get("tools")))
    return (
        "web_search_call/preview" if any(k and k.startswith("web_search_preview") for k in kinds) else "web_search_call"
    )
