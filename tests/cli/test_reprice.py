"""``otel-genai reprice`` over spans of the real instrumentation."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import pytest

from otel_genai_instr.cli import main

from ..reports.lines import message, zstd
from ..support.answers import chat
from ..support.capture import Capture
from ..support.clock import FakeClock
from .stored import answer, chat_spans, embedding_spans, otlp_json, packed

GENAI_PRICES = f"genai-prices {version('genai-prices')}"
DOUBLE = """\
currency: USD
prices:
  - {provider: openai, model: gpt-4o-mini*, per_million_tokens: {input: 0.30, cache_read: 0.15, output: 1.20}}
"""
EUROS = """\
currency: EUR
prices:
  - {model: gpt-4o-mini*, per_million_tokens: {input: 1, cache_read: 1, output: 1}}
"""
PRICE = (1000 - 400) * 0.15 / 1e6 + 400 * 0.075 / 1e6 + 200 * 0.60 / 1e6
"""What `answer()` costs at OpenAI's price of gpt-4o-mini."""


def _reprice(spans: Path | str, *more: str, capsys: pytest.CaptureFixture[str], code: int = 0) -> Any:
    assert main(["reprice", str(spans), "--json", *more]) == code
    return json.loads(capsys.readouterr().out)


def _file(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_the_recorded_cost_comes_out_again(
    capture: Capture, clock: FakeClock, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spans = chat_spans(capture, clock, answer(), answer(), days_between=1)
    outcome = _reprice(_file(tmp_path / "spans.json", otlp_json(spans)), capsys=capsys)

    assert outcome["calls"] == 2
    assert [row["day"] for row in outcome["rows"]] == ["2026-05-28", "2026-05-29"]
    assert {row["model"] for row in outcome["rows"]} == {"gpt-4o-mini-2024-07-18"}
    (total,) = outcome["totals"]
    assert total == {
        "currency": "USD",
        "calls": 2,
        "recorded": pytest.approx(2 * PRICE),
        "recomputed": pytest.approx(2 * PRICE),
        "difference": 0.0,
        "not_recorded": 0,
        "unpriced": 0,
        "recorded_of_unpriced": 0,
        "recomputed_of_not_recorded": 0,
    }
    assert outcome["no_cost_now"] == {}
    assert outcome["price_versions"] == [GENAI_PRICES]


def test_other_prices_change_the_amount(
    capture: Capture, clock: FakeClock, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spans = _file(tmp_path / "spans.json", otlp_json(chat_spans(capture, clock, answer(), answer())))
    prices = _file(tmp_path / "prices.yaml", DOUBLE)
    outcome = _reprice(spans, "--prices", str(prices), "--by", "provider", capsys=capsys)

    (row,) = outcome["rows"]
    assert row["provider"] == "openai"
    assert row["recorded"] == pytest.approx(2 * PRICE)
    assert row["recomputed"] == pytest.approx(4 * PRICE)
    assert row["difference"] == pytest.approx(2 * PRICE)
    assert outcome["price_versions"] == ["prices"]


def test_currencies_are_never_added(
    capture: Capture, clock: FakeClock, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spans = _file(tmp_path / "spans.json", otlp_json(chat_spans(capture, clock, answer())))
    prices = _file(tmp_path / "prices.yaml", EUROS)
    outcome = _reprice(spans, "--prices", str(prices), capsys=capsys)

    euros, dollars = outcome["totals"]
    assert (euros["currency"], euros["recorded"]) == ("EUR", 0)
    assert euros["recomputed"] == pytest.approx(1200 / 1e6)
    assert (dollars["currency"], dollars["recomputed"]) == ("USD", 0)
    assert dollars["recorded"] == pytest.approx(PRICE)
    assert (euros["difference"], dollars["difference"]) == (None, None)


def test_the_price_is_that_of_the_day_of_the_call(
    capture: Capture, clock: FakeClock, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prices = _file(
        tmp_path / "prices.yaml",
        "prices:\n"
        "  - {model: gpt-4o-mini*, until: 2026-05-29, per_million_tokens: {input: 1, output: 0}}\n"
        "  - {model: gpt-4o-mini*, from: 2026-05-29, per_million_tokens: {input: 2, output: 0}}\n",
    )
    spans = chat_spans(capture, clock, answer(), answer(), days_between=1)
    outcome = _reprice(
        _file(tmp_path / "spans.json", otlp_json(spans)), "--prices", str(prices), "--by", "day", capsys=capsys
    )
    assert [row["recomputed"] for row in outcome["rows"]] == pytest.approx([0.001, 0.002])


def test_calls_without_a_cost_are_counted(
    capture: Capture, clock: FakeClock, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spans = chat_spans(capture, clock, answer(), answer("who-knows"), provider_by_host={"*": "my-gateway"})
    prices = _file(
        tmp_path / "prices.yaml", "prices: [{model: who-knows, per_million_tokens: {input: 1, output: 1}}]\n"
    )
    path = _file(tmp_path / "spans.json", otlp_json(spans))

    outcome = _reprice(path, capsys=capsys)
    assert outcome["rows"] == []
    models = ["gpt-4o-mini-2024-07-18 of my-gateway", "who-knows of my-gateway"]
    assert outcome["no_cost_now"] == {"unknown_model": {"calls": 2, "tokens": 2400, "models": models}}

    outcome = _reprice(path, "--prices", str(prices), "--by", "model", capsys=capsys)
    (row,) = outcome["rows"]
    assert (row["model"], row["calls"], row["not_recorded"], row["unpriced"]) == ("who-knows", 1, 1, 0)
    assert row["recomputed"] == pytest.approx(1200 / 1e6)
    assert outcome["no_cost_now"] == {"unknown_model": {"calls": 1, "tokens": 1200, "models": models[:1]}}


def test_a_cost_that_can_not_be_worked_out_any_more_is_counted(
    capture: Capture, clock: FakeClock, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book = {"prices": [{"model": "in-house", "per_million_tokens": {"input": 1, "output": 1}}]}
    spans = chat_spans(capture, clock, answer("in-house"), prices=book, provider_by_host={"*": "my-gateway"})
    outcome = _reprice(_file(tmp_path / "spans.json", otlp_json(spans)), capsys=capsys)

    (row,) = outcome["rows"]
    assert (row["calls"], row["unpriced"], row["recomputed"]) == (1, 1, 0)
    assert row["recorded"] == pytest.approx(1200 / 1e6)


def test_a_cost_that_the_provider_reported_is_worked_out_too(
    capture: Capture, clock: FakeClock, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reported = answer()
    reported["usage"]["cost"] = 0.5
    spans = chat_spans(capture, clock, reported)
    (row,) = _reprice(_file(tmp_path / "spans.json", otlp_json(spans)), capsys=capsys)["rows"]

    assert (row["recorded"], row["recomputed"]) == (0.5, pytest.approx(PRICE))


def test_the_service_tier_of_the_span_counts(
    capture: Capture, clock: FakeClock, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clock.advance(200 * 86_400)  # to a day of which tier prices are known
    quick = answer()
    quick["service_tier"] = "priority"
    spans = chat_spans(capture, clock, quick)
    (row,) = _reprice(_file(tmp_path / "s.json", otlp_json(spans)), "--by", "tier", capsys=capsys)["rows"]

    assert row["tier"] == "priority"
    assert row["recomputed"] == pytest.approx(600 * 0.25 / 1e6 + 400 * 0.125 / 1e6 + 200 * 1.00 / 1e6)


def test_the_region_of_the_host_counts(
    capture: Capture, clock: FakeClock, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spans = chat_spans(capture, clock, answer("gpt-5.4"), host="eu.api.openai.com")
    (row,) = _reprice(_file(tmp_path / "s.json", otlp_json(spans)), capsys=capsys)["rows"]

    assert row["recorded"] == row["recomputed"] == pytest.approx((600 * 2.5 + 400 * 0.25 + 200 * 15) / 1e6 * 1.1)


def test_embeddings_are_calls_and_other_spans_are_not(
    capture: Capture, clock: FakeClock, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with capture.tracer_provider.get_tracer("app").start_as_current_span("GET /"):
        spans = embedding_spans(capture, clock)
    spans = capture.spans()
    assert len(spans) == 2
    outcome = _reprice(_file(tmp_path / "spans.json", otlp_json(spans)), capsys=capsys)

    assert outcome["calls"] == 1
    assert outcome["rows"][0]["recomputed"] == pytest.approx(12 * 0.02 / 1e6)


SHAPES: Final = ("lines", "document", "packed", "stdin", "packed_stdin", "with_mark", "zstd", "messages")


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_of_file(
    shape: str,
    capture: Capture,
    clock: FakeClock,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spans = chat_spans(capture, clock, answer(), answer(), answer())
    lines = "".join(otlp_json([span]) + "\n\n" for span in spans)  # the file exporter writes one request a line
    path = tmp_path / "spans"
    name = str(path)
    if shape == "lines":
        path.write_text(lines)
    elif shape == "document":
        path.write_text(otlp_json(spans, indent=2))
    elif shape == "packed":
        packed(path, lines)
    elif shape == "zstd":
        path.write_bytes(zstd(lines.encode()))
    elif shape == "messages":
        path.write_bytes(b"".join(message(zstd(text.encode())) for text in lines.splitlines() if text))
    elif shape == "with_mark":
        path.write_text("\ufeff" + lines, encoding="utf-8")
    else:
        content = lines.encode() if shape == "stdin" else packed(path, lines).read_bytes()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        name = "-"
    outcome = _reprice(name, capsys=capsys)

    assert outcome["calls"] == 3
    assert outcome["totals"][0]["recomputed"] == pytest.approx(3 * PRICE)


def test_a_message_that_is_cut_off_is_passed_over_and_said(
    capture: Capture, clock: FakeClock, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = message(zstd(otlp_json(chat_spans(capture, clock, answer())).encode()))
    path = tmp_path / "spans.jsonl"
    path.write_bytes(whole + whole[:-9])

    assert main(["reprice", str(path), "--json"]) == 1
    printed = capsys.readouterr()
    assert json.loads(printed.out)["calls"] == 1
    assert json.loads(printed.out)["unreadable_lines"] == 1
    assert f"{path}, line 2: is not JSON" in printed.err


def test_a_line_that_is_cut_off_is_passed_over_and_said(
    capture: Capture, clock: FakeClock, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = otlp_json(chat_spans(capture, clock, answer()))
    path = _file(tmp_path / "spans.jsonl", f"{line}\n{line[:100]}")

    assert main(["reprice", str(path), "--json"]) == 1
    printed = capsys.readouterr()
    assert json.loads(printed.out)["calls"] == 1
    assert json.loads(printed.out)["unreadable_lines"] == 1
    assert f"{path}, line 2: is not JSON" in printed.err


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"hello\nworld", "is not OTLP JSON"),
        (b"\x1f\x8b\x08broken", "can't be read"),
        (b"\xff\xfe\x00", "can't be read"),
        (b"\x28\xb5\x2f\xfdbroken", "can't be read: damaged"),
        (b"\x00\x00\x00\x09\x28\xb5\x2f\xfd_____elsewhere", "can't be read: damaged: no message begins at byte 13"),
    ],
)
def test_what_is_no_file_of_spans(
    content: bytes, problem: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "spans"
    path.write_bytes(content)
    assert main(["reprice", str(path)]) == 1
    assert problem in capsys.readouterr().err


@pytest.mark.parametrize(
    "content", ["", "\n\n", "{}", '{"resourceSpans": 5}', '{"resourceSpans": [{"scopeSpans": [7]}]}']
)
def test_a_file_without_spans(content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _reprice(_file(tmp_path / "spans", content), capsys=capsys)["calls"] == 0


def test_attributes_of_the_wrong_type_are_not_believed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def attribute(name: str, **value: object) -> dict[str, object]:
        return {"key": f"gen_ai.{name}", "value": value}

    span: dict[str, object] = {
        "startTimeUnixNano": 1_780_000_000_000_000_000,  # a number, where the standard has a string
        "attributes": [
            attribute("operation.name", stringValue="chat"),
            attribute("provider.name", stringValue="openai"),
            attribute("request.model", stringValue="gpt-4o-mini"),
            attribute("usage.input_tokens", intValue=1000),
            attribute("usage.output_tokens", intValue="200"),
            attribute("usage.cache_read.input_tokens", stringValue="many"),
            attribute("usage.cost.amount", doubleValue="NaN"),
            {"key": 5},
            {"key": "x", "value": None},
            {"key": "y", "value": {"arrayValue": {"values": []}}},
        ],
    }
    path = _file(tmp_path / "spans", json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span, {}, 7]}]}]}))
    (row,) = _reprice(path, capsys=capsys)["rows"]
    assert row["recomputed"] == pytest.approx(1000 * 0.15 / 1e6 + 200 * 0.6 / 1e6)
    assert (row["recorded"], row["not_recorded"]) == (0, 1)


def test_tools_that_were_charged_but_are_not_on_the_span_leave_no_cost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values: dict[str, object] = {
        "gen_ai.operation.name": {"stringValue": "chat"},
        "gen_ai.provider.name": {"stringValue": "openai"},
        "gen_ai.request.model": {"stringValue": "gpt-5"},
        "gen_ai.usage.input_tokens": {"intValue": "1000"},
        "gen_ai.usage.cost.amount": {"doubleValue": 0.01125},
        "gen_ai.usage.cost.currency": {"stringValue": "USD"},
        "otel_genai.cost.other": {"doubleValue": 0.01},
    }
    span = {
        "startTimeUnixNano": "1780000000000000000",
        "attributes": [{"key": key, "value": value} for key, value in values.items()],
    }
    path = _file(tmp_path / "spans", json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}))
    outcome = _reprice(path, capsys=capsys)

    assert outcome["no_cost_now"] == {"unsupported_unit": {"calls": 1, "tokens": 1000, "models": ["gpt-5 of openai"]}}
    assert outcome["rows"][0]["unpriced"] == 1


def test_rows_can_be_made_by_what_the_app_says(
    capture: Capture, clock: FakeClock, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import otel_genai_instr as genai

    with genai.attribute(feature="search", user_id="u-1"):
        spans = chat_spans(capture, clock, answer())
    path = _file(tmp_path / "spans", otlp_json(spans))
    (row,) = _reprice(path, "--by", "feature,user,tenant", capsys=capsys)["rows"]
    assert (row["feature"], row["user"], row["tenant"]) == ("search", "u-1", "-")


def test_the_table(capture: Capture, clock: FakeClock, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spans = chat_spans(capture, clock, answer(), answer("evil\x1b[31m\nmodel"))
    path = _file(tmp_path / "spans", otlp_json(spans))
    prices = _file(tmp_path / "mine.yaml", DOUBLE)
    assert main(["reprice", str(path), "--prices", str(prices)]) == 0
    lines = capsys.readouterr().out.splitlines()

    assert lines[0].split("  ")[0] == "day"
    assert lines[2].split() == [
        *("2026-05-28", "gpt-4o-mini-2024-07-18", "USD", "1"),
        *("0.000240", "0.000480", "+0.000240"),
    ]
    assert lines[1].startswith("2026-05-28  evil?[31m model  ")
    assert lines[3].split()[:2] == ["total", "USD"]
    assert "2 calls; prices of mine" in lines
    assert not any("\x1b" in line for line in lines)


def test_a_group_that_is_not_known(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reprice", str(tmp_path / "spans"), "--by", "day,colour"]) == 2
    assert (
        "--by: 'colour' is not known; allowed: day, model, provider, tier, feature, tenant, user, prompt"
        in capsys.readouterr().err
    )


def test_a_terminal_gets_a_drawn_table(capture: Capture, clock: FakeClock, tmp_path: Path) -> None:
    pytest.importorskip("rich")
    pty = pytest.importorskip("pty")
    path = _file(tmp_path / "spans", otlp_json(chat_spans(capture, clock, answer("[red]model"))))
    terminal, screen = pty.openpty()
    command = [sys.executable, "-m", "otel_genai_instr.cli", "reprice", str(path), "--by", "model"]
    run = subprocess.run(command, stdout=screen, timeout=60, check=False, env={**os.environ, "COLUMNS": "150"})
    os.close(screen)
    drawn = os.read(terminal, 100_000).decode()
    os.close(terminal)
    assert run.returncode == 0
    assert "┏━" in drawn
    assert "│ [red]model" in drawn


def test_as_a_process(capture: Capture, clock: FakeClock, tmp_path: Path) -> None:
    text = otlp_json(chat_spans(capture, clock, chat()))
    command = [sys.executable, "-m", "otel_genai_instr.cli", "reprice", "-", "--json"]
    run = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    assert json.loads(run.stdout)["totals"][0]["recomputed"] == pytest.approx(PRICE)


def _call(start: object = "1780000000000000000", **more: dict[str, Any]) -> dict[str, Any]:
    """A chat call as a span of OTLP JSON; ``more`` by the names after ``gen_ai.``, with ``__`` for the dot."""
    values: dict[str, dict[str, Any]] = {
        "operation__name": {"stringValue": "chat"},
        "provider__name": {"stringValue": "openai"},
        "request__model": {"stringValue": "gpt-4o-mini"},
        "usage__input_tokens": {"intValue": "1000"},
        "usage__output_tokens": {"intValue": "0"},
        **more,
    }
    attributes = [{"key": f"gen_ai.{name.replace('__', '.')}", "value": value} for name, value in values.items()]
    return {"startTimeUnixNano": start, "attributes": attributes}


def _document(*spans: dict[str, Any]) -> str:
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]})


@pytest.mark.parametrize("value", ["1e400", "NaN", "-inf", "9" * 5_000, "9" * 30, 10**400, 1e308, -(10**30), "²", None])
@pytest.mark.parametrize("kind", ["intValue", "doubleValue", "stringValue"])
def test_numbers_that_are_none(kind: str, value: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    strange = {kind: value}
    span = _call(usage__output_tokens=strange, usage__cost__amount=strange)
    (row,) = _reprice(_file(tmp_path / "spans", _document(span)), capsys=capsys)["rows"]
    assert (row["recorded"], row["not_recorded"]) == (0, 1)
    assert row["recomputed"] == pytest.approx(1000 * 0.15 / 1e6)


def test_a_call_that_was_exported_twice_counts_once(
    capture: Capture, clock: FakeClock, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = chat_spans(capture, clock, answer(), answer())
    path = _file(tmp_path / "spans", "\n".join([otlp_json([first]), otlp_json([first, second]), otlp_json([second])]))
    outcome = _reprice(path, capsys=capsys)
    assert (outcome["calls"], outcome["calls_repeated"]) == (2, 2)
    assert outcome["totals"][0]["recorded"] == pytest.approx(2 * PRICE)
    assert main(["reprice", str(path)]) == 0
    assert "2 calls stood there more than once, and counted once\n" in capsys.readouterr().out


@pytest.mark.parametrize("start", [None, "0", 0, -5, "NaN", "9" * 30, 10**400, "yesterday"])
def test_a_call_without_a_time_is_left_out_and_said(
    start: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = _file(tmp_path / "spans", _document(_call(start), _call()))
    assert main(["reprice", str(path), "--json"]) == 1
    printed = capsys.readouterr()
    outcome = json.loads(printed.out)
    assert (outcome["calls"], outcome["calls_without_time"]) == (1, 1)
    assert f"{path}: 1 call left out: without a time there is no price" in printed.err


def test_the_end_of_a_call_is_a_time_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    span = {**_call(None), "endTimeUnixNano": "1780000000000000000"}
    (row,) = _reprice(_file(tmp_path / "spans", _document(span)), capsys=capsys)["rows"]
    assert row["day"] == "2026-05-28"


def test_a_first_line_that_is_cut_off_is_passed_over_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = _document(_call())
    path = _file(tmp_path / "spans", f"{line[100:]}\n{line}\n\nno\n{line}\n")
    outcome = _reprice(path, capsys=capsys, code=1)
    assert (outcome["calls"], outcome["unreadable_lines"]) == (2, 2)
    assert main(["reprice", str(path)]) == 1
    said = capsys.readouterr().err.splitlines()
    assert said[:2] == [f"{path}, line {number}: is not JSON; passed over" for number in (1, 4)]
    assert said[2].startswith(f"{path}: 2 lines could not be read")


def test_a_file_without_a_call_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = _file(tmp_path / "spans", '{"resourceMetrics": []}')
    assert main(["reprice", str(path)]) == 0
    printed = capsys.readouterr()
    assert printed.out == "0 calls\n"
    assert printed.err.startswith(f"{path}: holds no call;")


def test_what_is_lost_is_said_and_not_called_saved(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cost = {"usage__cost__amount": {"doubleValue": 0.25}}
    path = _file(
        tmp_path / "spans", _document(_call(**cost), _call(**cost, request__model={"stringValue": "nobody-knows-it"}))
    )
    assert main(["reprice", str(path)]) == 0
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert printed.err == ""  # nor is it logged: the last line says it
    assert lines[0].endswith("no cost before  no cost now")
    # One call of 1,000 tokens at 0.15 a million is 0.00015 now; the other one counts as nothing.
    assert [line.split()[-3] for line in lines[1:4]] == ["-0.249850", "-", "-0.249850"]
    assert lines[-2:] == [
        "not in the difference: 0.250000 USD of 1 call without a cost now",
        "no cost at these prices: 1 call with 1,000 tokens, unknown_model (nobody-knows-it of openai)",
    ]


@pytest.mark.parametrize(
    ("recorded", "difference"),
    [(0.00015000000000000002, "+0.000000"), (0.00015, "+0.000000"), (0.000151, "-0.000001"), (0.000149, "+0.000001")],
)
def test_a_difference_that_rounds_to_zero_has_no_minus(
    recorded: float, difference: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = _file(tmp_path / "spans", _document(_call(usage__cost__amount={"doubleValue": recorded})))
    assert main(["reprice", str(path)]) == 0
    table = [line.split() for line in capsys.readouterr().out.splitlines()[:3]]
    assert table[0][-1] == "difference"
    assert [line[-1] for line in table[1:]] == [difference] * 2


def test_what_had_no_cost_is_not_called_spent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = _file(tmp_path / "spans", _document(_call(usage__cost__amount={"doubleValue": 0.0001}), _call()))
    (total,) = _reprice(path, capsys=capsys)["totals"]
    assert total["difference"] == 0.00005
    assert total["recomputed_of_not_recorded"] == 0.00015
    assert main(["reprice", str(path)]) == 0
    assert "not in the difference: 0.000150 USD of 1 call without a cost before\n" in capsys.readouterr().out


def test_json_has_a_short_name_and_a_long_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = _file(tmp_path / "spans", _document(_call()))
    outcome = _reprice(path, capsys=capsys)
    assert main(["reprice", str(path), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == outcome


def test_json_shows_no_noise_of_floats(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spans = [_call(usage__cost__amount={"doubleValue": 0.15 / 1000 * (1 + 2**-50)}) for _ in range(3)]
    (total,) = _reprice(_file(tmp_path / "spans", _document(*spans)), capsys=capsys)["totals"]
    assert repr(total["difference"]) == "0.0"


@pytest.mark.parametrize("columns", [80, 100])
def test_no_figure_is_cut_in_a_narrow_terminal(columns: int, tmp_path: Path) -> None:
    pytest.importorskip("rich")
    pty = pytest.importorskip("pty")
    name = "eu.anthropic.claude-haiku-4-5-20251001-v1:0"
    cost = {"usage__cost__amount": {"doubleValue": 12345.678901}}
    path = _file(tmp_path / "spans", _document(_call(**cost, request__model={"stringValue": name}), _call(**cost)))
    terminal, screen = pty.openpty()
    command = [sys.executable, "-m", "otel_genai_instr.cli", "reprice", str(path)]
    environment = {**os.environ, "COLUMNS": str(columns)}
    run = subprocess.run(command, stdout=screen, stderr=screen, timeout=60, check=False, env=environment)
    os.close(screen)
    shown = os.read(terminal, 100_000).decode()
    os.close(terminal)
    assert run.returncode == 0
    assert "…" not in shown
    assert "24,691.357802" in shown
