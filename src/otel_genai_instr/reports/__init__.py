"""Telemetry that was stored → tables of calls → reports. Nothing of the instrumentation imports this room."""
