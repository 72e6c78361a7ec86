"""``instrument()`` raises for options that are wrong, and never for what it finds."""

from __future__ import annotations

import weakref
from dataclasses import dataclass, field
from typing import Any

import pytest
from openai._base_client import AsyncAPIClient, SyncAPIClient
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider

import otel_genai_instr
from otel_genai_instr import guard

from ..providers import installed
from ..support import answers
from ..support.capture import Capture
from ..support.provider import FakeProvider, json_reply

INSTALLED = [provider.name for provider in installed()]


def ask() -> str | None:
    """One chat completion."""
    client: Any = FakeProvider(None, json_reply(answers.chat())).client()
    answer = client.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": "hi"}])
    return answer.choices[0].message.content


@dataclass
class MeterProviderByValue(metrics.MeterProvider):
    """As a library makes one that gives out what the app sets later: it compares by value, so it has no hash."""

    inside: MeterProvider
    made: list[str] = field(default_factory=list[str])

    def get_meter(self, name: str, *args: Any, **kwargs: Any) -> metrics.Meter:
        self.made.append(name)
        return self.inside.get_meter(name, *args, **kwargs)


class MeterProviderWithSlots(MeterProviderByValue):
    """One that can't be referred to weakly either."""

    __slots__ = ()


@pytest.mark.parametrize("kind", [MeterProviderByValue, MeterProviderWithSlots])
def test_a_meter_provider_without_a_hash(capture: Capture, kind: type[MeterProviderByValue]) -> None:
    provider = kind(capture.meter_provider)
    capture.instrument(meter_provider=provider)
    ask()
    capture.uninstrument()
    capture.instrument(meter_provider=provider)
    ask()
    assert provider.made == ["otel_genai_instr"]
    assert "gen_ai.client.inference.duration" in capture.metrics()


def test_a_meter_provider_is_not_kept_alive(capture: Capture) -> None:
    provider = MeterProviderByValue(capture.meter_provider)
    gone = weakref.ref(provider)
    capture.instrument(meter_provider=provider)
    capture.uninstrument()
    del provider
    assert gone() is None


class ProviderThatRaises:
    """Somebody's, of another version than ours."""

    def get_tracer(self, *_: object, **__: object) -> trace.Tracer:
        raise TypeError("get_tracer() got an unexpected keyword argument")

    get_meter = get_logger = get_tracer


@pytest.mark.parametrize("what", ["tracer_provider", "meter_provider", "logger_provider"])
def test_a_provider_that_raises_takes_what_it_was_to_record_and_nothing_else(
    capture: Capture, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setattr(guard, "strict", False)
    options: dict[str, Any] = {what: ProviderThatRaises()}
    capture.instrument(**options)
    assert ask() == "Hello"
    assert guard.counts() == {(f"telemetry.{what.removesuffix('_provider')}", "TypeError"): 1}
    assert len(capture.spans()) == (what != "tracer_provider")
    assert ("gen_ai.client.inference.duration" in capture.metrics()) == (what != "meter_provider")


def test_a_class_that_can_t_be_changed(capture: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    class Sealed(type):
        def __setattr__(cls, name: str, value: object) -> None:
            raise AttributeError("sealed")

    monkeypatch.setattr(guard, "strict", False)
    monkeypatch.setattr("openai._base_client.SyncAPIClient", Sealed("SyncAPIClient", (), dict(SyncAPIClient.__dict__)))
    without_us = AsyncAPIClient.request
    capture.instrument()
    assert guard.counts() == {("patch", "AttributeError"): 1}
    assert AsyncAPIClient.request is not without_us


@pytest.mark.parametrize("sdk", ["no_such_package.inside", "no_such_package"])
def test_an_sdk_whose_package_is_not_there(monkeypatch: pytest.MonkeyPatch, sdk: str) -> None:
    monkeypatch.setitem(
        otel_genai_instr._INSTRUMENTORS,  # pyright: ignore[reportPrivateUsage]
        "Other",
        (sdk, "otel_genai_instr.providers.none"),
    )
    assert sorted(otel_genai_instr.instrument()) == INSTALLED


def test_options_that_are_wrong_are_said_as_ever() -> None:
    untyped: Any = otel_genai_instr.instrument
    with pytest.raises(TypeError, match="no_such_option"):
        untyped(no_such_option=1)
    with pytest.raises(ValueError, match="capture_content"):
        untyped(capture_content="sometimes")
    assert sorted(otel_genai_instr.instrument()) == INSTALLED
