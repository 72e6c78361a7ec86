"""Marked texts go into calls and blocks, and everything that leaves the process is searched for them.

What a tier allows is found, and nothing else; with redaction nothing is found at all.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
from collections.abc import Callable, Mapping, Set
from dataclasses import replace
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from typing import Any, Final

import pytest
from opentelemetry import trace

import otel_genai_instr as genai
from otel_genai_instr import guard
from otel_genai_instr.settings import CallSeen
from otel_genai_instr.store import store

from ..support.canaries import CANARIES, NEVER, QUOTE, Kept, Search, quoting
from ..support.capture import Capture
from ..support.under_test import Case, Ending, Form
from .either import run
from .marked import SAID, cells_of
from .outcome import replies_of
from .selection import Selection
from .stories import User

Live = Callable[..., Search]
PERSON: Final = {"user"}
QUOTED: Final = {"question", "refusal"}
"""What the error of a call says."""
EVERYWHERE: Final = {"capture_content": "span_and_event", "record": "both"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Of every provider, a ``case`` is each, a ``rich`` one has all places, a ``whole`` one of these ends well, too."""
    observed = [each for each in Selection.of(metafunc.config).providers() if each.is_instrumented]
    cases = [case for provider in observed for case in cells_of(provider)]
    rich = [case for case in cases if case.api.name.startswith(("rich_", "failed_"))]
    whole = [case for case in rich if case.api.name.startswith("rich_") and case.ending is Ending.DRAINED]
    kinds = {"case": cases, "rich": rich, "whole": whole, "plain": [case for case in whole if case.form is Form.PLAIN]}
    for name in kinds.keys() & set(metafunc.fixturenames):
        metafunc.parametrize(name, kinds[name], ids=str)


@pytest.fixture(autouse=True)
def idle_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The threads of so many stores need not wait for more."""
    monkeypatch.setattr(store, "IDLE_SECONDS", 0.01)


@pytest.fixture
def live(capture: Capture, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Live:
    """Lives through a cell, in blocks that have canaries too, and searches what came of it."""
    caplog.set_level("DEBUG", logger="otel_genai_instr")

    def live(case: Case, **options: Any) -> Search:
        capture.instrument(**options)
        gc.freeze()  # the collector need only look at what the story leaves behind
        with case.provider.transport(capture.clock) as transport:
            user = User(case, case.provider.connect(transport, case.is_async), trace.NoOpTracer())
            transport.then(*map(quoting, replies_of(case, transport, user.cancel)))
            with (
                genai.attribute(user_id=CANARIES["user"]),
                genai.prompt("p", variables={"tone": CANARIES["variable"]}),
            ):
                run(user.tell(), is_async=case.is_async)
        assert user.diary
        assert genai.flush_content(30) == 0
        return Search(capture, caplog.records, tmp_path, str(capfd.readouterr()))

    return live


def _failed(search: Search) -> bool:
    return "StatusCode.ERROR" in search.texts["span"] or '"status_code": "ERROR"' in search.texts["span"]


def _without(found: Mapping[str, set[str]], allowed: Mapping[str, Set[str]]) -> dict[str, set[str]]:
    """What isn't allowed there."""
    left = {where: places - allowed.get(where, frozenset()) for where, places in found.items()}
    return {where: places for where, places in left.items() if places}


IDENTITY: Final[Mapping[str, Set[str]]] = dict.fromkeys(("span", "details", "record", "line"), PERSON)
"""The user of a block is no content."""


def test_none_tells_nothing(case: Case, live: Live) -> None:
    search = live(case, content="none", **EVERYWHERE)
    assert _without(search.found, IDENTITY) == {}
    assert search.found["span"] == PERSON


def test_a_digest_tells_nothing(rich: Case, live: Live) -> None:
    search = live(rich, content="digest", content_key="k" * 32, **EVERYWHERE)
    assert _without(search.found, IDENTITY) == {}


def test_a_preview_tells_the_beginning_of_the_answer(whole: Case, live: Live, capture: Capture) -> None:
    search = live(whole, content="digest", content_preview=9, **EVERYWHERE)
    assert _without(search.found, IDENTITY) == {}
    assert capture.attributes()["otel_genai.output.preview"] == "answer.ca"
    for where in ("record", "line"):
        assert "'answer.ca'" in search.texts[where] or '"answer.ca"' in search.texts[where]


def test_full_tells_it_on_the_span(case: Case, live: Live) -> None:
    search = live(case, content="full", record="both")
    failed = QUOTED if _failed(search) else set[str]()
    said = SAID | {"variable"} | failed
    assert _without(search.found, {**IDENTITY, "span": PERSON | said, "exception": failed}) == {}


