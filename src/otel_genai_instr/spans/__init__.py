"""Blocks of your own: spans for the steps that no SDK shows, and who they were done for."""

from .attribution import attribute, attribute_from_baggage
from .calls import embeddings, inference
from .content import content
from .prompts import prompt
from .steps import agent, guardrail, memory, plan, rerank, retrieval, step, tool, workflow
from .summary import trace_summary

__all__ = [
    "agent",
    "attribute",
    "attribute_from_baggage",
    "content",
    "embeddings",
    "guardrail",
    "inference",
    "memory",
    "plan",
    "prompt",
    "rerank",
    "retrieval",
    "step",
    "tool",
    "trace_summary",
    "workflow",
]
