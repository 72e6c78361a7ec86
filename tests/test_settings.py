"""Settings: every variable, in every case people write it, and wrong values that stop nothing."""

from __future__ import annotations

import logging

import pytest

from otel_genai_instr import settings
from otel_genai_instr.settings import CaptureContent, MetricsCompat, Settings, from_environ, with_overrides

CAPTURE = settings.CAPTURE_MESSAGE_CONTENT


@pytest.fixture(autouse=True)
def no_warning_given_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "_warned", set[tuple[str, str]]())


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", None),
        ("no_content", CaptureContent.NO_CONTENT),
        ("NO_CONTENT", CaptureContent.NO_CONTENT),
        ("false", CaptureContent.NO_CONTENT),
        ("span_only", CaptureContent.SPAN_ONLY),
        ("Span_Only", CaptureContent.SPAN_ONLY),
        ("true", CaptureContent.SPAN_ONLY),
        ("True", CaptureContent.SPAN_ONLY),
        (" event_only ", CaptureContent.EVENT_ONLY),
        ("SPAN_AND_EVENT", CaptureContent.SPAN_AND_EVENT),
    ],
)
def test_content_capture(value: str, expected: CaptureContent | None) -> None:
    assert from_environ({CAPTURE: value}).capture_content is expected


def test_a_wrong_capture_mode_captures_nothing_and_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        assert from_environ({CAPTURE: "everything"}).capture_content is CaptureContent.NO_CONTENT
    (warning,) = caplog.messages
    assert CAPTURE in warning
    assert "'everything'" in warning
    for allowed in ("no_content", "span_only", "event_only", "span_and_event", "true", "false"):
        assert allowed in warning


@pytest.mark.parametrize("variable", [settings.ERROR_MESSAGES, settings.PROPAGATE_BAGGAGE, settings.COST])
def test_a_wrong_switch_keeps_the_default(variable: str, caplog: pytest.LogCaptureFixture) -> None:
    assert from_environ({variable: "perhaps"}) == Settings()
    assert len(caplog.messages) == 1
    assert variable in caplog.text


def test_switches() -> None:
    chosen = from_environ(
        {
            settings.ERROR_MESSAGES: "TRUE",
            settings.PROPAGATE_BAGGAGE: "1",
            settings.TIME_PER_OUTPUT_CHUNK: "on",
            settings.COST: "off",
            settings.PROMPT_LENGTH: "on",
            settings.METRICS_COMPAT: "Both",
        }
    )
    assert chosen == Settings(
        error_messages=True,
        propagate_baggage=True,
        time_per_output_chunk=True,
        prompt_length=True,
        cost=False,
        metrics_compat=MetricsCompat.BOTH,
    )


def test_a_wrong_metrics_mode_names_the_allowed_ones(caplog: pytest.LogCaptureFixture) -> None:
    assert from_environ({settings.METRICS_COMPAT: "old"}).metrics_compat is MetricsCompat.LATEST
    assert "latest, legacy, both" in caplog.text


def test_providers_by_host(caplog: pytest.LogCaptureFixture) -> None:
    chosen = from_environ(
        {settings.PROVIDER_BY_HOST: "Gateway.corp = azure.ai.openai,localhost:8000=deepseek, nonsense"}
    )
    assert chosen.provider_by_host == {"gateway.corp": "azure.ai.openai", "localhost:8000": "deepseek"}
    assert "nonsense" in caplog.text


def test_nothing_is_logged_when_nothing_is_wrong(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        assert from_environ({}) == Settings()
    assert not caplog.messages


def test_overrides_win_and_take_strings() -> None:
    chosen = with_overrides(
        Settings(cost=False), {"capture_content": "EVENT_ONLY", "metrics_compat": "legacy", "error_messages": True}
    )
    assert chosen == Settings(
        capture_content=CaptureContent.EVENT_ONLY,
        metrics_compat=MetricsCompat.LEGACY,
        error_messages=True,
        cost=False,
    )
    assert with_overrides(Settings(), {"capture_content": True}).capture_content is CaptureContent.SPAN_ONLY


def test_an_unknown_override_names_the_known_ones() -> None:
    with pytest.raises(TypeError, match=r"capture_contents.*capture_content"):
        with_overrides(Settings(), {"capture_contents": "true"})


def test_a_wrong_override_names_the_allowed_values() -> None:
    with pytest.raises(ValueError, match="no_content, span_only, event_only, span_and_event"):
        with_overrides(Settings(), {"capture_content": "everything"})
    with pytest.raises(ValueError, match="latest, legacy, both"):
        with_overrides(Settings(), {"metrics_compat": "old"})
