"""Exporters that need no server: the waterfall in the terminal, and files."""
