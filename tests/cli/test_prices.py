"""``otel-genai prices show`` and ``check``, and the words of the command line."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from otel_genai_instr.cli import main
from otel_genai_instr.cli.show import SELLERS
from otel_genai_instr.pricing.names import PROVIDER_IDS

GENAI_PRICES = f"genai-prices {version('genai-prices')}"
BOOK = """\
name: our contract
currency: EUR
models:
  - {provider: azure.ai.openai, model: my-deployment, is: gpt-4o}
prices:
  - model: in-house
    from: 2026-01-01
    until: 2027-01-01
    per_million_tokens: {input: 1.5, output: 4}
    per_unit: {page: 0.002}
    above: [{input_tokens: 100000, per_million_tokens: {input: 3}}]
discounts:
  - {provider: anthropic, model: "*", percent: 20}
"""


def _shown(*arguments: str, capsys: pytest.CaptureFixture[str]) -> list[list[str]]:
    assert main(["prices", "show", *arguments]) == 0
    return [line.split() for line in capsys.readouterr().out.splitlines()]


def _refused(*arguments: str, capsys: pytest.CaptureFixture[str], code: int = 1) -> str:
    assert main(["prices", *arguments]) == code
    printed = capsys.readouterr()
    assert printed.out == ""
    return printed.err


@pytest.fixture
def book(tmp_path: Path) -> str:
    path = tmp_path / "prices.yaml"
    path.write_text(BOOK)
    return str(path)


def test_show_tokens_and_units(capsys: pytest.CaptureFixture[str]) -> None:
    lines = _shown("gpt-4o-2024-08-06", "--provider", "openai", "--at", "2026-11-02", capsys=capsys)
    assert ["entry", "gpt-4o"] in lines
    assert ["price", "list", *GENAI_PRICES.split()] in lines
    assert ["asked", "for", "2026-11-02T00:00:00Z"] in lines
    assert ["input", "2.5"] in lines
    assert ["cache", "read", "1.25"] in lines
    assert ["output", "10"] in lines
    assert ["web_search_call", *GENAI_PRICES.split(), "0.01"] in lines


def test_show_long_context_and_tier(capsys: pytest.CaptureFixture[str]) -> None:
    lines = _shown("gpt-5.4", "--provider", "openai", "--tier", "flex", "--at", "2026-11-02", capsys=capsys)
    assert ["per", "million", "tokens", "up", "to", "272,000", "input", "above", "272,000"] in lines
    assert ["cache", "read", "0.13", "0.25"] in lines
    assert ["output", "7.5", "11.25"] in lines


def test_show_how_long_a_price_holds(capsys: pytest.CaptureFixture[str]) -> None:
    lines = _shown("deepseek-v4-pro", "--provider", "deepseek", "--at", "2026-11-20T07:00:00Z", capsys=capsys)
    assert ["in", "force", "from", "2026-11-20T06:00:00Z", "until", "2026-11-20T10:00:00Z"] in lines
    assert ["input", "1.32"] in lines
    lines = _shown("o3", "--provider", "openai", "--at", "2025-06-09T23:59:59+00:00", capsys=capsys)
    assert ["input", "10"] in lines


def test_show_every_provider_that_has_it(capsys: pytest.CaptureFixture[str]) -> None:
    lines = _shown("claude-sonnet-4-5", "--at", "2026-11-02", capsys=capsys)
    providers = [name for line in lines if line[:1] == ["provider"] for name in line[1:]]
    assert any(name.startswith("anthropic") for name in providers)
    assert any(name.startswith("gcp") for name in providers)


@pytest.mark.parametrize(
    ("model", "first"),
    [
        ("gpt-4o", ["openai", "azure.ai.openai", "azure.ai.inference"]),
        ("claude-sonnet-4-5", ["anthropic"]),
        ("gemini-2.5-pro", ["gcp.gemini"]),
        ("mistral-large-latest", ["mistral_ai"]),
        ("deepseek-chat", ["deepseek"]),
    ],
)
def test_show_begins_with_the_maker_and_goes_on_with_clouds(
    model: str, first: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    lines = _shown(model, "--at", "2026-11-02", capsys=capsys)
    shown = [name.rstrip(",") for line in lines if line[:1] == ["provider"] for name in line[1:]]
    assert shown[: len(first)] == first


def test_every_provider_of_the_conventions_is_shown_and_no_other() -> None:
    assert {PROVIDER_IDS[name] for name in SELLERS} == set(PROVIDER_IDS.values())


def test_show_a_region(capsys: pytest.CaptureFixture[str]) -> None:
    lines = _shown("claude-opus-5-5", "--provider", "anthropic", "--region", "us", "--at", "2026-11-02", capsys=capsys)
    assert ["input", "4.4"] in lines


def test_show_prices_of_ones_own(book: str, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--prices", book, "--at", "2026-11-02")
    lines = _shown("in-house", "--provider", "my-gateway", *options, capsys=capsys)
    assert ["currency", "EUR"] in lines
    assert ["price", "list", "our", "contract"] in lines
    assert ["in", "force", "from", "2026-01-01T00:00:00Z", "until", "2027-01-01T00:00:00Z"] in lines
    assert ["input", "1.5", "3"] in lines
    assert ["page", "our", "contract", "0.002"] in lines

    lines = _shown("my-deployment", "--provider", "azure.ai.openai", *options, capsys=capsys)
    assert ["entry", "gpt-4o"] in lines
    lines = _shown("claude-haiku-4-5", "--provider", "anthropic", *options, capsys=capsys)
    assert ["input", "0.8"] in lines


def test_show_as_json(book: str, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("--provider", "my-gateway", "--prices", book, "--at", "2026-11-02", "--format", "json")
    assert main(["prices", "show", "in-house", *asked]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "model": "in-house",
        "service_tier": None,
        "region": None,
        "asked_for": "2026-11-02T00:00:00Z",
        "prices": [
            {
                "providers": ["my-gateway"],
                "entry": None,
                "price_list": "our contract",
                "currency": "EUR",
                "from": "2026-01-01T00:00:00Z",
                "until": "2027-01-01T00:00:00Z",
                "per_million_tokens": _tokens(1.5),
                "above": [{"input_tokens": 100_000, "per_million_tokens": _tokens(3)}],
                "per_request": None,
                "per_unit": {"page": {"price": 0.002, "price_list": "our contract"}},
            }
        ],
    }


def _tokens(input: float) -> dict[str, float]:
    cached = dict.fromkeys(("cache_read", "cache_write", "cache_write_1h"), input)
    return {"input": input, **cached, "output": 4}


def test_check_as_json(book: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prices", "check", book, "--format", "json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert {name: said[name] for name in ("file", "name", "currency", "base", "notes")} == {
        "file": book,
        "name": "our contract",
        "currency": "EUR",
        "base": None,
        "notes": [],
    }
    assert said["models"] == [
        {
            "provider": "azure.ai.openai",
            "model": "my-deployment",
            "tier": "*",
            "region": "*",
            "in_force": "at any time",
            "says": "is gpt-4o",
        }
    ]
    assert [row["says"] for row in said["discounts"]] == ["20 % off"]
    assert [row["in_force"] for row in said["prices"]] == ["from 2026-01-01 until 2027-01-01"]


def test_show_a_charge_per_request(capsys: pytest.CaptureFixture[str]) -> None:
    lines = _shown("sonar", "--provider", "perplexity", "--at", "2026-11-02", capsys=capsys)
    assert ["per", "request", "price"] in lines


def test_show_an_unknown_model(capsys: pytest.CaptureFixture[str]) -> None:
    said = _refused("show", "claude-sonet-4-5", "--provider", "anthropic", capsys=capsys)
    assert "claude-sonet-4-5 of anthropic is in no price list. Near to it: claude-sonnet-4-5" in said
    assert "gpt-4x is in no price list." in _refused("show", "gpt-4x", capsys=capsys)


def test_show_an_unknown_provider(capsys: pytest.CaptureFixture[str]) -> None:
    said = _refused("show", "gpt-4o", "--provider", "opnai", capsys=capsys)
    assert "the provider is in no price list. Near to it: openai" in said
    assert "Some that are: openai, anthropic, " in _refused("show", "gpt-4o", "--provider", "zzz", capsys=capsys)


def test_show_a_model_without_a_price(capsys: pytest.CaptureFixture[str]) -> None:
    said = _refused("show", "omni-moderation-latest", "--provider", "openai", capsys=capsys)
    assert "omni-moderation-latest of openai is listed without a price (no_price of openai)" in said
    said = _refused("show", "o1-pro", "--provider", "openai", "--tier", "priority", capsys=capsys)
    assert "o1-pro of openai has no price for the service tier 'priority' (unsupported_unit of openai)" in said


def test_show_at_no_time(capsys: pytest.CaptureFixture[str]) -> None:
    said = _refused("show", "gpt-4o", "--at", "noon", capsys=capsys, code=2)
    assert "--at: 'noon' is no time; allowed: a day or a time, such as 2026-01-31 or 2026-01-31T16:30:00Z" in said


def test_check_says_what_a_file_holds(book: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prices", "check", book]) == 0
    printed = capsys.readouterr().out
    assert f"{book}: can be used" in printed
    assert "holds     1 other name, 1 price, 1 discount" in printed
    assert "is gpt-4o" in printed
    assert "from 2026-01-01 until 2027-01-01  input 1.5, output 4; above 100,000: input 3, " in printed
    assert "; page 0.002" in printed
    assert "20 % off" in printed


DOUBTFUL = """\
prices:
  - {provider: openai, model: "gpt-4*", until: 2027-01-01, per_million_tokens: {input: 1, output: 2}}
  - {provider: openai, model: gpt-4o, from: 2026-01-01, until: 2027-01-01, per_million_tokens: {input: 1, output: 2}}
  - {provider: openai, model: gpt-4o, per_million_tokens: {input: 1, output: 2}}
  - {provider: openai, model: gpt-4o, service_tier: batch, per_million_tokens: {input: 1, output: 2}}
  - {provider: openai, model: "gpt-?o", per_million_tokens: {input: 1, output: 2}}
  - {provider: my-gateway, model: llama, per_million_tokens: {input: 1, output: 2}}
