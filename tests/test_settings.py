"""Settings: every variable, in every case people write it, and wrong values that stop nothing."""

from __future__ import annotations

import logging
import subprocess
import sys
from dataclasses import fields

import pytest

from otel_genai_instr import file_settings, log, settings
from otel_genai_instr.settings import CaptureContent, MetricsCompat, RecordTo, Settings, from_environ, with_overrides

CAPTURE = settings.CAPTURE_MESSAGE_CONTENT


@pytest.fixture(autouse=True)
def no_warning_given_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "_said", {})


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


SWITCHED = [each.name for each in fields(Settings) if isinstance(each.default, bool)]
BESIDE_NAMES = {
    "record": (RecordTo.OTEL, RecordTo.NOWHERE),
    "capture_content": (CaptureContent.SPAN_ONLY, CaptureContent.NO_CONTENT),
}


@pytest.mark.parametrize("setting", [*SWITCHED, *BESIDE_NAMES])
def test_a_switch_takes_the_same_words_everywhere(setting: str) -> None:
    variable = settings.VARIABLES[setting]
    for words, expected in zip((("true", "On", "1", "yes"), ("false", "off", "0", "NO")), (True, False), strict=True):
        value = BESIDE_NAMES[setting][not expected] if setting in BESIDE_NAMES else expected
        for word in words:
            assert getattr(from_environ({variable: word}), setting) is value
            assert getattr(with_overrides(Settings(), {setting: word}), setting) is value
        assert getattr(with_overrides(Settings(), {setting: expected}), setting) is value


