"""Marked texts, one for each place that texts come from, and a search of everything that leaves the process."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar, Final, cast

from otel_genai_instr.telemetry.record import LOGGER

from .capture import Capture
from .replies import Reply, Step
from .under_test import ANSWER, KEY, PROMPT

_PLACES: Final = (
    "system", "question", "answer", "reasoning", "arguments", "result", "definition", "header", "person", "user",
    "refusal", "query", "document", "memory", "variable", "explanation", "comment",
)  # fmt: skip
CANARIES: Final = {
    **{place: f"{place}.canary@example.com" for place in _PLACES},  # detectors know them for addresses
    "card": "4012 8888 8888 1881",  # a public test number
    "token": "ghp_canary0123456789canary0123456789canary",  # in the shape of GitHub's
    "key": KEY,
}
"""By the place that it is put in; ``person`` is the user in the request, ``user`` the one of a block around it, and
``refusal`` what an error says beside the question that it quotes."""
NEVER: Final = frozenset({"header", "person", "key"})
"""What no tier has."""
_ANSWER: Final = CANARIES["answer"]
_HALF: Final = len(_ANSWER) // 2
QUOTE: Final = f"No: {CANARIES['question']} {CANARIES['refusal']}"
"""What an error says."""
_MARKED: Final = {
    PROMPT: CANARIES["question"],
    ANSWER: _ANSWER,
    ANSWER[:3]: _ANSWER[:_HALF],
    ANSWER[3:]: _ANSWER[_HALF:],
    f"No: {PROMPT!r}": QUOTE,
}


def marked(data: Any) -> Any:
    """``data`` of a provider under test with canaries for the texts that it has."""
    if isinstance(data, str):
        return _MARKED.get(data, data)
    if isinstance(data, dict):
        return {name: marked(value) for name, value in cast("dict[str, Any]", data).items()}
    if isinstance(data, list):
        return [marked(item) for item in cast("list[Any]", data)]
    return data


def quoting(reply: Reply) -> Reply:
    """``reply`` whose errors, of the provider or of the network, quote the question."""

    def step(given: Step) -> Step:
        if isinstance(given, bytes):
            return given.replace(f"No: {PROMPT!r}".encode(), QUOTE.encode())
        return type(given)(QUOTE) if isinstance(given, Exception) else given

    error = type(reply.error)(QUOTE) if reply.error is not None else None
    return Reply(reply.status, [step(given) for given in reply.steps], reply.headers, error)


class Kept:
    """A completion hook that keeps what it is given."""

    calls: ClassVar[list[dict[str, Any]]] = []
    """Of all: it is made by its entry point, so that no test holds it."""

    def on_completion(self, **given: Any) -> None:
        self.calls.append({name: value for name, value in given.items() if name not in ("span", "log_record")})


class Search:
    """Looks for canaries in everything that left the process, by where."""

    def __init__(self, capture: Capture, logs: Iterable[logging.LogRecord], folder: Path, printed: str) -> None:
        """Collect it.

        Args:
            capture: what was exported.
            logs: of Python's ``logging``; only our own are looked at.
            folder: of the content store.
            printed: to standard output and error.
        """
        formatter = logging.Formatter()  # with tracebacks
        ours = [(log.name, formatter.format(log)) for log in logs if log.name.startswith("otel_genai_instr")]
        events = capture.events()
        self.stored = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
        self.texts: dict[str, str] = {
            "span": str([(span.to_json(), span.attributes, span.events, span.links) for span in capture.spans()]),
            "metric": str(capture._reader.get_metrics_data()),  # pyright: ignore[reportPrivateUsage]
            "exception": str([event for event in events if event["name"].endswith(".exception")]),
            "details": str([event for event in events if event["name"].endswith(".details")]),
            "evaluation": str([event for event in events if event["name"].startswith("gen_ai.evaluation")]),
            "record": str([event for event in events if event["name"] == "otel_genai.call"]),
            "line": "\n".join(text for name, text in ours if name == LOGGER),
            "log": "\n".join(text for name, text in ours if name != LOGGER),
            "store": str(self.stored),
            "names in store": str([str(path.relative_to(folder)) for path in folder.rglob("*")]),
            "hook": str(Kept.calls),
            "printed": printed,
        }
        """What is looked at, by where it went."""

    @property
    def found(self) -> dict[str, set[str]]:
        """Where something was found, and which places it came from."""
        places = {
            where: {place for place, canary in CANARIES.items() if canary in text} for where, text in self.texts.items()
        }
        return {where: those for where, those in places.items() if those}
