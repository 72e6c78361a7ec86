"""What goes wrong, and when: a script, or a header on the request."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

FaultKind = Literal["authentication", "rate_limit", "server_error", "overloaded", "stream_error", "hang_up"]
FAULT_HEADER = "x-fault"
_RETRY_HEADER = "x-stainless-retry-count"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong."""

    kind: FaultKind
    """A refusal with the API's status for it, an error event within the stream, or a connection that just ends."""
    path: str = ""
    """Only requests whose path ends like this; empty: any."""
    when: str = ""
    """Only requests whose body holds this text; empty: any."""
    times: int = 1
    """How many requests it meets."""
    after: int = 4
    """Events of the stream that still arrive, for the two kinds that happen in the middle."""
    retry_after: float = 0.3
    """Seconds that a refusal asks the client to wait."""

    @property
    def refuses(self) -> bool:
        """Whether the request is answered by an error instead of a result."""
        return self.kind not in ("stream_error", "hang_up")


class FaultPlan:
    """The script: each fault meets the first requests that it fits, as often as it says."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self._lock = threading.Lock()
        self._faults = list(faults)

    def add(self, fault: Fault) -> None:
        """Let one more thing go wrong."""
        with self._lock:
            self._faults.append(fault)

    def take(self, path: str, headers: Mapping[str, str], body: str) -> Fault | None:
        """The fault that this request meets, if any.

        A request can ask for one by itself: ``x-fault: rate_limit`` fails the first attempt and lets the
        SDK's retry pass, ``x-fault: server_error*3`` fails three attempts. Raises ValueError for other words.
        """
        if asked := headers.get(FAULT_HEADER):
            return _asked_for(asked, int(headers.get(_RETRY_HEADER, "0")))
        with self._lock:
            for at, fault in enumerate(self._faults):
                if path.endswith(fault.path) and fault.when.lower() in body.lower():
                    rest = [replace(fault, times=fault.times - 1)] if fault.times > 1 else []
                    self._faults[at : at + 1] = rest
                    return fault
        return None


def _asked_for(header: str, attempt: int) -> Fault | None:
    kind, _, times = header.partition("*")
    for known in get_args(FaultKind):
        if kind == known:
            return Fault(known) if attempt < int(times or "1") else None
    raise ValueError(f"{FAULT_HEADER}: {kind!r} is none of {', '.join(get_args(FaultKind))}")
