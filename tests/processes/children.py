"""Set-ups of several processes, and of libraries that change what a thread or a loop is."""

from __future__ import annotations

from typing import Final

from .table import NO_FORK, QUIET_FORKS, Setup

_POOL: Final = """
import multiprocessing
from kit import ask

if __name__ == "__main__":
    with multiprocessing.get_context("{method}").Pool(2) as pool:
        print(pool.map(ask, range(4), chunksize=1))
    {after}
"""
_WEB: Final = """
from web import serve
if __name__ == "__main__":
    serve({command})
"""
_GUNICORN: Final = '"gunicorn", "--bind=unix:web.sock", "--log-level=critical", "--workers=2", '

CHILDREN: Final[dict[str, Setup]] = {
    "a fork that calls": Setup(
        """
import os
from kit import ask
print(ask(), flush=True)
child = os.fork()
if not child:
    print(ask(), flush=True)
    os._exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), ask())
""",
        seen=3,
        environ=QUIET_FORKS,
        lacks=NO_FORK,
    ),
    "a fork while a stream is open": Setup(
        """
import os, sys
from kit import begun
stream = begun()
child = os.fork()
if not child:
    sys.exit(8)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), len([chunk.id for chunk in stream]) > 1)
""",
        seen=1,
        environ=QUIET_FORKS,
        lacks=NO_FORK,
    ),
    "a forked child that is killed": Setup(
        """
import os, signal
from kit import ask, begun
child = os.fork()
if not child:
    stream = begun()
    os.kill(os.getpid(), signal.SIGKILL)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), ask())
""",
        seen=1,
        how="waterfall",
        environ=QUIET_FORKS,
        lacks=NO_FORK,
    ),
    "a pool of forks": Setup(
        _POOL.format(method="fork", after="print(ask())"), seen=5, environ=QUIET_FORKS, lacks=NO_FORK
    ),
    "a pool of forks, the waterfall": Setup(
        _POOL.format(method="fork", after="pool.join()"), seen=4, how="waterfall", environ=QUIET_FORKS, lacks=NO_FORK
    ),
    "a pool of spawned processes": Setup(_POOL.format(method="spawn", after=""), seen=4),
    "a pool of a fork server": Setup(_POOL.format(method="forkserver", after=""), seen=4, lacks=NO_FORK),
    "os._exit in a child of a pool": Setup(
        """
import os
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from kit import ask

def work(number):
    ask()
    os._exit(9)

if __name__ == "__main__":
    with ProcessPoolExecutor(1) as pool:
        try:
            pool.submit(work, 1).result()
        except BrokenProcessPool as error:
            print(type(error).__name__, ask())
""",
        seen=2,
        environ=QUIET_FORKS,
        lacks=NO_FORK,
    ),
    "a process pool": Setup(
        """
from concurrent.futures import ProcessPoolExecutor
from kit import ask

if __name__ == "__main__":
    print(ask())
    with ProcessPoolExecutor(2) as pool:
        print(list(pool.map(ask, range(4))))
""",
        seen=5,
        how="waterfall",
        environ=QUIET_FORKS,
        lacks=NO_FORK,
    ),
    "uvicorn": Setup(_WEB.format(command='"uvicorn", "--uds=web.sock", "--log-level=critical", "web:asgi"'), seen=4),
}

LIBRARIES: Final[dict[str, Setup]] = {
    "uvloop": Setup(
        """
import asyncio, uvloop
from kit import HELLO, async_client

async def main():
    client = async_client()
    asked = [client.chat.completions.create(**HELLO) for _ in range(3)]
    return [answer.choices[0].message.content[:12] for answer in await asyncio.gather(*asked)]

with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
    print(runner.run(main()))
""",
        seen=3,
        how="waterfall",
        libraries=True,
    ),
    "gevent, patched before us": Setup(
        """
from gevent import monkey; monkey.patch_all()
import gevent
from kit import ask
print([job.get() for job in [gevent.spawn(ask) for _ in range(3)]])
""",
        seen=3,
        libraries=True,
    ),
    "gevent, patched after us": Setup(
        """
from kit import ask
from gevent import monkey; monkey.patch_all()
import gevent
print([job.get() for job in [gevent.spawn(ask) for _ in range(3)]])
""",
        seen=3,
        how="waterfall",
        libraries=True,
        by_chance=True,  # gevent complains of being late itself, in the children of the SDK's `platform` calls
    ),
    "gevent, patched after a call": Setup(
        """
from kit import ask
print(ask())
from gevent import monkey; monkey.patch_all()
import gevent
print([job.get() for job in [gevent.spawn(ask) for _ in range(3)]])
""",
        seen=4,
        libraries=True,
        by_chance=True,  # gevent warns, and names what was imported in any order
    ),
    "gevent with a fork": Setup(
        """
from gevent import monkey; monkey.patch_all()
import gevent, os
from kit import ask
print([job.get() for job in [gevent.spawn(ask) for _ in range(2)]], flush=True)
child = os.fork()
if not child:
    print([job.get() for job in [gevent.spawn(ask) for _ in range(2)]], flush=True)
    os._exit(0)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), ask())
""",
        seen=5,
        environ=QUIET_FORKS,
        libraries=True,
    ),
    "gevent, a greenlet is killed in the middle of a stream": Setup(
        """
from gevent import monkey; monkey.patch_all()
import gevent
from kit import begun

def read():
    for chunk in begun():
        pass

job = gevent.spawn(read)
gevent.sleep(0.3)
job.kill()
print(job.successful(), type(job.value).__name__)
""",
        seen=1,
        libraries=True,
    ),
    **{
        f"gunicorn, {kind}": Setup(
            _WEB.format(command=_GUNICORN + more + ', "web:wsgi"'),
            seen=4,
            how="waterfall" if kind == "sync" else "ledger",
            environ=QUIET_FORKS,
            libraries=True,
            lacks=NO_FORK,
        )
        for kind, more in {
            "sync": '"--preload"',
            "threads": '"--preload", "--worker-class=gthread", "--threads=2"',
            "gevent": '"--worker-class=gevent"',
        }.items()
    },
}
