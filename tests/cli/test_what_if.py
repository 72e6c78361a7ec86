"""``otel-genai what-if``: calls of known tokens at prices of our own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from otel_genai_instr.cli import main

from ..reports.lines import call, document, write

PRICES = """\
prices:
  - {provider: openai, model: big, per_million_tokens: {input: 10, cache_read: 1, output: 20}}
  - {provider: openai, model: big, service_tier: batch, per_million_tokens: {input: 5, cache_read: 1, output: 10}}
  - provider: openai
    model: small
    per_million_tokens: {input: 1, cache_read: 0.5, output: 2}
    above: [{input_tokens: 100000, per_million_tokens: {input: 2, output: 4}}]
  - {provider: groq, model: small, per_million_tokens: {input: 0.1, output: 0.2}}
"""
Run = Callable[..., tuple[int, dict[str, Any], str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten calls of a hundred thousand tokens; one that is longer, and some that are not like the others."""
    folder = tmp_path_factory.mktemp("what-if")
    (folder / "telemetry").mkdir()
    calls = [call(model="big", tokens=(100_000, 0), cost=1.0, feature="chat") for _ in range(10)]
    calls += [call(model="big", tokens=(200_000, 0), cached=100_000, cost=1.1, feature="long")]
    calls += [call(model="big", tokens=(100_000, 0), cost=1.0, operation="embeddings", feature="index")]
    calls += [call(model="big", tokens=(100_000, 0), cost=None, unpriced="unknown_seller", feature="own")]
    calls += [call(model="big", tokens=(0, 0), cost=None, failed=True, feature="chat")]
    write(folder / "telemetry" / "traces.jsonl", document(calls))
    (folder / "prices.yaml").write_text(PRICES)
    return folder


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Asks, and returns exit code, what is said for programs, and what went wrong."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))

    def run(*said: str) -> tuple[int, dict[str, Any], str]:
        source = ("--from", str(folder / "telemetry"), "--until", "2026-11-05", "--prices", str(folder / "prices.yaml"))
        code = main(["what-if", *said, *source, "--by", "feature", "--format", "json"])
        written = capsys.readouterr()
        return code, json.loads(written.out or "{}"), written.err

    return run


def _rows(said: dict[str, Any]) -> dict[str, tuple[Any, ...]]:
    return {row["feature"]: (row["calls"], row["recorded"], row["what_if"], row["extra"]) for row in said["rows"]}


def test_another_model(run: Run) -> None:
    code, said, _ = run("--model", "small")
    assert code == 0
    assert _rows(said) == {
        "chat": (11, 10.0, 1.0, -9.0),
        # Half of it from the cache, all of it above the threshold.
        "long": (1, 1.1, pytest.approx(0.1 * 2 + 0.1 * 0.5), pytest.approx(0.25 - 1.1)),
        # It had no cost, so nothing is saved by it.
        "own": (1, None, pytest.approx(0.1), None),
    }
    total = said["total"]
    assert total["extra"] == pytest.approx(1.25 - 11.1)
    assert total["extra_share"] == pytest.approx((1.25 - 11.1) / 11.1)
    assert (total["not_priced"], total["not_recorded"]) == (0, 1)
    assert any("small of openai, with the same tokens: another tokenizer" in note for note in said["notes"])
    assert "1 calls that are no inference are left out" in said["notes"]


def test_what_is_asked_for_by_operation_is_not_left_out(run: Run) -> None:
    _, said, _ = run("--model", "small", "--where", "operation=embeddings")
    assert _rows(said) == {"index": (1, 1.0, pytest.approx(0.1), pytest.approx(-0.9))}


def test_who_sells_it(run: Run) -> None:
    _, said, _ = run("--model", "small", "--provider", "groq", "--where", "feature=chat")
    assert _rows(said)["chat"][2] == pytest.approx(0.1)


def test_in_batches(run: Run) -> None:
    _, said, _ = run("--tier", "batch")
    rows = _rows(said)
    assert rows["chat"] == (11, 10.0, 5.0, -5.0)
    assert rows["index"] == (1, 1.0, 0.5, -0.5)
    assert rows["own"] == (1, None, None, None)
    assert said["unpriced"] == [{"unpriced_reason": "unknown_seller", "provider": "openai", "model": "big", "calls": 1}]


def test_a_tier_that_nobody_has_a_price_of(run: Run) -> None:
    _, said, _ = run("--tier", "flex", "--where", "feature=chat")
    assert _rows(said)["chat"] == (11, 10.0, None, None)
    assert said["total"]["not_priced"] == 10


def test_with_a_cache(run: Run) -> None:
    _, said, _ = run("--cached", "60%", "--where", "feature=chat")
    assert _rows(said)["chat"][2] == pytest.approx(10 * (0.4 * 1.0 + 0.6 * 0.1))
    _, said, _ = run("--model", "small", "--cached", "0.5", "--where", "feature=chat")
    assert _rows(said)["chat"][2] == pytest.approx(10 * (0.5 * 0.1 + 0.5 * 0.05))


@pytest.mark.parametrize(
    ("said", "code", "problem"),
    [
        ((), 2, "say what is to be different: --model, --tier, --cached"),
        (("--provider", "openai", "--tier", "batch"), 2, "--provider says who sells the model of --model"),
        (("--model", "smal"), 1, "smal: no price is known; otel-genai prices show smal says more"),
        (("--model", "small", "--tier", "batch"), 1, "small: no price in the tier batch is known"),
    ],
)
def test_what_cannot_be_meant(run: Run, said: tuple[str, ...], code: int, problem: str) -> None:
    ended, _, error = run(*said)
    assert ended == code
    assert problem in error
