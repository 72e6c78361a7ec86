"""Which trace is meant, in the words of the tool that its id is copied from."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from otel_genai_instr.cli import main
from otel_genai_instr.cli.problems import Misuse
from otel_genai_instr.cli.trace_ids import ids_of

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SHORT = "f92f3577b34da6a3ce929d0e0e4736"
UUID = "4bf92f35-77b3-4da6-a3ce-929d0e0e4736"
QUERY = {"refId": "A", "queryType": "traceql", "query": TRACE}
PANES = json.dumps({"x7k": {"datasource": "tempo", "queries": [QUERY]}})
FOUND = json.dumps({"x7k": {"queries": [{"query": TRACE}], "panelsState": {"trace": {"spanId": SPAN}}}})


@pytest.mark.parametrize(
    ("said", "span"),
    [
        (TRACE, None),
        (f" {TRACE.upper()}\n", None),
        (f'"{TRACE}"', None),
        (f"0x{TRACE.upper()}", None),
        (UUID, None),
        (f"{TRACE}:{SPAN.upper()}", SPAN),
        (f"0x{TRACE}:0x{SPAN}", SPAN),
        (f"00-{TRACE}-{SPAN}-01", SPAN),
        (f"http://localhost:16686/trace/{TRACE}", None),
        (f"https://ann:s3cret@jaeger.example/base/trace/{TRACE}?uiFind={SPAN}", SPAN),
        (f"http://localhost:3200/api/v2/traces/{TRACE}", None),
        (f"https://grafana.example/explore?schemaVersion=1&panes={quote(PANES)}&orgId=1", None),
        (f"https://grafana.example/explore?panes={quote(FOUND)}", SPAN),
        (f"https://grafana.example/explore?left={quote(quote(PANES))}", None),
        (f"http://127.0.0.1:41234/traces/{TRACE}?token=abc", None),
    ],
)
def test_it_is_understood(said: str, span: str | None) -> None:
    assert ids_of(said, "nothing") == (TRACE, span)


@pytest.mark.parametrize("said", [SHORT, f"http://localhost:3200/trace/{SHORT}", f"0x{SHORT}"])
def test_zeros_that_a_tool_left_out_are_put_before_it(said: str) -> None:
    assert ids_of(said, "nothing") == (f"00{SHORT}", None)


@pytest.mark.parametrize(
    "said",
    [
        *("", "4bf9", "latest", f"{TRACE}0", f"{TRACE}:", f"{TRACE}:1", f"{TRACE[:-1]}g"),
        *("https://ann:s3cret@grafana.example/goto/hK3nq", f"http://localhost:16686/trace/{TRACE}0"),
    ],
)
@pytest.mark.parametrize("command", ["debug", "replay"])
def test_what_is_wanted_is_said(command: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code = main([command, said])
    except SystemExit as refused:  # of nothing
        code = refused.code
    assert code == 2
    told = capsys.readouterr().err
    assert said == "" or "is no trace id of 32 hex digits" in told
    assert "s3cret" not in told


def test_one_trace_has_to_be_meant() -> None:
    with pytest.raises(Misuse, match="names several traces"):
        ids_of(f"http://localhost:16686/trace/{TRACE}...{'a' * 32}?cohort=x", "nothing")
