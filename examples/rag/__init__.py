"""A small shop assistant: questions about a handbook and about orders, answered by a model.

It knows nothing of telemetry. Run it with ``python -m rag``, or under ``opentelemetry-instrument``.
"""
