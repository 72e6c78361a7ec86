"""Ask a small app three questions and show where their time, tokens and money went.

The app (``rag/``) runs under ``opentelemetry-instrument``; its code knows nothing of telemetry. The model is

- the server of ``openai_server/`` on loopback: no key, no network (the default, or ``LLM=fake``);
- a real small model on this machine, with ``LLM=local``;
- the real service, with ``OPENAI_API_KEY`` set (and ``OPENAI_BASE_URL``, if it is another one);
- with ``PROVIDER=anthropic`` Claude: ``anthropic_server/``, or the real one with ``ANTHROPIC_API_KEY`` set.

With ``OTEL_EXPORTER_OTLP_ENDPOINT`` set the telemetry also goes there.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

import demo_model
from process import STOP_TIMEOUT, DemoError, running

EXAMPLES = Path(__file__).parent
QUESTIONS = (
    "How long is the warranty of an Aurora lamp?",
    "Where is my order A-1042, and can its delivery address still be changed?",
    "What does returning a lamp cost?",
)
BUSY_QUESTION = QUESTIONS[2]
"""The example server is too busy for this one at first; the SDK tries again by itself."""
START_TIMEOUT = 30.0
ANSWER_TIMEOUT = 180.0
EXPORT_TIMEOUT = 60.0
"""With no Collector at the endpoint the app ends once the SDK has given up, after ten seconds for each export."""


def main() -> int:
    """Run the demo; returns the exit status."""
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _interrupt)
    try:
        with tempfile.TemporaryDirectory() as folder, demo_model.available(BUSY_QUESTION) as model:
            _run_app(_environment(model, Path(folder)))
    except DemoError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("demo: interrupted", file=sys.stderr)
        return 130
    return 0


def _environment(model: Mapping[str, str], folder: Path) -> dict[str, str]:
    """What the app runs with. Telemetry settings that the caller made are left alone."""
    to_collector = bool(os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"))
    elsewhere = "otlp" if to_collector else "none"
    defaults = {
        "OTEL_SERVICE_NAME": "lamp-shop-assistant",
        "OTEL_TRACES_EXPORTER": "genai_console,otlp" if to_collector else "genai_console",
        "OTEL_METRICS_EXPORTER": elsewhere,
        "OTEL_LOGS_EXPORTER": elsewhere,
        # Spans leave the app when it ends, so that the waterfalls come last and in one piece.
        "OTEL_BSP_SCHEDULE_DELAY": "600000",
        "OTEL_PYTHON_FASTAPI_EXCLUDED_URLS": "health",
    }
    chosen = {"PYTHONPATH": str(EXAMPLES), "RAG_DATABASE": str(folder / "rag.sqlite3")}
    return defaults | os.environ | chosen | dict(model)


def _run_app(environment: Mapping[str, str]) -> None:
    command = [str(Path(sys.executable).with_name("opentelemetry-instrument")), sys.executable, "-m", "rag"]
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    command += ["--fd", str(listener.fileno())]
    endpoint = os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    with running(
        "the app",
        command,
        environment,
        pass_fds=[listener.fileno()],
        stop_timeout=EXPORT_TIMEOUT if endpoint else STOP_TIMEOUT,
        if_late=f". Does a Collector listen at {endpoint}?" if endpoint else "",
    ):
        # From here on only the app holds the socket: calls wait until it is ready, and fail if it dies.
        listener.close()
        print(
            "App: opentelemetry-instrument python -m rag; it starts, reads its handbook and is asked three questions",
            flush=True,
        )
        _call(f"{url}/health", None, START_TIMEOUT)
        _call(f"{url}/index", {}, ANSWER_TIMEOUT)
        for question in QUESTIONS:
            _show(question, _call(f"{url}/ask", {"question": question}, ANSWER_TIMEOUT))
        print("\nWhere the time, the tokens and the money went:\n", flush=True)


def _show(question: str, answer: Mapping[str, object]) -> None:
    text = " ".join(str(answer["answer"]).split())
    if not text:
        raise DemoError(f"no answer to {question!r}")
    print(f"\nQ  {question}\nA  {text}", flush=True)


def _call(url: str, body: object | None, timeout: float) -> dict[str, object]:
    """One request to the app. Raises DemoError with what the app said went wrong."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        raise DemoError(f"{url} answered {error.code}: {error.read().decode(errors='replace')}") from error
    except OSError as error:
        raise DemoError(f"{url} doesn't answer: {error}") from error


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