def test_full_has_all_that_was_said(whole: Case, live: Live) -> None:
    """And so what the others don't find isn't there because nothing can be found."""
    search = live(whole, content="full", **EVERYWHERE)
    assert search.found["span"] == search.found["details"] == SAID | {"variable", "user"}
    assert search.found.keys() == {"span", "details", "record", "line"}


def test_a_store_has_it_instead(rich: Case, live: Live, tmp_path: Path) -> None:
    search = live(rich, content="full", content_store=f"{tmp_path}", record="both")
    failed = QUOTED if _failed(search) else set[str]()
    stored = PERSON | SAID | {"variable"} | failed
    allowed = {**IDENTITY, "span": PERSON | failed, "exception": failed, "store": stored}
    assert _without(search.found, allowed) == {}


def test_a_store_has_all_that_was_said(whole: Case, live: Live, tmp_path: Path) -> None:
    search = live(whole, content="full", content_store=f"{tmp_path}", **EVERYWHERE)
    assert search.found == {**IDENTITY, "store": SAID | {"variable", "user"}}


def test_what_is_stored_is_encrypted_where_there_is_a_key(whole: Case, live: Live, tmp_path: Path) -> None:
    fernet = importlib.import_module("cryptography.fernet").Fernet
    key = fernet.generate_key()
    search = live(whole, content="full", content_store=f"{tmp_path}", content_store_keys=(key.decode(),), **EVERYWHERE)
    assert search.found == IDENTITY
    (data,) = search.stored
    assert all(CANARIES[place] in fernet(key).decrypt(data).decode() for place in SAID)


def test_full_on_error_tells_of_failures_alone(rich: Case, live: Live) -> None:
    search = live(rich, content="none", content_on_error="full", record="both")
    failed = SAID | QUOTED | {"variable"} if _failed(search) else set[str]()
    assert _without(search.found, {**IDENTITY, "span": PERSON | failed, "exception": failed & QUOTED}) == {}
    if rich.ending is Ending.REFUSED:
        assert search.found["exception"] == QUOTED
        assert {"system", "question", "refusal"} <= search.found["span"]
    if rich.api.name.startswith("failed_"):
        assert {"system", "question", "refusal"} <= search.found["span"]


def test_nothing_is_left_after_redaction(case: Case, live: Live) -> None:
    search = live(case, content="full", redact=True, error_messages=True, **EVERYWHERE)
    assert search.found == {}
    assert "otel_genai.content.withheld" not in search.texts["span"]


def test_nothing_is_stored_after_redaction(whole: Case, live: Live, tmp_path: Path) -> None:
    search = live(whole, content="full", redact=True, content_store=f"{tmp_path}", **EVERYWHERE)
    assert search.found == {}
    assert "[email]" in search.texts["store"].lower()


def test_nothing_is_previewed_after_redaction(whole: Case, live: Live) -> None:
    search = live(whole, content="digest", content_preview=1000, content_key="k" * 32, redact=True, **EVERYWHERE)
    assert search.found == {}
    assert "otel_genai.output.preview" in search.texts["span"]


@pytest.mark.parametrize("tier", ["none", "digest", "full"])
def test_a_pseudonym_stands_for_the_user(plain: Case, live: Live, tier: str, capture: Capture) -> None:
    search = live(plain, content=tier, pseudonym_keys=("p" * 32,), **EVERYWHERE)
    assert all("user" not in places for places in search.found.values())
    assert capture.attributes()["user.id"]


