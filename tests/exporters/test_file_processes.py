"""The file exporters in processes: forked, killed, several at once, with a disk that is full."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from otel_genai_instr.exporters.folder import stored_files

from .written import files, names

BEGIN = """
import os, sys, time
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
from otel_genai_instr.exporters.files import GenAIFileSpanExporter
from otel_genai_instr.file_settings import FileSettings
provider = TracerProvider()
tracer = provider.get_tracer("tests")
def span(name):
    tracer.start_span(name, attributes={"said": "x" * 100}).end()
"""
BATCHES = (
    BEGIN + "provider.add_span_processor(BatchSpanProcessor(GenAIFileSpanExporter(), schedule_delay_millis=1e6))\n"
)


def start(program: str, folder: Path, **environ: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", program],
        env={**os.environ, "OTEL_GENAI_FILE_DIR": str(folder), **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(program: str, folder: Path, **environ: str) -> str:
    """What the program prints; it ends well, and says nothing else."""
    process = start(program, folder, **environ)
    out, error = process.communicate(timeout=60)
    assert (process.returncode, error) == (0, "")
    return out


def test_the_end_of_the_program_writes_what_waits(tmp_path: Path) -> None:
    run(BATCHES + "for number in range(100): span(str(number))", tmp_path)
    assert names(*files(tmp_path)) == [str(number) for number in range(100)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("before", ["", "provider.force_flush()"], ids=["queued", "written"])
def test_a_forked_child_has_a_file_of_its_own(before: str, tmp_path: Path) -> None:
    program = f"""
span("before")
{before}
child = os.fork()
span("parent" if child else "child")
provider.shutdown()
if child:
    print(os.getpid(), child)
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    parent, child = run(BATCHES + program, tmp_path).split()
    written = {path.stem.rpartition("-")[2]: names(path) for path in files(tmp_path)}
    assert written == {parent: ["before", "parent"], child: ["child"]}


def test_what_is_killed_leaves_whole_lines(tmp_path: Path) -> None:
    often = "provider.add_span_processor(BatchSpanProcessor(GenAIFileSpanExporter(), schedule_delay_millis=1))\n"
    process = start(BEGIN + often + "\nnumber = 0\nwhile True: number += 1; span(str(number))", tmp_path)
    deadline = time.monotonic() + 30
    while sum(file.size for file in stored_files(str(tmp_path))) < 500_000:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    (path,) = files(tmp_path)
    text = path.read_bytes()
    path.write_bytes(text[: text.rfind(b"\n") + 1])
    found = [int(name) for name in names(path)]
    assert len(found) > 1000
    assert found == sorted(set(found))


def test_processes_share_the_folder_and_its_bounds(tmp_path: Path) -> None:
    program = """
provider.add_span_processor(SimpleSpanProcessor(GenAIFileSpanExporter()))
for number in range(1000): span(f"{os.getpid()} {number}")
print(os.getpid())
"""
    bounds = {"OTEL_GENAI_FILE_MAX_BYTES": "20000", "OTEL_GENAI_FILE_TOTAL_BYTES": "300000"}
    processes = [start(BEGIN + program, tmp_path, **bounds) for _ in range(3)]
    told = [process.communicate(timeout=60) for process in processes]
    assert [error for _, error in told] == [""] * 3
    assert sum(file.size for file in stored_files(str(tmp_path))) <= 300_000 + 2 * 20_000
    last: dict[str, list[int]] = {}
    for path in files(tmp_path):
        for name in names(path):
            process, number = name.split()
            assert path.stem.endswith(f"-{process}")
            last.setdefault(process, []).append(int(number))
    assert sum(map(len, last.values())) < 3000
    for numbers in last.values():
        assert numbers == list(range(numbers[0], 1000)), "the newest lines are kept"


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no such limit")
def test_a_disk_that_is_full_loses_whole_lines_and_no_others(tmp_path: Path) -> None:
    """Files that may grow no more stand in its place: the system writes the part of a line that fits, and fails."""
    program = """
import resource
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
reader = InMemoryMetricReader()
metrics.set_meter_provider(MeterProvider([reader]))
provider.add_span_processor(SimpleSpanProcessor(GenAIFileSpanExporter()))
_, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
for number in range(50): span(f"full {number}")
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
for number in range(5): span(f"later {number}")
(metric,) = reader.get_metrics_data().resource_metrics[0].scope_metrics[0].metrics
(point,) = metric.data.data_points
print(metric.name, point.value, dict(point.attributes))
"""
    process = start(BEGIN + program, tmp_path)
    out, error = process.communicate(timeout=60)
    assert process.returncode == 0
    kept = names(*files(tmp_path))
    full = [name for name in kept if name.startswith("full")]
    assert full == [f"full {number}" for number in range(len(full))]
    assert 5 < len(full) < 50
    assert kept[len(full) :] == [f"later {number}" for number in range(5)]
    assert out == f"otel_genai.file.dropped {50 - len(full)} {{'error.type': 'EFBIG'}}\n"
    first, last = error.splitlines()
    assert "File too large" in first
    assert f"{50 - len(full)} were lost" in last


@pytest.mark.skipif(sys.platform == "win32", reason="this system has no such limit")
def test_a_disk_that_is_full_is_not_littered_with_empty_files(tmp_path: Path) -> None:
    program = """
import resource
provider.add_span_processor(SimpleSpanProcessor(GenAIFileSpanExporter()))
resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
for number in range(20): span(str(number))
"""
    process = start(BEGIN + program, tmp_path, OTEL_GENAI_FILE_MAX_BYTES="200")
    _, error = process.communicate(timeout=60)
    assert "20 were lost" in error
    assert [file.size for file in stored_files(str(tmp_path))] == [0]
