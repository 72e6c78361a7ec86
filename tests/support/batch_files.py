"""Batches as OpenAI tells of them, and the files that their results come in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .replies import Reply


def batch(status: str = "completed", **more: Any) -> Any:
    """A batch; of one that is over, with its files."""
    is_over = status == "completed"
    return {
        "id": "batch_1",
        "object": "batch",
        "endpoint": "/v1/chat/completions",
        "errors": None,
        "input_file_id": "file-in",
        "completion_window": "24h",
        "status": status,
        "output_file_id": "file-out" if is_over else None,
        "error_file_id": "file-err" if is_over else None,
        "created_at": 1,
        "request_counts": {"total": 2, "completed": 2 if is_over else 0, "failed": 0},
        "metadata": None,
        **more,
    }


def batches(*several: Any) -> Any:
    """A page of them."""
    return {"object": "list", "data": list(several), "first_id": "x", "last_id": "y", "has_more": False}


def answered(body: Any, status: int = 200, custom_id: str = "request-1", error: Any = None) -> dict[str, Any]:
    """The line of a request that was sent to the model."""
    response = {"status_code": status, "request_id": "req_1", "body": body}
    return {"id": "batch_req_1", "custom_id": custom_id, "response": response, "error": error}


def unanswered(code: str = "batch_expired") -> dict[str, Any]:
    """The line of a request that was never sent."""
    return {"id": "batch_req_2", "custom_id": "request-2", "response": None, "error": {"code": code, "message": "m"}}


def lines(*results: Mapping[str, Any] | str) -> bytes:
    """A file with a result in each line; texts are lines as they are."""
    written = [line if isinstance(line, str) else json.dumps(line) for line in results]
    return "".join(f"{line}\n" for line in written).encode()


def file_reply(content: bytes, after: float = 0.0, kind: str = "application/octet-stream") -> Reply:
    """The content of a file, after some seconds."""
    half = len(content) // 2
    return Reply(200, [after, content[:half], content[half:]], {"content-type": kind})
