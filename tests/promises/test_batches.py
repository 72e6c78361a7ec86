"""Batches: submitted now, billed when the app reads their results, once in a process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import openai
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

import otel_genai_instr as genai
from otel_genai_instr.telemetry.batches import MAX_REMEMBERED

from ..support import answers, media
from ..support.batch_files import answered, batch, batches, file_reply, lines, unanswered
from ..support.capture import Capture
from ..support.provider import FakeProvider, Reply, http, json_reply
from .either import Block, Chunks, call, run
from .test_routes import NOTHING

M = 1_000_000
NOVEMBER = 160 * 86_400.0
"""Seconds after the clock's start: price lists have batches since October 2026."""
CHAT = answers.chat(usage={"prompt_tokens": 8000, "completion_tokens": 500, "total_tokens": 8500})
FILE = lines(answered(CHAT), answered(CHAT, custom_id="request-2"))
COST = 2 * (8000 * 0.075 + 500 * 0.30) / M  # half of 0.15 and 0.60: https://developers.openai.com/api/docs/pricing
COMMON = {
    "gen_ai.operation.name": "batch",
    "gen_ai.provider.name": "openai",
    "server.address": "api.openai.com",
    "server.port": 443,
}
AMOUNT, REASON = "gen_ai.usage.cost.amount", "otel_genai.cost.unpriced_reason"
ID, FILE_ID = "otel_genai.batch.id", "otel_genai.batch.file_id"
SUBMITTED = {"input_file_id": "file-in", "endpoint": "/v1/chat/completions", "completion_window": "24h"}

both_modes = pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])


@pytest.fixture(autouse=True)
def november(capture: Capture) -> None:
    capture.clock.advance(NOVEMBER)


def _client(capture: Capture, is_async: bool, *replies: Reply) -> Any:
    provider = FakeProvider(capture.clock).then(*replies)
    return provider.async_client() if is_async else provider.client()


def _ids(span: ReadableSpan) -> list[int]:
    return [span.context.span_id] if span.context is not None else []


def _read(capture: Capture, content: bytes, **options: Any) -> dict[str, Any]:
    """The attributes of the results in this file."""
    capture.instrument(**options)
    _client(capture, False, file_reply(content)).files.content("file-out")
    return capture.attributes()


# What the app does to get the content of a file.
async def _plain(client: Any) -> bytes:
    return (await call(client.files.content, "file-out")).content


async def _text(client: Any) -> bytes:
    return (await call(client.files.retrieve_content, "file-out")).encode()


async def _raw(client: Any) -> bytes:
    return (await call(client.files.with_raw_response.content, "file-out")).content


async def _raw_parsed(client: Any) -> bytes:
    return (await call(client.files.with_raw_response.content, "file-out")).parse().content


async def _streaming(client: Any) -> bytes:
    async with Block(client.files.with_streaming_response.content("file-out")) as response:
        return await call(response.read)


async def _by_path(client: Any) -> bytes:
    return (await call(client.get, "/files/file-out/content", cast_to=http.Response)).content


FORMS: dict[str, Callable[[Any], Any]] = {
    "plain": _plain,
    "text": _text,
    "raw": _raw,
    "raw_parsed": _raw_parsed,
    "streaming": _streaming,
    "by_path": _by_path,
}
each_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)


@both_modes
@pytest.mark.parametrize("view", ["plain", "with_raw_response", "with_streaming_response"])
def test_a_submission(view: str, is_async: bool, capture: Capture) -> None:
    capture.instrument()
    client = _client(capture, is_async, json_reply(batch("validating"), after=0.5))

    async def ask() -> Any:
        if view == "with_streaming_response":
            async with Block(client.batches.with_streaming_response.create(**SUBMITTED)) as response:
                return await call(response.parse)
        if view == "with_raw_response":
            return (await call(lambda: client.batches.with_raw_response.create(**SUBMITTED))).parse()
        return await call(lambda: client.batches.create(**SUBMITTED))

    assert run(ask(), is_async=is_async).id == "batch_1"
    assert capture.span().name == "batch"
    assert capture.attributes() == {**COMMON, ID: "batch_1"}
    assert capture.total("gen_ai.client.operation.duration", gen_ai__operation__name="batch") == 0.5
    assert set(capture.metrics()) == {"gen_ai.client.operation.duration"}


