"""What goes wrong at the example server of the Messages API, as the real SDK sees it."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import cast

import pytest
from anthropic import APIConnectionError, APIStatusError, BadRequestError, NotFoundError, RateLimitError

from examples.anthropic_server import FAULT_HEADER, AnthropicServer, Fault

from .anthropic_sdk import BODY, KNOWN, WARRANTY, Client, Json, marked, text_of


def _body(error: APIStatusError) -> Json:
    return cast("Json", error.body)


@pytest.mark.parametrize("kind_of_answer", ["plain", "stream"])
def test_the_sdk_retries_after_a_429(client: Client, server: AnthropicServer, kind_of_answer: str) -> None:
    server.faults.add(Fault("rate_limit", path="/v1/messages", when="warranty of the lamp", retry_after=0.05))
    if kind_of_answer == "plain":
        assert client.create()["content"][0]["text"] == WARRANTY
    else:
        assert text_of(client.events([])) == WARRANTY
    assert [one.headers["x-stainless-retry-count"] for one in server.received] == ["0", "1"]


@pytest.mark.parametrize(
    ("fault", "status", "error_type"),
    [
        ("authentication", 401, "authentication_error"),
        ("rate_limit", 429, "rate_limit_error"),
        ("server_error", 500, "api_error"),
        ("overloaded", 529, "overloaded_error"),
    ],
)
def test_a_refusal_says_why(impatient: Client, fault: str, status: int, error_type: str) -> None:
    with pytest.raises(APIStatusError) as caught:
        impatient.create(extra_headers={FAULT_HEADER: fault})
    assert caught.value.status_code == status
    body = _body(caught.value)
    assert body["type"] == "error"
    assert body["error"]["type"] == error_type
    assert body["request_id"] == caught.value.response.headers["request-id"] == "req_1"


def test_a_429_carries_when_to_come_back(impatient: Client) -> None:
    with pytest.raises(RateLimitError) as caught:
        impatient.create(extra_headers={FAULT_HEADER: "rate_limit"})
    assert caught.value.response.headers["retry-after"] == "0.3"


def test_an_overloaded_service_is_tried_again(client: Client, server: AnthropicServer) -> None:
    server.faults.add(Fault("overloaded", retry_after=0.05))
    assert client.create()["content"][0]["text"] == WARRANTY
    assert len(server.received) == 2


def test_a_stream_that_reports_an_error(client: Client) -> None:
    events: list[Json] = []
    with pytest.raises(APIStatusError) as caught:
        client.events(events, extra_headers={FAULT_HEADER: "stream_error"})
    assert _body(caught.value)["error"]["type"] == "overloaded_error"
    assert 0 < len(text_of(events)) < len(WARRANTY)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_stream_whose_connection_ends(client: Client, server: AnthropicServer) -> None:
    server.faults.add(Fault("hang_up", after=5))
    events: list[Json] = []
    # The older SDKs let what their HTTP client raises through.
    with pytest.raises(Exception, match=r"(?i)connection|chunked"):
        client.events(events)
    assert 0 < len(text_of(events)) < len(WARRANTY)
    assert len(server.received) == 1


def test_a_connection_that_ends_without_an_answer(impatient: Client) -> None:
    with pytest.raises(APIConnectionError):
        impatient.create(extra_headers={FAULT_HEADER: "hang_up"})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"messages": []}, "at least one message"),
        ({"messages": [{"role": "system", "content": KNOWN}]}, 'Unexpected role "system"'),
        ({"system": [{"type": "text", "text": part, **marked()} for part in "12345"]}, "A maximum of 4 blocks"),
        ({"extra_headers": {FAULT_HEADER: "nonsense"}}, "x-fault"),
        ({"messages": [{"role": "user"}]}, "Cannot read"),
    ],
)
def test_wrong_requests_are_refused(client: Client, change: Json, message: str) -> None:
    with pytest.raises(BadRequestError, match=message) as caught:
        client.create(**change)
    assert _body(caught.value)["error"]["type"] == "invalid_request_error"


def test_an_unknown_model_is_not_found(client: Client) -> None:
    with pytest.raises(NotFoundError, match="model: gpt-5-mini"):
        client.create(model="gpt-5-mini")
    with pytest.raises(NotFoundError, match="model: gpt-5-mini"):
        client.count(model="gpt-5-mini")


@pytest.mark.parametrize(
    ("headers", "path", "body", "status", "error_type"),
    [
        ({"anthropic-version": "2023-06-01"}, "/v1/messages", BODY, 401, "authentication_error"),
        ({"x-api-key": "none"}, "/v1/messages", BODY, 400, "invalid_request_error"),
        ({"x-api-key": "none", "anthropic-version": "2023-06-01"}, "/v1/messages", {}, 400, "invalid_request_error"),
        ({"x-api-key": "none", "anthropic-version": "2023-06-01"}, "/v1/complete", BODY, 404, "not_found_error"),
    ],
)
def test_what_no_sdk_sends_is_refused(
    server: AnthropicServer, headers: dict[str, str], path: str, body: Json, status: int, error_type: str
) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(urllib.request.Request(server.url + path, json.dumps(body).encode(), headers))
    with caught.value as answer:
        assert answer.code == status
        assert json.load(answer)["error"]["type"] == error_type
