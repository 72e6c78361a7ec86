"""Where the ``openai`` package calls a model.

The supported range stands in ``REQUIREMENT``, and the packaging extra is compared with it by a test.
"""

from __future__ import annotations

from typing import Any, Final

from ...patching.contract import Arguments, Keywords, Provider, Role, SessionMethod, SessionReader, Tool
from .. import stainless
from ..endpoints import AZURE, BEDROCK, OPENAI, Endpoints
from ..errors import read_error
from ..fields import fields_of
from . import tools
from .apis import RESPONSES, ROUTES
from .sessions import RealtimeSession, ResponsesSession

REQUIREMENT: Final = "openai >= 1.55.3, < 4"

ENDPOINTS: Final = Endpoints(
    "openai",
    OPENAI,
    {"AzureOpenAI": AZURE, "AsyncAzureOpenAI": AZURE, "BedrockOpenAI": BEDROCK, "AsyncBedrockOpenAI": BEDROCK},
)
_RUNNERS: Final = (
    ("openai.lib.responses_tool_runner", "ResponsesToolRunner._execute_function", tools.read_function),
    ("openai.lib.responses_tool_runner", "AsyncResponsesToolRunner._execute_function", tools.read_function),
    ("openai.lib.browser", "BrowserToolset._dispatch", tools.read_browser),
    ("openai.lib.browser", "AsyncBrowserToolset._dispatch", tools.read_browser),
    ("openai.lib.computer", "ComputerToolset._dispatch", tools.read_computer),
    ("openai.lib.computer", "AsyncComputerToolset._dispatch", tools.read_computer),
)
"""Where the SDK runs a tool by itself."""


def _open_responses(connection: object, _reads_content: bool) -> SessionReader:
    return ResponsesSession(RESPONSES, connection)


def _of_lane(args: Arguments, kwargs: Keywords) -> tuple[object, object]:
    """A lane writes its name into what it sends, and goes around the connection's own ``send``."""
    lane: Any
    lane, message, *_ = (*args, *kwargs.values())
    name = lane._state.stream_id
    said = fields_of(message)
    return lane._session.connection, said if name is None else {**said, "stream_id": name}


_METHODS: Final = {
    "__init__": Role.OPENS,
    "send": Role.SENDS,
    "parse_event": Role.RECEIVES,
    "recv_bytes": Role.WAITS,
    "close": Role.CLOSES,
}
_CONNECTIONS: Final = (
    *(
        SessionMethod(f"openai.resources.{module}", f"{prefix}{name}.{method}", role, opens)
        for module, name, opens in (
            ("realtime.realtime", "RealtimeConnection", RealtimeSession),
            ("beta.realtime.realtime", "RealtimeConnection", RealtimeSession),
            ("responses.responses", "ResponsesConnection", _open_responses),
            ("beta.responses.responses", "ResponsesConnection", _open_responses),
        )
        for prefix in ("", "Async")
        for method, role in _METHODS.items()
    ),
    *(
        seam
        for prefix in ("", "Async")
        for seam in (
            # What the others inherit. Its reader is never asked for: what was not seen to open isn't seen to close.
            SessionMethod(
                "openai._websocket_connection",
                f"{prefix}WebSocketConnectionBase.close",
                Role.CLOSES,
                _open_responses,
            ),
            SessionMethod(
                "openai.lib.responses_websocket._session",
                f"{prefix}ResponsesWebSocketLane.send",
                Role.SENDS,
                _open_responses,
                _of_lane,
            ),
        )
    ),
)
PROVIDER: Final = Provider(
    seams=(
        *stainless.seams("openai", ROUTES, ("OpenAI", "AsyncOpenAI")),
        *(Tool(module, path, unpack, tools.read_output) for module, path, unpack in _RUNNERS),
        *_CONNECTIONS,
    ),
    look=stainless.look,
    read_endpoint=ENDPOINTS.read,
    read_error=read_error,
    imported_with=(("openai._httpx2", "httpx2"),),  # of openai 2.48 and later 2.x
)
