"""One call through each API, to see that the parts fit together."""

from __future__ import annotations

from .support import answers
from .support.capture import Capture
from .support.provider import FakeProvider, json_reply, sse_reply
from .support.sdk import needs_responses

MESSAGES = [{"role": "user", "content": "hi"}]


def test_chat(capture: Capture) -> None:
    capture.instrument()
    client = FakeProvider(capture.clock).then(json_reply(answers.chat(), after=0.5)).client()
    client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)  # pyright: ignore
    attributes = capture.attributes()
    assert attributes["gen_ai.usage.input_tokens"] == 1000
    assert capture.total("gen_ai.client.inference.duration") == 0.5


@needs_responses
def test_responses_stream(capture: Capture) -> None:
    capture.instrument()
    client = FakeProvider(capture.clock).then(sse_reply(0.2, *answers.response_events(), done=False)).client()
    assert len(list(client.responses.create(model="gpt-4o-mini", input="hi", stream=True))) == 10
    attributes = capture.attributes()
    assert attributes["gen_ai.response.time_to_first_chunk"] == 0.2
    assert attributes["gen_ai.response.finish_reasons"] == ("stop",)


def test_embeddings(capture: Capture) -> None:
    capture.instrument()
    client = FakeProvider(capture.clock).then(json_reply(answers.embeddings())).client()
    client.embeddings.create(model="text-embedding-3-small", input=["a", "b"])
    assert capture.attributes()["gen_ai.embeddings.dimension.count"] == 8
