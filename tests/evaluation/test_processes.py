"""Other processes: one that has only the key, a fork, and one with no SDK at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from otel_genai_instr.evaluation import feedback, feedback_token
from otel_genai_instr.settings import Settings
from otel_genai_instr.telemetry.clock import Clock

from .judging import KEY, Judging, ids

ROOT = Path(__file__).parents[2]


def run(program: str, *arguments: str, **environment: str) -> Any:
    """What a fresh Python prints as JSON.

    Raises:
        AssertionError: when it fails, writes to stderr, or takes a minute.
    """
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=ROOT,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


LATER = """
import json, sys
from opentelemetry import _logs, metrics
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, SimpleLogRecordProcessor
logs = InMemoryLogRecordExporter()
provider = LoggerProvider()
provider.add_log_record_processor(SimpleLogRecordProcessor(logs))
_logs.set_logger_provider(provider)
from otel_genai_instr.evaluation import evaluate, feedback
feedback(sys.argv[1], "thumbs_down")
evaluate(sys.argv[1], "relevance", score=0.5)
print(json.dumps([
    [log.log_record.trace_id, log.log_record.span_id, int(log.log_record.trace_flags),
     log.log_record.attributes["gen_ai.evaluation.name"]]
    for log in logs.get_finished_logs()
]))
"""


def test_a_process_that_has_only_the_key(judging: Judging) -> None:
    judging.use(Settings(feedback_key=KEY), Clock())  # the other process knows no other time
    span = judging.span()
    answer = run(LATER, feedback_token(span), OTEL_GENAI_FEEDBACK_KEY=KEY)
    known = list(ids(span.get_span_context()))
    assert answer == [[*known, "user_feedback"], [*known, "relevance"]]


WITHOUT_SDK = """
import json
from opentelemetry import trace
from otel_genai_instr.evaluation import evaluate, feedback, feedback_token
with trace.get_tracer("app").start_as_current_span("nothing") as span:
    evaluate(span, "relevance", score=1, label="pass", explanation="why")
    token = feedback_token(span)
    feedback(token, "thumbs_up", text="thanks")
    evaluate(token, "relevance", score=1)
print(json.dumps([len(token), said.getvalue().count("no OpenTelemetry SDK")]))
"""


@pytest.mark.parametrize(("disabled", "lines"), [("true", 0), ("false", 1)])
def test_without_an_sdk_nothing_happens_and_that_is_said_once(disabled: str, lines: int) -> None:
    said = {"OTEL_GENAI_FEEDBACK_KEY": KEY, "OTEL_SDK_DISABLED": disabled}
    assert run("import io, sys\nsys.stderr = said = io.StringIO()\n" + WITHOUT_SDK, **said) == [84, lines]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_takes_feedback(judging: Judging) -> None:
    token = feedback_token(judging.span())
    feedback(token, "thumbs_up")
    child = os.fork()
    if not child:
        try:
            feedback(token, "thumbs_down")
            os._exit(0 if [point["count"] for point in judging.scores()] == [1, 1] else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert [point["count"] for point in judging.scores()] == [1]
