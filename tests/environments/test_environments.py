"""The check of the locks sees what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from .environments import COMMON, Environments

LOCKED = "some-package==1.0 \\\n    --hash=sha256:00\n"


@pytest.fixture
def environments(tmp_path: Path) -> Environments:
    (tmp_path / "some-package-extra.txt").write_text(LOCKED)
    return Environments(tmp_path, tmp_path, frozenset({(), ("some-package[extra]",)}))


def test_locks_that_are_as_wanted(environments: Environments) -> None:
    assert list(environments.problems()) == []


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("some-package-extra.txt", "other-package==1.0 \\\n    --hash=sha256:00\n", "no some-package"),
        ("some-package-extra.txt", "some-package==1.0\n", "no some-package"),
        ("some-package-extra.txt", f"--index-url https://example.com\n{LOCKED}", "names an index"),
        ("another.txt", LOCKED, "another.txt is left over"),
    ],
)
def test_what_is_wrong_is_seen(environments: Environments, name: str, text: str, problem: str) -> None:
    (environments.locks / name).write_text(text)
    (found,) = environments.problems()
    assert found.endswith(problem)


def test_what_is_common_names_no_index() -> None:
    assert "://" not in COMMON.read_text()
