"""Writes the dashboards: ``python -m deploy.grafana.generator``. Needs the `dev` extra.

They are committed as JSON, so that nobody needs this to use them; a test compares them with a fresh generation.
"""
