"""A small OpenAI-compatible server for demos and tests: no key, no network, always the same answers.

with OpenAIServer() as server:
    client = OpenAI(base_url=server.url, api_key="none")
"""

from model_server import FAULT_HEADER, INSTANT, Answered, Fault, FaultKind, FaultPlan, Received, Timing

from .server import OpenAIServer

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
