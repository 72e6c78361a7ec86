"""Encryption: what is stored can't be read without a key, and keys can be changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.fernet import Fernet, InvalidToken

from otel_genai_instr.store.reading import Reader, Unreadable, by_reference
from otel_genai_instr.store.store import ContentStore
from otel_genai_instr.withheld import Withheld

from .told import Told, put

OLD, NEW, OTHER = (Fernet.generate_key().decode() for _ in range(3))
TRACE = f"{1:032x}"


def _stored(root: Path, *keys: str, span: int = 1) -> str:
    store = ContentStore(str(root), keys)
    reference = put(store, span, text="canary")
    assert store.flush() == 0
    return reference


def test_nothing_of_it_can_be_read_without_the_key(tmp_path: Path) -> None:
    reference = _stored(tmp_path, NEW, OLD)
    assert reference.endswith(f"/{1:016x}.json.fernet")
    data = Path(reference.removeprefix("file://")).read_bytes()
    assert b"canary" not in data
    assert b"canary" in Fernet(NEW).decrypt(data), "the first key encrypts"
    with pytest.raises(InvalidToken):
        Fernet(OLD).decrypt(data)


def test_keys_are_rotated(tmp_path: Path) -> None:
    _stored(tmp_path, OLD, span=1)
    _stored(tmp_path, NEW, OLD, span=2)
    assert [each.record["span_id"] for each in Reader(str(tmp_path), (NEW, OLD)).by_ids(TRACE)] == [
        f"{1:016x}",
        f"{2:016x}",
    ]
    with pytest.raises(Unreadable, match=r"is damaged, or not encrypted by the key given"):
        Reader(str(tmp_path), (NEW,)).by_ids(TRACE)


def test_what_cannot_be_decrypted_is_said(tmp_path: Path) -> None:
    reference = _stored(tmp_path, NEW)
    with pytest.raises(Unreadable, match="is encrypted, and no key is given"):
        by_reference(reference, None)
    with pytest.raises(Unreadable, match="one of the 2 keys given"):
        by_reference(reference, None, (OLD, OTHER))
    path = Path(reference.removeprefix("file://"))
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(Unreadable, match="is damaged, or not encrypted by the key given"):
        by_reference(reference, None, (NEW,))


@pytest.mark.parametrize(
    ("keys", "which"), [(("secret",), "1 of 1"), ((NEW, "secret"), "2 of 2"), (("sécret", OLD), "1 of 2")]
)
def test_a_bad_key_stores_nothing_at_all(
    keys: tuple[str, ...], which: str, tmp_path: Path, told: Told, caplog: pytest.LogCaptureFixture
) -> None:
    store = ContentStore(str(tmp_path), keys, told)
    with pytest.raises(Withheld, match="store_unavailable"):
        put(store)
    assert store.flush() == 0
    assert list(tmp_path.iterdir()) == []
    (line,) = caplog.messages
    problem = f"key {which} is no Fernet key; make one by: "
    assert line.startswith(f"otel-genai-instr: OTEL_GENAI_CONTENT_STORE_KEYS can't be used: {problem}")
    assert "cret" not in line
    assert NEW not in line