discounts:
  - {provider: antropic, model: "*", percent: 5}
  - {provider: anthropic, model: "claude-*", region: us, percent: 5}
  - {provider: anthropic, model: "claude-*", percent: 5}
  - {provider: anthropic, model: "claude-*", service_tier: batch, percent: 5}
"""


def test_check_doubts_what_never_holds_and_what_looks_misspelt(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "prices.yaml"
    file.write_text(DOUBTFUL)
    assert main(["prices", "check", str(file)]) == 0
    assert [line for line in capsys.readouterr().out.splitlines() if line.startswith("note: ")] == [
        "note: prices[1] (openai gpt-4o) never holds: prices[0] (openai gpt-4*) stands before it",
        "note: discounts[3] (anthropic claude-*) never holds: discounts[2] (anthropic claude-*) stands before it",
        "note: discounts[0].provider: antropic has no listed prices; is anthropic meant?",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prices:\n  - model: x\n    per_million_tokens: {input: -1}\n", "line 3: prices[0].per_million_tokens.input"),
        ("prices:\n  - {model: x, colour: red}\n", "line 2: prices[0].colour"),
        ("currency: GOLD\n", "line 1: currency: 'GOLD' is not a currency"),
        ("prices: [", "is not YAML"),
        ("base: nowhere.json\n", "nowhere.json: can't be read"),
    ],
)
def test_check_says_what_is_wrong_and_where(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "prices.yaml"
    path.write_text(text)
    assert said in _refused("check", str(path), capsys=capsys)


WRONG = """\
curency: EUR
prices:
  - {model: a, per_million_tokens: {input: -1, outptu: 2}}
  - {modle: b, per_million_tokens: {input: 1}}
  - {model: c, from: soon, above: 3, per_million_tokens: {output: 1}}
  - {model: d, per_million_tokens: {input: 1}}
  - d
