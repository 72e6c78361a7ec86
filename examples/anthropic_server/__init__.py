"""A small server of Anthropic's Messages API for demos and tests: no key, no network, always the same answers.

with AnthropicServer() as server:
    client = Anthropic(base_url=server.url, api_key="none")
"""

from model_server import FAULT_HEADER, INSTANT, Fault, FaultKind, FaultPlan, Received, Timing

from .server import AnthropicServer

__all__ = ["FAULT_HEADER", "INSTANT", "AnthropicServer", "Fault", "FaultKind", "FaultPlan", "Received", "Timing"]
