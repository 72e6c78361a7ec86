"""How much of what was said is recorded: who decides, and what each tier has."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

import otel_genai_instr as genai
from otel_genai_instr import guard
from otel_genai_instr.model import Content
from otel_genai_instr.settings import CallSeen, Settings, Tier
from otel_genai_instr.telemetry import content
from otel_genai_instr.telemetry.policy import ContentPolicy

from ..support import answers
from ..support.capture import Capture
from ..support.provider import FakeProvider, json_reply, sse_reply

KEY = "a key of the company's, 32 bytes or more"
MESSAGES: list[dict[str, Any]] = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Where is the moon?"},
]
MODEL = "gpt-4o-mini"
TIER = "otel_genai.content.tier"
INPUT = "gen_ai.input.messages"
OUTPUT = "gen_ai.output.messages"
INPUT_HASH = "otel_genai.input.hash"
SYSTEM_HASH = "otel_genai.system_instructions.hash"
PREVIEW = "otel_genai.output.preview"
LENGTH = "otel_genai.output.length"
ANSWER = answers.chat()["choices"][0]["message"]["content"]


def spans(capture: Capture) -> list[dict[str, Any]]:
    """Finished spans, as plain data."""
    return capture.snapshot()["spans"]


def ask(capture: Capture, messages: Any = MESSAGES) -> None:
    client: Any = FakeProvider(capture.clock).then(json_reply(answers.chat())).client()
    client.chat.completions.create(model=MODEL, messages=messages)


def fail(capture: Capture) -> None:
    refusal = {"error": {"message": "no moon here", "type": "invalid_request_error"}}
    client: Any = FakeProvider(capture.clock).then(json_reply(refusal, status=400)).client()
    with contextlib.suppress(openai.BadRequestError):
        client.chat.completions.create(model=MODEL, messages=MESSAGES)


def stream(capture: Capture) -> None:
    client: Any = FakeProvider(capture.clock).then(sse_reply(*answers.chat_chunks())).client()
    list(client.chat.completions.create(model=MODEL, messages=MESSAGES, stream=True))


def expected_hash(items: list[Any], key: str = KEY) -> str:
    """As the page describes it, written a second time."""
    text = "".join(json.dumps(item, separators=(",", ":"), sort_keys=True) + "\n" for item in items)
    return "hmac-sha256:" + hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()[:32]


SENT = [{"role": m["role"], "parts": [{"type": "text", "content": m["content"]}]} for m in MESSAGES]


def test_none_says_nothing(capture: Capture) -> None:
    capture.instrument()
    ask(capture)
    said = capture.attributes()
    assert {TIER, INPUT, OUTPUT, INPUT_HASH, PREVIEW}.isdisjoint(said)


def test_digest_has_hashes_and_the_beginning_of_the_answer(capture: Capture) -> None:
    capture.instrument(content="digest", content_key=KEY, content_preview=5)
    ask(capture)
    said = capture.attributes()
    assert said[TIER] == "digest"
    assert said[INPUT_HASH] == expected_hash(SENT)
    assert said[SYSTEM_HASH] == expected_hash(SENT[0]["parts"])
    assert said[PREVIEW] == ANSWER[:5]
    assert said[LENGTH] == len(ANSWER)
    assert {INPUT, OUTPUT}.isdisjoint(said)
    assert "moon" not in str(said)


def test_digest_without_key_has_no_hash_and_without_number_no_preview(capture: Capture) -> None:
    capture.instrument(content="digest")
    ask(capture)
    assert {INPUT_HASH, SYSTEM_HASH, PREVIEW}.isdisjoint(capture.attributes())
    assert capture.attributes()[TIER] == "digest"


def test_digest_of_a_stream_counts_its_characters(capture: Capture) -> None:
    capture.instrument(content="digest", content_preview=4)
    stream(capture)
    text = "".join(
        choice["delta"].get("content") or "" for each in answers.chat_chunks() for choice in each.get("choices", ())
    )
    assert text
    assert capture.attributes()[LENGTH] == len(text)
    assert capture.attributes()[PREVIEW] == text[:4]


def test_the_hash_is_the_same_for_dictionaries_objects_and_generators(capture: Capture) -> None:
    capture.instrument(content="digest", content_key=KEY)
    client: Any = FakeProvider(capture.clock).then(*[json_reply(answers.chat())] * 5).client()
    answer = client.chat.completions.create(model=MODEL, messages=MESSAGES).choices[0].message
    plain = {"role": "assistant", "content": answer.content}

    def generate() -> Iterator[Any]:
        yield from (*MESSAGES, plain)

    for messages in ([*MESSAGES, plain], (*MESSAGES, plain), generate(), [*MESSAGES, answer]):
        client.chat.completions.create(model=MODEL, messages=messages)
    hashes = [span["attributes"][INPUT_HASH] for span in spans(capture)][1:]
    assert len(hashes) == 4
    assert set(hashes) == {
        expected_hash([*SENT, {"role": "assistant", "parts": [{"type": "text", "content": ANSWER}]}])
    }


def test_another_key_makes_another_hash(capture: Capture) -> None:
    capture.instrument(content="digest", content_key="another")
    ask(capture)
    assert capture.attributes()[INPUT_HASH] == expected_hash(SENT, "another")


def test_long_input_has_a_partial_hash(capture: Capture) -> None:
    capture.instrument(content="digest", content_key=KEY)
    for end in ("a", "b"):
        ask(capture, [{"role": "user", "content": "x" * 1_100_000 + end}])
    ask(capture, [{"role": "user", "content": "y" * 1_100_000}])
    one, other, third = (span["attributes"][INPUT_HASH] for span in spans(capture))
    assert one.startswith("hmac-sha256-partial:")
    assert one == other != third


def test_full_goes_to_spans_where_no_place_is_said(capture: Capture) -> None:
    capture.instrument(content="full")
    ask(capture)
    assert capture.attributes()[TIER] == "full"
    assert json.loads(capture.attributes()[INPUT]) == SENT
    assert capture.events() == []


@pytest.mark.parametrize(
    ("place", "on_span", "on_event"),
    [("span_only", True, False), ("event_only", False, True), ("span_and_event", True, True)],
)
def test_full_goes_where_the_known_variable_says(capture: Capture, place: str, on_span: bool, on_event: bool) -> None:
    capture.instrument(content="full", capture_content=place)
    ask(capture)
    assert (INPUT in capture.attributes()) is on_span
    assert [INPUT in event["attributes"] for event in capture.events()] == [True] * on_event


def test_full_that_may_go_nowhere_is_a_digest(capture: Capture) -> None:
    capture.instrument(content="full", capture_content="no_content", content_key=KEY)
    ask(capture)
    assert capture.attributes()[TIER] == "digest"
    assert INPUT not in capture.attributes()


def test_known_variable_alone_means_full(capture: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true")
    capture.instrument()
    ask(capture)
    assert capture.attributes()[TIER] == "full"
    assert INPUT in capture.attributes()


def test_variables(capture: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("CONTENT", "digest"), ("CONTENT_KEY", KEY), ("CONTENT_PREVIEW", "3")):
        monkeypatch.setenv(f"OTEL_GENAI_{name}", value)
    capture.instrument()
    ask(capture)
    assert capture.attributes()[INPUT_HASH] == expected_hash(SENT)
    assert capture.attributes()[PREVIEW] == ANSWER[:3]


@pytest.mark.parametrize("setting", ["none", "digest", "full"])
@pytest.mark.parametrize("block", ["none", "digest", "full"])
def test_a_block_wins(capture: Capture, setting: str, block: Any) -> None:
    capture.instrument(content=setting, content_for=_loud)
    with genai.content("full"), genai.content(block):
        ask(capture)
    assert capture.attributes().get(TIER, "none") == block
    assert (INPUT in capture.attributes()) is (block == "full")


def _loud(_call: CallSeen) -> str:
    return "full"


def test_a_block_of_no_such_tier() -> None:
    word: Any = "everything"
    with pytest.raises(ValueError, match="tier is 'everything'; allowed: none, digest, full"):
        genai.content(word)


def test_the_app_chooses_by_what_is_known_at_the_end(capture: Capture) -> None:
    seen: list[CallSeen] = []

    def choose(call: CallSeen) -> str | None:
        seen.append(call)
        return "full" if call.error is not None else "digest" if call.attributes.get("app.feature") else None

    capture.instrument(content="none", content_for=choose)
    ask(capture)
    with genai.attribute(feature="search"):
        ask(capture)
    fail(capture)
    assert [span["attributes"].get(TIER) for span in spans(capture)] == [None, "digest", "full"]
    assert [call.operation for call in seen] == ["chat"] * 3
    assert seen[0].model == answers.chat()["model"]
    assert seen[0].attributes["gen_ai.usage.input_tokens"] == answers.chat()["usage"]["prompt_tokens"]
    assert isinstance(seen[2].error, openai.BadRequestError)
    failed = spans(capture)[2]
    assert json.loads(failed["attributes"][INPUT]) == SENT
    assert "no moon here" in failed["description"]


def test_an_app_that_fails_to_choose_gets_nothing_recorded(capture: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "strict", False)

    def choose(_call: CallSeen) -> Any:
        raise RuntimeError("no opinion")

    capture.instrument(content="full", content_for=choose)
    ask(capture)
    assert {TIER, INPUT}.isdisjoint(capture.attributes())


def test_only_a_failed_call_is_recorded_on_error(capture: Capture) -> None:
    capture.instrument(content="none", content_on_error="full")
    ask(capture)
    fail(capture)
    returned, failed = spans(capture)
    assert {TIER, INPUT}.isdisjoint(returned["attributes"])
    assert failed["attributes"][TIER] == "full"
    assert json.loads(failed["attributes"][INPUT]) == SENT
    assert "no moon here" in failed["description"]


def test_a_call_that_succeeds_reads_no_message(capture: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Content] = []
    of_request = content.of_request

    def note(said: Content) -> dict[str, object]:
        read.append(said)
        return of_request(said)

    monkeypatch.setattr(content, "of_request", note)
    capture.instrument(content="none", content_on_error="full")
    ask(capture)
    stream(capture)
    assert read == []
    fail(capture)
    assert len(read) == 1


def test_a_stream_that_breaks_is_recorded_on_error_with_what_had_come(capture: Capture) -> None:
    capture.instrument(content="none", content_on_error="full")
    client: Any = (
        FakeProvider(capture.clock).then(sse_reply(*answers.chat_chunks()[:2], {"error": {"message": "x"}})).client()
    )
    with contextlib.suppress(openai.APIError):
        list(client.chat.completions.create(model=MODEL, messages=MESSAGES, stream=True))
    assert capture.attributes()[TIER] == "full"
    assert {INPUT, OUTPUT} <= set(capture.attributes())


def test_a_failing_block_is_recorded_on_error(capture: Capture) -> None:
    capture.instrument(content_on_error="full")
    for failure in (None, ValueError("at the sky")):
        with contextlib.suppress(ValueError), genai.tool("look", arguments={"at": "sky"}):
            if failure is not None:
                raise failure
    good, bad = spans(capture)
    assert "gen_ai.tool.call.arguments" not in good["attributes"]
    assert json.loads(bad["attributes"]["gen_ai.tool.call.arguments"]) == {"at": "sky"}


@pytest.mark.parametrize("block", ["digest", None])
def test_errors_raise_what_a_block_says(capture: Capture, block: Any) -> None:
    capture.instrument(content="digest", content_on_error="full")
    with genai.content(block) if block else contextlib.nullcontext():
        fail(capture)
    assert capture.attributes()[TIER] == "full"


def test_nothing_raises_a_none_that_a_block_says(capture: Capture) -> None:
    capture.instrument(content="full", content_on_error="full", content_sample=1.0)
    with genai.content("none"):
        fail(capture)
    assert {TIER, INPUT}.isdisjoint(capture.attributes())
    assert "moon" not in str(spans(capture)) + str(capture.events())


def test_a_sample_is_a_share_of_traces(capture: Capture) -> None:
    capture.instrument(content="none", content_sample=0.3)
    tracer = capture.tracer_provider.get_tracer("app")
    for _ in range(200):
        with tracer.start_as_current_span("request"):
            ask(capture)
            ask(capture)
    calls = [span for span in spans(capture) if span["name"].startswith("chat")]
    full = [TIER in span["attributes"] for span in calls]
    assert full[::2] == full[1::2]  # a whole trace is in or out
    assert 0.2 < sum(full) / len(full) < 0.4


def test_a_sample_of_content_is_no_sample_of_the_sampler() -> None:
    """Of the traces that a sampler keeps, the same share has content."""
    policy = ContentPolicy(Settings(content_sample=0.1))
    kept = [number for number in range(20_000) if (number * 0x5851F42D4C957F2D) % 2**64 < 0.1 * 2**64]
    traces = [number << 64 | (number * 0x5851F42D4C957F2D) % 2**64 for number in kept]
    full = [policy.at_start(None, each)[0] is Tier.FULL for each in traces]
    assert 0.07 < sum(full) / len(full) < 0.13


def test_an_unsampled_call_serialises_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def of_request(_said: object) -> Any:
        raise AssertionError("serialised")

    monkeypatch.setattr(content, "of_request", of_request)
    capture = Capture(sampler=ALWAYS_OFF)
    capture.instrument(content="full", content_key=KEY)
    try:
        ask(capture)
        stream(capture)
    finally:
        capture.uninstrument()
    assert capture.spans() == []


def test_the_tier_of_a_block_reaches_its_tools_and_searches(capture: Capture) -> None:
    capture.instrument()
    with genai.content("full"), genai.retrieval("kb", query="moon") as found:
        found.documents = [{"id": "d1"}]
    with genai.retrieval("kb", query="moon"):
        pass
    inside, outside = spans(capture)
    assert inside["attributes"]["gen_ai.retrieval.query.text"] == "moon"
    assert inside["attributes"][TIER] == "full"
    assert "gen_ai.retrieval.query.text" not in outside["attributes"]


def test_evaluations_explain_themselves_where_content_is_full(capture: Capture) -> None:
    capture.instrument()
    with genai.step("s") as step:
        pass
    assert step.span.get_span_context() != trace.INVALID_SPAN_CONTEXT
    with genai.content("full"):
        genai.evaluate(step, "correct", score=1, explanation="by hand")
    genai.evaluate(step, "correct", score=1, explanation="by hand")
    explained = ["gen_ai.evaluation.explanation" in event["attributes"] for event in capture.events()]
    assert explained == [True, False]
