"""How the API words its errors. Their types: https://platform.claude.com/docs/en/api/errors"""

from __future__ import annotations

from collections.abc import Mapping

from model_server import FaultKind, Refused
from model_server.tokens import Json

_FAULTS: Mapping[FaultKind, tuple[int, str, str]] = {
    "authentication": (401, "authentication_error", "invalid x-api-key"),
    "rate_limit": (429, "rate_limit_error", "This request would exceed your organization's rate limit."),
    "server_error": (500, "api_error", "Internal server error"),
    "overloaded": (529, "overloaded_error", "Overloaded"),
    "stream_error": (529, "overloaded_error", "Overloaded"),
}
"""Status, type and message."""


def of_fault(kind: FaultKind) -> Refused:
    """What a fault is to the client."""
    status, error_type, message = _FAULTS[kind]
    return Refused(status, _error(error_type, message))


def invalid_request(message: str) -> Refused:
    """A request that the API doesn't take."""
    return Refused(400, _error("invalid_request_error", message))


def unauthenticated() -> Refused:
    """A request without any key."""
    return Refused(401, _error("authentication_error", "x-api-key header is required"))


def not_found(what: str) -> Refused:
    """A model or a path that does not exist."""
    return Refused(404, _error("not_found_error", what))


def _error(error_type: str, message: str) -> Json:
    return {"details": None, "type": error_type, "message": message}
