"""How a response of the Responses API ended, in the words of chat completions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ..fields import as_list, as_str, fields_of

_INCOMPLETE: Final = {"max_output_tokens": "length", "content_filter": "content_filter"}
_TOOL_CALLS: Final = frozenset(
    {"function_call", "custom_tool_call", "computer_call", "local_shell_call", "shell_call", "apply_patch_call"}
)
"""Items that the app answers. One that the provider has answered itself stands beside its output."""


def finish_reasons_of(response: Mapping[str, object]) -> list[str | None]:
    """One reason, derived from the status and the kinds of items; none while the response is under way."""
    status = response.get("status")
    if status == "completed":
        kinds = {as_str(fields_of(item).get("type")) for item in as_list(response.get("output"))}
        calls = {kind for kind in _TOOL_CALLS & kinds if f"{kind}_output" not in kinds}
        return ["tool_calls" if calls else "stop"]
    if status == "incomplete":
        reason = as_str(fields_of(response.get("incomplete_details")).get("reason"))
        return [_INCOMPLETE.get(reason or "", reason or "length")]
    if status in ("failed", "cancelled"):
        return ["error"]
    return []
