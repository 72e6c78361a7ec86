"""Clients of the example server of Anthropic's API; its tests are left out where the SDK isn't installed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from examples.anthropic_server import INSTANT, AnthropicServer

if TYPE_CHECKING:
    from anthropic import Anthropic, AsyncAnthropic

    from .anthropic_sdk import Client

_NEED_ANTHROPIC = ["test_anthropic_server.py", "test_anthropic_faults.py", "test_month.py"]
collect_ignore = [] if find_spec("anthropic") else _NEED_ANTHROPIC


@pytest.fixture(scope="module")
def sdk() -> Iterator[Anthropic]:
    """One for all: making one takes longer than most tests."""
    from anthropic import Anthropic

    with Anthropic(base_url="http://127.0.0.1:9", api_key="none") as sdk:
        yield sdk


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def async_sdk(runner: asyncio.Runner) -> Iterator[AsyncAnthropic]:
    from anthropic import AsyncAnthropic

    sdk = AsyncAnthropic(base_url="http://127.0.0.1:9", api_key="none")
    yield sdk
    runner.run(sdk.close())


@pytest.fixture
def server() -> Iterator[AnthropicServer]:
    with AnthropicServer(INSTANT) as server:
        yield server


@pytest.fixture(params=["sync", "async"])
def connect(
    request: pytest.FixtureRequest,
    server: AnthropicServer,
    sdk: Anthropic,
    async_sdk: AsyncAnthropic,
    runner: asyncio.Runner,
) -> Callable[[int], Client]:
    """Make a client of the server that tries again so many times."""
    from .anthropic_sdk import Async, Sync

    def connect(retries: int) -> Client:
        if request.param == "sync":
            return Sync(sdk.with_options(base_url=server.url, max_retries=retries))
        return Async(async_sdk.with_options(base_url=server.url, max_retries=retries), runner)

    return connect


@pytest.fixture
def client(connect: Callable[[int], Client]) -> Client:
    return connect(1)


@pytest.fixture
def impatient(connect: Callable[[int], Client]) -> Client:
    """A client that doesn't try again."""
    return connect(0)
