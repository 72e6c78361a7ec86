"""What a test starts ends with it, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from .programs import Program, ProgramFailed, free_port, wait_until

# A program with a child, both deaf to a polite request.
STUBBORN = ["sh", "-c", "trap '' TERM; sh -c 'trap \"\" TERM; echo up; while :; do sleep 1; done' & wait"]


def ended(group: int) -> bool:
    """Whether no process of the group runs any more."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def test_kill_ends_the_whole_group(tmp_path: Path) -> None:
    program = Program("stubborn", STUBBORN, env={}, log=tmp_path / "log")
    program.start(lambda: "up" in program.log.read_text())
    group = program.pid
    assert group is not None
    assert not ended(group)
    program.kill()
    wait_until(lambda: ended(group), what="the group is gone", seconds=5)


def test_program_that_does_not_get_ready_is_ended(tmp_path: Path) -> None:
    seen: list[int] = []
    program = Program("stubborn", STUBBORN, env={}, log=tmp_path / "log")

    def interrupted() -> bool:
        assert program.pid is not None
        seen.append(program.pid)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        program.start(interrupted)
    wait_until(lambda: ended(seen[0]), what="the group is gone", seconds=5)


def test_early_end_is_reported_with_its_output(tmp_path: Path) -> None:
    program = Program("failing", ["sh", "-c", "echo no such port; exit 3"], env={}, log=tmp_path / "log")
    with pytest.raises(ProgramFailed, match=r"failing ended with 3\n(?s:.*)no such port"):
        program.start(lambda: False)


def test_free_ports_are_all_different() -> None:
    assert len({free_port() for _ in range(100)}) == 100


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_stopped_test_run_leaves_nothing_behind(tmp_path: Path, how: signal.Signals) -> None:
    """A run of pytest with these fixtures, stopped from outside in the middle of a test."""
    here = Path(__file__).parent
    (tmp_path / "test_endless.py").write_text(
        textwrap.dedent(
            f"""
            import sys, time
            from pathlib import Path
            import pytest
            sys.path.insert(0, {str(here.parent)!r})
            from stack.programs import Program
            from stack.conftest import end_programs_when_told_to_stop

            @pytest.fixture
            def program(tmp_path):
                program = Program("stubborn", {STUBBORN!r}, env={{}}, log=tmp_path / "log")
                try:
                    program.start(lambda: "up" in program.log.read_text())
                    yield program
                finally:
                    program.kill()

            def test_endless(program):
                Path({str(tmp_path / "group")!r}).write_text(f"{{program.pid}}.")
                time.sleep(60)
            """
        )
    )
    told = tmp_path / "group"
    run = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--rootdir={tmp_path}", tmp_path],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=tmp_path,
    )
    try:
        wait_until(lambda: told.exists() and told.read_text().endswith("."), what="the test runs", seconds=30)
        group = int(told.read_text().rstrip("."))
        assert not ended(group)
        run.send_signal(how)
        assert run.wait(20) != 0
        wait_until(lambda: ended(group), what="the group is gone", seconds=5)
    finally:
        run.kill()
        run.wait()
