"""Tools that the provider ran for a response, by what they are charged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ...semconv import units
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
    run: dict[str, float] = {}
    for item in as_list(response.get("output")):
        said = fields_of(item)
        kind = said.get("type")
        if kind in _PLAIN:
            continue
        unit = _unit_of(kind, said, response)
        if unit is not None:
            run[unit] = run.get(unit, 0.0) + 1.0
    used = response.get("tool_usage")
    if used is not None:
        _add_used(run, fields_of(used), response)
    return run


def _unit_of(kind: object, said: Mapping[str, Any], response: Mapping[str, Any]) -> str | None:
    if kind == "web_search_call":
        searched = as_str(fields_of(said.get("action")).get("type")) in (None, "search")
        return _web_search(response) if searched else None
    if kind == _SHELL:  # the app runs those of its own machine
        environment = as_str(fields_of(said.get("environment")).get("type"))
        return _SHELL if environment == "container_reference" else None
    name = as_str(kind)
    return name if name in (units.FILE_SEARCH_CALL, _IMAGE, _CODE) else None


def _add_used(run: dict[str, float], used: Mapping[str, Any], response: Mapping[str, Any]) -> None:
    searches = as_count(fields_of(used.get("web_search")).get("num_requests"))
    if searches is not None:
        unit = _web_search(response)
        run.pop(unit, None)
        if searches:
            run[unit] = float(searches)
    images = fields_of(used.get("image_gen"))
    if _IMAGE not in run and any(as_count(images.get(name)) for name in ("input_tokens", "output_tokens")):
        run[_IMAGE] = 1.0


def _web_search(response: Mapping[str, Any]) -> str:
    """The tool's older form has another price."""
    kinds = (as_str(fields_of(tool).get("type")) for tool in as_list(response.get("tools")))
    older = any(kind and kind.startswith("web_search_preview") for kind in kinds)
    return units.WEB_SEARCH_PREVIEW_CALL if older else units.WEB_SEARCH_CALL
