"""What is stored when processes end, and in children that were forked."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from .s3_server import S3Server

BEGIN = """
import os, sys, threading, time, logging
from otel_genai_instr.store.store import ContentStore
from otel_genai_instr.withheld import Withheld
told = []
store = ContentStore(sys.argv[1], count=lambda *outcome: told.append(outcome))
def put(span):
    content = {"gen_ai.input.messages": [{"role": "user", "parts": [{"type": "text", "content": "x" * 1000}]}]}
    return store.put(1, span, 1_795_867_200_000_000_000, content, {})
"""


@dataclass
class Ran:
    """A process that ended."""

    out: str
    error: str
    code: int
    seconds: float


def _run(program: str, url: str, **environ: str) -> Ran:
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + program, url],
        capture_output=True,
        text=True,
        timeout=90,
        env={**os.environ, **environ},
    )
    return Ran(done.stdout, done.stderr, done.returncode, time.monotonic() - began)


ENDINGS = {
    "the end of the program": ("", 0),
    "sys.exit": ("sys.exit(3)", 3),
    "an exception": ("raise KeyError('x')", 1),
}


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("where", ["s3", "local"])
def test_a_normal_end_stores_everything(where: str, ending: str, s3: S3Server, tmp_path: Path) -> None:
    line, code = ENDINGS[ending]
    ran = _run(f"for span in range(50): put(span)\n{line}", "s3://calls/app" if where == "s3" else str(tmp_path))
    assert ran.code == code
    assert ran.error == "" or "KeyError: 'x'" in ran.error
    assert ran.error.count("\n") <= 4
    assert len(s3.objects if where == "s3" else list(tmp_path.rglob("*.json"))) == 50


def test_the_end_waits_for_five_seconds_and_says_what_is_lost(s3: S3Server) -> None:
    s3.hold.clear()
    ran = _run(
        "import atexit; atexit.register(lambda: print(sorted(told)))\nfor span in range(20): put(span)", "s3://calls"
    )
    assert ran.code == 0
    assert ran.error == (
        "otel-genai-instr: Content store s3://calls: the process ends before the content of 20 calls is stored;"
        " this is logged once.\n"
    )
    assert ran.out == f"{[('dropped', 'exit')] * 20}\n"
    assert 5 <= ran.seconds < 60


def test_what_threads_say_after_the_end_of_the_program(tmp_path: Path) -> None:
    program = """
def late():
    threading.main_thread().join()
    time.sleep(0.2)
    put(2)
threading.Thread(target=late).start()
put(1)
"""
    ran = _run(program, str(tmp_path))
    assert (ran.code, ran.error) == (0, "")
    assert len(list(tmp_path.rglob("*.json"))) == 2


def test_no_thread_without_content(tmp_path: Path) -> None:
    ran = _run("print(threading.active_count(), os.listdir(sys.argv[1]))", str(tmp_path))
    assert ran.out == "1 []\n"


FORK = """
put(1)
{before}
child = os.fork()
put(2 if child else 3)
os.write(1, (str(store.flush(30)) + " " + str(sorted(told)) + "\\n").encode())  # whole: two processes write there
if child:
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("where", ["s3", "local", "memory"])
def test_a_forked_child_has_a_store_of_its_own(where: str, s3: S3Server, tmp_path: Path) -> None:
    url = {"s3": "s3://calls", "local": str(tmp_path), "memory": "memory://calls"}[where]
    ran = _run(FORK.format(before="store.flush(30)"), url, PYTHONWARNINGS="ignore")
    assert (ran.code, ran.error) == (0, "")
    assert ran.out.splitlines() == [f"0 {[('stored', None)] * 2}"] * 2
    if where == "s3":
        assert s3.puts == 3
    if where == "local":
        assert len(list(tmp_path.rglob("*.json"))) == 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("seconds", [0, 0.02, 0.3])
def test_what_waits_is_stored_by_the_parent_alone(seconds: float, s3: S3Server) -> None:
    """Whatever its thread is in the middle of."""
    s3.hold.clear()
    release = _released_later(s3)
    ran = _run(
        f"""
for span in range(10): put(span)
time.sleep({seconds})
child = os.fork()
if not child:
    assert store.flush(0) == 0
    put(99)
os.write(1, (str(store.flush(60)) + " " + str(len(told)) + "\\n").encode())
if child:
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
""",
        "s3://calls",
        PYTHONWARNINGS="ignore",
    )
    release.join()
    assert (ran.code, ran.error) == (0, "")
    assert sorted(ran.out.splitlines()) == ["0 1", "0 10"]
    assert len(s3.objects) == 11


def _released_later(s3: S3Server) -> threading.Timer:
    """Lets the answers go in a while."""
    timer = threading.Timer(3, s3.hold.set)
    timer.start()
    return timer


def test_a_child_of_multiprocessing_stores_everything(s3: S3Server) -> None:
    ran = _run(
        """
import multiprocessing
children = [multiprocessing.get_context("fork").Process(target=put, args=(span,)) for span in range(3)]
for child in children: child.start()
for child in children: child.join()
print([child.exitcode for child in children])
""",
        "s3://calls",
        PYTHONWARNINGS="ignore",
    )
    assert (ran.out, ran.error) == ("[0, 0, 0]\n", "")
    assert len(s3.objects) == 3


def test_sigterm_is_the_app_s_business(s3: S3Server) -> None:
    """Without a handler the process is gone at once; one that exits, as servers have, is a normal end."""
    program = """
import signal
{handler}
for span in range(50): put(span)
os.kill(os.getpid(), signal.SIGTERM)
time.sleep(30)
"""
    ran = _run(program.format(handler="signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))"), "s3://calls")
    assert (ran.code, len(s3.objects)) == (0, 50)
    ran = _run(program.format(handler=""), "s3://calls")
    assert ran.code == -signal.SIGTERM
