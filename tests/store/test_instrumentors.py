"""Instrumentors that are turned on one by one, as ``opentelemetry-instrument`` does, each have a store of their own."""

from __future__ import annotations

from typing import Any

import pytest

import otel_genai_instr as genai
from otel_genai_instr.providers.anthropic import AnthropicInstrumentor
from otel_genai_instr.providers.openai import OpenAIInstrumentor

from ..support import answers
from ..support.capture import Capture
from ..support.provider import FakeProvider, json_reply
from .systems import Trouble


def test_content_of_the_first_is_waited_for_too(
    capture: Capture, trouble: Trouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_GENAI_CONTENT", "full")
    monkeypatch.setenv("OTEL_GENAI_CONTENT_STORE", "blocking://bucket")
    OpenAIInstrumentor().instrument(tracer_provider=capture.tracer_provider)
    AnthropicInstrumentor().instrument(tracer_provider=capture.tracer_provider)
    trouble.hold.clear()
    client: Any = FakeProvider(capture.clock).then(json_reply(answers.chat())).client()
    client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "Hi"}])
    assert trouble.entered.wait(30)
    assert genai.flush_content(0.01) == 1
    assert trouble.objects == {}
    trouble.hold.set()
    assert genai.flush_content(30) == 0
    assert len(trouble.objects) == 1