@pytest.mark.parametrize("setting", [*SWITCHED, *BESIDE_NAMES])
def test_a_word_that_is_none_of_a_switch(setting: str) -> None:
    with pytest.raises(ValueError, match=f"{setting}='perhaps' is not understood; allowed: ") as raised:
        with_overrides(Settings(), {setting: "perhaps"})
    assert {"true", "false"} <= set(str(raised.value).partition("allowed: ")[2].split(", "))


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


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("OTEL_GENAI_CAPTURE", CAPTURE),
        ("OTEL_GENAI_CAPTURE_MESSAGE_CONTENT", CAPTURE),
        ("OTEL_GENAI_CAPTURE_CONTENT", CAPTURE),
        ("OTEL_GENAI_CONTENTS", settings.CONTENT),
        ("OTEL_GENAI_CONTENT_SAMPLES", settings.CONTENT_SAMPLE),
        ("OTEL_GENAI_CONTENT_ERROR", settings.CONTENT_ON_ERROR),
        ("OTEL_GENAI_STORE", settings.CONTENT_STORE),
        ("OTEL_GENAI_REDACTION", settings.REDACT),
        ("OTEL_GENAI_PSEUDONYM_KEY", settings.PSEUDONYM_KEYS),
        ("OTEL_GENAI_STREAM_USAGES", settings.STREAM_USAGE),
        ("OTEL_GENAI_ERROR_MESAGES", settings.ERROR_MESSAGES),
        ("OTEL_GENAI_COSTS", settings.COST),
        ("OTEL_GENAI_PRICE", settings.PRICES),
        ("OTEL_GENAI_METRIC_DIMENSION", settings.METRIC_DIMENSIONS),
        ("OTEL_GENAI_feedback_key", settings.FEEDBACK_KEY),
        ("otel_genai_content", settings.CONTENT),
        ("OTEL_GEN_AI_CONTENT", settings.CONTENT),
        ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENTS", CAPTURE),
        ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_CONTENT", CAPTURE),
        ("OTEL_INSTRUMENTATION_GEN_AI_CAPTURE_MESSAGE_CONTENT", CAPTURE),
        ("OTEL_INSTRUMENTATION_GENAI_COMPLETION_HOOKS", settings.COMPLETION_HOOK),
        ("OTEL_GENAI_FILE_DIRECTORY", file_settings.FILE_DIR),
        ("OTEL_GENAI_REPORT_FROM", file_settings.REPORTS_FROM),
        ("OTEL_GENAI_CONSOLE_HTTP", settings.CONSOLE_HTTP_MESSAGES),
    ],
)
def test_a_misspelt_variable_names_the_nearest_one_once(
    written: str, meant: str, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        assert from_environ({written: "true"}) == Settings()
    assert caplog.messages == [f"otel-genai-instr: {written} is no setting; is {meant} meant? It is ignored."]


def test_a_variable_like_none_names_them_all(caplog: pytest.LogCaptureFixture) -> None:
    from_environ({"OTEL_GENAI_ZZZZ": "1"})
    (said,) = caplog.messages
    assert all(variable in said for variable in (*settings.VARIABLES.values(), *file_settings.VARIABLES.values()))


def test_variables_of_others_and_our_own_are_let_be(caplog: pytest.LogCaptureFixture) -> None:
    from_environ(
        {
            "OTEL_SERVICE_NAME": "x",
            "OTEL_INSTRUMENTATION_GENAI_UPLOAD_BASE_PATH": "x",
            "OTEL_INSTRUMENTATION_GENAI_EMIT_EVENT": "x",
            "OTEL_GEN_AI_OF_OTHERS": "x",
            **dict.fromkeys((*settings.VARIABLES.values(), *file_settings.VARIABLES.values()), ""),
        }
    )
    assert not caplog.messages


def test_every_setting_has_its_variable() -> None:
    in_code_only = {"content_for"}
    assert list(settings.VARIABLES) == [item.name for item in fields(Settings) if item.name not in in_code_only]
    for name in dir(settings):
        value = getattr(settings, name)
        if isinstance(value, str) and value.startswith("OTEL_"):
            assert value in {*settings.VARIABLES.values(), *settings.OF_EXPORTERS}


def test_a_variable_of_an_exporter_is_known_and_read(caplog: pytest.LogCaptureFixture) -> None:
    for value, shown in (("true", True), ("off", False), ("maybe", False)):
        environ = {settings.CONSOLE_HTTP_MESSAGES: value}
        from_environ(environ)
        assert settings.console_shows_http_messages(environ) is shown
    (said,) = caplog.messages
    assert settings.CONSOLE_HTTP_MESSAGES in said
    assert "maybe" in said


@pytest.mark.parametrize("key", ["short", f"{'k' * 16},short", "short,tiny"])
def test_a_short_feedback_key_is_said_at_once_and_not_quoted(key: str, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        assert from_environ({settings.FEEDBACK_KEY: key}).feedback_key == key
    (said,) = caplog.messages
    assert said.startswith(f"otel-genai-instr: {settings.FEEDBACK_KEY}: a key has 5 characters; allowed: 16 or more")
    assert "short" not in said
    assert "tiny" not in said
    with pytest.raises(ValueError, match=r"^feedback_key: a key has 5 characters; allowed: 16 or more$"):
        with_overrides(Settings(), {"feedback_key": key})


@pytest.mark.parametrize("key", ["k" * 16, f"{'k' * 16}, {'l' * 16},", ""])
def test_a_long_feedback_key_needs_no_word(key: str, caplog: pytest.LogCaptureFixture) -> None:
    assert from_environ({settings.FEEDBACK_KEY: key}).feedback_key == (key or None)
    with_overrides(Settings(), {"feedback_key": key})
    assert not caplog.messages


def test_nothing_is_imported_to_compare_names_where_all_are_right() -> None:
    program = (
        "import sys; from otel_genai_instr.settings import from_environ; before = 'difflib' in sys.modules; "
        "from_environ({'OTEL_GENAI_COST': 'true', 'PATH': '/bin'}); print(before, 'difflib' in sys.modules)"
    )
    fresh = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert fresh.stdout.split()[1:] == fresh.stdout.split()[:1]
    assert fresh.stderr == ""
