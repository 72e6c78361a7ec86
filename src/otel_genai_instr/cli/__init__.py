"""The command ``otel-genai``: what a model costs, whether a price file is right, what stored calls would cost."""

from .command import main

__all__ = ["main"]
