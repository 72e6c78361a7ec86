"""Tools that OpenAI ran for a response, by what they are charged. Shapes: the SDK's types of output items."""

from __future__ import annotations

import pytest

from otel_genai_instr.providers.openai.hosted_tools import tools_run

SEARCH = {"type": "web_search_call", "action": {"type": "search"}}
OPENED = {"type": "web_search_call", "action": {"type": "open_page"}}
PREVIEW = [{"type": "web_search_preview_2025_03_11"}]
HOSTED_SHELL = {"type": "shell_call", "environment": {"type": "container_reference", "container_id": "c1"}}
OWN_SHELL = {"type": "shell_call", "environment": {"type": "local"}}


@pytest.mark.parametrize(
    ("response", "units"),
    [
        ({}, {}),
        ({"output": [{"type": "message"}, {"type": "reasoning"}, {"type": "function_call"}]}, {}),
        ({"output": [SEARCH, OPENED, SEARCH]}, {"web_search_call": 2}),
        ({"output": [SEARCH], "tools": PREVIEW}, {"web_search_call/preview": 1}),
        ({"output": [{"type": "file_search_call"}]}, {"file_search_call": 1}),
        ({"output": [{"type": "image_generation_call"}]}, {"image_generation_call": 1}),
        ({"output": [{"type": "code_interpreter_call"}]}, {"code_interpreter_call": 1}),
        ({"output": [HOSTED_SHELL, OWN_SHELL]}, {"shell_call": 1}),
        ({"output": [SEARCH, SEARCH], "tool_usage": {"web_search": {"num_requests": 1}}}, {"web_search_call": 1}),
        ({"output": [SEARCH], "tool_usage": {"web_search": {"num_requests": 0}}}, {}),
        ({"tool_usage": {"image_gen": {"input_tokens": 0, "output_tokens": 272}}}, {"image_generation_call": 1}),
        ({"tool_usage": {"image_gen": {"input_tokens": 0, "output_tokens": 0}}}, {}),
    ],
)
def test_units(response: dict[str, object], units: dict[str, float]) -> None:
    assert tools_run(response) == units
