"""The public names, used together as the docs promise them."""

from __future__ import annotations

from typing import Any

import otel_genai_instr as genai

from ..support import answers
from ..support.capture import Capture
from ..support.provider import FakeProvider, json_reply


def test_a_request_told_with_every_public_name(capture: Capture) -> None:
    capture.instrument(feedback_key="k" * 32, capture_content="span_only")
    client: Any = FakeProvider(capture.clock).then(json_reply(answers.chat())).client()
    with genai.attribute(user_id="u-42", session_id="s-9", feature="support-bot", tags=["beta"]):
        with genai.workflow("answer_question") as run:
            with genai.retrieval("kb", query="how?", top_k=5) as found:
                found.documents = [{"id": "doc-7", "score": 0.93, "content": "..."}]
            with genai.inference("acme", "acme-large-1", temperature=0.2) as call:
                call.first_chunk()
                call.response(model="acme-large-1-2026", id="r-1", finish_reasons=["stop"])
                call.usage(input_tokens=1000, output_tokens=100, cache_read_input_tokens=800)
            with genai.prompt("support_reply", version="2026-03-15", variables={"tone": "kind"}):
                client.chat.completions.create(model="gpt-4o-mini", messages=[])
            genai.evaluate(call, "relevance", score=0.9, label="pass", explanation="on topic", evaluator="judge")
        token = genai.feedback_token(run)
    genai.feedback(token, "thumbs_up", text="thanks")

    spans = {span.name: dict(span.attributes or {}) for span in capture.spans()}
    assert list(spans) == ["retrieval kb", "chat acme-large-1", "chat gpt-4o-mini", "invoke_workflow answer_question"]
    assert all(attributes["user.id"] == "u-42" for attributes in spans.values())
    assert spans["chat acme-large-1"]["gen_ai.usage.cache_read.input_tokens"] == 800
    assert spans["chat acme-large-1"]["gen_ai.request.stream"] is True
    assert spans["chat gpt-4o-mini"]["gen_ai.prompt.name"] == "support_reply"
    assert spans["chat gpt-4o-mini"]["gen_ai.prompt.variable.tone"] == "kind"
    totals = spans["invoke_workflow answer_question"]
    assert totals["otel_genai.total.inference_calls"] == 2
    assert totals["otel_genai.total.input_tokens"] == 2000
    assert not [name for name in totals if name.startswith("gen_ai.usage.")]
    assert capture.count("gen_ai.evaluation.score") == 2
