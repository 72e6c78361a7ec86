"""OpenTelemetry instrumentation for LLM calls."""
