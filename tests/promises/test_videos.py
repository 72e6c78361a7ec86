"""Videos: what is asked, what the job costs, and which requests are no operation, in every way to ask."""

from __future__ import annotations

from typing import Any

import pytest

from ..support import media
from ..support.capture import Capture
from ..support.provider import FakeProvider, Reply, json_reply
from ..support.sdk import HAS_VIDEOS
from ..support.under_test import PROMPT
from .either import Block, call, run

pytestmark = pytest.mark.skipif(not HAS_VIDEOS, reason="this openai has no videos")
UNPRICED = "otel_genai.cost.unpriced_reason"
both_modes = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])

# What is asked by each method, what is answered, and what it costs in US dollars, or why that can't be known.
# Prices of https://developers.openai.com/api/docs/pricing: a second of sora-2 costs 0.10, of sora-2-pro 0.30 or, of the
# two larger sizes, 0.50.
PRO = {"model": "sora-2-pro", "prompt": PROMPT}
CALLS: dict[str, tuple[str, dict[str, Any], dict[str, Any], float | str]] = {
    "by the second": ("create", {"model": "sora-2", "prompt": PROMPT, "seconds": "8"}, {}, 8 * 0.10),
    "as the service makes it by itself": ("create", {"prompt": PROMPT}, {"seconds": "4", "size": "720x1280"}, 4 * 0.10),
    "of a dated model": ("create", {"model": "sora-2", "prompt": PROMPT}, {"model": "sora-2-2025-12-08"}, 8 * 0.10),
    "of the larger model": ("create", PRO, {"model": "sora-2-pro", "size": "720x1280", "seconds": "12"}, 12 * 0.30),
    "of a large size": ("create", PRO, {"model": "sora-2-pro-2025-10-06", "size": "1792x1024"}, 8 * 0.50),
    "of a size without a price": ("create", PRO, {"model": "sora-2-pro", "size": "1920x1080"}, "unsupported_unit"),
    "whose length is a number": ("create", {"prompt": PROMPT}, {"seconds": 8}, 8 * 0.10),
    "whose length nobody says": ("create", {"prompt": PROMPT}, {"seconds": None}, "no_usage"),
    "whose length is no number": ("create", {"prompt": PROMPT}, {"seconds": "long"}, "no_usage"),
    "whose length only the request says": ("create", {"prompt": PROMPT, "seconds": "12"}, {"seconds": None}, 12 * 0.10),
    "edited": ("edit", {"prompt": PROMPT, "video": b"video"}, {"seconds": "12"}, 12 * 0.10),
    "remixed": ("remix", {"video_id": "video_0", "prompt": PROMPT}, {}, 8 * 0.10),
    "made longer by four seconds": (
        "extend",
        {"prompt": PROMPT, "seconds": "4", "video": b"video"},
        {"seconds": "12"},
        4 * 0.10,
    ),
    "made longer, of a size that isn't said apart": (
        "extend",
        {"prompt": PROMPT, "seconds": "4", "video": b"video"},
        {"seconds": "12", "model": "sora-2-pro"},
        "unsupported_unit",
    ),
}


def _client(capture: Capture, is_async: bool, *replies: Reply) -> tuple[Any, FakeProvider]:
    provider = FakeProvider(capture.clock).then(*replies)
    return (provider.async_client() if is_async else provider.client()), provider


def _method(client: Any, name: str) -> Any:
    if not hasattr(client.videos, name):
        pytest.skip(f"this openai has no videos.{name}")
    return getattr(client.videos, name)


def _costs(capture: Capture, cost: float | str) -> None:
    attributes = capture.attributes()
    if isinstance(cost, str):
        assert attributes[UNPRICED] == cost
        assert "gen_ai.usage.cost.amount" not in attributes
    else:
        assert attributes["gen_ai.usage.cost.amount"] == pytest.approx(cost, rel=1e-12)
        assert capture.total("gen_ai.client.operation.cost") == pytest.approx(cost, rel=1e-12)


