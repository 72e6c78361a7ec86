"""Set-ups of one process: how it ends, and what it was started with."""

from __future__ import annotations

from typing import Final

from .table import NO_SUBINTERPRETERS, Setup

ENDINGS: Final[dict[str, Setup]] = {
    "plain exit": Setup("from kit import ask\nprint(ask())", seen=1, how="waterfall"),
    "sys.exit in the middle of a stream": Setup(
        "import sys\nfrom kit import begun\nstream = begun()\nsys.exit(3)", seen=1, how="waterfall"
    ),
    "os._exit in the middle of a stream": Setup(
        "import os\nfrom kit import ask, begun\nask()\nstream = begun()\nprint('out', flush=True)\nos._exit(4)", seen=1
    ),
    "an error that nobody catches": Setup(
        "from kit import ask\nprint(ask())\nraise ValueError('of the app')", seen=1, how="waterfall"
    ),
    "sys.exit in a thread": Setup(
        """
import sys, threading
from kit import ask

def work():
    print(ask())
    sys.exit(5)

thread = threading.Thread(target=work)
thread.start()
thread.join()
print(ask())
""",
        seen=2,
    ),
    "an atexit handler that calls": Setup(
        "import atexit\nfrom kit import ask\natexit.register(lambda: print(ask()))", seen=1, how="waterfall"
    ),
    "an atexit handler that starts a thread": Setup(
        """
import atexit, threading
from kit import ask

def last():
    thread = threading.Thread(target=lambda: print(ask()))
    try:
        thread.start()
    except RuntimeError as error:  # from Python 3.12 on
        print(type(error).__name__)
        return print(ask())
    thread.join()

atexit.register(last)
""",
        seen=1,
    ),
    "a thread pool at work at the end": Setup(
        """
from concurrent.futures import ThreadPoolExecutor
from kit import ask
pool = ThreadPoolExecutor(2)
asked = [pool.submit(ask) for _ in range(4)]
asked[-1].add_done_callback(lambda _: None)
""",
        seen=4,
        how="waterfall",
    ),
    "a daemon thread in the middle of a stream": Setup(
        """
import threading
from kit import begun
ready = threading.Event()

def read():
    stream = begun()
    ready.set()
    for chunk in stream:
        pass

threading.Thread(target=read, daemon=True).start()
ready.wait()
""",
        seen=1,
    ),
    "asyncio.run is interrupted": Setup(
        """
import asyncio, os, signal
from kit import STREAMED, async_client
signal.signal(signal.SIGINT, signal.default_int_handler)

async def main():
    stream = await async_client().chat.completions.create(**STREAMED)
    async for chunk in stream:
        os.kill(os.getpid(), signal.SIGINT)

try:
    asyncio.run(main())
except KeyboardInterrupt:
    print("interrupted")
""",
        seen=1,
        how="waterfall",
        by_chance=True,  # the loop closes the HTTP client's open generators in any order, and some complain
    ),
    "an asynchronous generator is open when the loop is closed": Setup(
        """
import asyncio
from kit import STREAMED, async_client

async def chunks():
    async with await async_client().chat.completions.create(**STREAMED) as stream:
        async for chunk in stream:
            yield chunk

async def main():
    global left
    left = chunks()
    await anext(left)

asyncio.run(main())
print("closed")
""",
        seen=1,
        how="waterfall",
        by_chance=True,
    ),
    "SIGTERM with a handler": Setup(
        """
import os, signal, sys
from kit import begun
signal.signal(signal.SIGTERM, lambda *_: sys.exit(6))
stream = begun()
os.kill(os.getpid(), signal.SIGTERM)
for chunk in stream:
    pass
""",
        seen=1,
    ),
    "SIGTERM without a handler": Setup(
        "import os, signal\nfrom kit import ask, begun\nask()\nstream = begun()\nos.kill(os.getpid(), signal.SIGTERM)",
        seen=1,
        how="waterfall",
    ),
    "a child that ignores SIGINT": Setup(
        """
import os, signal, subprocess, sys
from kit import begun
if len(sys.argv) > 1:
    stream = begun()
    os.kill(os.getpid(), signal.SIGINT)
    print(len([chunk.id for chunk in stream]) > 1)
else:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    print(subprocess.run([sys.executable, __file__, "child"], check=True, capture_output=True, text=True).stdout)
""",
        seen=1,
    ),
    "by standard input": Setup("from kit import ask\nprint(ask())", seen=1, by_stdin=True),
    "development mode": Setup("from kit import ask\nprint(ask())", seen=1, how="waterfall", options=("-X", "dev")),
    "optimised": Setup("from kit import ask\nprint(ask())", seen=1, options=("-OO",)),
    "isolated": Setup("from kit import ask\nprint(ask())", seen=1, how="waterfall", options=("-I",)),
    "the launcher": Setup("from kit import ask\nprint(ask())", seen=1, how="launcher"),
    "a subinterpreter": Setup(
        """
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
from kit import ask
print(ask())
other = interpreters.create()
interpreters.run_string(other, "import threading, json; print(json.dumps([1]), flush=True)")
print(ask())
interpreters.destroy(other)
""",
        seen=2,
        lacks=NO_SUBINTERPRETERS,
    ),
    "the SDK is imported anew": Setup(
        """
import sys
from kit import ask
print(ask())
for name in [name for name in sys.modules if name.partition(".")[0] == "openai"]:
    del sys.modules[name]
print(ask())
""",
        seen=1,  # the second one is another SDK, as if nobody had turned us on
    ),
    "the SDK is imported anew, and we are turned on anew": Setup(
        """
import sys
import kit, otel_genai_instr
print(kit.ask())
for name in [name for name in sys.modules if name.partition(".")[0] == "openai"]:
    del sys.modules[name]
import openai
if kit.HOW != "without":
    otel_genai_instr.uninstrument()
    otel_genai_instr.instrument()
print(kit.ask())
""",
        seen=2,
    ),
    "the SDK is reloaded": Setup(
        """
import importlib, openai, openai._base_client
from kit import ask
print(ask())
importlib.reload(openai._base_client)
importlib.reload(openai)
print(ask())
""",
        seen=2,
        how="waterfall",
    ),
}

_ODD: Final = """
import sys
from kit import ask

class Odd:
    def write(self, text):
        {write}

{put}
print(ask())
{back}
"""

STDERR: Final[dict[str, Setup]] = {
    "stderr is frozen": Setup(
        _ODD.format(write="raise OSError('frozen')", put="sys.stderr = Odd()", back=""), seen=0, how="waterfall"
    ),
    "stderr raises what it likes": Setup(
        _ODD.format(write="raise ZeroDivisionError", put="sys.stderr = Odd()", back=""), seen=0, how="waterfall"
    ),
    "stderr is closed": Setup(_ODD.format(write="pass", put="sys.stderr.close()", back=""), seen=0, how="waterfall"),
    "stderr is not there": Setup(_ODD.format(write="pass", put="sys.stderr = None", back=""), seen=0, how="waterfall"),
    "stderr can only write": Setup(
        _ODD.format(
            write="sys.__stderr__.write(text)",
            put="sys.stderr = Odd()",
            back="sys.stderr = sys.__stderr__",
        ),
        seen=1,
        how="waterfall",
    ),
}
