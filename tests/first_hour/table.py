"""What can't be pasted here, each with its reason; everything else is."""

from __future__ import annotations

from typing import Final

from .blocks import Block

ELSEWHERE: Final = (
    # page, what the block has, and why it isn't run
    (
        "checks",
        "--alertmanager",
        "needs an Alertmanager; tests/stack/prometheus and tests/cli/test_check_rules.py run it",
    ),
    ("clickhouse", "clickhouse", "needs ClickHouse; tests/stack/clickhouse and tests/stack/test_reports.py run it"),
    ("content", "/var/lib/calls", "its folder belongs to the system; tests/promises/test_content_rule.py has another"),
    ("cost", "tiktoken", "downloads the encodings"),
    ("dashboards", "deploy.grafana.generator", "makes files of this repository; tests/deploy runs it"),
    (
        "debugging",
        "otel-genai debug",
        "asks for traces and a Jaeger that aren't here; tests/cli/test_debug.py has them",
    ),
    ("debugging", "otel-genai replay", "asks for a call that isn't here; tests/cli/test_replay.py has some"),
    ("demo", "python -m rag", "runs in examples/, until interrupted; tests/examples runs the demo"),
    ("demo", "make demo", "needs a Collector; tests/stack runs the demo with one"),
    ("frameworks", "", "needs each framework in an environment of its own; tests/frameworks runs the page's apps"),
    ("page", "otel-genai ui", "serves until interrupted; tests/page and tests/cli look at it in Chromium"),
    ("questions", "examples/month", "needs a clone; tests/docs/test_questions.py runs it, and each command"),
    ("recipes", "docker compose", "needs Docker; tests/stack runs the same Collector"),
    ("record", "jq", "reads what a day of calls left; tests/docs/test_record.py runs it"),
    ("reports", "examples/month", "needs a clone; tests/docs/test_reports.py runs it"),
    ("stack", "make stack-", "needs programs that are built for minutes: `make stack-test`"),
    ("stack", "docker compose", "needs Docker; tests/stack runs the same programs"),
    (
        "stack",
        "otelcol-contrib",
        "needs a Collector and accounts in clouds; tests/stack/test_overlays.py validates each line",
    ),
    ("stack", "/api/v3", "needs Jaeger; tests/stack asks it"),
    ("start", "docker compose", "needs Docker; tests/stack runs the same programs"),
    ("start", "instrumentations.txt\n", "installs whatever fits this environment, from an index"),
    ("without-docker", "otel-genai ui", "serves until interrupted; tests/page and tests/cli look at it in Chromium"),
    ("without-docker", "phoenix serve", "installs and starts a server of 0.6 GB"),
    ("without-docker", "127.0.0.1:6006", "sends to that server"),
    ("tempo", "api/search", "needs Tempo; tests/stack/test_tempo.py asks it"),
)

SERVED: Final = {
    ("recipes", "uvicorn stream:app"): "/chat?question=Hello",
    ("recipes", "flask --app chat"): "/chat?question=Hello",
    ("feedback", "uvicorn shop:app"): "/ask?question=Hello",
}
"""Blocks that serve until they are interrupted, and what they are asked for."""

CELLS: Final = ("start", "In a notebook")
"""The page and the heading of blocks that are cells of one notebook."""

EXTRAS: Final = ("anthropic", "cli", "clickhouse", "demo", "file", "openai", "redaction", "reports", "store", "ui")
"""Those that the pages install."""
BESIDE: Final = ("ipykernel", "nbclient", "pip")
"""For the notebook; and the ``pip`` of the blocks."""


def reason_against(block: Block) -> str | None:
    """Why the block isn't run here, if it isn't."""
    return next((reason for page, words, reason in ELSEWHERE if _is(block, page, words)), None)


def is_pasted(block: Block) -> bool:
    """Whether it goes into a shell or a file here."""
    return reason_against(block) is None and not is_cell(block)


def is_cell(block: Block) -> bool:
    """Whether it is one of the notebook."""
    return (block.page, block.heading) == CELLS


def asked_of(block: Block) -> str | None:
    """The path that is asked of what the block serves, if it does."""
    return next((asked for (page, words), asked in SERVED.items() if _is(block, page, words)), None)


def _is(block: Block, page: str, words: str) -> bool:
    return block.page == page and words in block.code
