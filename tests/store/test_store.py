"""What is put into a store, and what becomes of it."""

from __future__ import annotations

import json
import os
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_genai_instr.store import store as module
from otel_genai_instr.store.store import ContentStore
from otel_genai_instr.withheld import Withheld

from .systems import Trouble, fsspec, no_space
from .told import NOON, QUESTION, Told, put


def _withheld(store: ContentStore) -> str:
    with pytest.raises(Withheld) as raised:
        put(store)
    return raised.value.reason


def test_one_object_for_each_call(tmp_path: Path, told: Told) -> None:
    store = ContentStore(f"{tmp_path}/calls", count=told)
    reference = store.put(0xABC, 0xDEF, NOON, QUESTION, {"gen_ai.request.model": "gpt-5.4"})
    assert store.flush() == 0
    path = tmp_path / "calls/2026/11/28/00000000000000000000000000000abc/0000000000000def.json"
    assert reference == f"file://{path}"
    assert path.read_bytes().decode() == (
        '{"trace_id":"00000000000000000000000000000abc","span_id":"0000000000000def","time":"2026-11-28T12:00:00.123456Z",'
        '"gen_ai.request.model":"gpt-5.4","content":'
        '{"gen_ai.input.messages":[{"role":"user","parts":[{"type":"text","content":"Où est Paris?"}]}]}}'
    )
    assert told == [("stored", None)]
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_nobody_else_reads_it(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        store = ContentStore(f"file://{tmp_path}/calls")
        put(store)
        assert store.flush() == 0
    finally:
        os.umask(before)
    made = [tmp_path / "calls", *(tmp_path / "calls").rglob("*")]
    assert {stat.S_IMODE(each.stat().st_mode) for each in made if each.is_dir()} == {0o700}
    assert {stat.S_IMODE(each.stat().st_mode) for each in made if each.is_file()} == {0o600}


def test_a_folder_of_a_relative_path_stays_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = ContentStore("calls")
    monkeypatch.chdir("/")
    assert put(store).startswith(f"file://{tmp_path}/calls/2026/11/28/")
    assert store.flush() == 0
    assert len(list(tmp_path.rglob("*.json"))) == 1


def test_any_file_system_of_fsspec(told: Told) -> None:
    store = ContentStore("memory://test-any/calls/", count=told)
    reference = put(store)
    assert reference == "memory://test-any/calls/2026/11/28/00000000000000000000000000000001/0000000000000001.json"
    assert store.flush() == 0
    assert told == [("stored", None)]
    with fsspec.open(reference) as file:
        assert json.load(file)["span_id"] == "0000000000000001"


def test_what_is_known_of_the_call_never_stands_for_its_identity(tmp_path: Path) -> None:
    store = ContentStore(str(tmp_path))
    store.put(1, 2, NOON, QUESTION, {"trace_id": "x", "content": "y", "app.feature": "search"})
    assert store.flush() == 0
    (path,) = tmp_path.rglob("*.json")
    record = json.loads(path.read_text())
    assert record == {
        "trace_id": "00000000000000000000000000000001",
        "span_id": "0000000000000002",
        "time": "2026-11-28T12:00:00.123456Z",
        "app.feature": "search",
        "content": QUESTION,
    }


def test_a_call_never_waits_for_a_store_that_hangs(
    trouble: Trouble, told: Told, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "QUEUED", 10)
    before = set(threading.enumerate())
    trouble.hold.clear()
    store = ContentStore("blocking://calls", count=told)
    put(store, 100)
    assert trouble.entered.wait(10)
    for number in range(10):
        put(store, number)
    assert [_withheld(store) for _ in range(3)] == ["store_full"] * 3
    assert len(set(threading.enumerate()) - before) == 1
    assert store.flush(0.01) == 11
    (line,) = caplog.messages
    assert line.startswith("otel-genai-instr: Content store blocking://calls: calls come faster than they are stored")
    assert "what is being stored began 0 s ago" in line
    trouble.hold.set()
    assert store.flush(30) == 0
    assert told == [("stored", None)] * 11
    assert len(trouble.objects) == 11
    assert trouble.threads == {"otel-genai-content-store"}


def test_an_asynchronous_store_that_hangs_loses_what_is_too_late(
    trouble: Trouble, told: Told, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "UPLOAD_SECONDS", 0.05)
    monkeypatch.setattr(module, "PAUSE", 0.01)
    trouble.hold.clear()
    store = ContentStore("looping://calls", count=told)
    for number in range(3):
        put(store, number)
    assert store.flush(30) == 0
    assert told == [("dropped", "timeout")] * 3
    assert [message.partition(" (")[0] for message in caplog.messages] == [
        "otel-genai-instr: Content store looping://calls: content is lost"
    ]
    trouble.hold.set()
    put(store, 9)
    assert store.flush(30) == 0
    assert told[-1] == ("stored", None)
    assert [path[-21:-5] for path in trouble.objects] == ["0000000000000009"], "what was given up is not written"


@pytest.mark.parametrize("scheme", ["blocking", "looping"])
def test_our_uploads_are_no_calls_of_the_app(scheme: str, trouble: Trouble) -> None:
    store = ContentStore(f"{scheme}://calls")
    put(store)
    assert store.flush(30) == 0
    assert trouble.instrumented == {False}


@pytest.mark.parametrize("scheme", ["blocking", "looping"])
def test_a_failure_is_tried_again(
    scheme: str, trouble: Trouble, told: Told, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "PAUSE", 0.01)
    trouble.failures = [OSError("broken pipe"), ConnectionResetError("reset")]
    store = ContentStore(f"{scheme}://calls", count=told)
    put(store)
    assert store.flush(30) == 0
    assert told == [("stored", None)]
    assert trouble.attempts == 3
    assert caplog.messages == []


def test_a_lost_connection_is_made_anew(trouble: Trouble, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE", 0.01)
    store = ContentStore("blocking://calls")
    put(store, 1)
    assert store.flush(30) == 0
    put(store, 2)
    assert store.flush(30) == 0
    assert trouble.instances == 1
    trouble.failures = [OSError("Socket is closed")]
    put(store, 3)
    assert store.flush(30) == 0
    assert (trouble.instances, len(trouble.objects)) == (2, 3)


@pytest.mark.parametrize(
    ("failure", "reason", "attempts"),
    [
        (PermissionError("Access denied"), "refused", 1),
        (FileNotFoundError("no such bucket"), "failed", 1),
        (no_space(), "no_space", 3),
        (ValueError("odd"), "failed", 3),
        (TimeoutError(), "timeout", 3),
    ],
)
def test_losses_are_counted_each_and_said_once(
    failure: Exception,
    reason: str,
    attempts: int,
    trouble: Trouble,
    told: Told,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(module, "PAUSE", 0.01)
    store = ContentStore("looping://calls", count=told)
    for number in range(3):
        trouble.failures = [failure] * attempts
        put(store, number)
        assert store.flush(30) == 0
    assert told == [("dropped", reason)] * 3
    assert trouble.attempts == 3 * attempts
    (line,) = caplog.messages
    assert line.startswith(f"otel-genai-instr: Content store looping://calls: content is lost ({reason}: ")
    assert str(failure) in line


def test_a_folder_that_vanishes_is_made_again(tmp_path: Path, told: Told) -> None:
    root = tmp_path / "calls"
    store = ContentStore(str(root), count=told)
    put(store, 1)
    assert store.flush() == 0
    root.rename(tmp_path / "moved")
    put(store, 2)
    assert store.flush() == 0
    assert told == [("stored", None)] * 2
    assert [path.name for path in root.rglob("*.json")] == ["0000000000000002.json"]


def test_a_folder_in_whose_place_a_file_is(tmp_path: Path, told: Told, caplog: pytest.LogCaptureFixture) -> None:
    root = tmp_path / "calls"
    root.write_text("mine")
    store = ContentStore(str(root), count=told)
    put(store)
    assert store.flush() == 0
    assert told == [("dropped", "failed")]
    assert len(caplog.messages) == 1
    assert root.read_text() == "mine"


def test_what_fails_leaves_no_half_behind(tmp_path: Path, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE", 0.01)
    store = ContentStore(str(tmp_path), count=told)
    target = tmp_path / "2026/11/28" / f"{1:032x}" / f"{1:016x}.json"
    target.mkdir(parents=True)
    put(store)
    assert store.flush() == 0
    assert told == [("dropped", "failed")]
    assert list(target.parent.iterdir()) == [target]


def test_what_waits_is_bounded_in_bytes(trouble: Trouble, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "QUEUED_BYTES", 100_000)
    trouble.hold.clear()
    store = ContentStore("blocking://calls", count=told)
    for number in range(9):
        put(store, number, text="x" * 10_000)
    assert _withheld_of(store, "x" * 10_000) == "store_full"
    trouble.hold.set()
    assert store.flush(30) == 0
    put(store, 10, text="x" * 10_000)
    assert store.flush(30) == 0
    assert told == [("stored", None)] * 10


def _withheld_of(store: ContentStore, text: str) -> str:
    with pytest.raises(Withheld) as raised:
        put(store, text=text)
    return raised.value.reason


def test_one_call_is_bounded_too(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = ContentStore(str(tmp_path))
    assert [_withheld_of(store, "x" * module.OBJECT_BYTES) for _ in range(2)] == ["too_large"] * 2
    assert caplog.messages == [
        f"otel-genai-instr: Content store file://{tmp_path}: content of more than 16 MiB is not stored;"
        " this is logged once."
    ]
    put(store, text="x" * 5_000_000)
    assert store.flush() == 0
    (path,) = tmp_path.rglob("*.json")
    assert path.stat().st_size > 5_000_000


def test_a_circle_has_an_end(tmp_path: Path) -> None:
    store = ContentStore(str(tmp_path))
    circle: dict[str, object] = {}
    circle["again"] = circle
    with pytest.raises(Withheld, match="too_large"):
        store.put(1, 1, NOON, circle, {})


def test_what_is_no_json_is_counted(tmp_path: Path, told: Told, caplog: pytest.LogCaptureFixture) -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    store = ContentStore(str(tmp_path), count=told)
    store.put(1, 1, NOON, {"deep": deep}, {})
    store.put(1, 2, NOON, {"nan": float("nan")}, {})
    store.put(1, 3, NOON, {"bytes": b"x", "object": object()}, {})
    store.put(1, 4, NOON, {"surrogate": "a\ud800b"}, {})
    assert store.flush() == 0
    assert sorted(told) == sorted([("dropped", "unencodable")] * 2 + [("stored", None)] * 2)
    assert len(caplog.messages) == 1
    contents = [json.loads(path.read_text())["content"] for path in sorted(tmp_path.rglob("*.json"))]
    assert contents == [{"bytes": "<bytes>", "object": "<object>"}, {"surrogate": "a?b"}]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(content=st.dictionaries(st.text(max_size=9), _JSON, max_size=4))
def test_odd_content_is_json_or_counted(content: dict[str, object], tmp_path_factory: pytest.TempPathFactory) -> None:
    told = Told()
    root = tmp_path_factory.mktemp("odd")
    store = ContentStore(str(root), count=told)
    store.put(1, 1, NOON, content, {})
    assert store.flush() == 0
    files = list(root.rglob("*.json"))
    assert told == ([("stored", None)] if files else [("dropped", "unencodable")])
    for file in files:
        assert set(json.loads(file.read_text())) == {"trace_id", "span_id", "time", "content"}


def test_a_thread_that_had_nothing_to_do_ends_and_another_begins(
    tmp_path: Path, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "IDLE_SECONDS", 0.05)
    store = ContentStore(str(tmp_path), count=told)
    for number in range(2):
        before = set(threading.enumerate())
        put(store, number)
        (thread,) = set(threading.enumerate()) - before
        thread.join(30)
        assert not thread.is_alive()
    assert told == [("stored", None)] * 2


def test_a_counter_that_raises_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from otel_genai_instr import guard

    monkeypatch.setattr(guard, "strict", False)

    def count(outcome: str, reason: str | None) -> None:
        raise RuntimeError(outcome)

    store = ContentStore(str(tmp_path), count=count)
    for number in range(3):
        put(store, number)
    assert store.flush() == 0
    assert guard.counts() == {("store.count", "RuntimeError"): 3}
    assert len(list(tmp_path.rglob("*.json"))) == 3