def test_a_submission_that_is_refused(capture: Capture) -> None:
    capture.instrument()
    client = _client(capture, False, json_reply({"error": {"message": "no"}}, 400))
    with pytest.raises(openai.BadRequestError):
        client.batches.create(**SUBMITTED)
    assert capture.attributes() == {**COMMON, "error.type": "openai.BadRequestError", "http.response.status_code": 400}


@both_modes
@each_form
@pytest.mark.parametrize("kind", ["application/octet-stream", "application/json", "application/jsonl"])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_results(form: Callable[[Any], Any], kind: str, is_async: bool, capture: Capture) -> None:
    capture.instrument()
    client = _client(
        capture, is_async, json_reply(batch("validating")), json_reply(batch()), file_reply(FILE, 2.0, kind)
    )

    async def ask() -> bytes:
        await call(lambda: client.batches.create(**SUBMITTED))
        await call(client.batches.retrieve, "batch_1")
        return await form(client)

    assert run(ask(), is_async=is_async) == FILE
    submission, results = capture.spans()
    assert results.name == "batch gpt-4o-mini-2024-07-18"
    assert dict(results.attributes or {}) == {
        **COMMON,
        ID: "batch_1",
        FILE_ID: "file-out",
        "otel_genai.batch.request_count": 2,
        "otel_genai.batch.failed_count": 0,
        "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
        "gen_ai.usage.input_tokens": 16_000,
        "gen_ai.usage.output_tokens": 1000,
        AMOUNT: pytest.approx(COST),
        "gen_ai.usage.cost.currency": "USD",
        "gen_ai.usage.cost.source": "local",
        "otel_genai.cost.price_version": (results.attributes or {})["otel_genai.cost.price_version"],
        "otel_genai.cost.model": "gpt-4o-mini",
        "otel_genai.cost.input": pytest.approx(16_000 * 0.075 / M),
        "otel_genai.cost.output": pytest.approx(1000 * 0.30 / M),
    }
    assert [link.context.span_id for link in results.links] == _ids(submission)
    assert results.start_time is not None
    assert (results.end_time or 0) - results.start_time == 2_000_000_000
    assert results.parent is None
    assert capture.total("gen_ai.client.operation.cost") == pytest.approx(COST)
    assert capture.count("gen_ai.client.operation.duration") == 2


@both_modes
def test_results_that_nobody_loads_as_a_whole_are_not_seen(is_async: bool, capture: Capture) -> None:
    capture.instrument()
    client = _client(capture, is_async, file_reply(FILE))

    async def ask() -> bytes:
        async with Block(client.files.with_streaming_response.content("file-out")) as response:
            return b"".join([piece async for piece in Chunks(response.iter_bytes(100))])

    assert run(ask(), is_async=is_async) == FILE
    assert capture.snapshot() == NOTHING


