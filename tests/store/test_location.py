"""Which URLs a store can be at, and what is said of the others."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from otel_genai_instr.addresses import without_password
from otel_genai_instr.store.location import located
from otel_genai_instr.store.store import ContentStore
from otel_genai_instr.withheld import Withheld

from .told import put


@pytest.mark.parametrize(
    ("url", "advice"),
    [
        ("nosuch://calls", "fsspec knows no file system for nosuch://"),
        ("oci://calls", "Install ocifs"),
        ("simplecache::s3://calls", "a chained URL"),
        ("s3://calls?versionId=1", "a query"),
    ],
)
def test_a_store_that_cannot_be_is_said_once_and_nothing_is_stored(
    url: str, advice: str, caplog: pytest.LogCaptureFixture
) -> None:
    store = ContentStore(url)
    for _ in range(2):
        with pytest.raises(Withheld, match="store_unavailable"):
            put(store)
    (line,) = caplog.messages
    assert line.startswith(f"otel-genai-instr: OTEL_GENAI_CONTENT_STORE={without_password(url)!r} can't be used: ")
    assert advice in line
    assert line.endswith("No content is stored.")
    assert store.flush() == 0


def test_without_the_extra_the_app_runs_on() -> None:
    program = """
import sys
sys.modules["fsspec"] = None  # as if it were not installed
from otel_genai_instr.store.store import ContentStore
from otel_genai_instr.withheld import Withheld
try:
    ContentStore("s3://calls").put(1, 2, 3, {}, {})
except Withheld as withheld:
    print(withheld.reason)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.stdout == "store_unavailable\n"
    assert done.stderr == (
        "otel-genai-instr: OTEL_GENAI_CONTENT_STORE='s3://calls' can't be used: it needs the extra \"store\": "
        'pip install "otel-genai-instr[store]". No content is stored.\n'
    )


def test_nothing_optional_is_imported_before_there_is_a_store() -> None:
    program = """
import sys
import otel_genai_instr.store.store, otel_genai_instr.store.reading, otel_genai_instr.store.hook
print(sorted({"fsspec", "s3fs", "cryptography"} & set(sys.modules)))
from otel_genai_instr.store.store import ContentStore
ContentStore("/tmp/calls")
print(sorted({"fsspec", "s3fs", "cryptography"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines() == ["[]", "['fsspec']"]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sftp://user:pass@host/calls", "sftp://host/calls"),
        ("ftp://user:p@ss@host:21/calls", "ftp://host:21/calls"),
        ("abfs://container@account.dfs.core.windows.net/calls", "abfs://container@account.dfs.core.windows.net/calls"),
        ("s3://bucket/calls", "s3://bucket/calls"),
        ("/var/lib/calls", "/var/lib/calls"),
        ("sftp://user:pass@host/a@b", "sftp://host/a@b"),
        ("sftp://host:22/a@b", "sftp://host:22/a@b"),
        ("s3://bucket/a:b@c", "s3://bucket/a:b@c"),
        ("clickhouse://otel:pass/word@host:8123/otel", "clickhouse://host:8123/otel"),
        ("clickhouse://:pass@host", "clickhouse://host"),
        ("https://user:pass@host/prices.json?sig=abc#x", "https://host/prices.json?..."),
    ],
)
def test_a_password_is_never_shown(url: str, shown: str) -> None:
    assert without_password(url) == shown


def test_a_reference_has_no_password(caplog: pytest.LogCaptureFixture) -> None:
    assert located("ftp://user:secret@127.0.0.1:9/calls/").shown == "ftp://127.0.0.1:9/calls"
    ContentStore("nosuch://user:secret@host/calls")
    assert "secret" not in caplog.text


@pytest.mark.parametrize("form", ["{0}", "{0}/", "file://{0}", "local://{0}"])
def test_a_local_folder_has_one_name(form: str, tmp_path: Path) -> None:
    location = located(form.format(tmp_path))
    assert (location.url, location.shown, location.is_local) == (str(tmp_path), f"file://{tmp_path}", True)
