"""The demo's child processes: what is said if one doesn't end."""

from __future__ import annotations

import os
import sys
import time

import pytest

from examples.process import DemoError, running

STUBBORN = (
    "import os, signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); os.write({ready}, b'.'); time.sleep(60)"
)


def _run_stubborn(error: Exception | None = None) -> None:
    """Run a process that no interrupt ends, and raise ``error`` once it runs."""
    reader, ready = os.pipe()
    command = [sys.executable, "-c", STUBBORN.format(ready=ready)]
    with running("it", command, os.environ, pass_fds=[ready], stop_timeout=0.2, if_late=". Is anybody there?"):
        os.close(ready)
        assert os.read(reader, 1) == b"."
        os.close(reader)
        if error is not None:
            raise error


def test_a_process_that_does_not_end_in_time_is_killed_and_the_message_asks_why() -> None:
    started = time.monotonic()
    with pytest.raises(DemoError, match=r"^it did not end within 0\.2 seconds\. Is anybody there\?$"):
        _run_stubborn()
    assert time.monotonic() - started < 10


def test_what_went_wrong_first_is_what_is_raised() -> None:
    with pytest.raises(KeyError, match="first"):
        _run_stubborn(KeyError("first"))