NO_RESULTS: dict[str, bytes] = {
    "nothing": b"",
    "blank lines": b"\n  \n",
    "text": b"custom_id,response\n1,2\n",
    "bytes": bytes(range(256)),
    "one object": b'{"custom_id": "a"}',
    "no object": b'["custom_id", "response"]\n',
    "a JSON that is broken": b'{"custom_id": "a", "response": {"status_code": 200\n',
    "requests of a batch": lines(
        {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": {"input": '"response"'}}
    ),
    "an app's own file": lines({"custom_id": "a", "response": "yes", "status_code": 200}),
    "another app's own file": lines({"custom_id": "a", "response": {"body": {}}}),
    "quoted": lines({"text": '"custom_id": "a", "response": {"status_code": 200}'}),
    "inside": lines({"results": [answered(CHAT)]}),
    "in the second line": lines({"a": 1}, answered(CHAT)),
    "deeply nested": b'{"custom_id": "a", "response": ' + b"[" * 200_000 + b"\n",
    "an error file": lines(answered({"error": {}}, 400), unanswered()),
}


@both_modes
@each_form
@pytest.mark.parametrize("content", NO_RESULTS.values(), ids=NO_RESULTS)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_other_files_are_no_operations(
    content: bytes, form: Callable[[Any], Any], is_async: bool, capture: Capture
) -> None:
    if form is _text and content == NO_RESULTS["bytes"]:
        pytest.skip("no text")
    capture.instrument(capture_content="span_and_event")
    client = _client(capture, is_async, file_reply(content))
    assert run(form(client), is_async=is_async) == content
    assert capture.snapshot() == NOTHING


@both_modes
@pytest.mark.parametrize("asked", ["retrieve", "list", "cancel"])
@pytest.mark.parametrize("view", [None, "with_raw_response"])
def test_who_asks_how_a_batch_is_learns_where_its_results_are(
    view: str | None, asked: str, is_async: bool, capture: Capture
) -> None:
    capture.instrument()
    reply = batches(batch(id="batch_0", output_file_id="file-0"), batch()) if asked == "list" else batch()
    client = _client(capture, is_async, json_reply(reply), file_reply(FILE))
    resource = client.batches if view is None else getattr(client.batches, view)

    async def ask() -> None:
        result = await call(getattr(resource, asked), *(() if asked == "list" else ("batch_1",)))
        if view is not None:
            result.parse()
        assert capture.snapshot() == NOTHING
        await call(client.files.content, "file-out")

    run(ask(), is_async=is_async)
    assert capture.attributes()[ID] == "batch_1"
    assert capture.span().links == ()


def test_the_batch_of_a_file_is_unknown_where_another_process_asked(capture: Capture) -> None:
    attributes = _read(capture, FILE)
    assert ID not in attributes
    assert attributes[FILE_ID] == "file-out"


def test_a_server_of_another_name_has_files_of_its_own(capture: Capture) -> None:
    capture.instrument(provider_by_host={"two.example": "groq"})
    provider = FakeProvider(capture.clock).then(json_reply(batch()), file_reply(FILE))
    one, two = (provider.client(base_url=f"https://{name}.example/v1") for name in ("one", "two"))
    one.batches.retrieve("batch_1")
    for client in (two, one, two, one):
        client.files.content("file-out")
    said = [dict(span.attributes or {}) for span in capture.spans()]
    assert [(each["gen_ai.provider.name"], each.get(ID)) for each in said] == [("groq", None), ("openai", "batch_1")]


@both_modes
def test_results_are_billed_once(is_async: bool, capture: Capture) -> None:
    client = _client(capture, is_async, file_reply(FILE))

    async def read() -> None:
        for form in (_plain, _raw, _streaming):
            await form(client)

    capture.instrument()
    run(read(), is_async=is_async)
    capture.uninstrument()
    capture.instrument()
    run(read(), is_async=is_async)
    assert capture.count("gen_ai.client.operation.cost") == 1
    assert len(capture.spans()) == 1


def test_results_that_many_threads_read_are_billed_once(capture: Capture) -> None:
    capture.instrument()
    client = _client(capture, False, file_reply(FILE))
    together = threading.Barrier(12)

    def read() -> None:
        together.wait(10)
        assert client.files.content("file-out").content == FILE

    threads = [threading.Thread(target=read) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert capture.count("gen_ai.client.operation.cost") == 1
    assert len(capture.spans()) == 1


def test_only_so_many_are_remembered(capture: Capture) -> None:
    many = [batch(id=f"batch_{i}", output_file_id=f"file-{i}", error_file_id=None) for i in range(MAX_REMEMBERED + 1)]
    capture.instrument()
    client = _client(capture, False, json_reply(batches(*many)), file_reply(FILE))
    client.batches.list()
    for at in (0, 1, MAX_REMEMBERED):
        client.files.content(f"file-{at}")
    assert [dict(span.attributes or {}).get(ID) for span in capture.spans()] == [
        None,
        "batch_1",
        f"batch_{MAX_REMEMBERED}",
    ]


def _response(model: str, tokens_in: int, read: int, tokens_out: int) -> Any:
    usage = {
        "input_tokens": tokens_in,
        "input_tokens_details": {"cached_tokens": read},
        "output_tokens": tokens_out,
        "total_tokens": tokens_in + tokens_out,
    }
    return answers.response(model=model, usage=usage)


def _embedded(model: str, tokens: int) -> Any:
    return {**answers.embeddings(), "model": model, "usage": {"prompt_tokens": tokens, "total_tokens": tokens}}


_SHORT = _response("gpt-5.4", 200_000, 0, 0)
_MODERATION = {"id": "modr-1", "model": "omni-moderation-latest", "results": [{"flagged": False}]}
_COMPLETION = {**CHAT, "object": "text_completion", "model": "gpt-4o-mini", "choices": [{"text": "Hello"}]}
# The file, and what it costs by https://developers.openai.com/api/docs/pricing (Batch), read on 2026-11-21 as in
# tests/pricing/cases.yaml; or the reason why that can't be known.
MONEY: dict[str, tuple[bytes, float | str | None]] = {
    "chat": (FILE, 2 * (8000 * 0.075 + 500 * 0.30) / M),
    "responses": (
        lines(answered(_response("gpt-5", 8000, 2000, 500))),
        (6000 * 0.625 + 2000 * 0.0625 + 500 * 5.00) / M,
    ),
    "embeddings": (lines(*[answered(_embedded("text-embedding-3-small", 1000))] * 3), 3 * 1000 * 0.01 / M),
    "embeddings, large": (lines(answered(_embedded("text-embedding-3-large", 1000))), 1000 * 0.065 / M),
    "completions": (lines(answered(_COMPLETION)), (8000 * 0.075 + 500 * 0.30) / M),
    "each request has a context of its own": (lines(answered(_SHORT), answered(_SHORT)), 2 * 200_000 * 1.25 / M),
    "the tier is the batch's": (
        lines(answered({**CHAT, "service_tier": "priority"})),
        (8000 * 0.075 + 500 * 0.30) / M,
    ),
    "several models": (
        lines(answered(CHAT), answered(_response("gpt-5", 8000, 2000, 500))),
        (8000 * 0.075 + 500 * 0.30 + 6000 * 0.625 + 2000 * 0.0625 + 500 * 5.00) / M,
    ),
    "some failed": (
        lines(answered({"error": {"message": "m"}}, 400), answered(CHAT), unanswered(), answered(CHAT, error={"a": 1})),
        (8000 * 0.075 + 500 * 0.30) / M,
    ),
    "blank lines and another kind of break": (
        b"\n\r\n" + lines(answered(CHAT)).replace(b"\n", b"\r\n") + b"\n",
        (8000 * 0.075 + 500 * 0.30) / M,
    ),
    "moderations are free": (lines(answered(_MODERATION)), None),
    "one of an unknown model": (lines(answered(CHAT), answered({**CHAT, "model": "nobody-knows-it"})), "unknown_model"),
    "one without usage": (lines(answered(CHAT), answered({**CHAT, "usage": None})), "no_usage"),
    "one without a known batch price": (lines(answered({**CHAT, "model": "chatgpt-4o-latest"})), "unsupported_unit"),
    "a line that can't be read": (lines(answered(CHAT), "{" + "x" * 80), "no_usage"),
    "a line of something else": (lines(answered(CHAT), {"custom_id": "a"}), "no_usage"),
    "an answer of an unknown kind": (lines(answered({"object": "surprise"})), "no_usage"),
    "an answer that is none": (lines(answered(CHAT), answered(["x"])), "no_usage"),
    "images, whose model isn't told": (lines(answered(media.images())), "unknown_model"),
    "counts that contradict each other": (
        lines(answered({**CHAT, "usage": {"prompt_tokens": 5, "completion_tokens": 5, "total_tokens": 50}})),
        "inconsistent_usage",
    ),
}


@pytest.mark.parametrize("name", MONEY)
def test_what_results_cost(name: str, capture: Capture) -> None:
    content, cost = MONEY[name]
    attributes = _read(capture, content)
    if isinstance(cost, float):
        assert attributes[AMOUNT] == pytest.approx(cost, rel=1e-12)
        assert capture.total("gen_ai.client.operation.cost") == pytest.approx(cost, rel=1e-12)
    assert (AMOUNT in attributes) is isinstance(cost, float)
    assert attributes.get(REASON) == (cost if isinstance(cost, str) else None)


def test_what_some_of_several_models_tell(capture: Capture) -> None:
    attributes = _read(capture, MONEY["several models"][0])
    assert capture.span().name == "batch"
    assert "gen_ai.response.model" not in attributes
    assert attributes["gen_ai.usage.input_tokens"] == 16_000
    assert attributes["gen_ai.usage.cache_read.input_tokens"] == 2000
    assert attributes["gen_ai.usage.output_tokens"] == 1000
    assert attributes["otel_genai.cost.cache_read"] == pytest.approx(2000 * 0.0625 / M)
    assert "otel_genai.cost.model" not in attributes


def test_how_many_failed(capture: Capture) -> None:
    attributes = _read(capture, MONEY["some failed"][0])
    assert attributes["otel_genai.batch.request_count"] == 4
    assert attributes["otel_genai.batch.failed_count"] == 3
    assert attributes["gen_ai.usage.input_tokens"] == 8000


def test_a_failed_generation_is_billed(capture: Capture) -> None:
    usage = {"input_tokens": 1000, "output_tokens": 10, "total_tokens": 1010}
    failed = answers.response("failed", model="gpt-5", usage=usage, error={"code": "server_error", "message": "m"})
    attributes = _read(capture, lines(answered(failed)))
    assert attributes["otel_genai.batch.failed_count"] == 0
    assert attributes[AMOUNT] == pytest.approx((1000 * 0.625 + 10 * 5.00) / M)
    assert capture.span().status.status_code.name == "UNSET"


def test_prices_in_two_currencies_have_no_sum(capture: Capture) -> None:
    mine = {"model": "ours", "service_tier": "batch", "per_million_tokens": {"input": 1, "output": 1}}
    content = lines(answered({**CHAT, "model": "ours"}), answered(CHAT))
    prices = {"currency": "EUR", "prices": [mine]}
    attributes = _read(capture, content, prices=prices)
    assert attributes[REASON] == "no_price"
    assert AMOUNT not in attributes


def test_money_that_answers_tell(capture: Capture) -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15, "cost": 0.25}
    attributes = _read(capture, lines(*[answered({**CHAT, "usage": usage})] * 2))
    assert attributes[AMOUNT] == 0.5
    assert attributes["gen_ai.usage.cost.source"] == "provider"


def test_without_costs(capture: Capture) -> None:
    attributes = _read(capture, FILE, cost=False)
    assert attributes["gen_ai.usage.input_tokens"] == 16_000
    assert AMOUNT not in attributes
    assert REASON not in attributes


def test_nothing_of_the_answers_is_recorded(capture: Capture) -> None:
    _read(capture, lines(answered(answers.chat("the secret answer"))), capture_content="span_and_event")
    assert "secret" not in str(capture.snapshot())
    assert capture.events() == []


def test_counts_that_no_number_of_a_span_can_hold(capture: Capture) -> None:
    usage = {"prompt_tokens": 2**62, "completion_tokens": 1, "total_tokens": 2**62 + 1}
    attributes = _read(capture, lines(*[answered({**CHAT, "usage": usage})] * 3))
    assert "gen_ai.usage.input_tokens" not in attributes
    assert attributes["gen_ai.usage.output_tokens"] == 3


def test_results_are_read_where_the_app_reads_them(capture: Capture) -> None:
    capture.instrument()
    client = _client(capture, False, file_reply(FILE))
    with genai.workflow("nightly") as nightly, genai.attribute(feature="reports"):
        response = client.files.with_streaming_response.content("file-out")
        opened = response.__enter__()
    opened.read()
    response.__exit__(None, None, None)
    workflow, results = capture.spans()
    assert nightly is not None
    assert results.parent is not None
    assert [results.parent.span_id] == _ids(workflow)
    assert (results.attributes or {})["app.feature"] == "reports"


def test_a_block_counts_what_its_batches_cost(capture: Capture) -> None:
    capture.instrument()
    client = _client(capture, False, file_reply(FILE))
    with genai.workflow("nightly"):
        client.files.content("file-out")
    workflow = dict(capture.spans()[-1].attributes or {})
    assert workflow["otel_genai.total.cost"] == pytest.approx(COST)
    assert workflow["otel_genai.total.input_tokens"] == 16_000


def test_a_batch_of_azure(capture: Capture) -> None:
    provider = FakeProvider(capture.clock).then(
        json_reply(batch("validating")),
        json_reply(batch()),
        file_reply(lines(answered(_response("gpt-5", 1000, 0, 100)))),
    )
    client = openai.AzureOpenAI(
        azure_endpoint="https://mine.openai.azure.com",
        api_version="2024-10-21",
        api_key="sk-secret",
        http_client=http.Client(transport=provider.transport()),
    )
    capture.instrument()
    client.batches.create(completion_window="24h", endpoint="/v1/chat/completions", input_file_id="file-in")
    client.batches.retrieve("batch_1")
    client.files.content("file-out")
    submission, results = capture.spans()
    said = dict(results.attributes or {})
    assert said["gen_ai.provider.name"] == "azure.ai.openai"
    assert said[ID] == "batch_1"
    assert said[AMOUNT] == pytest.approx((1000 * 0.625 + 100 * 5.00) / M)
    assert [link.context.span_id for link in results.links] == _ids(submission)


@pytest.mark.parametrize(
    "reply", [json_reply({"error": {"message": "no"}}, 404), Reply(error=http.ConnectError("down"))]
)
def test_a_file_that_does_not_come_is_no_operation(reply: Reply, capture: Capture) -> None:
    capture.instrument()
    client = _client(capture, False, reply)
    with pytest.raises(openai.APIError):
        client.files.content("file-out")
    with pytest.raises(openai.APIError):
        client.batches.retrieve("batch_1")
    assert capture.snapshot() == NOTHING


@pytest.mark.parametrize("said", [{}, {"id": None}, {"id": 7, "output_file_id": 8}, {"data": None}, {"data": ["x"]}])
def test_batches_as_nobody_tells_them(said: dict[str, Any], capture: Capture) -> None:
    capture.instrument()
    client = _client(capture, False, json_reply(said), json_reply(said), file_reply(FILE))
    client.batches.create(**SUBMITTED)
    client.get("/batches", cast_to=object)
    client.files.content("file-out")
    submission, results = capture.spans()
    assert dict(submission.attributes or {}) == COMMON
    assert ID not in (results.attributes or {})
    assert results.links == ()


@both_modes
def test_nothing_is_seen_when_it_is_off(is_async: bool, capture: Capture) -> None:
    capture.instrument()
    capture.uninstrument()
    client = _client(capture, is_async, file_reply(FILE))
    assert run(_plain(client), is_async=is_async) == FILE
    assert capture.snapshot() == NOTHING


def test_a_span_that_is_not_sampled_is_billed(capture: Capture) -> None:
    dark = Capture(capture.clock, ALWAYS_OFF)
    dark.instrument()
    _client(dark, False, file_reply(FILE)).files.content("file-out")
    assert dark.spans() == []
    assert dark.total("gen_ai.client.operation.cost") == pytest.approx(COST)