@both_modes
@pytest.mark.parametrize("name", CALLS)
def test_what_is_asked_and_what_it_costs(name: str, is_async: bool, capture: Capture) -> None:
    method, arguments, answer, cost = CALLS[name]
    capture.instrument(capture_content="span_and_event")
    client, _ = _client(capture, is_async, json_reply(media.video(**answer)))
    ask = _method(client, method)

    async def asked() -> Any:
        return await call(lambda: ask(**arguments))

    assert run(asked(), is_async=is_async).id == "video_1"
    model = arguments.get("model")
    assert capture.span().name == (f"video_generation {model}" if model else "video_generation")
    attributes = capture.attributes()
    expected = {
        "gen_ai.operation.name": "video_generation",
        "gen_ai.provider.name": "openai",
        "gen_ai.output.type": "video",
        "gen_ai.response.id": "video_1",
        "gen_ai.response.model": answer.get("model", "sora-2"),
        "gen_ai.response.status": "queued",
    }
    assert attributes.items() >= expected.items()
    assert capture.count("gen_ai.client.operation.duration") == 1
    assert PROMPT not in str(capture.snapshot())
    _costs(capture, cost)


@both_modes
@pytest.mark.parametrize("view", ["with_raw_response", "with_streaming_response"])
def test_a_raw_answer_costs_the_same(view: str, is_async: bool, capture: Capture) -> None:
    capture.instrument()
    client, _ = _client(capture, is_async, json_reply(media.video()))
    raw = getattr(client.videos, view)

    async def ask() -> None:
        if view == "with_raw_response":
            assert (await call(lambda: raw.create(prompt=PROMPT))).parse().id == "video_1"
            return
        async with Block(raw.create(prompt=PROMPT)) as response:
            assert capture.spans() == [], "nothing was read yet"
            assert (await call(response.parse)).id == "video_1"

    run(ask(), is_async=is_async)
    _costs(capture, 8 * 0.10)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"status": "failed", "error": {"code": "moderation_blocked", "message": PROMPT}}, "moderation_blocked"),
        ({"status": "failed", "error": None}, "failed"),
    ],
    ids=["told why", "not told why"],
)
def test_a_job_that_failed_is_not_billed(answer: dict[str, Any], error: str, capture: Capture) -> None:
    capture.instrument()
    client, _ = _client(capture, False, json_reply(media.video(**answer)))
    client.videos.create(prompt=PROMPT, seconds="8")
    assert capture.span().status.status_code.name == "ERROR"
    assert capture.attributes()["error.type"] == error
    assert PROMPT not in str(capture.snapshot())
    _costs(capture, "no_usage")


@both_modes
def test_a_job_that_is_polled_is_one_operation(is_async: bool, capture: Capture) -> None:
    capture.instrument()
    done = media.video(status="completed", progress=100)
    under_way = json_reply(media.video(status="in_progress"), openai_poll_after_ms="1")
    client, provider = _client(capture, is_async, json_reply(media.video()), under_way, json_reply(done))
    create_and_poll = _method(client, "create_and_poll")

    async def ask() -> Any:
        return await call(lambda: create_and_poll(prompt=PROMPT, poll_interval_ms=1))

    assert run(ask(), is_async=is_async).status == "completed"
    assert [sent.method for sent in provider.received] == ["POST", "GET", "GET"]
    assert capture.attributes()["gen_ai.response.status"] == "queued"
    _costs(capture, 8 * 0.10)


def test_what_makes_no_video_is_no_operation(capture: Capture) -> None:
    capture.instrument()
    page = json_reply({"object": "list", "data": [media.video()], "has_more": False})
    removed = json_reply({"id": "video_1", "object": "video.deleted", "deleted": True})
    content = Reply(200, [b"sound and pictures"], {"content-type": "video/mp4"})
    client, provider = _client(capture, False, json_reply(media.video()), page, removed, content)
    client.videos.retrieve("video_1")
    assert [job.id for job in client.videos.list()] == ["video_1"]
    client.videos.delete("video_1")
    assert client.videos.download_content("video_1").read() == b"sound and pictures"
    if hasattr(client.videos, "create_character"):
        provider.script[:] = [json_reply({"id": "char_1", "created_at": 1, "name": "n"})]
        client.videos.create_character(name="n", video=b"v")
        client.videos.get_character("char_1")
    assert capture.snapshot() == {"spans": [], "metrics": {}, "events": []}
