"""A real ``s3fs`` against an object store on loopback."""

from __future__ import annotations

import pytest

from otel_genai_instr.store import store as module
from otel_genai_instr.store.reading import Reader, Unreadable, by_reference
from otel_genai_instr.store.store import ContentStore

from .s3_server import S3Server
from .told import NOON, QUESTION, Told, put

DAY_NS = 86_400_000_000_000


def test_written_and_read_back(s3: S3Server, told: Told) -> None:
    store = ContentStore("s3://calls/app/", count=told)
    references = [store.put(0xABC, span, NOON + span, QUESTION, {"app.feature": "search"}) for span in range(1, 21)]
    assert store.flush(30) == 0
    assert told == [("stored", None)] * 20
    assert references[0] == f"s3://calls/app/2026/11/28/{0xABC:032x}/{1:016x}.json"
    assert f"s3://calls/{next(iter(s3.objects))}" in references
    read = by_reference(references[6], None)
    assert read.reference == references[6]
    assert (read.record["span_id"], read.record["content"]) == (f"{7:016x}", QUESTION)
    found = Reader("s3://calls/app").by_ids(f"{0xABC:032x}")
    assert [each.record["span_id"] for each in found] == [f"{span:016x}" for span in range(1, 21)]
    with pytest.raises(Unreadable, match=r"has no content of trace 0+9 \(looked at 2026/11/28\)"):
        Reader("s3://calls/app").by_ids(f"{9:032x}")


def test_several_uploads_at_a_time(s3: S3Server, told: Told) -> None:
    s3.seconds = 0.1
    store = ContentStore("s3://calls", count=told)
    for span in range(40):
        put(store, span)
    assert store.flush(30) == 0
    assert told == [("stored", None)] * 40
    assert s3.most_at_a_time == module.TOGETHER


def test_a_server_that_never_answers(
    s3: S3Server, told: Told, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "UPLOAD_SECONDS", 0.3)
    monkeypatch.setattr(module, "PAUSE", 0.01)
    s3.hold.clear()
    store = ContentStore("s3://calls", count=told)
    for span in range(3):
        put(store, span)
    assert store.flush(60) == 0
    assert told == [("dropped", "timeout")] * 3
    (line,) = [message for message in caplog.messages if "Content store" in message]
    assert line.startswith("otel-genai-instr: Content store s3://calls: content is lost (timeout: TimeoutError: )")


def test_a_server_that_refuses(s3: S3Server, told: Told, caplog: pytest.LogCaptureFixture) -> None:
    s3.status = 403
    store = ContentStore("s3://calls", count=told)
    for span in range(3):
        put(store, span)
    assert store.flush(60) == 0
    assert told == [("dropped", "refused")] * 3
    assert s3.puts == 3, "refused is refused"
    assert len([message for message in caplog.messages if "refused: PermissionError" in message]) == 1
    s3.status = 200
    put(store, 9)
    assert store.flush(60) == 0
    assert told[-1] == ("stored", None)


def test_a_server_that_is_not_there(monkeypatch: pytest.MonkeyPatch, told: Told) -> None:
    server = S3Server()
    for name, value in {**server.environ, "AWS_MAX_ATTEMPTS": "1"}.items():
        monkeypatch.setenv(name, value)
    server.server_close()
    monkeypatch.setattr(module, "UPLOAD_SECONDS", 1.0)
    store = ContentStore("s3://calls", count=told)
    put(store)
    assert store.flush(60) == 0
    ((outcome, reason),) = told
    assert (outcome, reason in ("failed", "timeout")) == ("dropped", True)
    monkeypatch.setattr("otel_genai_instr.store.reading.READ_SECONDS", 1.0)
    with pytest.raises(Unreadable, match="s3://calls can't be read: "):
        Reader("s3://calls").by_ids(f"{1:032x}")


def test_a_trace_is_looked_for_from_the_newest_day_on(s3: S3Server) -> None:
    store = ContentStore("s3://calls")
    for day in (0, 1, 3, 400):  # what comes before the first gap is another trace's, or too old to be told
        put(store, day + 1, at=NOON - day * DAY_NS)
        put(store, 99, trace=2, at=NOON - day * DAY_NS)
    put(store, 99, trace=2, at=NOON - 2 * DAY_NS)
    assert store.flush(30) == 0
    found = Reader("s3://calls").by_ids(f"{1:032x}")
    assert [each.record["span_id"] for each in found] == [f"{2:016x}", f"{1:016x}"]
    (old,) = Reader("s3://calls").by_ids(f"{1:032x}", f"{401:016x}")
    assert old.reference == f"s3://calls/2025/10/24/{1:032x}/{401:016x}.json"