@pytest.mark.parametrize(("options", "is_fed"), [
    ({"content": "none"}, False),
    ({"content": "digest", "content_preview": 100}, False),
    ({"content": "full"}, True),
    ({"content": "full", "redact": True}, False),
])  # fmt: skip
def test_a_hook_is_given_what_the_tier_allows(
    plain: Case, live: Live, options: dict[str, Any], is_fed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("opentelemetry.util.genai.types", reason="opentelemetry-util-genai is not installed")
    hook = importlib.import_module("otel_genai_instr.store.hook")

    def offered(group: str) -> EntryPoints:
        return EntryPoints([EntryPoint("Kept", f"{Kept.__module__}:Kept", group)])

    monkeypatch.setattr(hook, "entry_points", offered)
    monkeypatch.setattr(Kept, "calls", [])
    search = live(plain, completion_hook="Kept", **options)
    assert search.found.get("hook", set()) == (SAID if is_fed else set())
    assert bool(Kept.calls) is (options["content"] == "full")
    assert not NEVER & set().union(*search.found.values())


class Mistake(Exception):
    """Of the app's code; it quotes what it worked on."""


def _blocks() -> None:
    """Everything of ours that an app puts texts into, well and badly."""
    marks = CANARIES
    with genai.attribute(user_id=marks["user"]), genai.workflow("w"), genai.agent("a"):
        for fails in (False, True):
            with contextlib.suppress(Mistake), genai.retrieval("kb", query=marks["query"]) as found:
                found.documents = [{"id": "d1", "content": marks["document"]}]
                _perhaps(fails)
            with contextlib.suppress(Mistake), genai.tool("send", arguments={"to": marks["arguments"]}) as tool:
                tool.result = {"sent": marks["result"]}
                _perhaps(fails)
            with contextlib.suppress(Mistake), genai.memory("search_memory", query=marks["query"]) as memory:
                memory.records = [{"content": marks["memory"]}]
                _perhaps(fails)
            with contextlib.suppress(Mistake), genai.inference("openai", "gpt-4o-mini") as call:
                call.response(id="r1", finish_reasons=["stop"])
                _perhaps(fails)
        with contextlib.suppress(Mistake), genai.guardrail("g"):
            _perhaps(True)
        genai.evaluate(call, "relevance", score=0.5, explanation=marks["explanation"])
        genai.feedback(genai.feedback_token(call), "thumbs_down", text=marks["comment"])
        _decorated(marks["arguments"])


def _perhaps(fails: bool) -> None:
    if fails:
        raise Mistake(QUOTE)


@genai.tool("decorated")
def _decorated(to: str) -> str:
    return f"{CANARIES['result']} to {to}"


IN_BLOCKS: Final = frozenset({"query", "document", "arguments", "result", "memory"})
OPINIONS: Final = frozenset({"explanation", "comment"})


@pytest.fixture
def told(capture: Capture, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Live:
    """Lives through the blocks, and searches what came of it."""
    caplog.set_level("DEBUG", logger="otel_genai_instr")

    def live(**options: Any) -> Search:
        capture.instrument(real_clock=True, feedback_key="f" * 32, **EVERYWHERE, **options)
        _blocks()
        assert genai.flush_content(30) == 0
        return Search(capture, caplog.records, tmp_path, str(capfd.readouterr()))

    return live


@pytest.mark.parametrize("tier", ["none", "digest"])
def test_blocks_tell_nothing_below_full(told: Live, tier: str) -> None:
    search = told(content=tier, content_preview=100, content_key="k" * 32)
    assert _without(search.found, IDENTITY) == {}


def test_blocks_tell_all_in_full(told: Live) -> None:
    search = told(content="full")
    assert search.found == {
        **IDENTITY,
        "span": IN_BLOCKS | QUOTED | PERSON,
        "exception": QUOTED,
        "evaluation": OPINIONS,
    }


def test_blocks_store_it_instead(told: Live, tmp_path: Path) -> None:
    search = told(content="full", content_store=f"{tmp_path}")
    assert search.found == {
        **IDENTITY,
        "span": QUOTED | PERSON,
        "exception": QUOTED,
        "evaluation": OPINIONS,
        "store": IN_BLOCKS | PERSON,
    }


def test_blocks_that_fail_tell_of_themselves_alone(told: Live) -> None:
    search = told(content="none", content_on_error="full")
    assert _without(search.found, {**IDENTITY, "span": IN_BLOCKS | QUOTED | PERSON, "exception": QUOTED}) == {}
    assert search.found["span"] == IN_BLOCKS | QUOTED | PERSON


def test_blocks_leave_nothing_after_redaction(told: Live) -> None:
    assert told(content="full", redact=True, error_messages=True).found == {}


def test_blocks_store_nothing_after_redaction(told: Live, tmp_path: Path) -> None:
    assert told(content="full", redact=True, content_store=f"{tmp_path}").found == {}


def test_a_fault_of_ours_is_logged_without_what_it_quotes(
    plain: Case, live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A traceback ends with the text of its error, and begins with that of the one that was on its way."""

    def choose(seen: CallSeen) -> str:
        raise RuntimeError(f"can't choose for {seen.error or CANARIES['answer']}")

    monkeypatch.setattr(guard, "strict", False)
    search = live(replace(plain, ending=Ending.REFUSED), content_for=choose, record="both")
    assert guard.counts() == {("content_for", "RuntimeError"): 1}
    assert _without(search.found, IDENTITY) == {}
    assert "RuntimeError" in search.texts["log"]
    assert "in choose" in search.texts["log"]
