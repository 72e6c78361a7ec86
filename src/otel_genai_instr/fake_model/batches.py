"""OpenAI's batches, and the files that their requests and results are in. A batch is over when it is asked for."""

from __future__ import annotations

import json
import time
from email import message_from_bytes
from email.message import Message
from typing import Final, cast
from uuid import uuid4

from .languages import answering
from .speech import Json

_files: Final[dict[str, bytes]] = {}
_batches: Final[dict[str, Json]] = {}


def upload(content_type: str, form: bytes) -> Json:
    """Answer ``POST /files``."""
    parts = message_from_bytes(b"content-type: %b\r\n\r\n%b" % (content_type.encode(), form)).walk()
    content = next(part for part in parts if _name_of(part) == "file").get_payload(decode=True)
    name = _kept(cast("bytes", content))
    size = len(_files[name])
    about = {"object": "file", "bytes": size, "created_at": int(time.time()), "filename": name, "purpose": "batch"}
    return {"id": name, **about, "status": "processed"}


def submit(asked: Json) -> Json:
    """Answer ``POST /batches``: all of its requests are answered at once, in the time that it takes."""
    requests = [json.loads(line) for line in _files[asked["input_file_id"]].splitlines() if line.strip()]
    results = _kept(b"".join(json.dumps(_result(request)).encode() + b"\n" for request in requests))
    count = len(requests)
    batch: Json = {
        "id": f"batch_{uuid4().hex}",
        "object": "batch",
        "endpoint": asked["endpoint"],
        "completion_window": asked["completion_window"],
        "input_file_id": asked["input_file_id"],
        "created_at": int(time.time()),
        "status": "in_progress",
    }
    done = {"status": "completed", "output_file_id": results}
    _batches[batch["id"]] = {**batch, **done, "request_counts": {"total": count, "completed": count, "failed": 0}}
    return batch


def batch(name: str) -> Json:
    """Answer ``GET /batches/{id}``.

    Raises:
        LookupError: if there is none.
    """
    return _batches[name]


def content(name: str) -> bytes:
    """Answer ``GET /files/{id}/content``.

    Raises:
        LookupError: if there is no such file.
    """
    return _files[name]


def _kept(content: bytes) -> str:
    name = f"file-{uuid4().hex}"
    _files[name] = content
    return name


def _name_of(part: Message) -> object:
    return part.get_param("name", header="content-disposition")


def _result(request: Json) -> Json:
    answer = answering(request["url"])({**request["body"], "stream": False})
    response = {"status_code": 200, "request_id": f"req_{uuid4().hex}", "body": answer}
    return {"id": f"batch_req_{uuid4().hex}", "custom_id": request["custom_id"], "response": response, "error": None}
