"""Marked texts go into calls and blocks, and everything that leaves the process is searched for them.

What a tier allows is found, and nothing else; with redaction nothing is found at all.
"""

from __future__ import annotations

import gc
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from opentelemetry import trace

import otel_genai_instr as genai
from otel_genai_instr.store import store

from ..support.canaries import CANARIES, NEVER, Kept, Search, quoting
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
    """Whoever asks for a ``case`` gets each of every provider; for a ``whole`` one, each rich call that ends well."""
    observed = [each for each in Selection.of(metafunc.config).providers() if each.is_instrumented]
    cases = [case for provider in observed for case in cells_of(provider)]
    if "case" in metafunc.fixturenames:
        metafunc.parametrize("case", cases, ids=str)
    if "whole" in metafunc.fixturenames:
        whole = [case for case in cases if case.api.name.startswith("rich_") and case.ending is Ending.DRAINED]
        metafunc.parametrize("whole", whole, ids=str)


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
        with case.provider.transport(capture.clock) as transport:
            user = User(case, case.provider.connect(transport, case.is_async), trace.NoOpTracer())
            transport.then(*map(quoting, replies_of(case, transport, user.cancel)))
            with (
                genai.attribute(user_id=CANARIES["user"]),
                genai.prompt("p", variables={"tone": CANARIES["variable"]}),
            ):
                run(user.tell(), is_async=case.is_async)
        assert user.diary
        del user, transport
        gc.collect()
        return Search(capture, caplog.records, tmp_path, str(capfd.readouterr()))

    return live


def _failed(search: Search) -> bool:
    return "StatusCode.ERROR" in search.texts["span"] or '"status_code": "ERROR"' in search.texts["span"]


def _without(found: dict[str, set[str]], allowed: dict[str, set[str]]) -> dict[str, set[str]]:
    """What isn't allowed there."""
    left = {where: places - allowed.get(where, set()) for where, places in found.items()}
    return {where: places for where, places in left.items() if places}


IDENTITY: Final = dict.fromkeys(("span", "details", "record", "line"), PERSON)
"""The user of a block is no content."""


def test_none_tells_nothing(case: Case, live: Live) -> None:
    search = live(case, content="none", **EVERYWHERE)
    assert _without(search.found, IDENTITY) == {}
    assert search.found["span"] == PERSON


def test_a_digest_tells_nothing(case: Case, live: Live) -> None:
    search = live(case, content="digest", content_key="k" * 32, **EVERYWHERE)
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


def test_a_store_has_it_instead(case: Case, live: Live, tmp_path: Path) -> None:
    search = live(case, content="full", content_store=f"{tmp_path}", record="both")
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


def test_full_on_error_tells_of_failures_alone(case: Case, live: Live) -> None:
    search = live(case, content="none", content_on_error="full", record="both")
    failed = SAID | QUOTED | {"variable"} if _failed(search) else set[str]()
    assert _without(search.found, {**IDENTITY, "span": PERSON | failed, "exception": failed & QUOTED}) == {}


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
def test_a_pseudonym_stands_for_the_user(whole: Case, live: Live, tier: str, capture: Capture) -> None:
    if whole.form is not Form.PLAIN:
        pytest.skip("how it is read doesn't matter here")
    search = live(whole, content=tier, pseudonym_keys=("p" * 32,), **EVERYWHERE)
    assert all("user" not in places for places in search.found.values())
    assert capture.attributes()["user.id"]


@pytest.mark.parametrize(("options", "is_fed"), [
    ({"content": "none"}, False),
    ({"content": "digest", "content_preview": 100}, False),
    ({"content": "full"}, True),
    ({"content": "full", "redact": True}, False),
])  # fmt: skip
def test_a_hook_is_given_what_the_tier_allows(
    whole: Case, live: Live, options: dict[str, Any], is_fed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("opentelemetry.util.genai.types", reason="opentelemetry-util-genai is not installed")
    if whole.form not in (Form.PLAIN, Form.STREAM):
        pytest.skip("how it is read doesn't matter here")
    hook = importlib.import_module("otel_genai_instr.store.hook")
    points = importlib.import_module("importlib.metadata")
    entry = points.EntryPoint("Kept", f"{Kept.__module__}:Kept", hook.GROUP)
    monkeypatch.setattr(hook, "entry_points", lambda group: points.EntryPoints([entry]))
    monkeypatch.setattr(Kept, "calls", [])
    search = live(whole, completion_hook="Kept", **options)
    assert search.found.get("hook", set()) == (SAID if is_fed else set())
    assert bool(Kept.calls) is (options["content"] == "full")
    assert not NEVER & set().union(*search.found.values())
