"""A small OpenAI-compatible server for demos and tests: no key, no network, always the same answers.

with OpenAIServer() as server:
    client = OpenAI(base_url=server.url, api_key="none")
"""

from .faults import FAULT_HEADER, Fault, FaultKind, FaultPlan
from .server import INSTANT, Answered, OpenAIServer, Received, Timing

__all__ = [
    "FAULT_HEADER",
    "INSTANT",
    "Answered",
    "Fault",
    "FaultKind",
    "FaultPlan",
    "OpenAIServer",
    "Received",
    "Timing",
]