discounts:
  - {model: , percent: 120}
models: {}
"""


def test_check_tells_all_mistakes_at_once_and_none_that_follows_from_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "prices.yaml"
    path.write_text(WRONG)
    said = _refused("check", str(path), capsys=capsys).splitlines()
    assert [line.removeprefix(f"otel-genai: {path}, line ").partition(" is ")[0] for line in said] == [
        "1: curency:",
        "10: models: a mapping",
        "3: prices[0].per_million_tokens.outptu:",
        "3: prices[0].per_million_tokens.input: -1",
        "4: prices[1].modle:",
        "5: prices[2].per_million_tokens.input:",
        "5: prices[2].from: 'soon'",
        "5: prices[2].above: 3",
        "7: prices[4]: 'd'",
        "9: discounts[0].percent: 120",
        "9: discounts[0].model:",
    ]


def test_check_does_not_flood_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "prices.yaml"
    path.write_text("prices:\n" + "  - {model: x}\n" * 1_200)
    said = _refused("check", str(path), capsys=capsys).splitlines()
    assert len(said) == 51
    assert said[-1] == "otel-genai: and 1,150 more"


def test_check_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "nothing.yaml: can't be read" in _refused("check", str(tmp_path / "nothing.yaml"), capsys=capsys)


def test_a_wrong_price_file_ends_the_other_commands_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "prices.yaml"
    path.write_text("prices: 5\n")
    assert "line 1: prices" in _refused("show", "gpt-4o", "--prices", str(path), capsys=capsys)
    assert main(["reprice", "-", "--prices", str(path)]) == 1


@pytest.mark.parametrize("arguments", [["price"], ["prices", "show"], ["reprice", "a", "b"], ["--no"]])
def test_what_is_not_understood_ends_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: otel-genai" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (
            [],
            [
                *("prices", "status", "report", "ui", "debug", "replay", "check", "what-if"),
                *("reprice", "pseudonym", "content", "completion"),
            ],
        ),
        (["prices"], ["show", "check", "update"]),
        (["content"], ["show"]),
    ],
)
def test_who_names_no_command_is_helped(
    arguments: list[str], named: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("usage: otel-genai")
    assert re.findall(r"(?m)^    ([\w-]+)(?: |$)", printed.out) == named
    assert printed.err == ""


def test_help_names_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    assert "exit codes:" in capsys.readouterr().out


def test_as_a_process_whose_reader_goes_away() -> None:
    program = [sys.executable, "-m", "otel_genai_instr.cli", "prices", "show", "gpt-4o"]
    reading, writing = os.pipe()
    os.close(reading)
    run = subprocess.run(program, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    os.close(writing)
    assert run.returncode == 1
    assert "Traceback" not in run.stderr


def test_without_a_home_everything_but_its_folder_works(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def expanded_for_nobody(path: Path) -> Path:
        if str(path).startswith("~"):
            raise RuntimeError("Could not determine home directory.")
        return path

    monkeypatch.setattr(Path, "expanduser", expanded_for_nobody)
    monkeypatch.setattr(Path, "home", lambda: expanded_for_nobody(Path("~")))
    assert _shown("gpt-4o", "--provider", "openai", capsys=capsys)
    assert "~/x.yaml: nobody here has the home" in _refused("check", "~/x.yaml", capsys=capsys)
    assert "prices.json: nobody here has the home" in _refused("update", capsys=capsys)


@pytest.mark.parametrize("time", ["9999-12-31T23:59:59-01:00", "0001-01-01T00:00+05:00", "1999-12-31"])
def test_show_at_a_time_of_no_call(time: str, capsys: pytest.CaptureFixture[str]) -> None:
    said = _refused("show", "gpt-4o", "--at", time, capsys=capsys, code=2)
    assert "is not allowed; a year from 2000 to 8999" in said


def test_show_a_tier_that_is_not_known(capsys: pytest.CaptureFixture[str]) -> None:
    said = _refused("show", "gpt-4o", "--tier", "wat", capsys=capsys)
    assert said.count("has no price for the service tier 'wat' (unsupported_unit of ") == 1
    assert "openai" in said


@pytest.mark.parametrize("arguments", [["show", ""], ["show", "gpt-4o", "--provider", " "], ["check", ""]])
def test_show_nothing(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["prices", *arguments])
    assert ended.value.code == 2
    assert "must not be empty" in capsys.readouterr().err


def test_check_names_the_file_whose_base_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "prices.yaml"
    path.write_text("base: nowhere.json\n")
    assert f"{path}: base: {tmp_path / 'nowhere.json'}: can't be read" in _refused("check", str(path), capsys=capsys)


def test_small_prices_are_not_shown_as_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "prices.yaml"
    path.write_text(
        "prices:\n- {model: m, per_million_tokens: {input: 0, cache_read: 1e-10}, per_request: 2e-10, "
        "per_unit: {input_character: 1.5e-10}}\n"
    )
    assert main(["prices", "check", str(path)]) == 0
    printed = capsys.readouterr().out
    assert "input 0, cache_read 0.0000000001; input_character 0.00000000015; request 0.0000000002" in printed


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no full device on this platform")
def test_output_that_can_not_be_written() -> None:
    program = [sys.executable, "-m", "otel_genai_instr.cli", "prices", "show", "gpt-4o"]
    with open("/dev/full", "w") as full:
        run = subprocess.run(program, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert (run.returncode, run.stderr) == (1, "otel-genai: the output can't be written: No space left on device\n")
