"""Renews the locks of all suites that have environments of their own: ``make lock``."""

from __future__ import annotations

from tests.frameworks.table import ENVIRONMENTS as FRAMEWORKS
from tests.neighbours.table import ENVIRONMENTS as NEIGHBOURS
from tests.processes.table import ENVIRONMENTS as PROCESSES
from tests.stack.clickhouse.environment import ENVIRONMENTS as CLICKHOUSE

from .environments import lock_common


def main() -> None:
    """First what they have in common: each lock holds only what is different from that."""
    lock_common()
    for environments in (NEIGHBOURS, FRAMEWORKS, PROCESSES, CLICKHOUSE):
        environments.lock()


if __name__ == "__main__":
    main()
