"""``otel-genai check``: rules over a few calls whose figures are known, and an Alertmanager on loopback."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import pytest

from otel_genai_instr.cli import main

from ..reports.lines import call, document, evaluation, write
from ..support.serving import serving

UNTIL = "2026-11-15"
NOW, BEFORE = datetime(2026, 11, 12, 12), datetime(2026, 11, 5, 12)
"""In the last seven days, and in the seven before them."""
RULES = Path(__file__).parents[2] / "deploy" / "rules" / "genai-checks.yaml"
Run = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Read once: no test changes the telemetry."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def telemetry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two weeks: ``chat`` costs half as much again, ``search`` is new, ``old`` is gone, ``idle`` has few calls."""
    before = [call(feature="chat", at=BEFORE, cost=0.01) for _ in range(40)]
    before += [call(feature="old", at=BEFORE, cost=0.01) for _ in range(40)]
    before += [call(feature="idle", at=BEFORE, cost=0.01)]
    now = [call(feature="chat", at=NOW, cost=0.015, failed=each < 2, error="timeout") for each in range(40)]
    now += [call(feature="search", at=NOW, cost=0.01) for _ in range(40)]
    now += [call(feature="idle", at=NOW, cost=0.05)]
    scores = [evaluation(each, "relevance", 0.9 - place % 3 / 100, at=BEFORE) for place, each in enumerate(before)]
    scores += [evaluation(each, "relevance", 0.4 - place % 3 / 100, at=NOW) for place, each in enumerate(now)]
    folder = tmp_path_factory.mktemp("telemetry")
    write(folder / "traces.jsonl", document(before + now), document(logs=scores))
    return folder


