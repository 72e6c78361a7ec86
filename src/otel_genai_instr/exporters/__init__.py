"""Exporters for the laptop: the waterfall in the terminal."""
