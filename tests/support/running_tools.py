"""What the openai SDK needs to run tools by itself: a function, a browser with one tab, a computer with a screen."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from typing import Any, Final

ASKED: Final[dict[str, Any]] = {"model": "gpt-4o-mini", "input": "the secret prompt of the user"}
_PIXEL: Final = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
_DECLARED: Final[dict[str, Any]] = {
    "type": "function",
    "name": "lookup",
    "description": "Weather of a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
}
COMPUTER_CALL: Final[dict[str, Any]] = {
    "type": "computer_call",
    "id": "cu_1",
    "call_id": "call_1",
    "status": "completed",
    "pending_safety_checks": [],
    "actions": [{"type": "wait"}],
}


def function_call(name: str = "lookup", identity: str = "call_1", arguments: str = '{"city": "Paris"}') -> Any:
    """A model asks for a function."""
    return {
        "type": "function_call",
        "id": f"fc_{identity}",
        "call_id": identity,
        "name": name,
        "arguments": arguments,
        "status": "completed",
    }


def runner(is_async: bool, execute: Callable[[Any], Any]) -> Any:
    """A runner with one function, ``lookup``."""
    lib: Any = importlib.import_module("openai.lib.responses_tool_runner")
    if not is_async:
        return lib.ResponsesToolRunner(functions=[lib.RegisteredFunction(_DECLARED, execute, independent=True)])

    async def execute_awaited(arguments: Any) -> Any:
        await asyncio.sleep(0)
        return execute(arguments)

    function = lib.AsyncRegisteredFunction(_DECLARED, execute_awaited, independent=True)
    return lib.AsyncResponsesToolRunner(functions=[function])


class _Tab:
    """Drives a browser whose only page can be read."""

    def state(self) -> Any:
        return {"tabs": [{"id": "t1", "title": "Page", "url": "https://example.com/", "active": True}]}

    def read_page(self, action: Any) -> str:
        return f"text of {action['tab_id']}"


class _AsyncTab:
    def __init__(self) -> None:
        self._tab = _Tab()

    async def state(self) -> Any:
        return self._tab.state()

    async def read_page(self, action: Any) -> str:
        return self._tab.read_page(action)


def browser(is_async: bool) -> Any:
    """The tools of a browser that can only be read."""
    lib: Any = importlib.import_module("openai.lib.browser")
    if is_async:
        return lib.AsyncBrowserToolset(_AsyncTab(), members=["read_page"])
    return lib.BrowserToolset(_Tab(), members=["read_page"])


def browser_call() -> Any:
    """A model asks to read the page."""
    types: Any = importlib.import_module("openai.types.responses")
    return types.ResponseFunctionToolCall(
        **function_call("browser_read_page", arguments='{"tab_id": "t1", "filter": "all"}')
    )


class Screen:
    """Drives a computer that has nothing but a screen."""

    def screenshot(self) -> Any:
        return {"type": "computer_screenshot", "image_url": f"data:image/png;base64,{_PIXEL}"}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._act

    def _act(self, action: Any) -> None:
        """Nothing."""


class AsyncScreen:
    """The same, awaited."""

    async def screenshot(self) -> Any:
        return Screen().screenshot()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._act

    async def _act(self, action: Any) -> None:
        """Nothing."""
