"""The endpoint behind a real server on loopback: alone, and mounted in FastAPI."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Generator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from typing import Any

import pytest

from otel_genai_instr.evaluation import FeedbackApp, feedback_token

from .judging import Judging, ids, ids_of_record

NEEDS = "the servers need the extra 'demo'"
uvicorn: Any = pytest.importorskip("uvicorn", reason=NEEDS)
fastapi: Any = pytest.importorskip("fastapi", reason=NEEDS)
routing: Any = pytest.importorskip("starlette.routing", reason=NEEDS)

JSON = {"Content-Type": "application/json"}


@contextmanager
def serving(app: Any) -> Generator[int]:
    """The port on which ``app`` is served."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on"))
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()
    assert not thread.is_alive()


def alone() -> Any:
    return FeedbackApp()


def mounted() -> Any:
    app = fastapi.FastAPI()
    app.mount("/feedback", FeedbackApp())
    return app


def routed() -> Any:
    app = fastapi.FastAPI()
    app.router.routes.append(routing.Route("/feedback", FeedbackApp()))
    return app


def post(port: int, path: str, fields: object, method: str = "POST") -> int:
    with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request(method, path, json.dumps(fields), JSON)
        response = connection.getresponse()
        response.read()
        return response.status


@pytest.mark.parametrize(
    ("build", "path"),
    [(alone, "/"), (alone, "/any/path"), (mounted, "/feedback/"), (routed, "/feedback")],
)
def test_it_is_served(judging: Judging, build: Any, path: str) -> None:
    span = judging.span()
    fields = {"token": feedback_token(span), "action": "thumbs_up"}
    with serving(build()) as port:
        assert post(port, path, fields) == 204
        assert post(port, path, {**fields, "token": "forged"}) == 403
        assert post(port, path, fields, "DELETE") == 405
    assert ids_of_record(judging.record()) == ids(span.get_span_context())


def test_fastapi_redirects_to_the_slash(judging: Judging) -> None:
    """As the documentation says; a browser's preflight doesn't follow."""
    with serving(mounted()) as port:
        assert post(port, "/feedback", {}, "OPTIONS") == 307
        assert post(port, "/feedback/", {}, "OPTIONS") == 204


def test_a_connection_can_be_used_after_a_refusal_or_is_closed(judging: Judging) -> None:
    """A body that was refused unread must not be taken for the next request."""
    fields = json.dumps({"token": feedback_token(judging.span()), "action": "retry"})
    with serving(FeedbackApp()) as port, closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        for body, status in ((fields, 204), (fields + " " * 9000, 413), (fields, 204)):
            connection.request("POST", "/", body, JSON)
            response = connection.getresponse()
            response.read()
            assert response.status == status
    assert len(judging.records()) == 2


def test_a_client_that_leaves_in_the_middle_harms_nobody(judging: Judging, caplog: pytest.LogCaptureFixture) -> None:
    fields = {"token": feedback_token(judging.span()), "action": "edit"}
    with serving(FeedbackApp()) as port:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as leaving:
            head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
            leaving.sendall(head)
        assert post(port, "/", fields) == 204
    assert [record.getMessage() for record in caplog.records] == []
    assert len(judging.records()) == 1


def test_many_at_once_get_no_more_than_the_limit(judging: Judging) -> None:
    fields = {"token": feedback_token(judging.span()), "action": "thumbs_up"}
    answers: list[int] = []
    with serving(FeedbackApp(per_operation=5)) as port:
        threads = [threading.Thread(target=lambda: answers.append(post(port, "/", fields))) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
    assert sorted(answers) == [204] * 5 + [429] * 15
    assert judging.scores()[0]["count"] == 5
