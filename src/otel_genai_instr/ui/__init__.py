"""The stored telemetry in a browser: read only, on this machine only, for whoever started it."""
