"""What the example servers have in common: HTTP on loopback, timing, faults, and a "model" that quotes its prompt.

Each API is a folder beside this one (``openai_server``, ``anthropic_server``) with a class over ``ModelServer``.
"""

from .faults import FAULT_HEADER, Fault, FaultKind, FaultPlan
from .http import INSTANT, Answer, Answered, EventStream, ModelServer, Received, Refused, Timing, event_of

__all__ = [
    "FAULT_HEADER",
    "INSTANT",
    "Answer",
    "Answered",
    "EventStream",
    "Fault",
    "FaultKind",
    "FaultPlan",
    "ModelServer",
    "Received",
    "Refused",
    "Timing",
    "event_of",
]