@pytest.fixture
def run(
    telemetry: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Checks rules, and returns the exit code and what is said for programs."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))

    def run(rules: str, *options: str) -> tuple[int, dict[str, Any]]:
        file = tmp_path / "rules.yaml"
        file.write_text(rules)
        said = ["check", str(file), "--from", str(telemetry), "--until", UNTIL, "--format", "json", *options]
        code = main(said)
        written = capsys.readouterr()
        return code, {"stderr": written.err, **json.loads(written.out or "{}")}

    return run


def _rule(text: str) -> str:
    return "rules:\n  - {name: it, " + text + "}\n"


def test_a_week_against_the_one_before(run: Run) -> None:
    code, said = run(_rule("report: cost, by: feature, figure: cost, rises_by: 30%, at_least: {calls: 10}"))
    assert code == 3
    (found,) = said["findings"]
    assert found["labels"] == {"feature": "chat", "currency": "USD"}
    assert (found["before"], found["value"], found["difference"]) == (0.4, 0.6, 0.5)
    assert (found["severity"], found["threshold"]) == ("warning", "rises by 30%")
    assert {(row["why"], row["passed_over"]) for row in said["passed_over"]} == {
        ("smaller than at_least", 1),  # idle
        ("nothing before to compare with", 1),  # search
        ("nothing now", 1),  # old
    }
    assert {row["rule"] for row in said["passed_over"]} == {"it"}
    code, said = run(_rule("report: cost, by: feature, figure: cost, rises_by: 51%, at_least: {calls: 10}"))
    assert (code, said["findings"]) == (0, [])


def test_what_is_gone_has_fallen_to_zero_where_things_are_counted(run: Run) -> None:
    _, said = run(_rule("report: cost, by: feature, figure: calls, falls_by: 50%"))
    (found,) = said["findings"]
    assert (found["labels"]["feature"], found["value"], found["before"]) == ("old", 0, 40)
    _, said = run(_rule("report: cost, by: feature, figure: cost_per_call, falls_by: 50%"))
    assert said["findings"] == []
    assert ("nothing now", 1) in {(row["why"], row["passed_over"]) for row in said["passed_over"]}


def test_from_none_at_all_any_number_is_a_rise(run: Run) -> None:
    _, said = run(_rule("report: errors, by: feature, figure: error_rate, rises_by: 30%"))
    (found,) = said["findings"]
    assert (found["labels"], found["value"], found["before"], found["difference"]) == (
        {"feature": "chat"},
        0.05,
        0.0,
        None,
    )


EVERY_WAY = (
    ("report: errors, figure: error_rate, above: 1%", True),
    ("report: errors, figure: error_rate, above: 5%", False),
    ("report: errors, by: feature, where: [feature=chat], figure: errors, above: 1", True),
    ("report: errors, by: feature, where: feature=search, figure: errors, above: 0", False),
    ("report: quality, section: health, only: {feature: chat}, figure: health, below: 80", True),
    ("report: quality, section: health, only: {feature: chat}, figure: health, below: 10", False),
    ("report: quality, section: drift, only: {verdict: drifts}", True),
    ("report: quality, section: drift, only: {verdict: [no difference shown]}", False),
    ("report: cost, by: day, figure: cost, above: 1", True),
    ("report: cost, by: day, figure: cost, above: 2", False),
    ("report: cost, section: unpriced", False),
    ("report: cost, last: 1d, figure: calls, below: 1", True),
)
"""Rules, and whether they fire."""


def test_one_way_for_all_reports(run: Run) -> None:
    rules = "".join(f"  - {{name: r{number}, {rule}}}\n" for number, (rule, _) in enumerate(EVERY_WAY))
    code, said = run(f"rules:\n{rules}")
    fired = {found["rule"] for found in said["findings"]}
    assert [rule for number, (rule, _) in enumerate(EVERY_WAY) if f"r{number}" in fired] == [
        rule for rule, fires in EVERY_WAY if fires
    ]
    assert code == 3


def test_what_a_sample_is_too_small_for_never_fires(run: Run) -> None:
    _, said = run(_rule("report: quality, section: health, only: {feature: idle}, figure: health, below: 101"))
    assert said["findings"] == []
    assert said["passed_over"] == [{"rule": "it", "why": "not enough data", "passed_over": 1}]


@pytest.mark.parametrize(("severity", "code"), [("info", 0), ("warning", 3), ("critical", 4)])
def test_the_exit_code_is_that_of_the_worst(run: Run, severity: str, code: int) -> None:
    rules = _rule(f"report: cost, figure: cost, above: 0, severity: {severity}")
    rules += "  - {name: other, report: cost, figure: calls, above: 0, severity: info}\n"
    ended, said = run(rules)
    assert ended == code
    assert [found["severity"] for found in said["findings"]] == [severity, "info"]
    assert said["total"] == {"rules": 2, "critical": 0, "warning": 0, "info": 1} | {severity: 1 + (severity == "info")}


def test_every_mistake_is_named_by_line_and_field(run: Run) -> None:
    rules = """\
rules:
  - name: a
    report: costs
    figure: cost
    above: 1
  - name: a
    report: cost
    section: change
    by: colour
    where: [modle=gpt-4o]
    last: week
    figure: costs
    rises_by: 30
    at_least: {many: 3}
  - name: b
    report: cost
    by: day
    figure: cost
    falls_by: 30%
    above: 2
    limit: 3
  - {name: c, report: cost}
  - {name: d, report: cost, by: day, figure: cost, falls_by: 30%}
"""
    code, written = run(rules)
    said = written["stderr"]
    assert code == 1
    for mistake in (
        "line 3: rules[0].report: 'costs' is not known; cost, latency,",
        "line 6: rules[1].name: 'a' stands twice",
        "line 9: rules[1].by: 'colour' is not allowed; hour, day",
        "line 10: rules[1].where[0]: there is no column 'modle'",
        "line 11: rules[1].last: 'week' is not allowed; a number with m, h, d or w",
        "line 12: rules[1].figure: 'costs' is no figure of a report",
        "line 13: rules[1].rises_by: 30 is not allowed; a share of what it was before, such as 30%",
        "line 14: rules[1].at_least.many: 'many' is no figure of a report",
        "line 23: rules[4].by: day: of another time there is no row to compare with",
        "line 19: rules[2].falls_by: is one comparison too many: above stands there already",
        "line 21: rules[2].limit: is not known here",
        "line 22: rules[3].figure: is missing",
    ):
        assert mistake in said, said


def test_a_column_that_the_report_has_not(run: Run) -> None:
    code, said = run(_rule("report: cost, figure: p95_ms, above: 1"))
    assert code == 1
    assert "rules.yaml, line 2: rules[0].figure: cost has no p95_ms; calls, input_tokens" in said["stderr"]


def test_the_rules_that_we_ship(run: Run) -> None:
    code, said = run(RULES.read_text())
    found = {(found["rule"], found["labels"].get("feature")) for found in said["findings"]}
    assert (code, found) == (3, {("evaluations_drift", "chat")})


class Alertmanager(ThreadingHTTPServer):
    """Takes what is posted."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.posted: list[tuple[str, Any]] = []
        self.status = 200

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server = cast("Alertmanager", self.server)
        body = self.rfile.read(int(self.headers["content-length"]))
        server.posted.append((self.path, json.loads(body)))
        self.send_response(server.status)
        self.send_header("location", server.url)
        self.end_headers()
        self.wfile.write(b"no such receiver" if server.status >= 400 else b"")

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def alertmanager() -> Iterator[Alertmanager]:
    with serving(Alertmanager()) as server:
        yield server


CRITICAL = _rule("report: cost, by: feature, figure: cost, above: 0.5, severity: critical")


def test_what_fires_is_posted(run: Run, alertmanager: Alertmanager) -> None:
    for _ in range(2):
        assert run(CRITICAL, "--alertmanager", f"{alertmanager.url}/prefix/", "--for", "2h")[0] == 4
    (path, (first,)), (_, (second,)) = alertmanager.posted
    assert path == "/prefix/api/v2/alerts"
    assert first["labels"] == {
        "alertname": "it",
        "severity": "critical",
        "report": "cost",
        "feature": "chat",
        "currency": "USD",
    }
    assert second["labels"] == first["labels"], "a silence holds, and the second prolongs the first"
    assert first["annotations"] == {
        "summary": "it: feature=chat, currency=USD",
        "value": "cost 0.6",
        "threshold": "above 0.5",
    }
    starts, ends = (datetime.fromisoformat(first[name]) for name in ("startsAt", "endsAt"))
    assert ends - starts == timedelta(hours=2)
    assert starts.utcoffset() == timedelta()


def test_nothing_is_posted_where_nothing_fires(run: Run, alertmanager: Alertmanager) -> None:
    assert run(_rule("report: cost, figure: cost, above: 100"), "--alertmanager", alertmanager.url)[0] == 0
    assert alertmanager.posted == []


@pytest.mark.parametrize(
    ("status", "why"), [(400, "answered 400 Bad Request: no such receiver"), (302, "answered 302")]
)
def test_an_alertmanager_that_takes_nothing(run: Run, alertmanager: Alertmanager, status: int, why: str) -> None:
    alertmanager.status = status
    code, said = run(CRITICAL, "--alertmanager", alertmanager.url)
    assert code == 1
    assert len(said["findings"]) == 1, "what was found is said all the same"
    assert why in said["stderr"]


def test_an_alertmanager_that_is_not_there(run: Run) -> None:
    code, said = run(CRITICAL, "--alertmanager", "http://127.0.0.1:9")
    assert code == 1
    assert "http://127.0.0.1:9/api/v2/alerts: can't be reached: " in said["stderr"]


@pytest.mark.parametrize("url", ["alertmanager:9093", "ftp://a", "http://", "http://me:secret@a:9093", "http://ä"])
def test_an_address_that_is_none(run: Run, url: str) -> None:
    assert run(CRITICAL, "--alertmanager", url)[0] == 2
